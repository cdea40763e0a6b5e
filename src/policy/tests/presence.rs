//! What stands beside a hidden value in a predicate: its presence, which is asked for where a comparison
//! may be true of the 0 that stands for absence, and revealed values, whose truth is a parameter.

use crate::bbs::SecretKey;
use crate::policy::{CompiledPolicy, Facts, Policy, SlotSource};
use crate::schema::Schema;
use crate::value::{Encoded, Timestamp};

const SCHEMA: &str = r#"
format = "sigil-schema/1"
name = "example.org/card"
version = "1.0.0"
fields = [
  { name = "first", type = "uint(1)" },
  { name = "second", type = "uint(1)" },
  { name = "score", type = "uint(8)", optional = true },
]
"#;

/// Messages of the fields.
const FIRST: usize = 4;
const SECOND: usize = 5;
const SCORE: usize = 6;

/// The first two are revealed, the score is hidden.
fn compiled(expr: &str) -> CompiledPolicy {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let key = SecretKey::from_bytes(&[1; 32]).unwrap();
    let issuer = crate::did_key::encode(key.public_key());
    let text = format!(
        "format = 'sigil-policy/1'\nid = 'example.org/p'\nversion = '1.0.0'\n\
         claims = [{{ path = 'a.first', disclosure = 'must' }},\n\
         {{ path = 'a.second', disclosure = 'must' }}]\n\
         predicates = [{{ name = 'p', expr = '{expr}' }}]\n\
         [[roles]]\nname = 'a'\nschema = '{}'\nissuers = ['{issuer}']\nvalidity = 'skip'\n",
        schema.id()
    );
    Policy::parse(text.as_bytes()).unwrap().compile(&[schema]).unwrap()
}

/// The public side may be as low as the integer of absence, or one below it: 0 is then in relation to it,
/// and no score all the same. Of each expression the circuit and the rule say the same.
#[test]
fn forge_comparison_with_an_absent_field() {
    let now = Timestamp::from_hours(5).unwrap();
    for (expr, absent, there) in [
        ("a.score >= a.first - 1", false, true),
        ("a.score > a.first + a.second - 2", false, true),
        ("a.score <= a.first", false, true),
        ("a.score != a.first", false, false),
        ("!(a.score < a.first)", true, true),
        ("has(a.score)", false, true),
        ("!has(a.score)", true, false),
    ] {
        let compiled = compiled(expr);
        let revealed = |source: SlotSource| match source.message {
            FIRST | SECOND => Some(Encoded::Integer(0)),
            _ => None,
        };
        let params = compiled.param_values(now, &revealed).unwrap();
        // Signed is 0 where the field is absent, and one more than its value where it is there.
        for (signed, expected) in [(0, absent), (1, there)] {
            assert_eq!(compiled.slots(), [SlotSource { role: 0, message: SCORE }]);
            let hidden = |_: SlotSource| Some(signed);
            let facts = Facts { now, hidden: &hidden, revealed: &revealed };
            let rules = compiled.conjuncts().iter();
            let judged = rules.map(|conjunct| conjunct.rule.holds(&facts));
            let judged = judged.collect::<Option<Vec<_>>>().unwrap();
            assert_eq!(judged.iter().all(|holds| *holds), expected, "{expr}, signed {signed}");
            let shape = compiled.shape().unwrap();
            assert_eq!(shape.holds(&[signed], &params), Ok(expected), "{expr}, signed {signed}");
            assert_eq!(shape.satisfiable(&[signed], &params), Ok(expected), "{expr}: circuit");
        }
    }
}

/// Revealed values within a formula over a hidden one, under every connective: all of their truths count,
/// in the circuit as in the text.
#[test]
fn forge_truths_of_revealed_values() {
    let now = Timestamp::from_hours(5).unwrap();
    type Meaning = fn(bool, bool, i128) -> bool;
    let table: [(&str, Meaning); 5] = [
        ("(a.score >= 3 && a.first == 1 && a.second == 1) || a.score >= 200", |f, s, score| {
            (score >= 3 && f && s) || score >= 200
        }),
        ("a.score >= 3 || a.first == 1 || a.second == 1", |f, s, score| score >= 3 || f || s),
        ("!(a.score >= 3 || a.first == 1 || a.second == 1)", |f, s, score| !(score >= 3 || f || s)),
        ("!(a.score >= 3 && a.first == 1 && a.second == 1)", |f, s, score| !(score >= 3 && f && s)),
        ("at_least(2, [a.first == 1, a.score >= 3, a.second == 1])", |f, s, score| {
            [f, s, score >= 3].into_iter().filter(|holds| *holds).count() >= 2
        }),
    ];
    for (expr, meaning) in table {
        let compiled = compiled(expr);
        for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let revealed = |source: SlotSource| match source.message {
                FIRST => Some(Encoded::Integer(first)),
                SECOND => Some(Encoded::Integer(second)),
                _ => None,
            };
            let params = compiled.param_values(now, &revealed).unwrap();
            let open = compiled.checks().iter().all(|check| check.holds(now, &revealed));
            for score in [0, 2, 3, 199, 200] {
                // Signed is one more than the value.
                let slots = vec![score + 1; compiled.slots().len()];
                let holds = compiled.shape().unwrap().satisfiable(&slots, &params).unwrap();
                let expected = meaning(first == 1, second == 1, score);
                assert_eq!(open && holds, expected, "{expr}: {first} {second} {score}");
            }
        }
    }
}
