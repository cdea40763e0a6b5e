//! What a verifier learns that uses two policies on one holder.
//!
//! Two policies that each prove little of a hidden claim may prove much together: "at least 18
//! today" and "not yet 19 today". For each hidden claim that both speak of, the values left by one,
//! by the other and by both are compared.

use super::{FEW, Finding, Findings, Severity, hidden, rules};
use crate::document::Fault;
use crate::policy::analysis::{Left, Logic, Pair};
use crate::policy::{CompiledPolicy, Policy, SlotSource};
use crate::schema::Schema;
use crate::value::Timestamp;

/// What is left of a hidden claim that two policies speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowing {
    /// Path of the claim.
    pub claim: String,
    /// The values that this policy leaves.
    pub this: Left,
    /// The values that the other leaves.
    pub other: Left,
    /// The values that both leave of one holder.
    pub both: Left,
    /// The values left by both, as they are written.
    pub written: String,
}

impl Narrowing {
    /// Whether both together leave less than each alone.
    pub fn narrows(&self) -> bool {
        let both = self.both.values.count();
        both < self.this.values.count() && both < self.other.values.count()
    }

    /// Whether only one value is left.
    pub fn single(&self) -> bool {
        self.both.values.single().is_some()
    }
}

impl Policy {
    /// For each hidden claim that both policies speak of in a role of the same name and schema: what
    /// is left of it when a verifier uses both on one holder.
    ///
    /// # Errors
    /// The fault of either policy where it does not compile.
    pub fn narrowings(
        &self,
        other: &Policy,
        schemas: &[Schema],
        at: Timestamp,
    ) -> Result<Vec<Narrowing>, Fault> {
        let (first, second) = (self.compile(schemas)?, other.compile(schemas)?);
        let pair = Pair::new(&first, &second, at);
        let (this, that) = (pair.first(), pair.second());
        let together = Logic::All(vec![this.clone(), that.clone()]);
        let (spoken, spoken_there) = (this.sources(), that.sources());
        let mut narrowings = Vec::new();
        for (source, claim) in hidden(&first) {
            let Some(own) = pair.in_second(source) else { continue };
            let revealed = |policy: &CompiledPolicy, source: SlotSource| {
                let role = policy.roles().get(source.role);
                role.is_some_and(|role| role.must().contains(&source.message))
            };
            let both_speak = spoken.contains(&source) && spoken_there.contains(&source);
            if !both_speak || revealed(&second, own) {
                continue;
            }
            let both = pair.analysis.left_logic(&together, source);
            narrowings.push(Narrowing {
                written: rules::render(&first, source, &both.values),
                this: pair.analysis.left_logic(&this, source),
                other: pair.analysis.left_logic(&that, source),
                both,
                claim,
            });
        }
        Ok(narrowings)
    }

    /// Checks what a verifier could narrow a hidden claim down to that uses both policies on one
    /// holder.
    pub fn check_with(&self, other: &Policy, schemas: &[Schema], at: Timestamp) -> Findings {
        let mut findings = Findings::default();
        match self.narrowings(other, schemas, at) {
            Err(fault) => findings.fault(Severity::Error, &fault),
            Ok(narrowings) => {
                findings.findings = narrowings.iter().map(|n| n.finding(other)).collect();
            }
        }
        findings
    }
}

impl Narrowing {
    fn finding(&self, other: &Policy) -> Finding {
        let count = self.both.values.count();
        let (alone, beside) = (self.this.values.count(), self.other.values.count());
        let most = if self.both.exact { "" } else { "at most " };
        let (severity, message) = match count {
            0 => (Severity::Note, format!("no holder satisfies this and {}", other.id())),
            1 if self.narrows() => (
                Severity::Warning,
                format!("disclosed together with {}: one value, {}", other.id(), self.written),
            ),
            _ => {
                let few = self.narrows() && count <= FEW;
                let severity = if few { Severity::Warning } else { Severity::Note };
                let message = format!(
                    "together with {}, {most}{count} values are left ({}); {alone} by this policy, \
                     {beside} by the other",
                    other.id(),
                    self.written
                );
                (severity, message)
            }
        };
        let remedy = match self.narrows() {
            true => "widen one of the two, or do not use both on one holder",
            false => "nothing: they leave no less than one of them does",
        };
        let (place, remedy) = (self.claim.clone(), remedy.to_owned());
        Finding { place, severity, message, remedy }
    }
}
