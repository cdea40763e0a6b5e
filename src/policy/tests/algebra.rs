//! Meet, check and diff where a document is written to mislead them, or to keep them busy.

use super::*;

fn policy(lines: &str) -> Policy {
    Policy::parse(text(lines).as_bytes()).unwrap()
}

const NAMED: &str = r#"
predicates = [
  { name = "a", expr = "kyc.children >= 1" },
  { name = "b", expr = "kyc.accredited" },
  { name = "c", expr = "income.children >= 1" },
]
"#;

/// A comment ends with its line; put on one line with what follows, it would swallow it.
#[test]
fn reject_a_comment_that_swallows_what_is_accepted() {
    let commented = "(!b || a) // as agreed\n && b && (c // (\n || a)";
    let plain = "(!b || a) && b && (c || a)";
    let accepting = |accept| policy(&format!("accept = \"\"\"{accept}\"\"\"\n{NAMED}"));
    let (normal, written) = (accepting(commented).normal(), plain);
    assert_eq!(normal.accept(), Some(written));
    let [commented, plain] = [commented, plain].map(accepting);
    assert_eq!(normal, plain.normal());
    let rules = |policy: &Policy| {
        let compiled = policy.compile(&schemas()).unwrap();
        compiled.conjuncts().iter().filter(|c| !c.path.starts_with("$.roles")).count()
    };
    assert_eq!((rules(&commented), rules(&normal)), (3, 3));
    assert_eq!(meet(&commented, &commented), meet(&plain, &plain));
}

/// What a conflict offers can be written.
#[test]
fn offers_leave_comments_out() {
    let with = |expr: &str| {
        policy(&format!("predicates = [{{ name = \"p\", expr = \"\"\"{expr}\"\"\" }}]"))
    };
    let conflicts =
        meet(&with("kyc.children >= 1 // one"), &with("kyc.children >= 2 // two")).unwrap_err();
    let offer = "two names; or in both `p` as `(kyc.children >= 1) && (kyc.children >= 2)`";
    assert_eq!(conflicts[0].offer, offer);
}
