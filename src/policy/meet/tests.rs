//! The laws of the meet over generated policies, and its conflicts by example.

use super::*;
use crate::bbs::SecretKey;
use crate::did_key;
use crate::document::Document;
use crate::policy::{CompiledPolicy, Facts, SlotSource};
use crate::schema::{STATUS_HANDLE, Schema, VALID_UNTIL};
use crate::value::{Encoded, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

const FIELDS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A source of policies that overlap: few names, few values.
pub(crate) struct Generator {
    rng: ChaCha20Rng,
    pub(crate) schemas: Vec<Schema>,
    issuers: Vec<String>,
}

fn schema(name: &str) -> Schema {
    let fields = FIELDS.map(|name| format!(r#"{{ "name": "{name}", "type": "uint(4)" }}"#));
    let text = format!(
        r#"{{ "format": "sigil-schema/1", "name": "{name}", "version": "1.0.0", "fields": [{}] }}"#,
        fields.join(",")
    );
    Schema::parse(text.as_bytes()).unwrap()
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut issuer = || did_key::encode(SecretKey::random(&mut rng).public_key());
        let issuers = (0..3).map(|_| issuer()).collect();
        Self { rng, schemas: ["kyc", "bank"].map(schema).to_vec(), issuers }
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.rng.next_u32() as usize % n
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Some of the items, at least one.
    fn some(&mut self, items: &[&str]) -> Document {
        let mut kept: Vec<&str> = items.to_vec();
        while kept.len() > 1 && !self.once_in(3) {
            kept.remove(self.below(kept.len()));
        }
        Document::Array(kept.into_iter().map(Document::text).collect())
    }

    fn role(&mut self, name: &str) -> Document {
        let other = self.once_in(40);
        let id = self.schemas[usize::from((name == "bank") != other)].id();
        let issuers = self.issuers.clone();
        let mut issuers: Vec<&str> = issuers.iter().map(String::as_str).collect();
        if self.once_in(2) {
            issuers.remove(self.below(3));
        }
        let validity = ["hidden", "hidden", "hidden", "skip", "skip", "reveal"][self.below(6)];
        let mut entries = vec![
            ("name", Document::text(name)),
            ("schema", Document::text(id.to_string())),
            ("issuers", Document::Array(issuers.into_iter().map(Document::text).collect())),
            ("validity", Document::text(validity)),
        ];
        if self.once_in(4) {
            let list = if self.once_in(8) { "https://x.example/l" } else { "https://y.example/l" };
            let age = Document::Integer(1 + self.below(5) as i128);
            let presence = if self.once_in(8) { "present" } else { "absent" };
            let rule = Document::object([
                ("list", Document::text(list)),
                ("authority", Document::text(&self.issuers[0])),
                ("max_age", age),
                ("is", Document::text(presence)),
            ]);
            entries.push(("lists", Document::Array(vec![rule])));
        }
        Document::object(entries)
    }

    fn claim(&mut self, role: &str, field: &str) -> Document {
        let words = ["must", "may", "may", "predicate", "never"];
        let word = words[self.below(5)];
        let mut entries = vec![
            ("path", Document::Text(format!("{role}.{field}"))),
            ("disclosure", Document::text(word)),
        ];
        if word.starts_with('m') && self.once_in(2) {
            let values = (0..4).map(|_| self.below(6) as i128).collect::<BTreeSet<_>>();
            let values = values.into_iter().map(Document::Integer).collect();
            entries.push(("one_of", Document::Array(values)));
        }
        Document::object(entries)
    }

    /// A policy.
    pub(crate) fn policy(&mut self) -> Policy {
        let roles: &[&str] =
            [&["kyc"][..], &["bank"], &["bank", "kyc"], &["kyc", "bank"]][self.below(4)];
        let mut entries = vec![
            ("format", Document::text(crate::policy::FORMAT)),
            ("id", Document::text(["p", "q", "r", "s"][self.below(4)])),
            ("version", Document::Text(format!("1.{}.0", self.below(3)))),
            ("roles", Document::Array(roles.iter().map(|role| self.role(role)).collect())),
        ];
        // Fields a and b are for claims, d and e for predicates, c for either.
        let (mut claims, mut predicates, mut params) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut names = Vec::new();
        for role in roles {
            for field in ["a", "b"] {
                if self.once_in(4) {
                    claims.push(self.claim(role, field));
                }
            }
            for field in ["d", "e"] {
                if self.once_in(3) {
                    let name = format!("{role}_{field}");
                    let op = if self.once_in(12) { ">=" } else { "<=" };
                    let expr = format!("{role}.{field} {op} params.{name}");
                    let bound = 7 + self.below(30) as i128 / 29;
                    params.insert(name.clone(), Document::Integer(bound));
                    let predicate = [("name", name.clone()), ("expr", expr)];
                    let texts = predicate.map(|(key, text)| (key, Document::Text(text)));
                    predicates.push(Document::object(texts));
                    names.push(name);
                }
            }
            match self.below(12) {
                0 => claims.push(self.claim(role, "c")),
                1 => {
                    let expr = Document::Text(format!("{role}.c >= 3"));
                    let name = format!("{role}_c");
                    predicates
                        .push(Document::object([("name", Document::text(&name)), ("expr", expr)]));
                    names.push(name);
                }
                _ => {}
            }
        }
        if roles.len() == 2 && self.once_in(3) {
            let pair = ["kyc.d", "bank.d"].map(Document::text).to_vec();
            entries.push(("equal", Document::Array(vec![Document::Array(pair)])));
        }
        if roles.len() == 2 && self.once_in(6) {
            let rule = Document::object([
                ("roles", Document::Array(["kyc", "bank"].map(Document::text).to_vec())),
                ("fields", Document::Array(vec![Document::text("e")])),
            ]);
            entries.push(("agree", Document::Array(vec![rule])));
        }
        if !names.is_empty() && self.once_in(8) {
            entries.push(("accept", Document::Text(self.accept(&names))));
        }
        entries.push(("claims", Document::Array(claims)));
        entries.push(("predicates", Document::Array(predicates)));
        entries.push(("params", Document::object(params)));
        entries.extend(self.circumstances());
        Policy::from_document(&Document::object(entries)).unwrap()
    }

    /// Every name, in alternatives that all have to hold.
    fn accept(&mut self, names: &[String]) -> String {
        let mut parts: Vec<Vec<String>> = Vec::new();
        for name in names {
            match parts.last_mut() {
                Some(part) if self.once_in(2) => part.push(name.clone()),
                _ => parts.push(vec![name.clone()]),
            }
        }
        let parts: Vec<String> =
            parts.iter().map(|part| format!("({})", part.join(" || "))).collect();
        parts.join(" && ")
    }

    /// Who, why and when.
    fn circumstances(&mut self) -> Vec<(&'static str, Document)> {
        let mut entries = Vec::new();
        let dpv = ["https://w3id.org/dpv#A", "https://w3id.org/dpv#B", "https://w3id.org/dpv#C"];
        if self.once_in(2) {
            entries.push(("purposes", self.some(&dpv)));
        }
        if self.once_in(3) {
            entries.push(("legal_bases", self.some(&dpv)));
        }
        if self.once_in(3) {
            entries.push(("jurisdictions", self.some(&["CH", "SG", "EU"])));
        }
        if self.once_in(6) {
            entries
                .push(("relying_parties", self.some(&["https://a.example", "https://b.example"])));
        }
        if self.once_in(3) {
            let days = Document::Integer(self.below(90) as i128);
            entries.push(("retention", Document::object([("days", days)])));
        }
        if self.once_in(3) {
            entries.push(("clock_skew", Document::Integer(self.below(900) as i128)));
        }
        if self.once_in(3) {
            let rule = if self.once_in(10) { "mar1" } else { "feb28" };
            entries.push(("leap_day", Document::text(rule)));
        }
        if self.once_in(3) {
            entries.push(("title", Document::text(["one", "two"][self.below(2)])));
        }
        if self.once_in(4) {
            let from = Document::Text(format!("2026-0{}-01T00:00:00Z", 1 + self.below(5)));
            let until = Document::Text(format!("2026-0{}-01T00:00:00Z", 5 + self.below(5)));
            let mut ends = vec![("until", until)];
            if self.once_in(2) {
                ends = vec![("from", from)];
            }
            entries.push(("validity", Document::object(ends)));
        }
        if self.once_in(6) {
            let scope = if self.once_in(6) { "x" } else { "y" };
            entries.push(("pseudonym", Document::object([("scope", Document::text(scope))])));
        }
        entries
    }
}

fn turned(met: Result<Policy, Vec<Conflict>>) -> Result<Policy, Vec<Conflict>> {
    met.map_err(|conflicts| {
        let mut turned: Vec<_> = conflicts.into_iter().map(Conflict::turned).collect();
        turned.sort();
        turned
    })
}

#[test]
fn the_meet_is_commutative_associative_and_idempotent() {
    let mut generator = Generator::new(1);
    let policies: Vec<Policy> = (0..2_000).map(|_| generator.policy()).collect();
    let (mut met, mut met_three) = (0, 0);
    for i in 0..policies.len() {
        let [a, b, c] = [0, 1, 2].map(|next| &policies[(i + next) % policies.len()]);
        assert_eq!(meet(a, a), Ok(a.normal()), "idempotent");
        assert_eq!(a.normal().normal(), a.normal());
        let ab = meet(a, b);
        assert_eq!(ab, turned(meet(b, a)), "commutative");
        let left = ab.as_ref().ok().and_then(|ab| meet(ab, c).ok());
        let right = meet(b, c).ok().and_then(|bc| meet(a, &bc).ok());
        assert_eq!(left, right, "associative: {a:?}\n{b:?}\n{c:?}");
        met += usize::from(ab.is_ok());
        met_three += usize::from(left.is_some());
    }
    assert!((600..1_600).contains(&met), "{met} of 2,000 pairs meet");
    assert!((200..1_400).contains(&met_three), "{met_three} of 2,000 triples meet");
}

#[test]
fn the_meet_shows_no_more_and_asks_no_less_than_either() {
    let mut generator = Generator::new(2);
    let mut lowered = 0;
    for _ in 0..2_000 {
        let (a, b) = (generator.policy(), generator.policy());
        let Ok(met) = meet(&a, &b) else { continue };
        for (role, field) in ["kyc", "bank"].iter().flat_map(|r| FIELDS.map(|f| (r, f))) {
            for one in [&a, &b] {
                let Some(limits) = one.limits(role, field) else { continue };
                let met = met.limits(role, field).unwrap();
                assert!(met.ceiling <= limits.ceiling && met.floor >= limits.floor);
                assert!(met.floor <= met.ceiling);
                lowered += usize::from(met.ceiling < limits.ceiling);
            }
        }
        assert!(met.retention <= a.retention || a.retention.is_none());
        assert!(met.clock_skew <= a.clock_skew.min(b.clock_skew));
        for role in &met.roles {
            let trusted = |policy: &Policy| {
                let own = policy.roles.iter().find(|own| own.name == role.name);
                own.is_none_or(|own| role.issuers.iter().all(|key| own.issuers.contains(key)))
            };
            assert!(trusted(&a) && trusted(&b));
        }
    }
    assert!(lowered > 100, "{lowered}");
}

/// Whether holders with these values, who reveal what `shown` has revealed, are accepted by the
/// rules as they stand.
fn accepts(
    policy: &CompiledPolicy,
    shown: &CompiledPolicy,
    value: &dyn Fn(&str, usize) -> i128,
) -> bool {
    // Of one list nobody is known to be absent, of the other everybody.
    let entry = |list: usize, message: usize| match policy.lists()[list].key.list.contains("//x.") {
        true => 1 << 40,
        false => [0, 1 << 40][message],
    };
    let at = |source: SlotSource| match source.role.checked_sub(policy.roles().len()) {
        Some(list) => entry(list, source.message),
        None if source.message == STATUS_HANDLE => 5,
        None => value(policy.roles()[source.role].name(), source.message),
    };
    let hidden = |source| Some(at(source));
    let revealed = |source: SlotSource| {
        let name = policy.roles()[source.role].name();
        let role = shown.roles().iter().find(|role| role.name() == name).unwrap();
        role.must().contains(&source.message).then(|| Encoded::Integer(at(source) as u64))
    };
    let now = Timestamp::from_hours(10).unwrap();
    let facts = Facts { now, hidden: &hidden, revealed: &revealed };
    let conjuncts = policy.conjuncts().iter().map(|conjunct| &conjunct.rule);
    let mut rules = conjuncts.chain(policy.checks().iter().map(|check| &check.rule));
    rules.all(|rule| rule.holds(&facts).unwrap())
        && policy.equalities().iter().all(|equality| at(equality.a) == at(equality.b))
}

#[test]
fn who_satisfies_the_meet_satisfies_both() {
    let mut generator = Generator::new(3);
    let (mut accepted, mut denied, mut policies) = (0, 0, 0);
    for _ in 0..2_000 {
        let (a, b) = (generator.policy(), generator.policy());
        let Ok(met) = meet(&a, &b) else { continue };
        let schemas = generator.schemas.clone();
        let compiled = |policy: &Policy| policy.compile(&schemas).ok();
        let (Some(a), Some(b), Some(met)) = (compiled(&a), compiled(&b), compiled(&met)) else {
            continue;
        };
        policies += 1;
        for _ in 0..20 {
            let values: Vec<i128> = (0..16).map(|_| generator.below(16) as i128 / 2).collect();
            let value = |role: &str, message: usize| match message {
                0..VALID_UNTIL => 0,
                VALID_UNTIL => 20,
                // The fields d and e of both roles agree half of the time.
                _ if values[0] < 4 => values[message],
                _ => values[message + 4 * usize::from(role == "bank")],
            };
            let both = accepts(&a, &met, &value) && accepts(&b, &met, &value);
            assert_eq!(accepts(&met, &met, &value), both, "{a:?}\n{b:?}\n{met:?}");
            accepted += usize::from(both);
            denied += usize::from(!both);
        }
    }
    assert!(policies > 400 && accepted > 1_000 && denied > 1_000, "{policies} {accepted} {denied}");
}

#[test]
fn generated_policies_compile() {
    let mut generator = Generator::new(4);
    let schemas = generator.schemas.clone();
    let policies: Vec<Policy> = (0..200).map(|_| generator.policy()).collect();
    let faults = policies.iter().filter_map(|policy| policy.compile(&schemas).err());
    let faults: Vec<String> = faults.map(|fault| fault.to_string()).collect();
    assert!(faults.len() < 40, "{faults:#?}");
}
