//! Whether what was disclosed is what the policy asks to see.
//!
//! A verified presentation is true: issuers signed what it shows, and what it claims of hidden values
//! holds. Whether that is enough is another question, with as many answers as there are rules. Here
//! are those that need the disclosed values and the time alone: claims that must be disclosed and
//! are not, claims that may not be and are, and rules over public values that do not hold. The holder
//! asks before it proves, the verifier after it has verified, both by the one function
//! [`CompiledPolicy::shortfalls`].

use super::compile::CompiledPolicy;
use super::public::SlotSource;
use crate::schema::{VALID_FROM, VALID_UNTIL};
use crate::value::{Encoded, Timestamp};
use std::fmt;

/// One respect in which what was disclosed is not what the policy asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// A claim that must be disclosed is not.
    Missing {
        /// The claim, `role.field`.
        claim: String,
    },
    /// A claim is disclosed that the policy does not let pass.
    Surplus {
        /// The claim, `role.field`.
        claim: String,
    },
    /// A rule over public values does not hold: a list of accepted values, a predicate over disclosed
    /// claims, a revealed validity window.
    Rule {
        /// The rule's place in the policy, such as `$.claims[0].one_of`.
        path: String,
    },
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { claim } => write!(f, "{claim} must be disclosed"),
            Self::Surplus { claim } => write!(f, "{claim} may not be disclosed"),
            Self::Rule { path } => {
                write!(f, "the disclosed values do not satisfy the policy's rule at {path}")
            }
        }
    }
}

impl CompiledPolicy {
    /// Everything that the policy finds wanting in what was disclosed, each once: what is missing, what
    /// is too much, and the rules that do not hold, in the order of [`CompiledPolicy::checks`]. Nothing
    /// if what was disclosed is all that it should be.
    ///
    /// That is not all that a policy asks. Issuers that must be distinct
    /// ([`CompiledPolicy::agreements`]) and whether the policy is in force are not looked at here.
    ///
    /// `now` is the time of the request. `disclosed` are the messages disclosed of each role's
    /// credential, by index, in the order of the roles. A rule over a claim that is missing does not
    /// hold, and is named too.
    pub fn shortfalls(
        &self,
        now: Timestamp,
        disclosed: &[Vec<(usize, Encoded)>],
    ) -> Vec<Shortfall> {
        let roles = self.roles().len().max(disclosed.len());
        let of = |role: usize| disclosed.get(role).map_or(&[][..], Vec::as_slice);
        let is_disclosed = |role, message| of(role).iter().any(|(index, _)| *index == message);
        let mut found = Vec::new();
        let mut record = |shortfall| {
            if !found.contains(&shortfall) {
                found.push(shortfall);
            }
        };
        for (role, compiled) in self.roles().iter().enumerate() {
            let missing = compiled.must().iter().filter(|message| !is_disclosed(role, **message));
            for message in missing {
                let claim = self.claim(SlotSource { role, message: *message });
                record(Shortfall::Missing { claim });
            }
        }
        for role in 0..roles {
            let may_pass = |message: &usize| {
                let role = self.roles().get(role);
                role.is_some_and(|r| r.must().contains(message) || r.may().contains(message))
            };
            for (message, _) in of(role).iter().filter(|(message, _)| !may_pass(message)) {
                let claim = self.claim(SlotSource { role, message: *message });
                record(Shortfall::Surplus { claim });
            }
        }
        let revealed = |source: SlotSource| {
            let found = of(source.role).iter().find(|(index, _)| *index == source.message);
            found.map(|(_, value)| value.clone())
        };
        for check in self.checks().iter().filter(|check| !check.holds(now, &revealed)) {
            record(Shortfall::Rule { path: check.path.clone() });
        }
        found
    }

    /// The place of a claim, `role.field`; none if no role has such a field.
    pub fn source(&self, claim: &str) -> Option<SlotSource> {
        let (name, field) = claim.split_once('.')?;
        let role = self.roles().iter().position(|role| role.name() == name)?;
        let (message, _) = self.roles().get(role)?.schema().field(field)?;
        Some(SlotSource { role, message })
    }

    /// The claim at a place, `role.field`, as the policy writes it. What is no field of the schema has
    /// its number in place of a name.
    pub fn claim(&self, source: SlotSource) -> String {
        let SlotSource { role, message } = source;
        let Some(compiled) = self.roles().get(role) else { return format!("#{role}.#{message}") };
        let name = match message {
            VALID_FROM => Some("valid_from"),
            VALID_UNTIL => Some("valid_until"),
            _ => compiled.schema().field_at(message).map(|field| field.name()),
        };
        match name {
            Some(name) => format!("{}.{name}", compiled.name()),
            None => format!("{}.#{message}", compiled.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbs::SecretKey;
    use crate::policy::Policy;
    use crate::schema::Schema;

    const SCHEMA: &str = r#"
format = "sigil-schema/1"
name = "example.org/card"
version = "1.0.0"
fields = [
  { name = "country", type = "code" },
  { name = "tier", type = "uint(8)" },
  { name = "nickname", type = "text", optional = true },
  { name = "income", type = "uint(64)" },
]
"#;

    /// Two roles: of the first, country and tier must and nickname may be disclosed, and the window;
    /// of the second nothing.
    fn compiled() -> CompiledPolicy {
        let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        let issuer = crate::did_key::encode(key.public_key());
        let role = |name: &str, validity: &str| {
            format!(
                "[[roles]]\nname = '{name}'\nschema = '{}'\nissuers = ['{issuer}']\n\
                 validity = '{validity}'\n",
                schema.id()
            )
        };
        let text = format!(
            "format = 'sigil-policy/1'\nid = 'example.org/p'\nversion = '1.0.0'\n\
             claims = [\n{{ path = 'a.country', disclosure = 'must', one_of = ['CH', 'LI'] }},\n\
             {{ path = 'a.tier', disclosure = 'must' }},\n\
             {{ path = 'a.nickname', disclosure = 'may', one_of = ['Jo', 'Mo'] }}]\n\
             predicates = [{{ name = 'tier', expr = 'a.tier >= 3' }}]\n{}{}",
            role("a", "reveal"),
            role("b", "skip"),
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        policy.compile(std::slice::from_ref(&schema)).unwrap()
    }

    fn integer(n: u64) -> Encoded {
        Encoded::Integer(n)
    }

    fn country(code: &str) -> Encoded {
        integer(code.bytes().fold(0, |sum, octet| sum << 8 | u64::from(octet)))
    }

    /// Found at the hour 5, as text.
    fn found(disclosed: &[Vec<(usize, Encoded)>]) -> Vec<String> {
        let now = Timestamp::from_hours(5).unwrap();
        let short = |shortfall: &Shortfall| match shortfall {
            Shortfall::Missing { claim } => format!("missing {claim}"),
            Shortfall::Surplus { claim } => format!("surplus {claim}"),
            Shortfall::Rule { path } => format!("rule {path}"),
        };
        compiled().shortfalls(now, disclosed).iter().map(short).collect()
    }

    fn good() -> Vec<Vec<(usize, Encoded)>> {
        let first = vec![(2, integer(0)), (3, integer(9)), (4, country("CH")), (5, integer(3))];
        vec![first, Vec::new()]
    }

    #[test]
    fn nothing_is_wanting_where_all_is_as_the_policy_asks() {
        assert!(found(&good()).is_empty());
        let mut named = good();
        named[0].push((6, Encoded::Text("Jo".to_owned())));
        assert!(found(&named).is_empty());
    }

    #[test]
    fn reject_each_claim_that_is_missing_or_surplus_and_each_rule_that_fails() {
        type Change = fn(&mut Vec<Vec<(usize, Encoded)>>);
        let cases: [(Change, &[&str]); 9] = [
            (|all| all[0][2].1 = country("FR"), &["rule $.claims[0].one_of"]),
            (|all| all[0][3].1 = integer(2), &["rule $.predicates[0]"]),
            (|all| all[0][1].1 = integer(5), &["rule $.roles[0].validity"]),
            (|all| all[0].push((6, Encoded::Absent)), &["rule $.claims[2].one_of"]),
            (|all| drop(all[0].remove(3)), &["missing a.tier", "rule $.predicates[0]"]),
            (|all| drop(all[0].remove(0)), &["missing a.valid_from", "rule $.roles[0].validity"]),
            (|all| all[0].push((7, integer(1))), &["surplus a.income"]),
            (|all| all[1].push((5, integer(3))), &["surplus b.tier"]),
            (|all| all[1].push((1, integer(3))), &["surplus b.#1"]),
        ];
        for (change, expected) in cases {
            let mut disclosed = good();
            change(&mut disclosed);
            assert_eq!(found(&disclosed), expected);
        }
    }

    #[test]
    fn all_is_named_once_and_in_order() {
        let surplus = vec![(4, country("CH")), (4, country("CH")), (99, integer(1))];
        let disclosed = [vec![(4, country("FR")), (7, integer(1))], surplus, vec![(4, integer(1))]];
        assert_eq!(
            found(&disclosed),
            [
                "missing a.valid_from",
                "missing a.valid_until",
                "missing a.tier",
                "surplus a.income",
                "surplus b.country",
                "surplus b.#99",
                "surplus #2.#4",
                "rule $.claims[0].one_of",
                "rule $.roles[0].validity",
                "rule $.predicates[0]",
            ]
        );
        let none = found(&[]);
        assert_eq!(
            none[..4].join(", "),
            "missing a.valid_from, missing a.valid_until, \
            missing a.country, missing a.tier"
        );
        assert_eq!(none.len(), 7);
    }
}
