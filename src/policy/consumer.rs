//! What a downstream system needs, and whether a policy still yields it.
//!
//! ```toml
//! format = "sigil-consumer/1"
//! name = "tax reporting"
//!
//! [[needs]]
//! value = "kyc.country"                          # the value itself
//! [[needs]]
//! fact = "kyc.birth_date <= today - years(18)"   # that something holds
//! [[needs]]
//! issuer = "kyc"                                 # who issued the credential
//! [[needs]]
//! valid = "kyc"                                  # that the credential is valid
//! [[needs]]
//! same = ["kyc.person", "bank.person"]           # that two claims are equal
//! [[needs]]
//! person = "once"                                # that a person acts once in the policy's scope
//! ```
//!
//! A value is there if it must be revealed, or if the rules leave only one. A fact is there if the
//! rules imply it, decided on the values behind them; or if it is one of the rules as it stands. A
//! fact may use parameters of the consumer's own, under `params`, and its own `leap_day`. Whatever
//! is not there comes with what would make it so.

use super::analysis::{Analysis, Logic};
use super::compile::Scope;
use super::document::{params, reading};
use super::expression::Expression;
use super::{CompiledPolicy, Literal, Policy, PublicRule, Rule, SlotSource, Validity, typing};
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::schema::Schema;
use crate::value::{LeapDay, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

/// The format's name and version.
pub const FORMAT: &str = "sigil-consumer/1";

const NEEDS: RangeInclusive<usize> = 1..=256;
const KINDS: [&str; 6] = ["value", "fact", "issuer", "valid", "same", "person"];

/// What a downstream system needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    name: Option<String>,
    needs: Vec<Need>,
    params: BTreeMap<String, Literal>,
    leap_day: Option<LeapDay>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    Value(String),
    Fact(Expression),
    Issuer(String),
    Valid(String),
    Same(String, String),
    Once,
}

/// Whether a need is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Derived {
    /// It follows from every accepted presentation.
    Yes,
    /// There are accepted presentations from which it does not follow.
    No,
    /// Whether it follows is not decided here.
    Undecided,
}

/// What becomes of one need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// Its place in the consumer's document.
    pub place: String,
    /// The need as it is written.
    pub need: String,
    /// Whether it is met.
    pub derived: Derived,
    /// Why, and what would make it so.
    pub message: String,
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.derived {
            Derived::Yes => "derivable",
            Derived::No => "not derivable",
            Derived::Undecided => "undecided",
        };
        write!(f, "{word}: {}: {}", self.need, self.message)
    }
}

impl Consumer {
    /// Reads a consumer's needs from TOML or JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &Bounds::PUBLISHED)?)
    }

    /// Reads a consumer's needs from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        let known = ["format", "name", "leap_day", "params", "needs"];
        let root = Cursor::root(document).fields(&known)?;
        root.format(FORMAT)?;
        let name = root.optional("name").map(|name| name.bounded_text(1..=256));
        let leap_day = root.optional("leap_day");
        let leap_day = leap_day.map(|at| reading::word(&at, &LeapDay::ALL, LeapDay::word));
        Ok(Self {
            name: name.transpose()?.map(str::to_owned),
            needs: reading::list(Some(root.required("needs")?), NEEDS, Need::parse)?,
            params: params(root.optional("params"))?,
            leap_day: leap_day.transpose()?,
        })
    }

    /// The system's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl Need {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        cursor.fields(&KINDS)?;
        let entries = cursor.entries()?;
        let [(kind, value)] = entries.as_slice() else {
            return Err(cursor.invalid("not one need", format!("give one of {}", KINDS.join(", "))));
        };
        let text = |value: &Cursor<'_>| value.bounded_text(1..=256).map(str::to_owned);
        Ok(match *kind {
            "value" => Self::Value(text(value)?),
            "fact" => Self::Fact(Expression::parse(value)?),
            "issuer" => Self::Issuer(text(value)?),
            "valid" => Self::Valid(text(value)?),
            "same" => {
                let items = value.items()?;
                let [a, b] = items.as_slice() else {
                    return Err(
                        value.invalid("not a pair", "write [\"role.field\", \"role.field\"]")
                    );
                };
                Self::Same(text(a)?, text(b)?)
            }
            _ if value.text()? == "once" => Self::Once,
            _ => return Err(value.invalid("not a need of a person", "write \"once\"")),
        })
    }

    fn written(&self) -> String {
        match self {
            Self::Value(path) => format!("the value of {path}"),
            Self::Fact(fact) => fact.source.clone(),
            Self::Issuer(role) => format!("the issuer of {role}"),
            Self::Valid(role) => format!("that {role} is valid"),
            Self::Same(a, b) => format!("{a} equals {b}"),
            Self::Once => "that a person acts once".to_owned(),
        }
    }
}

impl Policy {
    /// Whether what the policy yields, evaluated at a time, meets a consumer's needs, in their order.
    ///
    /// # Errors
    /// The fault of the policy where it does not compile.
    pub fn check_consumer(
        &self,
        consumer: &Consumer,
        schemas: &[Schema],
        at: Timestamp,
    ) -> Result<Vec<Derivation>, Fault> {
        let compiled = self.compile(schemas)?;
        let analysis = Analysis::new(&compiled, at);
        let whole = analysis.whole(&compiled);
        let supply = Supply { policy: self, compiled: &compiled, analysis, whole };
        let derive = |(i, need): (usize, &Need)| {
            let place = format!("$.needs[{i}]");
            let (derived, message) = supply.derive(consumer, need, &place);
            Derivation { place, need: need.written(), derived, message }
        };
        Ok(consumer.needs.iter().enumerate().map(derive).collect())
    }
}

/// What a policy yields.
struct Supply<'p> {
    policy: &'p Policy,
    compiled: &'p CompiledPolicy,
    analysis: Analysis,
    /// Everything that the policy asks.
    whole: Logic,
}

type Answer = (Derived, String);

fn yes(message: &str) -> Answer {
    (Derived::Yes, message.to_owned())
}

fn no(message: impl Into<String>) -> Answer {
    (Derived::No, message.into())
}

impl Supply<'_> {
    fn derive(&self, consumer: &Consumer, need: &Need, place: &str) -> Answer {
        match need {
            Need::Value(path) => self.value(path),
            Need::Fact(fact) => self.fact(consumer, fact, place),
            Need::Issuer(role) => match self.role(role) {
                Some(_) => yes("the issuer of every credential is shown"),
                None => self.unknown_role(role),
            },
            Need::Valid(role) => match self.role(role).map(|role| role.validity()) {
                Some(Validity::Hidden | Validity::Reveal) => yes("it is proven, or shown"),
                Some(Validity::Skip) => no(format!(
                    "the policy skips it; write validity = \"hidden\" for the role {role}"
                )),
                None => self.unknown_role(role),
            },
            Need::Same(a, b) => self.same(a, b),
            Need::Once => match self.policy.pseudonym() {
                Some(_) => no("the policy declares a scope, and no presentation proves one yet"),
                None => no("give the policy a pseudonym scope"),
            },
        }
    }

    fn role(&self, name: &str) -> Option<&super::Role> {
        self.compiled.roles().iter().find(|role| role.name() == name)
    }

    fn unknown_role(&self, name: &str) -> Answer {
        no(format!("the policy has no role {name}; add it, or ask for what one of its roles says"))
    }

    fn value(&self, path: &str) -> Answer {
        let Some(source) = self.compiled.source(path) else {
            return no("no credential of the policy has this claim; correct the path");
        };
        let role = self.compiled.roles().get(source.role);
        let listed = |list: &dyn Fn(&super::Role) -> bool| role.is_some_and(list);
        if listed(&|role| role.must().contains(&source.message)) {
            return yes("it must be revealed");
        }
        let left = self.analysis.left_logic(&self.whole, source);
        if left.values.single().is_some() {
            return yes("the rules leave one value of it");
        }
        if !left.exact {
            let message = "whether the rules leave one value is not decided; make the claim `must`";
            return (Derived::Undecided, message.to_owned());
        }
        match listed(&|role| role.may().contains(&source.message)) {
            true => no("it is revealed only if the holder wishes; make the claim `must`"),
            false => no(
                "it stays hidden; state the fact about it that matters, or make the claim `must`",
            ),
        }
    }

    fn fact(&self, consumer: &Consumer, fact: &Expression, place: &str) -> Answer {
        let leap_day = consumer.leap_day.or(self.policy.leap_day());
        let scope = Scope::new(self.compiled.roles(), &consumer.params, leap_day);
        let rule = match typing::check(fact, &scope, &format!("{place}.fact")) {
            Ok(rule) => rule,
            Err(fault) => return no(fault.to_string()),
        };
        if self.compiled.conjuncts().iter().any(|conjunct| conjunct.rule == rule) {
            return yes("it is one of the rules");
        }
        match self.analysis.implies_logic(&self.whole, &self.analysis.logic(&rule)) {
            Some(true) if rule.is_timed() => yes("the rules imply it at this time"),
            Some(true) => yes("the rules imply it"),
            Some(false) => {
                no(format!("the rules let it be false; add the predicate `{}`", fact.source))
            }
            None => (
                Derived::Undecided,
                format!(
                    "whether the rules imply it is not decided; add the predicate `{}`",
                    fact.source
                ),
            ),
        }
    }

    fn same(&self, a: &str, b: &str) -> Answer {
        let (Some(first), Some(second)) = (self.compiled.source(a), self.compiled.source(b)) else {
            return no("no credential of the policy has one of these claims; correct the path");
        };
        let must = |source: SlotSource| {
            let role = self.compiled.roles().get(source.role);
            role.is_some_and(|role| role.must().contains(&source.message))
        };
        // Equalities chain: what equals a, and what equals that.
        let mut equal = vec![first];
        let mut at = 0;
        while let Some(source) = equal.get(at).copied() {
            for pair in self.pairs() {
                let other = match pair {
                    (a, b) if a == source => b,
                    (a, b) if b == source => a,
                    _ => continue,
                };
                if !equal.contains(&other) {
                    equal.push(other);
                }
            }
            at += 1;
        }
        if equal.contains(&second) {
            return yes("the policy asks for it");
        }
        // The rules may come to it without saying it.
        let of = |source| self.compiled.field(source).map(|field| field.field_type());
        let same = Rule::Public(PublicRule::Same { a: first, b: second });
        let implied = self.analysis.implies_logic(&self.whole, &self.analysis.logic(&same));
        match implied.filter(|_| of(first) == of(second)) {
            Some(true) => yes("the rules imply it"),
            None if of(first) == of(second) => (
                Derived::Undecided,
                format!(
                    "whether the rules imply it is not decided; add [\"{a}\", \"{b}\"] under equal"
                ),
            ),
            _ if must(first) && must(second) => {
                no("both are revealed, but nothing asks that they be equal; list them under equal")
            }
            _ => no(format!("add [\"{a}\", \"{b}\"] under equal")),
        }
    }

    /// Claims that are equal, hidden or in the open.
    fn pairs(&self) -> Vec<(SlotSource, SlotSource)> {
        let open = self.compiled.checks().iter().filter_map(|check| match check.rule {
            Rule::Public(PublicRule::Same { a, b }) => Some((a, b)),
            _ => None,
        });
        let hidden = self.compiled.equalities().iter().map(|equality| (equality.a, equality.b));
        open.chain(hidden).collect()
    }
}

#[cfg(test)]
mod tests;
