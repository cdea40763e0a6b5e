//! Meet, check and diff where a document is written to mislead them, or to keep them busy.

use super::*;
use std::time::{Duration, Instant};

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

/// Two of many, over and over: each predicate is 496 products of two sets.
fn busy(predicates: usize) -> (Policy, Schema) {
    let field = |i: usize| format!("{{ name = 'f{i}', type = 'uint(8)' }}");
    let fields: Vec<String> = (0..32).map(field).collect();
    let schema = format!(
        "format = 'sigil-schema/1'\nname = 'example.org/wide'\nversion = '1.0.0'\nfields = [{}]",
        fields.join(",")
    );
    let schema = Schema::parse(schema.as_bytes()).unwrap();
    let predicate = |k: usize| {
        let parts: Vec<String> = (0..32).map(|i| format!("k.f{i} <= {}", 100 + k)).collect();
        format!("{{ name = 'p{k}', expr = 'at_least(2, [{}])' }}", parts.join(", "))
    };
    let predicates: Vec<String> = (0..predicates).map(predicate).collect();
    let text = format!(
        "format = 'sigil-policy/1'\nid = 'example.org/wide'\nversion = '1.0.0'\n\
         predicates = [{}]\n[[roles]]\nname = 'k'\nschema = '{}'\nissuers = ['{}']\n",
        predicates.join(",\n"),
        schema.id(),
        issuer(1),
    );
    (Policy::parse(text.as_bytes()).unwrap(), schema)
}

/// Each pair of predicates makes 246,016 products of sets, asked about again for every branch. The
/// bound on the work of one analysis ends that, and the findings say so.
#[test]
fn reject_policies_that_keep_their_reader_busy() {
    let (now, start) = (hour(500_000), Instant::now());
    let (policy, schema) = busy(24);
    let schemas = [schema];
    policy.compile(&schemas).unwrap();
    println!("compiled {:?}", start.elapsed());
    let findings = policy.check(&schemas, now);
    println!("checked {:?}", start.elapsed());
    assert!(findings.usable());
    assert!(findings.iter().any(|f| f.message.contains("too large to look at")));
    let (other, _) = busy(23);
    diff(&policy, &other, &schemas, now).unwrap();
    println!("compared {:?}", start.elapsed());
    let narrowings = policy.narrowings(&other, &schemas, now).unwrap();
    println!("narrowed {:?}", start.elapsed());
    assert!(narrowings.iter().all(|n| !n.both.exact), "undecided, and so said");
    meet(&policy, &policy).unwrap();
    println!("met {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
