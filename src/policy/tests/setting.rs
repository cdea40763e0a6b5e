//! Two schemas with every type in them, small and at full width, and a predicate over them judged
//! three ways.

use super::meaning::{Known, World};
use super::*;
use crate::document::{Cursor, Document};
use crate::policy::Facts;
use crate::policy::expression::{Expression, Literal};
use crate::schema::Field;
use crate::value::{FieldType, LeapDay, Timestamp, Value};
use std::collections::BTreeMap;

const SMALL: &str = r#"
format = "sigil-schema/1"
name = "example.org/small"
version = "1.0.0"
fields = [
  { name = "a", type = "uint(4)" },
  { name = "b", type = "int(4)" },
  { name = "c", type = "uint(3)", optional = true },
  { name = "f", type = "bool" },
  { name = "g", type = "bool", optional = true },
  { name = "e", type = { enum = { red = 0, green = 1, blue = 5 } } },
  { name = "h", type = { enum = { red = 0, green = 1, blue = 5 } }, optional = true },
  { name = "p", type = "int(4)" },
  { name = "q", type = "uint(3)", optional = true },
  { name = "r", type = "bool", optional = true },
]
"#;

const WIDE: &str = r#"
format = "sigil-schema/1"
name = "example.org/wide"
version = "1.0.0"
fields = [
  { name = "d", type = "date" },
  { name = "do", type = "date", optional = true },
  { name = "dr", type = "date" },
  { name = "dx", type = "date", optional = true },
  { name = "t", type = "timestamp" },
  { name = "to", type = "timestamp", optional = true },
  { name = "m", type = "decimal(2,64)" },
  { name = "mo", type = "decimal(2,32)", optional = true },
  { name = "k", type = "code" },
  { name = "ko", type = "code", optional = true },
  { name = "kr", type = "code" },
  { name = "u", type = "uint(64)" },
  { name = "i", type = "int(64)" },
]
"#;

/// The claims that are revealed; all others are hidden.
const REVEALED: [&str; 6] = ["s.p", "s.q", "s.r", "w.dr", "w.dx", "w.kr"];

const PARAMS: &str = r#"{
  "three": 3, "list": [1, 4, 7, 15], "colours": ["red", "blue"], "codes": ["CH", "LI", "AUT"],
  "born": { "date": "2004-02-29" }, "age": 18, "cents": { "decimal": "12.5" }, "yes": true,
  "moments": [{ "date": "2004-02-29" }, { "date": "2022-03-01" }],
  "since": { "timestamp": "2026-01-01T00:00:00Z" }, "colour": "green"
}"#;

pub(super) struct Setting {
    pub(super) schemas: Vec<Schema>,
    pub(super) params: BTreeMap<String, Literal>,
}

impl Setting {
    pub(super) fn new() -> Self {
        let schemas = [SMALL, WIDE].map(|text| Schema::parse(text.as_bytes()).unwrap()).to_vec();
        let bounds = crate::document::Bounds::PUBLISHED;
        let document = Document::read_json(PARAMS.as_bytes(), &bounds).unwrap();
        let entries = Cursor::root(&document).entries().unwrap();
        let params = entries.into_iter();
        let params = params.map(|(name, value)| (name.to_owned(), Literal::parse(&value).unwrap()));
        Self { schemas, params: params.collect() }
    }

    pub(super) fn parse(&self, expr: &str) -> Expression {
        let document = Document::text(expr);
        Expression::parse(&Cursor::root(&document)).unwrap_or_else(|f| panic!("{expr}: {f}"))
    }

    pub(super) fn compile(&self, expr: &str, leap_day: LeapDay) -> Result<CompiledPolicy, Fault> {
        let document = Document::text(expr);
        let used = Expression::parse(&Cursor::root(&document))?;
        let used = used.params();
        let params = self.params.iter().filter(|(name, _)| used.contains(&name.as_str()));
        let params = params.map(|(name, value)| (name.as_str(), value.to_document()));
        let claims = REVEALED.map(|path| {
            let rule = ("disclosure", Document::text("must"));
            Document::object([("path", Document::text(path)), rule])
        });
        let roles = self.schemas.iter().zip(["s", "w"]).map(|(schema, name)| {
            Document::object([
                ("name", Document::text(name)),
                ("schema", Document::text(schema.id().to_string())),
                ("issuers", Document::Array(vec![Document::text(issuer(1))])),
                ("validity", Document::text("skip")),
            ])
        });
        let predicate =
            Document::object([("name", Document::text("p")), ("expr", Document::text(expr))]);
        let policy = Document::object([
            ("format", Document::text("sigil-policy/1")),
            ("id", Document::text("example.org/p")),
            ("version", Document::text("1.0.0")),
            ("roles", Document::Array(roles.collect())),
            ("claims", Document::Array(claims.to_vec())),
            ("params", Document::object(params)),
            ("predicates", Document::Array(vec![predicate])),
            ("leap_day", Document::text(leap_day.word())),
        ]);
        Policy::from_document(&policy)?.compile(&self.schemas)
    }

    pub(super) fn field(&self, path: &str) -> (SlotSource, &Field) {
        let (role, name) = path.split_once('.').unwrap();
        let role = usize::from(role == "w");
        let (message, field) = self.schemas[role].field(name).unwrap();
        (source(role, message), field)
    }

    pub(super) fn paths(&self) -> Vec<String> {
        let roles = self.schemas.iter().zip(["s", "w"]);
        roles
            .flat_map(|(schema, role)| {
                schema.fields().iter().map(move |field| format!("{role}.{}", field.name()))
            })
            .collect()
    }

    /// Every value of a small field, absence too.
    pub(super) fn domain(&self, path: &str) -> Vec<Known> {
        let (_, field) = self.field(path);
        let bits = field.field_type().bits().unwrap();
        let values = (0..1u64 << bits).filter_map(|n| field.field_type().from_integer(n).ok());
        let absent = field.optional().then_some(Known::Absent);
        values.map(|value| known(field, value)).chain(absent).collect()
    }
}

pub(super) fn known(field: &Field, value: Value) -> Known {
    match field.field_type() {
        FieldType::Enum(_) => Known::Word(field.field_type().render(&value).unwrap()),
        _ => Known::Value(value),
    }
}

/// A compiled predicate with the text's own tree beside it.
pub(super) struct Case<'s> {
    pub(super) setting: &'s Setting,
    pub(super) expr: String,
    pub(super) tree: Expression,
    pub(super) compiled: CompiledPolicy,
    pub(super) leap_day: LeapDay,
}

impl<'s> Case<'s> {
    pub(super) fn new(
        setting: &'s Setting,
        expr: String,
        leap_day: LeapDay,
    ) -> Result<Self, Fault> {
        let compiled = setting.compile(&expr, leap_day)?;
        let tree = setting.parse(&expr);
        Ok(Self { setting, expr, tree, compiled, leap_day })
    }

    /// Judges one set of values three ways, the circuit only if asked; gives the text's meaning.
    pub(super) fn judge(
        &self,
        values: &BTreeMap<String, Known>,
        now: Timestamp,
        circuit: bool,
    ) -> bool {
        let setting = self.setting;
        let world = World { values, params: &setting.params, now, leap_day: self.leap_day };
        let expected = world.holds(&self.tree.root);
        let value = |field: &Field, path: &String| match &values[path] {
            Known::Absent => None,
            Known::Value(value) => Some(value.clone()),
            Known::Word(word) => Some(field.parse_text(word).unwrap().unwrap()),
        };
        let signed: BTreeMap<SlotSource, (i128, Encoded)> = values
            .keys()
            .map(|path| {
                let (source, field) = setting.field(path);
                let value = value(field, path);
                let encoded = value
                    .as_ref()
                    .map_or(Encoded::Absent, |value| field.field_type().encode(value).unwrap());
                (source, (field.integer(value.as_ref()).unwrap().unwrap() as i128, encoded))
            })
            .collect();
        let shown = REVEALED.map(|path| setting.field(path).0);
        let revealed = |place: SlotSource| shown.contains(&place).then(|| signed[&place].1.clone());
        let hidden = |place: SlotSource| (!shown.contains(&place)).then(|| signed[&place].0);
        let facts = Facts { now, hidden: &hidden, revealed: &revealed };
        let told = || format!("{} of {values:?} at {now}", self.expr);
        let mut rules = self.compiled.conjuncts().iter().map(|c| c.rule.holds(&facts));
        assert!(rules.clone().all(|held| held.is_some()), "not judged: {}", told());
        assert_eq!(rules.all(|held| held == Some(true)), expected, "rule: {}", told());
        let open = self.compiled.failing_check(now, &revealed).is_none();
        let Some(shape) = self.compiled.shape() else {
            assert_eq!(open, expected, "in the open: {}", told());
            return expected;
        };
        let slots: Vec<i128> = self.compiled.slots().iter().map(|s| signed[s].0).collect();
        let params = self.compiled.param_values(now, &revealed).unwrap();
        let native = shape.holds(&slots, &params).unwrap_or_else(|e| panic!("{e}: {}", told()));
        assert_eq!(open && native, expected, "formula: {}", told());
        if circuit {
            let satisfied = shape.satisfiable(&slots, &params).unwrap();
            assert_eq!(open && satisfied, expected, "circuit: {}", told());
        }
        expected
    }
}

/// Every combination of the domains of the fields that an expression names.
pub(super) fn combinations(setting: &Setting, named: &[String]) -> Vec<BTreeMap<String, Known>> {
    let absent_or_first = |path: &String| match path.starts_with("s.") {
        true => setting.domain(path)[0].clone(),
        false => {
            let (_, field) = setting.field(path);
            match field.optional() {
                true => Known::Absent,
                false => Known::Value(field.field_type().from_integer(65).unwrap()),
            }
        }
    };
    let base = setting.paths().into_iter().map(|path| {
        let first = absent_or_first(&path);
        (path, first)
    });
    let mut all = vec![base.collect::<BTreeMap<_, _>>()];
    for path in named {
        let domain = setting.domain(path);
        all = all
            .into_iter()
            .flat_map(|values| {
                domain.iter().map(move |value| {
                    let mut values = values.clone();
                    values.insert(path.clone(), value.clone());
                    values
                })
            })
            .collect();
    }
    all
}

pub(super) fn named(setting: &Setting, expr: &str) -> Vec<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let words: Vec<&str> = expr.split(|c| !word(c)).collect();
    setting.paths().into_iter().filter(|path| words.contains(&path.as_str())).collect()
}
