//! The judgement of every rule, in the policy's order. Reasons and explanations are both read from
//! it, so they cannot disagree.

use super::evidence::{Basis, Evidence, Judgement};
use super::reason::Code;
use super::{Case, Situation};
use crate::policy::{
    ClaimRule, CompiledPolicy, Level, Policy, PublicCheck, Role, Rule, SlotSource, Validity,
};
use crate::schema::{Field, VALID_FROM, VALID_UNTIL};
use crate::value::Timestamp;

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It holds, and everybody can see it.
    Holds,
    /// It does not hold.
    Fails,
    /// It holds of hidden values: the proof says so.
    Proven,
    /// It asks nothing of what stays hidden, or whether it holds stays hidden.
    NotShown,
    /// Something else is missing that it would be judged by, which is a reason of its own.
    NotReached,
}

impl Outcome {
    /// The word in an explanation.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Proven => "proven",
            Self::NotShown => "not shown",
            Self::NotReached => "not reached",
        }
    }
}

impl From<Judgement> for Outcome {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Holds => Self::Holds,
            Judgement::Proven => Self::Proven,
            Judgement::Fails => Self::Fails,
        }
    }
}

/// One rule of a policy, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The reason that it gives where it fails; none where it is not asked by itself.
    pub(super) code: Option<Code>,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) outcome: Outcome,
    pub(super) why: String,
}

impl Entry {
    /// The place: in the policy, or in the request for rules about the request.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the rule is about: the name of a predicate, a role or a claim, or a word.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rule as the policy has it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it came out.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Why, for people. Names claims, never their values.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The code of the reason that it gives if it fails.
    pub fn code(&self) -> Option<Code> {
        self.code
    }
}

/// Gathers entries.
pub(super) struct Trace<'a> {
    case: &'a Case<'a>,
    entries: Vec<Entry>,
}

pub(super) fn outcome(holds: bool) -> Outcome {
    if holds { Outcome::Holds } else { Outcome::Fails }
}

impl<'a> Trace<'a> {
    /// Judges every rule.
    pub(super) fn of(case: &'a Case<'a>) -> Vec<Entry> {
        let mut trace = Trace { case, entries: Vec::new() };
        trace.force();
        trace.request();
        trace.asked();
        trace.roles();
        trace.claims();
        trace.unlisted();
        trace.predicates();
        trace.equalities();
        trace.agreements();
        trace.pseudonym();
        trace.entries
    }

    pub(super) fn policy(&self) -> &'a Policy {
        self.case.bundle.policy()
    }

    pub(super) fn compiled(&self) -> &'a CompiledPolicy {
        self.case.compiled
    }

    pub(super) fn evidence(&self) -> &'a Evidence {
        self.case.evidence
    }

    pub(super) fn case(&self) -> &'a Case<'a> {
        self.case
    }

    pub(super) fn situation(&self) -> &'a Situation<'a> {
        self.case.situation
    }

    /// The time for which everything about credentials is judged.
    fn time(&self) -> Timestamp {
        self.case.request.time()
    }

    pub(super) fn skew(&self) -> u64 {
        self.policy().clock_skew().into()
    }

    pub(super) fn put(
        &mut self,
        code: impl Into<Option<Code>>,
        path: impl Into<String>,
        (name, text): (impl Into<String>, impl Into<String>),
        outcome: Outcome,
        why: impl Into<String>,
    ) {
        self.entries.push(Entry {
            code: code.into(),
            path: path.into(),
            name: name.into(),
            text: text.into(),
            outcome,
            why: why.into(),
        });
    }

    /// Whether the policy is in force, and for this asker.
    fn force(&mut self) {
        let now = self.situation().now;
        if let Some(window) = self.policy().validity() {
            if let Some(from) = window.from() {
                let why = format!("decided at {now}");
                let said = ("policy", format!("in force from {from}"));
                let code = Code::PolicyNotYetValid;
                self.put(code, "$.validity.from", said, outcome(now >= from), why);
            }
            if let Some(until) = window.until() {
                let why = format!("decided at {now}");
                let said = ("policy", format!("in force until {until}"));
                let code = Code::PolicyExpired;
                self.put(code, "$.validity.until", said, outcome(now < until), why);
            }
        }
        let replaced = self.situation().status.is_superseded(self.policy().hash());
        let why = if replaced { "another policy has replaced it" } else { "none is known to" };
        let said = ("policy", "no policy replaces it");
        self.put(Code::PolicySuperseded, "$", said, outcome(!replaced), why);
        if let Some(classes) = self.policy().relying_parties() {
            let class = self.case.request.relying_party();
            let allowed = class.is_some_and(|class| classes.contains(class));
            let why = match class {
                None => "the request says no class of verifiers".to_owned(),
                Some(class) => format!("the request is by {class}"),
            };
            let text = format!("one of {} classes of verifiers may ask", classes.len());
            let said = ("relying party", text);
            self.put(Code::RelyingParty, "$.relying_parties", said, outcome(allowed), why);
        }
    }

    fn request(&mut self) {
        let (request, now) = (self.case.request, self.situation().now);
        let skew = self.skew();
        let same = request.bundle() == self.case.bundle.hash();
        let why = if same { "it names this bundle" } else { "it names another bundle" };
        let said = ("request", "asks under this bundle");
        self.put(Code::RequestBundle, "$.bundle", said, outcome(same), why);
        let same = request.audience() == self.situation().audience;
        let why = if same { "it is addressed to us" } else { "it is addressed to another" };
        let said = ("request", "is addressed to this verifier");
        self.put(Code::RequestAudience, "$.audience", said, outcome(same), why);
        let come = request.time().unix() <= now.unix().saturating_add(skew);
        let why = format!("it is for {}, decided at {now}", request.time());
        let said = ("request", format!("is for a time past, by clocks that differ by {skew} s"));
        self.put(Code::RequestNotYet, "$.time", said, outcome(come), why);
        let good = now.unix() < request.expires().unix().saturating_add(skew);
        let why = format!("it expires at {}, decided at {now}", request.expires());
        let said = ("request", format!("has not expired, by clocks that differ by {skew} s"));
        self.put(Code::RequestExpired, "$.expires", said, outcome(good), why);
        let Some(answers) = self.evidence().answers() else { return };
        let same = answers.bundles.iter().all(|bundle| *bundle == self.case.bundle.hash());
        let why = if same { "it was" } else { "it was verified under another bundle" };
        let said = ("presentation", "was verified under this bundle");
        self.put(Code::PresentationBundle, "$", said, outcome(same), why);
        let same = answers.request == request.digest() && answers.time == request.time();
        let why = if same { "it does" } else { "it answers another request" };
        let said = ("presentation", "answers this request");
        self.put(Code::PresentationRequest, "$", said, outcome(same), why);
    }

    /// What the request asks to see, against the ceilings.
    fn asked(&mut self) {
        for claim in self.case.request.claims() {
            let place = claim.split_once('.').and_then(|(role, field)| self.field(role, field));
            let Some((role, field)) = place else {
                let said = (claim.as_str(), "the request asks for it");
                self.put(Code::OverAsked, "$.claims", said, Outcome::Fails, "no such claim");
                continue;
            };
            let rule = self.policy().claim_rule(role, field.name());
            let may = rule.ceiling() == Level::Revealed;
            let path = self.claim_place(role, field.name(), ".disclosure");
            let why = match may {
                true => format!("{claim} may be revealed"),
                false => format!("{claim} may not be revealed, and the request asks for it"),
            };
            let said = (claim.as_str(), format!("the request asks for it; it is {}", rule.word()));
            self.put(Code::OverAsked, path, said, outcome(may), why);
        }
    }

    fn field(&self, role: &str, field: &str) -> Option<(&'a str, &'a Field)> {
        let role = self.compiled().roles().iter().find(|known| known.name() == role)?;
        Some((role.name(), role.schema().field(field)?.1))
    }

    /// The place that speaks of a claim; where it is not listed, that of all claims.
    fn claim_place(&self, role: &str, field: &str, key: &str) -> String {
        let listed = self.policy().claims().position(|(r, f, _)| (r, f) == (role, field));
        listed.map_or_else(|| "$.claims".to_owned(), |i| format!("$.claims[{i}]{key}"))
    }

    fn roles(&mut self) {
        let roles = self.compiled().roles();
        let shown = (0..self.evidence().len()).filter(|i| self.evidence().role(*i).is_some());
        let (expected, found) = (roles.len(), shown.count());
        let why = format!("{found} of {expected} credentials are shown");
        let said = ("credentials", format!("one for each of {expected} roles"));
        let counted = found == expected && self.evidence().len() == expected;
        self.put(Code::CredentialCount, "$.roles", said, outcome(counted), why);
        for (i, role) in roles.iter().enumerate() {
            match role.trust() {
                Some(rule) => self.trusted(i, role, rule),
                None => self.issuer(i, role),
            }
            self.validity(i, role.name(), role.validity());
            self.lists(i, role.name());
        }
    }

    /// Whether a credential is of one of the issuers that the policy names.
    fn issuer(&mut self, index: usize, role: &Role) {
        let path = format!("$.roles[{index}].issuers");
        let said = (role.name(), format!("issued by one of {}", role.issuers().len()));
        let (judged, why) = match self.evidence().role(index) {
            None => (Outcome::NotReached, "no credential is shown"),
            Some(shown) if role.issuers().contains(&shown.issuer) => {
                (Outcome::Holds, "its issuer is one")
            }
            Some(_) => (Outcome::Fails, "its issuer is no one of them"),
        };
        self.put(Code::IssuerUntrusted, path, said, judged, why);
    }

    fn validity(&mut self, index: usize, name: &str, validity: Validity) {
        let path = format!("$.roles[{index}].validity");
        let text = format!("valid at {}: {}", self.time(), validity.word());
        if validity == Validity::Skip {
            let why = "the policy does not ask whether it is valid";
            return self.put(None, path, (name, text), Outcome::NotShown, why);
        }
        let rules: Vec<&Rule> = self.conjuncts(&path);
        let judged = self.judge_all(&rules);
        let why = match judged {
            Outcome::Fails => "the credential is not valid at the time of the request",
            Outcome::NotReached => "no credential is shown",
            _ => "the credential is valid at the time of the request",
        };
        self.put(Code::Validity, path, (name, text), judged, why);
    }

    pub(super) fn conjuncts(&self, path: &str) -> Vec<&'a Rule> {
        let all = self.compiled().conjuncts().iter().filter(|conjunct| conjunct.path == path);
        all.map(|conjunct| &conjunct.rule).collect()
    }

    /// The worst of what several rules come to, each taken apart as the circuit has them.
    pub(super) fn judge_all(&self, rules: &[&Rule]) -> Outcome {
        let parts = rules.iter().flat_map(|rule| rule.conjuncts());
        let rank = |outcome: &Outcome| match outcome {
            Outcome::Holds | Outcome::NotShown => 0,
            Outcome::Proven => 1,
            Outcome::NotReached => 2,
            Outcome::Fails => 3,
        };
        let judged = parts.map(|part| self.judge(part));
        judged.max_by_key(rank).unwrap_or(Outcome::Holds)
    }

    pub(super) fn judge(&self, rule: &Rule) -> Outcome {
        let sources = rule.sources().into_iter().chain(rule.revealed_sources());
        match self.all_shown(sources) {
            true => self.evidence().judge(rule, self.time()).into(),
            false => Outcome::NotReached,
        }
    }

    /// Whether there is a credential for each of these messages.
    pub(super) fn all_shown(&self, mut sources: impl Iterator<Item = SlotSource>) -> bool {
        sources.all(|source| self.evidence().role(source.role).is_some())
    }

    /// The claims that the policy lists.
    fn claims(&mut self) {
        for (i, (role, field, rule)) in self.policy().claims().enumerate() {
            let name = format!("{role}.{field}");
            let path = format!("$.claims[{i}].disclosure");
            let Some(source) = self.source(role, field) else { continue };
            if !self.all_shown([source].into_iter()) {
                let why = "no credential is shown";
                let said = (name, rule.word());
                self.put(Code::ClaimMissing, path, said, Outcome::NotReached, why);
                continue;
            }
            let revealed = self.evidence().revealed(source);
            let (code, judged, why) = match (rule, revealed.is_some()) {
                (ClaimRule::Must, true) => (Code::ClaimMissing, Outcome::Holds, "is revealed"),
                (ClaimRule::Must, false) => {
                    (Code::ClaimMissing, Outcome::Fails, "must be revealed")
                }
                (ClaimRule::May, true) => (Code::ClaimSurplus, Outcome::Holds, "is revealed"),
                (ClaimRule::May, false) => (Code::ClaimSurplus, Outcome::NotShown, "stays hidden"),
                (_, true) => (Code::ClaimSurplus, Outcome::Fails, "may not be revealed"),
                (_, false) => (Code::ClaimSurplus, Outcome::Holds, "stays hidden"),
            };
            let why = format!("{name} {why}");
            self.put(code, &path, (&name, rule.word()), judged, why);
            self.one_of(i, source, &name);
        }
    }

    fn source(&self, role: &str, field: &str) -> Option<SlotSource> {
        let index = self.compiled().roles().iter().position(|known| known.name() == role)?;
        let (message, _) = self.compiled().roles().get(index)?.schema().field(field)?;
        Some(SlotSource { role: index, message })
    }

    fn one_of(&mut self, index: usize, source: SlotSource, name: &str) {
        let path = format!("$.claims[{index}].one_of");
        let found = |checks: &'a [PublicCheck]| checks.iter().find(|check| check.path == path);
        let check = match found(self.compiled().settled_checks()) {
            Some(check) => match self.settled(source) {
                Ok(()) => Some(check),
                Err((judged, why)) => {
                    let said = (name, "one of the values listed");
                    return self.put(Code::OneOf, path, said, judged, why);
                }
            },
            None => found(self.compiled().checks()),
        };
        let Some(check) = check else { return };
        let hidden = self.evidence().revealed(source).is_none();
        let judged: Outcome = self.evidence().judge(&check.rule, self.time()).into();
        let (judged, why) = match judged {
            Outcome::Fails => (Outcome::Fails, format!("{name} is none of the values accepted")),
            _ if hidden => (Outcome::NotShown, format!("{name} stays hidden")),
            judged => (judged, format!("{name} is one of the values accepted")),
        };
        self.put(Code::OneOf, path, (name, "one of the values listed"), judged, why);
    }

    /// What is revealed although the policy does not list it, and validity windows.
    fn unlisted(&mut self) {
        for (index, role) in self.compiled().roles().iter().enumerate() {
            let Some(shown) = self.evidence().role(index) else { continue };
            let window = [VALID_FROM, VALID_UNTIL];
            let place = format!("$.roles[{index}].validity");
            for message in window.into_iter().filter(|message| role.must().contains(message)) {
                let name = self.compiled().claim(SlotSource { role: index, message });
                let there = shown.disclosed.iter().any(|(shown, _)| *shown == message);
                let why = if there { "is revealed" } else { "must be revealed" };
                let why = format!("{name} {why}");
                self.put(Code::ClaimMissing, &place, (&name, "must"), outcome(there), why);
            }
            for (message, _) in &shown.disclosed {
                let source = SlotSource { role: index, message: *message };
                let field = role.schema().field_at(*message).map(Field::name);
                let listed =
                    |field| self.policy().claims().any(|(r, f, _)| (r, f) == (role.name(), field));
                if role.must().contains(message) || field.is_some_and(listed) {
                    continue;
                }
                let name = self.compiled().claim(source);
                let place = if field.is_some() { "$.claims" } else { place.as_str() };
                let why = format!("{name} may not be revealed");
                self.put(Code::ClaimSurplus, place, (name, "not listed"), Outcome::Fails, why);
            }
        }
    }

    fn predicates(&mut self) {
        let compiled = self.compiled().predicates().iter();
        for (predicate, (name, text)) in compiled.zip(self.policy().predicates()) {
            let asked = self.conjuncts(&predicate.path);
            let by_itself = !asked.is_empty();
            let judged = match by_itself {
                true => self.judge_all(&asked),
                // Which part of what is accepted holds stays hidden.
                false if !predicate.rule.is_public() && !self.is_example() => Outcome::NotShown,
                false => self.judge_all(&[&predicate.rule]),
            };
            let why = match judged {
                Outcome::Holds => "it holds of the values",
                Outcome::Fails => "it does not hold of the values",
                Outcome::Proven => "it is proven of hidden values",
                Outcome::NotShown => "whether it holds stays hidden",
                Outcome::NotReached => "a credential that it needs is not shown",
            };
            let code = by_itself.then_some(Code::Predicate);
            self.put(code, &predicate.path, (name, text), judged, why);
        }
        let accept = self.conjuncts("$.accept");
        if let Some(text) = self.policy().accept().filter(|_| !accept.is_empty()) {
            let judged = self.judge_all(&accept);
            let why = match judged {
                Outcome::Fails => "the predicates do not come to what is accepted",
                Outcome::Proven => "it is proven of hidden values",
                Outcome::NotReached => "a credential that it needs is not shown",
                _ => "the predicates come to what is accepted",
            };
            self.put(Code::Accept, "$.accept", ("accept", text), judged, why);
        }
    }

    fn is_example(&self) -> bool {
        self.evidence().basis() == Basis::Example
    }

    fn pseudonym(&mut self) {
        if let Some(scope) = self.policy().pseudonym() {
            let said = ("pseudonym", format!("one in the scope {scope}"));
            let why = "presentations do not carry pseudonyms yet";
            let code = Code::PseudonymUnproven;
            self.put(code, "$.pseudonym", said, Outcome::Fails, why);
        }
    }
}
