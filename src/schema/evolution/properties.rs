//! Readings against a model that knows what each field means.
//!
//! The model gives every field an identity that no schema shows, and every credential facts by
//! identity. Versions come from random edits, some of them traps. Whatever a reading calls readable
//! then has to be the fact of that identity: the same integer but for the shift, the same scalar,
//! the same truth of a comparison.

use super::tests::schema;
use super::*;
use crate::bbs::{Interface, Suite};
use crate::schema::{Disclosure, FIRST_FIELD, Schema};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Type {
    Bool,
    Uint(u32),
    Int(u32),
    Decimal(u32, u32),
    Date,
    Timestamp,
    Code,
    Enum(BTreeMap<String, u64>),
    Text,
    Bytes,
}

/// What is the case, in no type's words: a number (of units of 10^−18 for an amount), or a name.
#[derive(Clone, Debug, PartialEq)]
enum Fact {
    Number(i128),
    Name(String),
}

#[derive(Clone, Debug)]
struct Field {
    identity: usize,
    name: String,
    kind: Type,
    optional: bool,
    disclosure: Disclosure,
    aliases: Vec<String>,
    default: Option<Fact>,
}

impl Type {
    fn random(kind: u8, size: u8) -> Self {
        let bits = u32::from(size) % 64 + 1;
        match kind % 10 {
            0 => Self::Bool,
            1 | 2 => Self::Uint(bits),
            3 | 4 => Self::Int(bits),
            5 => Self::Decimal(u32::from(size) % 4, bits),
            6 => [Self::Date, Self::Timestamp, Self::Code][usize::from(size) % 3].clone(),
            7 | 8 => {
                let names = (0..u64::from(size) % 5 + 1).map(|i| (format!("v{i}"), 3 * i));
                Self::Enum(names.collect())
            }
            _ => [Self::Text, Self::Bytes][usize::from(size) % 2].clone(),
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::Uint(bits) => json!(format!("uint({bits})")),
            Self::Int(bits) => json!(format!("int({bits})")),
            Self::Decimal(scale, bits) => json!(format!("decimal({scale},{bits})")),
            Self::Date => json!("date"),
            Self::Timestamp => json!("timestamp"),
            Self::Code => json!("code"),
            Self::Enum(names) => json!({ "enum": names }),
            Self::Text => json!("text"),
            Self::Bytes => json!("bytes"),
        }
    }

    /// A fact that the type has a value for.
    fn fact(&self, seed: u64) -> Fact {
        let bits = |bits: &u32| i128::from(seed >> (64 - bits));
        match self {
            Self::Bool => Fact::Number(i128::from(seed & 1)),
            Self::Uint(width) => Fact::Number(bits(width)),
            Self::Int(width) => Fact::Number(bits(width) - (1 << (width - 1))),
            Self::Decimal(scale, width) => Fact::Number(bits(width) * 10i128.pow(18 - scale)),
            Self::Date => Fact::Number(i128::from(seed % 28)),
            Self::Timestamp => Fact::Number(i128::from(seed % 60)),
            Self::Code => Fact::Number(i128::from(seed % 26)),
            Self::Enum(names) => {
                Fact::Name(names.keys().nth((seed % names.len() as u64) as usize).unwrap().clone())
            }
            Self::Text | Self::Bytes => Fact::Name(format!("t{:03}", seed % 1000)),
        }
    }

    /// The fact as a record says it.
    fn written(&self, fact: &Fact) -> Json {
        match (self, fact) {
            (Self::Bool, Fact::Number(n)) => json!(*n == 1),
            (Self::Uint(_), Fact::Number(n)) => json!(*n as u64),
            (Self::Int(_), Fact::Number(n)) => json!(*n as i64),
            (Self::Decimal(scale, _), Fact::Number(n)) => {
                let units = n / 10i128.pow(18 - scale);
                let power = 10i128.pow(*scale);
                let places = *scale as usize;
                let text = match scale {
                    0 => units.to_string(),
                    _ => format!("{}.{:0places$}", units / power, units % power),
                };
                json!(text)
            }
            (Self::Date, Fact::Number(n)) => json!(format!("0001-01-{:02}", n + 1)),
            (Self::Timestamp, Fact::Number(n)) => json!(format!("1970-01-01T00:00:{n:02}Z")),
            (Self::Code, Fact::Number(n)) => json!(char::from(b'A' + *n as u8).to_string()),
            (_, Fact::Name(name)) => json!(name),
            (_, Fact::Number(n)) => panic!("{n} is no fact of {self:?}"),
        }
    }

    /// The integer that the type's mapping gives to a fact, on paper; beyond the width, too.
    fn integer(&self, fact: &Fact) -> Option<i128> {
        match (self, fact) {
            (Self::Int(width), Fact::Number(n)) => Some(n + (1 << (width - 1))),
            (Self::Decimal(scale, _), Fact::Number(n)) => Some(n / 10i128.pow(18 - scale)),
            (Self::Code, Fact::Number(n)) => Some(n + 65),
            (_, Fact::Number(n)) => Some(*n),
            (Self::Enum(names), Fact::Name(name)) => names.get(name).map(|code| i128::from(*code)),
            (_, Fact::Name(_)) => None,
        }
    }

    fn is_hashed(&self) -> bool {
        matches!(self, Self::Text | Self::Bytes)
    }
}

impl Field {
    fn to_json(&self) -> Json {
        let mut field = json!({
            "name": self.name, "type": self.kind.to_json(), "optional": self.optional,
            "disclosure": self.disclosure.word(), "aliases": self.aliases,
        });
        if let Some(default) = &self.default {
            field["default"] = self.kind.written(default);
        }
        field
    }
}

fn built(version: &str, fields: &[Field]) -> Option<Schema> {
    let fields: Vec<Json> = fields.iter().map(Field::to_json).collect();
    let document = json!({
        "format": "sigil-schema/1", "name": "example.org/x", "version": version, "fields": fields,
    });
    Schema::parse(document.to_string().as_bytes()).ok()
}

/// Two versions and the names and identities that they have used.
#[derive(Clone, Debug)]
struct History {
    old: Vec<Field>,
    new: Vec<Field>,
    fresh: usize,
    /// Identities that no later edit touches.
    settled: Vec<usize>,
}

type Draw = (u8, u8, u8);

/// Edits that leave every field readable both ways, and then all others.
const COMPATIBLE: u8 = 6;
const EDITS: u8 = 17;

impl History {
    fn new(draws: &[Draw]) -> Self {
        let fields = draws.iter().enumerate().map(|(identity, (kind, size, flags))| {
            let kind = Type::random(*kind, *size);
            Field {
                identity,
                name: format!("f{identity}"),
                optional: flags & 1 == 1,
                disclosure: Disclosure::Allowed,
                aliases: (flags & 6 == 6)
                    .then(|| format!("former{identity}"))
                    .into_iter()
                    .collect(),
                // Small enough to be an integer of a published document.
                default: (flags & 24 == 24).then(|| kind.fact(0)).filter(|_| small(&kind)),
                kind,
            }
        });
        let old: Vec<Field> = fields.collect();
        Self { new: old.clone(), fresh: old.len(), old, settled: Vec::new() }
    }

    fn fresh(&mut self) -> (usize, String) {
        self.fresh += 1;
        (self.fresh, format!("f{}", self.fresh))
    }

    fn edit(&mut self, (edit, target, size): Draw) {
        let (identity, name) = self.fresh();
        let count = self.new.len();
        let at = usize::from(target) % count;
        let other = usize::from(size) % count;
        let kind = Type::random(target, size);
        if [at, other].iter().any(|at| self.settled.contains(&self.new[*at].identity)) {
            return;
        }
        let field = &mut self.new[at];
        let kept =
            self.old.iter().any(|old| old.identity == field.identity && old.name == field.name);
        match edit % EDITS {
            // Whoever renames with care keeps the name of the version that is still about.
            0 => {
                let old = self.old.iter().find(|old| old.identity == field.identity);
                let former = [std::mem::replace(&mut field.name, name)];
                let known = old.map(|old| old.name.clone());
                for former in former.into_iter().chain(known) {
                    if !field.aliases.contains(&former) {
                        field.aliases.push(former);
                    }
                }
            }
            1 => {
                field.name = name.clone();
                let old = self.old.iter_mut().find(|old| old.identity == field.identity);
                old.into_iter().for_each(|old| old.aliases.push(name.clone()));
            }
            2 => match &mut field.kind {
                Type::Int(_) if field.optional => {}
                Type::Uint(bits) | Type::Int(bits) | Type::Decimal(_, bits) => {
                    *bits = u32::from(size) % 64 + 1;
                    field.default = None;
                }
                _ => {}
            },
            3 => self.new.rotate_left(other),
            4 => {
                if let Type::Enum(names) = &mut field.kind {
                    names.insert(name, 1000 + identity as u64);
                }
            }
            5 => field.default = Some(field.kind.fact(0)).filter(|_| small(&field.kind)),
            6 => field.name = name,
            7 => field.optional = !field.optional,
            8 => (field.kind, field.default) = (kind, None),
            9 => {
                if let Type::Decimal(scale, _) = &mut field.kind {
                    *scale = (*scale + 1) % 5;
                    field.default = None;
                }
            }
            10 => recode(field, size, name),
            11 if count > 1 => drop(self.new.remove(at)),
            12 => {
                let optional = size & 1 == 1;
                let disclosure = [Disclosure::Allowed, Disclosure::Always, Disclosure::Never];
                let disclosure = disclosure[usize::from(target) % 3];
                let (aliases, default) = (Vec::new(), None);
                self.new.push(Field {
                    identity,
                    name,
                    kind,
                    optional,
                    disclosure,
                    aliases,
                    default,
                });
            }
            // Renamed to the name of one that is dropped, or merged with it.
            13 | 14 if other != at && kept => {
                self.settled.push(field.identity);
                let dropped = self.new[other].name.clone();
                let field = &mut self.new[at];
                let former = match edit % EDITS {
                    13 => std::mem::replace(&mut field.name, dropped),
                    _ => dropped,
                };
                field.aliases.push(former);
                self.new.remove(other);
            }
            // A former name handed on to a field of another meaning. Two schemas show it as long as
            // the field that had it keeps a name of its own; the lie is complete if it does not.
            15 => {
                if let Some(name) = field.aliases.pop_if(|_| kept) {
                    self.settled.extend([identity, field.identity]);
                    let (kind, optional) = (field.kind.clone(), field.optional);
                    let (disclosure, aliases) = (Disclosure::Allowed, Vec::new());
                    let new = Field {
                        identity,
                        name,
                        kind,
                        optional,
                        disclosure,
                        aliases,
                        default: None,
                    };
                    self.new.push(new);
                }
            }
            16 => {
                let all = [Disclosure::Allowed, Disclosure::Always, Disclosure::Never];
                field.disclosure = all[usize::from(size) % 3];
            }
            _ => {}
        }
    }
}

fn small(kind: &Type) -> bool {
    !matches!(kind, Type::Int(bits) if *bits > 53)
}

/// Gives a code to another name or a name another code.
fn recode(field: &mut Field, how: u8, fresh: String) {
    let Type::Enum(names) = &mut field.kind else { return };
    let Some((name, code)) = names.pop_first() else { return };
    match how % 3 {
        0 => drop(names.insert(fresh, code)),
        1 => drop(names.insert(name, 5000 + code)),
        _ => match names.pop_first() {
            Some((other, taken)) => names.extend([(name, taken), (other, code)]),
            None => drop(names.insert(name, code)),
        },
    }
    field.default = None;
}

/// The facts of a credential by identity, and the messages it signs.
struct Credential {
    facts: BTreeMap<usize, Option<Fact>>,
    record: crate::schema::Record,
}

fn credential(schema: &Schema, fields: &[Field], seeds: &[u64]) -> Credential {
    let mut facts = BTreeMap::new();
    let mut record = serde_json::Map::new();
    for (i, field) in fields.iter().enumerate() {
        let seed = seeds[i % seeds.len()].rotate_left(i as u32);
        let fact = (!field.optional || !seed.is_multiple_of(4)).then(|| field.kind.fact(seed));
        if let Some(fact) = &fact {
            record.insert(field.name.clone(), field.kind.written(fact));
        }
        facts.insert(field.identity, fact);
    }
    let text = Json::Object(record).to_string();
    Credential { facts, record: schema.record_from_json(text.as_bytes()).unwrap() }
}

const INTERFACE: Interface = Interface::typed(Suite::Sha256);

/// A comparison with a constant over the integer that a rule of the base computes with; false of
/// what is absent.
fn below(field: &Field, integer: i128, constant: i128) -> bool {
    match field.optional {
        true => integer != 0 && integer - 1 < constant,
        false => integer < constant,
    }
}

/// Checks all that a reading of the base's fields says of a credential; counts the readable ones.
fn holds(
    (base, fields): (&Schema, &[Field]),
    (actual, there): (&Schema, &[Field]),
    seeds: &[u64],
) -> usize {
    let credential = credential(actual, there, seeds);
    let reading = Reading::new(base, actual).unwrap();
    let mut readable = 0;
    for (i, field) in fields.iter().enumerate() {
        let known = &base.fields()[i];
        let fact = credential.facts.get(&field.identity);
        match reading.message(FIRST_FIELD + i) {
            Err(_) => continue,
            Ok(Read::Constant { encoded, integer }) => {
                assert!(field.default.is_some() || field.optional, "{}", field.name);
                let value = known.decode(encoded).unwrap();
                assert_eq!(known.integer(value.as_ref()).unwrap(), *integer);
                let written = value.map(|value| known.field_type().to_json(&value).unwrap());
                let default = field.default.as_ref().map(|fact| field.kind.written(fact));
                let written = written.map(|w| serde_json::from_str(&w.canonical()).unwrap());
                assert_eq!(written, default, "{}", field.name);
            }
            Ok(Read::Signed { message, shift }) => {
                let position = message - FIRST_FIELD;
                assert_eq!(there[position].identity, field.identity, "{}", field.name);
                assert_eq!(reading.base_message(*message), Some(FIRST_FIELD + i));
                let fact = fact.expect("signed").as_ref();
                signed(field, known, fact, (&credential, actual, *message), *shift);
            }
        }
        readable += 1;
    }
    readable
}

/// Checks a message that is signed against the fact that it says.
fn signed(
    field: &Field,
    known: &crate::schema::Field,
    fact: Option<&Fact>,
    (credential, actual, message): (&Credential, &Schema, usize),
    shift: i128,
) {
    let value = actual.record_value(&credential.record, message);
    let there = actual.field_at(message).unwrap();
    if field.kind.is_hashed() {
        assert_eq!(shift, 0);
        assert_eq!(known.to_scalar(value, INTERFACE), there.to_scalar(value, INTERFACE));
        return;
    }
    let read = there.integer(value).unwrap().unwrap() as i128 - shift;
    let presence = i128::from(field.optional);
    let Some(fact) = fact else {
        assert!(field.optional && read == 0, "{}", field.name);
        return;
    };
    match field.kind.integer(fact) {
        Some(integer) => {
            assert_eq!(read, integer + presence, "{} {fact:?}", field.name);
            for constant in [integer - 1, integer, integer + 1, 0, 127, 1 << 40] {
                assert_eq!(below(field, read, constant), integer < constant);
            }
        }
        // A name that the base does not know is none of those that it does.
        None => {
            let Type::Enum(names) = &field.kind else { panic!("{:?}", field.kind) };
            let plain = read - presence;
            assert!(names.values().all(|code| i128::from(*code) != plain));
            assert!(read > 0 || !field.optional);
        }
    }
}

/// The class, from readings alone.
fn class(old: (&Schema, &[Field]), new: (&Schema, &[Field])) -> Class {
    let reads = |(base, fields): (&Schema, &[Field]), (actual, there): (&Schema, &[Field])| {
        let reading = Reading::new(base, actual).unwrap();
        let all = fields.iter().enumerate().all(|(i, field)| {
            let admitted = match reading.message(FIRST_FIELD + i) {
                Ok(Read::Signed { message, .. }) => {
                    there[message - FIRST_FIELD].disclosure.admits(field.disclosure)
                }
                other => other.is_ok(),
            };
            admitted && reading.covers(FIRST_FIELD + i)
        });
        all && reading.unasked().is_empty()
    };
    match (reads(new, old), reads(old, new)) {
        (true, true) => Class::Full,
        (true, false) => Class::Backward,
        (false, true) => Class::Forward,
        (false, false) => Class::Breaking,
    }
}

fn draws(edits: u8, most: usize) -> impl Strategy<Value = Vec<Draw>> {
    proptest::collection::vec((0..edits, any::<u8>(), any::<u8>()), 1..=most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is readable is the same fact, after any edits at all; and the class of the
    /// difference is what the readings of both directions say.
    #[test]
    fn nothing_is_read_with_another_meaning(
        start in draws(u8::MAX, 5),
        edits in draws(EDITS, 5),
        seeds in proptest::collection::vec(any::<u64>(), 1..6),
    ) {
        let mut history = History::new(&start);
        edits.iter().for_each(|draw| history.edit(*draw));
        let (old, new) = (built("1.0.0", &history.old), built("2.0.0", &history.new));
        // Names that would clash are refused; that they are is in the table.
        let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
        let (old, new) = ((&old, &history.old[..]), (&new, &history.new[..]));
        holds(old, new, &seeds);
        holds(new, old, &seeds);
        prop_assert_eq!(diff(old.0, new.0).class(), class(old, new));
    }

    /// After edits that preserve meaning everything is readable, by either version.
    #[test]
    fn everything_compatible_is_readable(
        start in draws(u8::MAX, 5),
        edits in draws(COMPATIBLE, 8),
        seeds in proptest::collection::vec(any::<u64>(), 1..6),
    ) {
        let mut history = History::new(&start);
        edits.iter().for_each(|draw| history.edit(*draw));
        let (Some(old), Some(new)) = (built("1.0.0", &history.old), built("2.0.0", &history.new))
        else {
            return Err(TestCaseError::fail("refused"));
        };
        let (old, new) = ((&old, &history.old[..]), (&new, &history.new[..]));
        prop_assert_eq!(holds(old, new, &seeds), history.old.len());
        prop_assert_eq!(holds(new, old, &seeds), history.new.len());
    }
}

/// The model finds fault with a reading that guesses: the test can fail.
#[test]
#[should_panic(expected = "left: 1")]
fn the_model_sees_a_name_that_was_handed_on() {
    let mut history = History::new(&[(1, 7, 0)]);
    history.new[0].identity = 1;
    let fields = json!([history.old[0].to_json()]);
    let (old, new) = (schema("1.0.0", &fields), schema("2.0.0", &fields));
    holds((&old, &history.old), (&new, &history.new), &[5]);
}
