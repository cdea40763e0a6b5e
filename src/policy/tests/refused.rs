//! Programs that the predicate language refuses: `vectors/policy/refused.json`.
//!
//! Each must be refused at its line and column with just these words; line and column are left out
//! where the expression as a whole is.

use super::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/policy/refused.json");

struct World {
    schemas: Vec<Schema>,
    policy: Json,
}

impl World {
    fn new(vectors: &Json) -> Self {
        let mut schemas = Vec::new();
        let mut roles = Vec::new();
        for role in ["kyc", "income"] {
            let schema = Schema::parse(vectors["schemas"][role].to_string().as_bytes()).unwrap();
            let id = schema.id().to_string();
            roles.push(json!({ "name": role, "schema": id, "issuers": [issuer(1)] }));
            schemas.push(schema);
        }
        let claims = ["must", "may"].into_iter().flat_map(|rule| {
            let paths = vectors[rule].as_array().unwrap().iter();
            paths.map(move |path| json!({ "path": path, "disclosure": rule }))
        });
        let policy = json!({
            "format": "sigil-policy/1", "id": "example.org/p", "version": "1.0.0",
            "roles": roles, "claims": claims.collect::<Vec<_>>(),
        });
        Self { schemas, policy }
    }

    fn compile(&self, program: &Json) -> Result<CompiledPolicy, Fault> {
        let mut policy = self.policy.clone();
        policy["predicates"] = json!([{ "name": "p", "expr": program["expr"] }]);
        if program["params"].is_object() {
            policy["params"] = program["params"].clone();
        }
        if program["leap_day"].is_string() {
            policy["leap_day"] = program["leap_day"].clone();
        }
        Policy::parse(policy.to_string().as_bytes())?.compile(&self.schemas)
    }
}

fn vectors() -> Json {
    serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap()
}

/// The fault as a vector tells it.
fn told(program: &Json, fault: &Fault) -> Json {
    let mut told = program.clone();
    let entries = told.as_object_mut().unwrap();
    let message = match fault.problem() {
        crate::document::Problem::Expression { line, column, message, text } => {
            assert_eq!(text, program["expr"].as_str().unwrap());
            entries.insert("line".into(), json!(line));
            entries.insert("column".into(), json!(column));
            message.clone()
        }
        problem => problem.to_string(),
    };
    entries.insert("message".into(), json!(message));
    entries.insert("remedy".into(), json!(fault.remedy()));
    told
}

#[test]
fn reject_programs_with_the_place_and_the_words() {
    let vectors = vectors();
    assert_eq!(vectors["format"], "sigil-refused-programs/1");
    let world = World::new(&vectors);
    let programs = vectors["programs"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    for program in programs {
        let mut bare = program.clone();
        for key in ["line", "column", "message", "remedy"] {
            bare.as_object_mut().unwrap().remove(key);
        }
        assert!(seen.insert(bare.to_string()), "twice: {bare}");
        match world.compile(program) {
            Ok(_) => panic!("accepted: {program}"),
            Err(fault) => {
                assert_eq!(fault.path(), "$.predicates[0].expr", "{program}: {fault}");
                assert_eq!(told(&bare, &fault), *program);
            }
        }
    }
    assert!(seen.len() >= 300, "{} programs", seen.len());
}

/// The caret stands under the place.
#[test]
fn a_caret_points_at_the_fault() {
    let world = World::new(&vectors());
    let compile = |expr: &str| world.compile(&json!({ "expr": expr })).unwrap_err();
    let fault = compile("kyc.accredited\n  && kyc.childs > 1");
    assert_eq!(fault.caret().unwrap(), "  && kyc.childs > 1\n     ^");
    let fault = compile("kyc.children > 256");
    assert_eq!(fault.caret().unwrap(), "kyc.children > 256\n               ^");
    assert_eq!(Schema::parse(b"{}").unwrap_err().caret(), None);
}
