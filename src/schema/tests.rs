use super::*;
use crate::bbs::Suite;
use crate::document::Problem;
use proptest::prelude::*;

const TOML: &str = r#"
format = "sigil-schema/1"
name = "example.org/residence"
version = "1.0.0"

[[fields]]
name = "person"
type = "text"

[[fields]]
name = "birth_date"
type = "date"
optional = false

[[fields]]
name = "country"
type = "code"
disclosure = "always"

[[fields]]
name = "savings"
type = "decimal(2, 64)"
optional = true

[[fields]]
name = "status"
type = { enum = { resident = 1, citizen = 0 } }
disclosure = "never"

[[fields]]
name = "photo"
type = "bytes"
optional = true
"#;

/// The same schema: other order, other spelling, defaults written out or left out.
const JSON: &str = r#"{
  "version": "1.0.0", "name": "example.org/residence",
  "fields": [
    {"type": "text", "name": "person", "optional": false, "disclosure": "allowed"},
    {"name": "birth_date", "type": "date"},
    {"disclosure": "always", "name": "country", "type": "code"},
    {"name": "savings", "type": "decimal(2,64)", "optional": true},
    {"name": "status", "type": {"enum": {"citizen": 0, "resident": 1}}, "disclosure": "never"},
    {"name": "photo", "type": "bytes", "optional": true}
  ],
  "format": "sigil-schema/1"
}"#;

/// SHA-256 of the canonical JSON, computed outside this program.
const ID: &str = "63a359af14594278cf2b9185e8cff9091ee6d867d2dbc6c60ecc5babb6f4db71";

fn schema() -> Schema {
    Schema::parse(TOML.as_bytes()).unwrap()
}

fn field(field_type: &str, optional: bool) -> Field {
    let text = format!(
        "format = 'sigil-schema/1'\nname = 'x'\nversion = '1.0.0'\n\
         [[fields]]\nname = 'x'\ntype = {field_type}\noptional = {optional}"
    );
    Schema::parse(text.as_bytes()).unwrap().fields()[0].clone()
}

#[test]
fn one_id_in_toml_and_json() {
    let (toml, json) = (schema(), Schema::parse(JSON.as_bytes()).unwrap());
    assert_eq!(toml, json);
    assert_eq!(toml.id().to_string(), ID);
    assert_eq!(toml.id(), ID.parse().unwrap());
    // The normal form is itself a schema, with the same id.
    let normal = toml.to_document().canonical();
    assert_eq!(Schema::parse(normal.as_bytes()).unwrap().id(), toml.id());
    assert!(normal.contains(r#""type":"decimal(2,64)""#) && normal.contains(r#""optional":false"#));
    assert_eq!(toml.header(), [CREDENTIAL_UNBOUND, &toml.id().to_bytes()].concat());
}

#[test]
fn ids_have_one_spelling() {
    let text = "00ff".repeat(16);
    let id: SchemaId = text.parse().unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(id.to_bytes()[..2], [0, 255]);
    assert_eq!(SchemaId::from_bytes(id.to_bytes()), id);
    for other in ["", &text[1..], &format!("{text}0"), &text.to_uppercase(), &"é".repeat(32)] {
        assert!(other.parse::<SchemaId>().is_err(), "{other}");
    }
    assert!(text.replacen('0', "+", 1).parse::<SchemaId>().is_err());
}

#[test]
fn every_part_is_in_the_id() {
    let id = schema().id();
    for (from, to) in [
        ("1.0.0", "1.0.1"),
        ("residence", "residences"),
        ("\"savings\"", "\"saving\""),
        ("decimal(2, 64)", "decimal(3, 64)"),
        ("resident = 1", "resident = 2"),
        ("optional = true", "optional = false"),
        ("\"never\"", "\"allowed\""),
    ] {
        let other = Schema::parse(TOML.replacen(from, to, 1).as_bytes()).unwrap();
        assert_ne!(other.id(), id, "{from} -> {to}");
    }
    let mut swapped = schema();
    swapped.fields.swap(0, 1);
    assert_ne!(swapped.to_document().digest(), id.to_bytes());
}

#[test]
fn fields_know_their_slots() {
    let schema = schema();
    assert_eq!(schema.message_count(), 10);
    let (slot, field) = schema.field("country").unwrap();
    assert_eq!((slot, field.bits(), field.disclosure()), (6, Some(64), Disclosure::Always));
    assert_eq!(schema.field_at(6), Some(field));
    assert_eq!(schema.field("savings").unwrap().1.bits(), Some(65));
    assert_eq!(schema.field("photo").unwrap().1.bits(), None);
    assert!(schema.field("nothing").is_none());
    assert!([0, 3, 10, usize::MAX].into_iter().all(|slot| schema.field_at(slot).is_none()));
}

#[test]
fn reject_schemas_with_a_fault() {
    let table: &[(&str, &str, &str, &str)] = &[
        ("sigil-schema/1", "sigil-schema/2", "$.format", "another format or version"),
        ("format = \"sigil-schema/1\"", "", "$.format", "missing field"),
        ("version = \"1.0.0\"", "", "$.version", "missing field"),
        ("1.0.0", "1.0", "$.version", "not a version"),
        ("1.0.0", "1.00.0", "$.version", "not a version"),
        ("1.0.0", "1.0.0-rc1", "$.version", "not a version"),
        ("1.0.0", "1.0.+1", "$.version", "not a version"),
        ("1.0.0", "1.0.4294967296", "$.version", "not a version"),
        ("example.org/residence", "", "$.name", "not a name for a schema"),
        ("example.org/residence", "two words", "$.name", "not a name for a schema"),
        ("example.org/residence", "r\u{e9}sidence", "$.name", "not a name for a schema"),
        ("version =", "extra = 1\nversion =", "$.extra", "unknown field"),
        ("\"country\"", "\"Country\"", "$.fields[2].name", "not a name for a field"),
        ("\"country\"", "\"valid_until\"", "$.fields[2].name", "not a name for a field"),
        ("\"country\"", "\"in\"", "$.fields[2].name", "not a name for a field"),
        ("\"country\"", "\"\"", "$.fields[2].name", "not a name for a field"),
        ("\"country\"", "\"person\"", "$.fields[2]", "a second field named \"person\""),
        ("\"code\"", "\"float\"", "$.fields[2].type", "no such type"),
        ("\"code\"", "7", "$.fields[2].type", "expected a string, found an integer"),
        ("\"decimal(2, 64)\"", "\"decimal(2, 65)\"", "$.fields[3].type", "no such type"),
        ("optional = true", "optional = 1", "$.fields[3].optional", "expected a boolean"),
        ("\"never\"", "\"hidden\"", "$.fields[4].disclosure", "no such disclosure"),
        ("citizen = 0", "citizen = 1", "$.fields[4].type.enum.resident", "the same code"),
        ("citizen = 0", "citizen = 0.5", "$.fields[4].type.enum.citizen", "floating point"),
        ("disclosure = \"always\"", "disclose = true", "$.fields[2].disclose", "unknown field"),
    ];
    for (from, to, path, message) in table {
        let text = TOML.replacen(from, to, 1);
        assert_ne!(text, TOML, "{from}");
        let fault = Schema::parse(text.as_bytes()).expect_err(to);
        assert_eq!(fault.path(), *path, "{from} -> {to}: {fault}");
        assert!(fault.to_string().contains(message), "{from} -> {to}: {fault}");
        assert!(!fault.remedy().is_empty());
    }
}

#[test]
fn the_number_of_fields_is_bounded() {
    let with = |n: usize| {
        let fields: String =
            (0..n).map(|i| format!("[[fields]]\nname = 'f{i}'\ntype = 'bool'\n")).collect();
        let list = if n == 0 { "fields = []" } else { "" };
        let head = "format = 'sigil-schema/1'\nname = 'x'\nversion = '1.0.0'\n";
        Schema::parse(format!("{head}{list}\n{fields}").as_bytes())
    };
    assert!(with(1).is_ok() && with(MAX_FIELDS).is_ok());
    for n in [0, MAX_FIELDS + 1] {
        assert_eq!(with(n).expect_err("count").path(), "$.fields");
    }
}

const RECORD: &str = r#"{"person": "p-4711", "birth_date": "1990-05-17", "country": "CH",
    "savings": "1200.5", "status": "citizen", "photo": "3q2-7w"}"#;

#[test]
fn records_from_json_and_csv_agree() {
    let schema = schema();
    let json = schema.record_from_json(RECORD.as_bytes()).unwrap();
    let header = ["photo", "person", "birth_date", "country", "savings", "status"];
    let row = ["3q2-7w", "p-4711", "1990-05-17", "CH", "1200.5", "citizen"];
    assert_eq!(schema.record_from_csv_row(&header, &row).unwrap(), json);
    let written = schema.record_to_document(&json).unwrap();
    assert_eq!(schema.record_from_document(&written).unwrap(), json);
    assert!(written.canonical().contains(r#""savings":"1200.50""#));
    assert_eq!(schema.record(json.values().to_vec()).unwrap(), json);
    // Absence: left out, null, empty cell.
    let absent = RECORD.replace(r#""savings": "1200.5", "#, "").replace(r#""3q2-7w""#, "null");
    let absent = schema.record_from_json(absent.as_bytes()).unwrap();
    let row = ["", "p-4711", "1990-05-17", "CH", "", "citizen"];
    assert_eq!(schema.record_from_csv_row(&header, &row).unwrap(), absent);
    assert_eq!((&absent.values()[3], &absent.values()[5]), (&None, &None));
    let written = schema.record_to_document(&absent).unwrap();
    assert_eq!(schema.record_from_document(&written).unwrap(), absent);
    assert!(!format!("{json:?}").contains("4711"));
}

#[test]
fn reject_records_with_a_fault() {
    let table = [
        ("\"country\": \"CH\",", "", "$.country", "missing field"),
        ("\"CH\"", "null", "$.country", "a value is required"),
        ("\"CH\"", "\"ch\"", "$.country", "expected a code"),
        ("\"CH\"", "\"CH\", \"country\": \"DE\"", "$.country", "the key stands twice"),
        ("\"CH\"", "\"CH\", \"iban\": \"X\"", "$.iban", "unknown field"),
        ("1990-05-17", "1990-02-30", "$.birth_date", "expected a date"),
        ("\"1200.5\"", "1200.5", "$.savings", "floating point"),
        ("\"1200.5\"", "1200", "$.savings", "expected a decimal in quotes"),
        ("\"1200.5\"", "\"1200.505\"", "$.savings", "expected a decimal in quotes"),
        ("p-4711", "e\u{301}", "$.person", "NFC"),
        ("citizen", "tourist", "$.status", "not one of the enumeration"),
        ("3q2-7w", "3q2+7w", "$.photo", "base64url"),
        ("\"p-4711\"", "[]", "$.person", "expected text"),
    ];
    for (from, to, path, message) in table {
        let text = RECORD.replacen(from, to, 1);
        assert_ne!(text, RECORD, "{from}");
        let fault = schema().record_from_json(text.as_bytes()).expect_err(to);
        assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
        assert!(fault.to_string().contains(message), "{from} -> {to}: {fault}");
    }
}

#[test]
fn reject_tables_with_a_fault() {
    let schema = schema();
    let header = ["person", "birth_date", "country", "savings", "status", "photo"];
    assert!(schema.columns(&header).is_ok());
    let fault = schema.columns(&header[..5]).expect_err("missing");
    assert_eq!((fault.path(), fault.problem()), ("$.photo", &Problem::MissingKey));
    let fault = schema.columns(&[&header[..], &["iban"]].concat()).expect_err("unknown");
    assert_eq!((fault.path(), fault.problem()), ("$[6]", &Problem::UnknownKey));
    let fault = schema.columns(&[&header[..], &["person"]].concat()).expect_err("twice");
    assert_eq!((fault.path(), fault.problem()), ("$[6]", &Problem::DuplicateKey));
    let row = ["p", "1990-05-17", "CH", "", "citizen", ""];
    assert!(schema.record_from_csv_row(&header, &row).is_ok());
    assert!(schema.record_from_csv_row(&header, &row[..5]).is_err());
    assert!(schema.record_from_csv_row(&header, &[&row[..], &[""]].concat()).is_err());
    let row = ["", "1990-05-17", "CH", "", "citizen", ""];
    let fault = schema.record_from_csv_row(&header, &row).expect_err("empty");
    assert_eq!(fault.path(), "$.person");
    // Columns belong to their schema.
    let other = Schema::parse(TOML.replace("1.0.0", "2.0.0").as_bytes()).unwrap();
    let row = ["p", "1990-05-17", "CH", "", "citizen", ""];
    assert!(other.record_from_row(&schema.columns(&header).unwrap(), &row).is_err());
    let record = schema.record_from_csv_row(&header, &row).unwrap();
    assert!(other.record_to_document(&record).is_err());
    assert!(schema.record(record.values()[..5].to_vec()).is_err());
    let mut values = record.values().to_vec();
    values[0] = None;
    assert_eq!(schema.record(values).expect_err("required").path(), "$.person");
}

const TYPED: Interface = Interface::typed(Suite::Sha256);

#[test]
fn optional_integers_are_shifted_by_one() {
    let (plain, optional) = (field("'uint(64)'", false), field("'uint(64)'", true));
    let max = Value::Uint(u64::MAX);
    assert_eq!(plain.integer(Some(&max)), Ok(Some(u128::from(u64::MAX))));
    assert_eq!(optional.integer(Some(&max)), Ok(Some(1 << 64)));
    assert_eq!(optional.integer(Some(&Value::Uint(0))), Ok(Some(1)));
    assert_eq!(optional.integer(None), Ok(Some(0)));
    assert_eq!(plain.integer(None), Err(ValueError::Required));
    assert_eq!(optional.from_integer(1 << 64), Ok(Some(max.clone())));
    assert_eq!(optional.from_integer(0), Ok(None));
    assert_eq!(plain.from_integer(0), Ok(Some(Value::Uint(0))));
    assert!(plain.from_integer(1 << 64).is_err() && optional.from_integer((1 << 64) + 1).is_err());
    assert!(field("'text'", true).from_integer(0).is_err());
    // The scalar is the integer itself, above 64 bits too.
    let scalar = optional.to_scalar(Some(&max), TYPED).unwrap();
    assert_eq!(scalar, Scalar::from(u64::MAX) + Scalar::ONE);
    assert_eq!(optional.to_scalar(None, TYPED), Ok(Scalar::ZERO));
    assert_eq!(plain.to_scalar(Some(&Value::Uint(7)), TYPED), Ok(Scalar::from(7)));
    // On the wire the shift is gone and absence has a word of its own.
    assert_eq!(optional.encode(Some(&max)), Ok(Encoded::Integer(u64::MAX)));
    assert_eq!(optional.encode(None), Ok(Encoded::Absent));
    assert_eq!(optional.decode(&Encoded::Absent), Ok(None));
    assert_eq!(plain.decode(&Encoded::Absent), Err(ValueError::Required));
    assert_eq!(plain.encode(None), Err(ValueError::Required));
}

/// Equal octets as text, as bytes and as absence give different messages, none of them under the
/// standard interface's tag or the other suite's.
#[test]
fn text_bytes_and_absence_never_meet() {
    let (text, bytes) = (field("'text'", true), field("'bytes'", true));
    let as_text = |t: &str| {
        text.to_scalar(text.parse_json(&Document::text(t)).unwrap().as_ref(), TYPED).unwrap()
    };
    let as_bytes = |octets: &[u8], interface: Interface| {
        let value = Value::Bytes(octets.to_vec().into());
        bytes.to_scalar(Some(&value), interface).unwrap()
    };
    let scalars = [
        as_text(""),
        as_text("a"),
        as_text("\u{2}a"),
        as_bytes(b"", TYPED),
        as_bytes(b"a", TYPED),
        as_bytes(b"\x01a", TYPED),
        as_bytes(b"a", Interface::typed(Suite::Shake256)),
        as_bytes(b"a", Interface::standard(Suite::Sha256)),
        text.to_scalar(None, TYPED).unwrap(),
        TYPED.message_to_scalar(b"a"),
        TYPED.message_to_scalar(b""),
    ];
    for (i, a) in scalars.iter().enumerate() {
        assert!(scalars[..i].iter().all(|b| a != b), "{i}");
    }
    assert_eq!(text.to_scalar(None, TYPED), bytes.to_scalar(None, TYPED));
    assert_eq!(as_text("a"), TYPED.message_to_scalar(b"\x01a"));
}

#[test]
fn the_record_is_the_messages() {
    let schema = schema();
    let record = schema.record_from_json(RECORD.as_bytes()).unwrap();
    let scalars = schema.record_scalars(&record, TYPED).unwrap();
    assert_eq!(scalars.len() + FIRST_FIELD, schema.message_count());
    assert_eq!(scalars[1], Scalar::from(726_603));
    assert_eq!(scalars[3], Scalar::from(120_051));
    assert_eq!(schema.record_value(&record, 7), Some(&Value::Decimal(120_050)));
    assert_eq!(schema.record_value(&record, 3), None);
    let other = Schema::parse(TOML.replace("1.0.0", "2.0.0").as_bytes()).unwrap();
    assert!(other.record_scalars(&record, TYPED).is_err());
}

proptest! {
    #[test]
    fn integers_round_trip_through_fields(bits in 1u32..=64, optional: bool, seed: u64) {
        let field = field(&format!("'int({bits})'"), optional);
        let integer = u128::from(seed >> (64 - bits));
        let value = field.from_integer(integer).unwrap();
        prop_assert_eq!(field.integer(value.as_ref()), Ok(Some(integer)));
        prop_assert_eq!(field.decode(&field.encode(value.as_ref()).unwrap()), Ok(value.clone()));
        let scalar = field.to_scalar(value.as_ref(), TYPED).unwrap();
        prop_assert_eq!(scalar, integer_scalar(integer));
        prop_assert!(integer >> field.bits().unwrap() == 0);
    }

    /// Whatever octets arrive, nothing panics.
    #[test]
    fn any_octets_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Schema::parse(&octets).is_err());
        prop_assert!(schema().record_from_json(&octets).is_err());
    }
}

/// As much of JSON Schema 2020-12 as the published schemas use; any other keyword panics.
pub(crate) fn json_schema_accepts(
    root: &serde_json::Value,
    schema: &serde_json::Value,
    value: &serde_json::Value,
) -> bool {
    let accepts = |schema: &serde_json::Value, value: &serde_json::Value| {
        json_schema_accepts(root, schema, value)
    };
    let object = value.as_object();
    let size = |limit: &serde_json::Value, n: Option<usize>, ok: fn(u64, u64) -> bool| {
        n.is_none_or(|n| ok(n as u64, limit.as_u64().unwrap()))
    };
    schema.as_object().unwrap().iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$id" | "$defs" | "title" | "description" | "default" => true,
        "$ref" => {
            let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
            accepts(root.pointer(pointer).unwrap(), value)
        }
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            other => panic!("type {other}"),
        },
        "const" => rule == value,
        "enum" => rule.as_array().unwrap().contains(value),
        "not" => !accepts(rule, value),
        "oneOf" => rule.as_array().unwrap().iter().filter(|rule| accepts(rule, value)).count() == 1,
        "pattern" => {
            let pattern = regex::Regex::new(rule.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "minimum" => value.as_i64().is_none_or(|n| n >= rule.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|n| n <= rule.as_i64().unwrap()),
        "minLength" => size(rule, value.as_str().map(|t| t.chars().count()), |n, l| n >= l),
        "maxLength" => size(rule, value.as_str().map(|t| t.chars().count()), |n, l| n <= l),
        "minItems" => size(rule, value.as_array().map(Vec::len), |n, l| n >= l),
        "maxItems" => size(rule, value.as_array().map(Vec::len), |n, l| n <= l),
        "minProperties" => size(rule, object.map(serde_json::Map::len), |n, l| n >= l),
        "maxProperties" => size(rule, object.map(serde_json::Map::len), |n, l| n <= l),
        "uniqueItems" => value.as_array().is_none_or(|items| {
            !rule.as_bool().unwrap() || (1..items.len()).all(|i| !items[..i].contains(&items[i]))
        }),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|i| accepts(rule, i))),
        "required" => object.is_none_or(|object| {
            rule.as_array().unwrap().iter().all(|key| object.contains_key(key.as_str().unwrap()))
        }),
        "properties" => object.is_none_or(|object| {
            let rules = rule.as_object().unwrap().iter();
            rules.into_iter().all(|(key, rule)| object.get(key).is_none_or(|v| accepts(rule, v)))
        }),
        "additionalProperties" => object.is_none_or(|object| {
            let known = schema.get("properties").and_then(|known| known.as_object());
            let extra =
                object.iter().filter(|(key, _)| known.is_none_or(|k| !k.contains_key(*key)));
            extra.into_iter().all(|(_, v)| rule.as_bool().unwrap_or_else(|| accepts(rule, v)))
        }),
        "propertyNames" => object.is_none_or(|object| {
            object.keys().all(|key| accepts(rule, &serde_json::Value::from(key.as_str())))
        }),
        other => panic!("keyword {other}"),
    })
}

/// The published JSON Schema and the parser agree on examples good and bad.
#[test]
fn the_json_schema_agrees_with_the_parser() {
    let rules: serde_json::Value = serde_json::from_str(json_schema()).unwrap();
    let agree = |text: &str| {
        let value = serde_json::from_str(text).unwrap();
        let accepted = Schema::parse(text.as_bytes()).is_ok();
        assert_eq!(json_schema_accepts(&rules, &rules, &value), accepted, "{text}");
        accepted
    };
    assert!(agree(JSON));
    assert!(agree(&schema().to_document().canonical()));
    for (from, to) in [
        ("sigil-schema/1", "sigil-schema/2"),
        ("\"1.0.0\"", "\"1.0\""),
        ("\"1.0.0\"", "\"01.0.0\""),
        ("\"1.0.0\"", "1"),
        ("example.org/residence", "two words"),
        ("\"version\"", "\"vers\""),
        ("\"birth_date\"", "\"_x\""),
        ("\"birth_date\"", "\"holder_secret\""),
        ("\"date\"", "\"Date\""),
        ("decimal(2,64)", "decimal(2,65)"),
        ("decimal(2,64)", "decimal(19,64)"),
        ("decimal(2,64)", "uint(0)"),
        ("\"citizen\": 0", "\"citizen\": -1"),
        ("\"citizen\": 0, \"resident\": 1", ""),
        ("\"never\"", "\"sometimes\""),
        ("\"optional\": true", "\"optional\": \"true\""),
        ("\"photo\", \"type\": \"bytes\"", "\"photo\""),
    ] {
        let text = JSON.replacen(from, to, 1);
        assert_ne!(text, JSON, "{from}");
        assert!(!agree(&text), "{from} -> {to}");
    }
    let date = "\"name\": \"birth_date\", \"type\": \"date\"";
    for (more, good) in [
        (r#""aliases": ["born", "day_of_birth"], "default": "1970-01-01""#, true),
        (r#""aliases": []"#, true),
        (r#""aliases": "born""#, false),
        (r#""aliases": ["Born"]"#, false),
        (r#""aliases": ["today"]"#, false),
        (r#""alias": ["born"]"#, false),
        (r#""default": null"#, false),
        (r#""default": ["1970-01-01"]"#, false),
    ] {
        let text = JSON.replacen(date, &format!("{date}, {more}"), 1);
        assert_eq!(agree(&text), good, "{more}");
    }
    let former = |count: usize| {
        let names: Vec<String> = (0..count).map(|i| format!("\"former{i}\"")).collect();
        JSON.replacen(date, &format!("{date}, \"aliases\": [{}]", names.join(", ")), 1)
    };
    assert!(agree(&former(MAX_ALIASES)) && !agree(&former(MAX_ALIASES + 1)));
    for good in ["uint(1)", "uint(64)", "int(9)", "decimal(18,1)", "decimal(0, 64)", "timestamp"] {
        assert!(agree(&JSON.replacen("decimal(2,64)", good, 1)), "{good}");
    }
    let reserved = &rules["$defs"]["name"]["not"]["enum"];
    let reserved: Vec<&str> =
        reserved.as_array().unwrap().iter().flat_map(|w| w.as_str()).collect();
    assert_eq!(reserved, value::RESERVED);
}
