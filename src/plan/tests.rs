//! Plans over generated wallets and policies, judged by the values themselves; and every refusal.

mod edges;

use super::*;
use crate::bbs::{SecretKey, Suite};
use crate::credential::{Issuer, StatusHandles, Validity as Lifetime};
use crate::did_key;
use crate::request::Nonce;
use crate::schema::Schema;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::Arc;

const NOW: u64 = 1_780_000_000;
/// Fields of both schemas; the last one the issuer lets nobody reveal.
const FIELDS: [&str; 4] = ["person", "age", "country", "secret"];

/// A credential with what a test knows of it.
struct Known {
    credential: Credential,
    schema: usize,
    issuer: usize,
    values: [u64; 4],
    expired: bool,
}

struct World {
    rng: ChaCha20Rng,
    schemas: [Arc<Schema>; 2],
    issuers: Vec<String>,
    pool: Vec<Known>,
}

fn schema(name: &str) -> Arc<Schema> {
    let field = |name: &&str| match *name {
        "secret" => r#"{"name":"secret","type":"uint(4)","disclosure":"never"}"#.to_owned(),
        name => format!(r#"{{"name":"{name}","type":"uint(4)"}}"#),
    };
    let fields: Vec<String> = FIELDS.iter().map(field).collect();
    let text = format!(
        r#"{{"format":"sigil-schema/1","name":"{name}","version":"1.0.0","fields":[{}]}}"#,
        fields.join(",")
    );
    Arc::new(Schema::parse(text.as_bytes()).unwrap())
}

fn time(unix: u64) -> Timestamp {
    Timestamp::from_unix(unix).unwrap()
}

impl World {
    fn new(seed: u64, size: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let schemas = ["kyc", "bank"].map(schema);
        let keys: Vec<[u8; 32]> = (0..3).map(|_| *SecretKey::random(&mut rng).to_bytes()).collect();
        let issuer = |key: &[u8; 32], schema: &Arc<Schema>| {
            let key = SecretKey::from_bytes(key).unwrap();
            let handles = StatusHandles::new([1; 32]);
            Issuer::new(key, Suite::Sha256, handles, schema.clone()).unwrap()
        };
        let all: Vec<Vec<Issuer>> =
            keys.iter().map(|key| schemas.iter().map(|s| issuer(key, s)).collect()).collect();
        let issuers = all.iter().map(|i| did_key::encode(i[0].public_key())).collect();
        let mut pool = Vec::new();
        for counter in 0..size as u64 {
            let (issuer, schema) = (rng.next_u32() as usize % 3, rng.next_u32() as usize % 2);
            let values = [2, 12, 4, 16].map(|n| u64::from(rng.next_u32() % n));
            let json: Vec<String> =
                FIELDS.iter().zip(values).map(|(f, value)| format!(r#""{f}":{value}"#)).collect();
            let json = format!("{{{}}}", json.join(","));
            let record = schemas[schema].record_from_json(json.as_bytes()).unwrap();
            let expired = rng.next_u32() % 8 == 0;
            let until = if expired { NOW - 7_200 } else { NOW + 999_999 };
            let life = Lifetime::between(time(NOW - 99_999), time(until)).unwrap();
            let credential = all[issuer][schema].issue(record, life, counter).unwrap();
            pool.push(Known { credential, schema, issuer, values, expired });
        }
        Self { rng, schemas, issuers, pool }
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.next_u32() as usize % n
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn compile(&self, policy: &Policy) -> CompiledPolicy {
        let schemas: Vec<Schema> = self.schemas.iter().map(|s| (**s).clone()).collect();
        policy.compile(&schemas).unwrap()
    }
}

/// A rule as the test understands it, over roles and fields by number.
enum Meant {
    AtMost(usize, usize, u64),
    Sum(usize, usize, u64),
    Equal(usize, usize, usize),
    Distinct(usize, usize),
    OneOf(usize, usize, Vec<u64>),
}

impl Meant {
    fn holds(&self, chosen: &[&Known]) -> bool {
        match self {
            Self::AtMost(role, field, bound) => chosen[*role].values[*field] <= *bound,
            Self::Sum(a, b, bound) => chosen[*a].values[1] + chosen[*b].values[3] >= *bound,
            Self::Equal(a, b, field) => chosen[*a].values[*field] == chosen[*b].values[*field],
            Self::Distinct(a, b) => chosen[*a].issuer != chosen[*b].issuer,
            Self::OneOf(role, field, values) => values.contains(&chosen[*role].values[*field]),
        }
    }
}

/// A policy with what it means.
struct Case {
    policy: Policy,
    /// Schema and accepted issuers of each role.
    roles: Vec<(usize, Vec<usize>)>,
    must: Vec<String>,
    may: Vec<String>,
    meant: Vec<Meant>,
}

impl World {
    fn case(&mut self) -> Case {
        let names = ["one", "two", "three"];
        let count = 1 + self.below(3);
        let (mut roles, mut parts, mut claims) = (Vec::new(), Vec::new(), Vec::new());
        let (mut must, mut may, mut meant) = (Vec::new(), Vec::new(), Vec::new());
        for (role, name) in names.iter().enumerate().take(count) {
            let schema = self.below(2);
            let mut issuers = vec![0, 1, 2];
            if self.once_in(3) {
                issuers.remove(self.below(3));
            }
            let keys: Vec<String> =
                issuers.iter().map(|issuer| format!("{:?}", self.issuers[*issuer])).collect();
            let id = self.schemas[schema].id();
            parts.push(format!(
                r#"{{"name":"{name}","schema":"{id}","issuers":[{}]}}"#,
                keys.join(",")
            ));
            roles.push((schema, issuers));
            let path = format!("{name}.country");
            let word = ["must", "may", "predicate", "never", ""][self.below(5)];
            let one_of = word == "must" && self.once_in(2);
            match word {
                "must" => must.push(path.clone()),
                "may" => may.push(path.clone()),
                _ => {}
            }
            let list = if one_of { r#","one_of":[0,1,2]"# } else { "" };
            if one_of {
                meant.push(Meant::OneOf(role, 2, vec![0, 1, 2]));
            }
            if !word.is_empty() {
                claims.push(format!(r#"{{"path":"{path}","disclosure":"{word}"{list}}}"#));
            }
        }
        let (mut predicates, mut equal, mut agree) = (Vec::new(), Vec::new(), Vec::new());
        for (role, name) in names.iter().enumerate().take(count) {
            if self.once_in(2) {
                let bound = 4 + self.below(6) as u64;
                let expr = format!("{name}.age <= {bound}");
                predicates.push(format!(r#"{{"name":"age_{role}","expr":"{expr}"}}"#));
                meant.push(Meant::AtMost(role, 1, bound));
            }
            if role > 0 && self.once_in(2) {
                equal.push(format!(r#"["{}.person","{name}.person"]"#, names[role - 1]));
                meant.push(Meant::Equal(role - 1, role, 0));
            }
            if role > 0 && self.once_in(3) {
                let bound = 8 + self.below(8) as u64;
                let expr = format!("{}.age + {name}.secret >= {bound}", names[role - 1]);
                predicates.push(format!(r#"{{"name":"sum_{role}","expr":"{expr}"}}"#));
                meant.push(Meant::Sum(role - 1, role, bound));
            }
        }
        if count > 1 && self.once_in(3) {
            agree
                .push(format!(r#"{{"roles":["one","{}"],"fields":["person"]}}"#, names[count - 1]));
            meant.push(Meant::Distinct(0, count - 1));
            meant.push(Meant::Equal(0, count - 1, 0));
        }
        let text = format!(
            r#"{{"format":"sigil-policy/1","id":"case","version":"1.0.0","roles":[{}],
                "claims":[{}],"predicates":[{}],"equal":[{}],"agree":[{}]}}"#,
            parts.join(","),
            claims.join(","),
            predicates.join(","),
            equal.join(","),
            agree.join(",")
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        Case { policy, roles, must, may, meant }
    }
}

impl Case {
    fn accepts(&self, chosen: &[&Known]) -> bool {
        let fits = chosen.iter().zip(&self.roles).all(|(known, (schema, issuers))| {
            known.schema == *schema && issuers.contains(&known.issuer) && !known.expired
        });
        fits && self.meant.iter().all(|rule| rule.holds(chosen))
    }

    /// The first choice in order, found by trying all.
    fn first(&self, wallet: &[&Known]) -> Option<Vec<usize>> {
        let total = wallet.len().pow(self.roles.len() as u32);
        (0..total).find_map(|number| {
            let digits = (0..self.roles.len() as u32).rev();
            let choice: Vec<usize> =
                digits.map(|d| number / wallet.len().pow(d) % wallet.len()).collect();
            let chosen: Vec<&Known> = choice.iter().map(|at| wallet[*at]).collect();
            self.accepts(&chosen).then_some(choice)
        })
    }
}

fn request<S: AsRef<str>>(bundle: &Bundle, at: u64, claims: &[S]) -> PresentationRequest {
    let nonce = Nonce::from_bytes([7; 32]);
    let (at, expires) = (time(at), time(at + 600));
    let request = PresentationRequest::new(bundle.hash(), "https://v.example", nonce, at, expires);
    let request = request.unwrap();
    if claims.is_empty() { request } else { request.with_claims(claims).unwrap() }
}

#[test]
fn a_plan_is_the_first_choice_that_satisfies_all_and_reveals_what_must_be_alone() {
    let mut world = World::new(1, 80);
    let (mut planned, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let case = world.case();
        let at: Vec<usize> = (0..1 + world.below(7)).map(|_| world.below(80)).collect();
        let asks = world.once_in(3);
        let wallet: Vec<&Known> = at.iter().map(|at| &world.pool[*at]).collect();
        let held: Vec<Held<'_>> =
            wallet.iter().map(|k| Held { label: "card", credential: &k.credential }).collect();
        let bundle = Bundle::new(case.policy.clone(), None);
        let claims: &[String] = if asks { &case.may } else { &[] };
        let (compiled, request) = (world.compile(&case.policy), request(&bundle, NOW, claims));
        let asked = Asked {
            bundle: &bundle,
            compiled: &compiled,
            request: &request,
            under: &[],
            supplies: Supplies::default(),
        };
        let first = case.first(&wallet);
        match plan(&asked, &held, time(NOW)) {
            Ok(plan) => {
                planned += 1;
                let chosen: Vec<usize> = plan.roles.iter().map(|role| role.held).collect();
                assert_eq!(Some(chosen), first);
                let reveals: Vec<&String> = plan.roles.iter().flat_map(|r| &r.reveals).collect();
                assert_eq!(reveals, case.must.iter().collect::<Vec<_>>());
                for claim in &reveals {
                    let (role, field) = claim.split_once('.').unwrap();
                    let floor = case.policy.limits(role, field).unwrap().floor;
                    assert_eq!(floor, Level::Revealed, "{claim}");
                }
                let named: Vec<&String> = plan.roles.iter().flat_map(|r| &r.asked).collect();
                let offered: Vec<&String> = plan.roles.iter().flat_map(|r| &r.offered).collect();
                let (all, none) = (case.may.iter().collect::<Vec<_>>(), Vec::new());
                assert_eq!((named, offered), if asks { (all, none) } else { (none, all) });
            }
            Err(refusals) => {
                refused += 1;
                assert_eq!(first, None, "{refusals:?}");
                let wanting =
                    |r: &Refusal| matches!(r, Refusal::Role { .. } | Refusal::Together { .. });
                assert!(!refusals.is_empty() && refusals.iter().all(wanting), "{refusals:?}");
            }
        }
    }
    assert!(planned > 500 && refused > 500, "{planned} planned, {refused} refused");
}

/// A world with one credential, a policy over it, and what the plan makes of a request.
struct Small {
    world: World,
    policy: String,
}

impl Small {
    fn new(rest: &str) -> Self {
        let mut world = World::new(2, 40);
        let fits = |known: &Known| known.schema == 0 && !known.expired && known.values[1] <= 10;
        let at = world.pool.iter().position(fits).unwrap();
        world.pool.swap(0, at);
        world.pool.truncate(1);
        let (id, issuer) = (world.schemas[0].id(), &world.issuers[world.pool[0].issuer]);
        let policy = format!(
            r#"{{"format":"sigil-policy/1","id":"small","version":"1.0.0",
                "roles":[{{"name":"card","schema":"{id}","issuers":["{issuer}"]}}],
                "predicates":[{{"name":"age","expr":"card.age <= 10"}}]{rest}}}"#
        );
        Self { world, policy }
    }

    fn plan(
        &self,
        at: u64,
        now: u64,
        claims: &[&str],
        party: Option<&str>,
        under: &[&str],
    ) -> Result<Plan, Vec<Refusal>> {
        let policy = Policy::parse(self.policy.as_bytes()).unwrap();
        let bundle = Bundle::new(policy, None);
        let under = under.iter().map(|claims| {
            let id = self.world.schemas[0].id();
            let issuer = &self.world.issuers[0];
            let text = format!(
                r#"{{"format":"sigil-policy/1","id":"mine","version":"1.0.0",
                    "roles":[{{"name":"any","schema":"{id}","issuers":["{issuer}"]}}],
                    "claims":{claims}}}"#
            );
            Policy::parse(text.as_bytes()).unwrap()
        });
        let under: Vec<Policy> = under.collect();
        let compiled = self.world.compile(bundle.policy());
        let mut request = request(&bundle, at, claims);
        if let Some(party) = party {
            request = request.with_relying_party(party).unwrap();
        }
        let asked = Asked {
            bundle: &bundle,
            compiled: &compiled,
            request: &request,
            under: &under,
            supplies: Supplies::default(),
        };
        let held = [Held { label: "my card", credential: &self.world.pool[0].credential }];
        plan(&asked, &held, time(now))
    }
}

fn refusal(result: Result<Plan, Vec<Refusal>>) -> String {
    let refusals = result.unwrap_err();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals[0].to_string()
}

const MAY: &str = r#","claims":[{"path":"card.country","disclosure":"may"},
                                {"path":"card.person","disclosure":"never"}]"#;

#[test]
fn reject_over_asking_by_the_request() {
    let small = Small::new(MAY);
    let plan = small.plan(NOW, NOW, &["card.country"], None, &[]).unwrap();
    assert_eq!(plan.roles[0].asked, ["card.country"]);
    assert_eq!(plan.roles[0].reveals, [""; 0]);
    let never = refusal(small.plan(NOW, NOW, &["card.person"], None, &[]));
    assert_eq!(never, "over-asking: card.person would be revealed, and policy small allows hidden");
    let proven = refusal(small.plan(NOW, NOW, &["card.age"], None, &[]));
    assert!(proven.contains("card.age would be revealed, and policy small allows proven about"));
    let unknown = refusal(small.plan(NOW, NOW, &["card.iris"], None, &[]));
    assert_eq!(unknown, "over-asking: the policy knows no claim card.iris");
    let issuer = small.plan(NOW, NOW, &["card.secret"], None, &[]).unwrap_err();
    assert!(issuer.iter().any(|refusal| refusal.to_string().contains("the issuer allows")));
}

#[test]
fn reject_over_asking_by_a_policy_that_the_holder_keeps_to() {
    let small = Small::new(r#","claims":[{"path":"card.country","disclosure":"must"}]"#);
    assert!(small.plan(NOW, NOW, &[], None, &[]).is_ok());
    let lets = r#"[{"path":"any.country","disclosure":"may"}]"#;
    assert!(small.plan(NOW, NOW, &[], None, &[lets]).is_ok());
    let unlisted = refusal(small.plan(NOW, NOW, &[], None, &["[]"]));
    assert!(unlisted.contains("card.country would be revealed, and policy mine"), "{unlisted}");
    let never = r#"[{"path":"any.country","disclosure":"may"},
                    {"path":"any.age","disclosure":"never"}]"#;
    let never = refusal(small.plan(NOW, NOW, &[], None, &[never]));
    assert!(never.contains("card.age would be proven about, and policy mine allows hidden"));
}

#[test]
fn reject_a_time_that_is_not_the_wallets() {
    let small = Small::new(r#","clock_skew":60"#);
    for off in [NOW - 60, NOW + 60] {
        assert!(small.plan(off, NOW, &[], None, &[]).is_ok());
    }
    for off in [NOW - 61, NOW + 61] {
        let refusals = small.plan(off, NOW, &[], None, &[]).unwrap_err();
        assert!(matches!(refusals[..], [Refusal::Clock { skew: 60, .. }]), "{refusals:?}");
    }
    let late = small.plan(NOW, NOW + 100_000, &[], None, &[]).unwrap_err();
    assert!(late.iter().any(|refusal| matches!(refusal, Refusal::Expired { .. })));
}

#[test]
fn reject_a_policy_out_of_force_and_a_stranger() {
    let rest = r#","relying_parties":["https://bank.example"],
        "validity":{"until":"2026-05-01T00:00:00Z"}"#;
    let small = Small::new(rest);
    let refusals = small.plan(NOW, NOW, &[], Some("https://shop.example"), &[]).unwrap_err();
    let told: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    assert!(told[0].starts_with("the policy is not in force"), "{told:?}");
    assert_eq!(told[1], "the policy allows https://bank.example, not https://shop.example");
    let small = Small::new(r#","relying_parties":["https://bank.example"]"#);
    assert!(small.plan(NOW, NOW, &[], Some("https://bank.example"), &[]).is_ok());
    let silent = refusal(small.plan(NOW, NOW, &[], None, &[]));
    assert!(silent.ends_with("not a relying party that does not say its class"), "{silent}");
}

#[test]
fn each_credential_is_told_why_it_does_not_fit() {
    let mut small = Small::new("");
    small.policy = small.policy.replace("card.age <= 10", "card.age >= 15");
    let told = refusal(small.plan(NOW, NOW, &[], None, &[]));
    let expected = "no credential fits the role card; my card: does not satisfy $.predicates[0]";
    assert_eq!(told, expected);
}
