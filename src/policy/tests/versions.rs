//! One truth under every version: random pairs of versions, random facts, random predicates.
//!
//! The facts are values by name. A record of each version is made of them, and the policy, which is
//! written against one version, is judged of both: by the rules over what [`Reading`] says, and by the
//! formula that the circuit has, with its slots and parameters.

use super::*;
use crate::document::Document;
use crate::policy::{Accepted, Facts, Revealed, SlotSource};
use crate::schema::evolution::Read;
use crate::schema::{FIRST_FIELD, Record, VALID_FROM};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// What a version calls a field, and how it types it.
struct Fieldspec {
    /// Position among the facts; none for a field that only this version has.
    fact: Option<usize>,
    text: String,
}

struct Draw(ChaCha20Rng);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// The facts that there are: name, and how base and actual versions may type it.
const FACTS: [(&str, &[&str]); 6] = [
    ("points", &["uint(8)", "uint(16)", "uint(40)"]),
    ("delta", &["int(8)", "int(12)", "int(32)"]),
    ("amount", &["decimal(1, 12)", "decimal(1, 40)"]),
    ("day", &["date"]),
    ("flag", &["bool"]),
    ("kind", &["{ enum = { a = 0, b = 1 } }", "{ enum = { a = 0, b = 1, c = 7 } }"]),
];

/// A version: each fact in some type, some optional, in some order; the actual one may rename, drop what
/// has a default in the base, and have fields of its own.
fn version(
    draw: &mut Draw,
    actual: bool,
    optional: &[bool],
    defaults: &[Option<i128>],
) -> Vec<Fieldspec> {
    let mut fields = Vec::new();
    for (fact, (name, types)) in FACTS.iter().enumerate() {
        let kind = draw.one(types);
        let kind = if kind.starts_with('{') { kind.to_owned() } else { format!("\"{kind}\"") };
        if actual && defaults[fact].is_some() && draw.below(2) == 0 {
            continue;
        }
        let renamed = actual && draw.below(3) == 0;
        let name = if renamed { format!("new_{name}") } else { (*name).to_owned() };
        let alias =
            if renamed { format!(", aliases = [\"{}\"]", FACTS[fact].0) } else { String::new() };
        // A field that may be absent in the base may be required in the actual version.
        let absent = if optional[fact] && !(actual && draw.below(2) == 0) {
            ", optional = true"
        } else {
            ""
        };
        let default = match (actual, defaults[fact]) {
            (false, Some(value)) => format!(", default = {}", literal(fact, value)),
            _ => String::new(),
        };
        let text = format!("{{ name = \"{name}\", type = {kind}{absent}{alias}{default} }}");
        fields.push(Fieldspec { fact: Some(fact), text });
    }
    if actual && draw.below(2) == 0 {
        let text = "{ name = \"more\", type = \"uint(8)\" }".to_owned();
        fields.push(Fieldspec { fact: None, text });
    }
    for at in (1..fields.len()).rev() {
        fields.swap(at, draw.below(at as u64 + 1) as usize);
    }
    fields
}

fn schema(version: &str, fields: &[Fieldspec]) -> Schema {
    let fields: Vec<&str> = fields.iter().map(|field| &field.text[..]).collect();
    let text = format!(
        "format = 'sigil-schema/1'\nname = 'example.org/v'\nversion = '{version}'\nfields = [\n{}]\n",
        fields.join(",\n")
    );
    Schema::parse(text.as_bytes()).unwrap()
}

/// A value as records, defaults and predicates write it.
fn literal(fact: usize, value: i128) -> String {
    match FACTS[fact].0 {
        "amount" => format!("\"{}.{}\"", value / 10, value % 10),
        "day" => format!("\"2000-01-{:02}\"", 1 + value),
        "flag" => (value != 0).to_string(),
        "kind" => format!("\"{}\"", if value == 0 { "a" } else { "b" }),
        _ => value.to_string(),
    }
}

fn expression(draw: &mut Draw, fact: usize, optional: bool) -> String {
    let name = format!("v.{}", FACTS[fact].0);
    let value = draw.below(5) as i128 + if FACTS[fact].0 == "delta" { -2 } else { 1 };
    let op = draw.one(&["<", "<=", ">", ">=", "==", "!="]);
    let equal = draw.one(&["==", "!="]);
    let base = match FACTS[fact].0 {
        "amount" => format!("{name} {op} decimal({})", literal(fact, value)),
        "day" => format!("{name} {op} date({})", literal(fact, value)),
        "flag" => format!("{name} == {}", value % 2 == 0),
        "kind" => format!("{name} {equal} {}", literal(fact, value % 2)),
        _ if draw.below(3) == 0 => format!("{name} in [{value}, {}, 9]", value + 1),
        _ if draw.below(3) == 0 && FACTS[fact].0 == "delta" => format!("2 * {name} {op} {value}"),
        _ => format!("{name} {op} {value}"),
    };
    match draw.below(4) {
        0 => format!("!({base})"),
        1 if optional => format!("has({name}) || {base}"),
        2 if optional => format!("!has({name}) && !({base})"),
        _ => base,
    }
}

/// What the choice of a version says in the open.
struct Chosen<'a>(&'a Accepted);

impl Revealed for Chosen<'_> {
    fn value(&self, _: SlotSource) -> Option<Encoded> {
        None
    }

    fn shift(&self, source: SlotSource) -> i128 {
        self.0.shift(source.message)
    }
}

/// The integer that fills the slot of a message of the base.
fn slot(accepted: &Accepted, record: &Record, message: usize) -> i128 {
    match accepted.reading().message(message).unwrap() {
        Read::Constant { integer, .. } => integer.unwrap() as i128,
        Read::Signed { message, .. } => {
            let value = record.values()[message - FIRST_FIELD].as_ref();
            let field = accepted.schema().field_at(*message).unwrap();
            field.integer(value).unwrap().unwrap() as i128
        }
    }
}

#[test]
fn a_predicate_has_one_truth_under_every_version_that_a_role_accepts() {
    let mut draw = Draw(ChaCha20Rng::seed_from_u64(5));
    let (mut compared, mut holding, mut refused) = (0, 0, 0);
    for _ in 0..1_500 {
        let optional: Vec<bool> = FACTS.iter().map(|_| draw.below(3) == 0).collect();
        let defaults: Vec<Option<i128>> = optional
            .iter()
            .map(|optional| (!optional && draw.below(3) == 0).then(|| draw.below(3) as i128))
            .collect();
        let (old, new) = (
            version(&mut draw, false, &optional, &defaults),
            version(&mut draw, true, &optional, &defaults),
        );
        let schemas = [schema("1.0.0", &old), schema("2.0.0", &new)];
        let fact = draw.below(FACTS.len() as u64) as usize;
        let expression = expression(&mut draw, fact, optional[fact]);
        let expression = expression.replace('"', "\\\"");
        let policy = format!(
            "format = 'sigil-policy/1'\nid = 'p'\nversion = '1.0.0'\n\
             predicates = [{{ name = 'one', expr = \"{expression}\" }}]\n\
             [[roles]]\nname = 'v'\nschema = '{}'\naccepts = ['{}']\nissuers = ['{}']\nvalidity = 'skip'\n",
            schemas[0].id(),
            schemas[1].id(),
            issuer(1),
        );
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let compiled = match policy.compile(&schemas) {
            Ok(compiled) => compiled,
            Err(fault) => {
                assert_eq!(fault.path(), "$.roles[0].accepts[0]", "{expression}: {fault}");
                refused += 1;
                continue;
            }
        };
        let dropped = new.iter().all(|field| field.fact != Some(fact));
        let facts: Vec<i128> = (0..FACTS.len())
            .map(|of| match (FACTS[of].0, defaults[of]) {
                (_, Some(value)) if dropped && of == fact => value,
                ("delta", _) => draw.below(5) as i128 - 2,
                ("flag" | "kind", _) => draw.below(2) as i128,
                _ => draw.below(5) as i128,
            })
            .collect();
        // Absent only where every version may have it so.
        let required =
            |of: usize| !new.iter().any(|f| f.fact == Some(of) && f.text.contains("optional"));
        let absent: Vec<bool> = (0..FACTS.len())
            .map(|of| optional[of] && !required(of) && draw.below(2) == 0)
            .collect();
        let truths: Vec<bool> = [&old, &new]
            .into_iter()
            .zip(&schemas)
            .zip(compiled.roles()[0].accepted())
            .map(|((fields, schema), accepted)| {
                let cells =
                    fields.iter().zip(schema.fields()).filter_map(|(spec, field)| {
                        match spec.fact {
                            Some(of) if absent[of] => None,
                            Some(of) => Some((field.name(), literal(of, facts[of]))),
                            None => Some((field.name(), "3".to_owned())),
                        }
                    });
                let cells: Vec<String> =
                    cells.map(|(name, value)| format!("\"{name}\":{value}")).collect();
                let json = format!("{{{}}}", cells.join(","));
                let record = schema.record_from_json(json.as_bytes()).unwrap();
                truth(&compiled, accepted, &record)
            })
            .collect();
        assert_eq!(
            truths[0],
            truths[1],
            "{expression} of {facts:?} under\n{}\nand\n{}",
            Document::canonical(&schemas[0].to_document()),
            Document::canonical(&schemas[1].to_document())
        );
        compared += 1;
        holding += usize::from(truths[0]);
    }
    assert!(compared > 900 && holding > 200 && compared - holding > 200, "{compared} {holding}");
    assert!(refused > 20, "{refused}: an optional int of two widths is not read");
}

/// By the rule over the base's integers and by the formula over those signed, which agree.
fn truth(compiled: &CompiledPolicy, accepted: &Accepted, record: &Record) -> bool {
    let (now, chosen) = (hour(5), Chosen(accepted));
    let hidden = |source: SlotSource| {
        assert!(source.message > VALID_FROM);
        Some(slot(accepted, record, source.message) - accepted.shift(source.message))
    };
    let facts = Facts { now, hidden: &hidden, revealed: &chosen };
    let by_rule = compiled.predicates()[0].rule.holds(&facts).unwrap();
    if let Some(shape) = compiled.shape() {
        let slots: Vec<i128> =
            compiled.slots().iter().map(|source| slot(accepted, record, source.message)).collect();
        let params = compiled.param_values(now, &chosen).unwrap();
        assert_eq!(shape.holds(&slots, &params), Ok(by_rule), "{slots:?} {params:?}");
    }
    by_rule
}
