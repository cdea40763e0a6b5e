mod agreements;
mod algebra;
mod bundle;
mod document;
mod language;
mod meaning;
mod presence;
mod refusals;
mod refused;
mod setting;

use super::*;
use crate::bbs::{SecretKey, Suite};
use crate::did_key;
use crate::document::Fault;
use crate::schema::{Schema, VALID_FROM, VALID_UNTIL};
use crate::value::{Encoded, Timestamp};
use proptest::prelude::*;
use sigil_circuits::{Comparison, Formula, Interval, Linear, Param, ShapeId, Slot};

const KYC: &str = r#"
format = "sigil-schema/1"
name = "example.org/kyc"
version = "1.0.0"
fields = [
  { name = "person", type = "text" },
  { name = "birth_date", type = "date" },
  { name = "country", type = "code" },
  { name = "savings", type = "decimal(2,64)", optional = true },
  { name = "status", type = { enum = { citizen = 0, resident = 1, visitor = 5 } } },
  { name = "children", type = "uint(8)" },
  { name = "balance", type = "int(16)" },
  { name = "accredited", type = "bool" },
  { name = "checked", type = "timestamp" },
  { name = "rating", type = "int(8)", optional = true },
  { name = "passport", type = "text", disclosure = "never" },
  { name = "nickname", type = "text", optional = true },
]
"#;

const INCOME: &str = r#"
format = "sigil-schema/1"
name = "example.org/income"
version = "1.0.0"
fields = [
  { name = "person", type = "text" },
  { name = "income", type = "decimal(2,64)" },
  { name = "bonus", type = "decimal(3,32)" },
  { name = "children", type = "uint(8)" },
  { name = "country", type = "code" },
]
"#;

fn schemas() -> Vec<Schema> {
    [KYC, INCOME].map(|text| Schema::parse(text.as_bytes()).unwrap()).to_vec()
}

fn issuer(seed: u8) -> String {
    did_key::encode(SecretKey::from_bytes(&[seed; 32]).unwrap().public_key())
}

/// A policy of two roles with more lines.
fn text(lines: &str) -> String {
    let [kyc, income] = [KYC, INCOME].map(|text| Schema::parse(text.as_bytes()).unwrap().id());
    format!(
        "format = 'sigil-policy/1'\nid = 'example.org/p'\nversion = '1.0.0'\n{lines}\n\
         [[roles]]\nname = 'kyc'\nschema = '{kyc}'\nissuers = ['{}']\n\
         [[roles]]\nname = 'income'\nschema = '{income}'\nissuers = ['{}', '{}']\n",
        issuer(1),
        issuer(2),
        issuer(3),
    )
}

fn compile(lines: &str) -> Result<CompiledPolicy, Fault> {
    Policy::parse(text(lines).as_bytes())?.compile(&schemas())
}

fn predicate(expr: &str) -> Result<CompiledPolicy, Fault> {
    compile(&format!("predicates = [{{ name = 'p', expr = '''{expr}''' }}]"))
}

const DEMO: &str = r#"
title = "Adult, resident in a listed country, of means"
claims = [
  { path = "kyc.country", disclosure = "must", one_of = ["CH", "LI"] },
  { path = "kyc.status", disclosure = "may" },
]
params = { born_by = { date = "2008-01-01" }, threshold = { decimal = "50000.00" } }
predicates = [
  { name = "adult", expr = "kyc.birth_date <= params.born_by" },
  { name = "means", expr = "income.income + kyc.savings >= params.threshold" },
]
equal = [["kyc.person", "income.person"]]
"#;

/// The first second of an hour.
fn hour(hours: u64) -> Timestamp {
    Timestamp::from_hours(hours).unwrap()
}

fn source(role: usize, message: usize) -> SlotSource {
    SlotSource { role, message }
}

fn integer(n: u64) -> Option<Encoded> {
    Some(Encoded::Integer(n))
}

fn nothing(_: SlotSource) -> Option<Encoded> {
    None
}

#[test]
fn the_demo_policy_compiles_to_this() {
    let compiled = compile(DEMO).unwrap();
    let [kyc, income] = compiled.roles() else { panic!("two roles") };
    assert_eq!((kyc.must(), kyc.may()), (&[6][..], &[8][..]));
    assert_eq!((income.must(), income.may()), (&[][..], &[][..]));
    assert_eq!((income.issuers().len(), income.suite()), (2, Suite::Sha256));
    // valid_from, valid_until, birth_date, savings of kyc; valid_from, valid_until, income.
    let slots = [(0, 2), (0, 3), (0, 5), (0, 7), (1, 2), (1, 3), (1, 5)];
    assert_eq!(compiled.slots(), slots.map(|(role, message)| source(role, message)));
    assert_eq!(
        compiled.params(),
        [
            PublicForm::term(PublicTerm::NowHours(300)),
            PublicForm::term(PublicTerm::NowHours(-300)),
            PublicForm::constant(733_041),
            // The threshold, and the 1 that marks presence of the optional savings.
            PublicForm::constant(5_000_001),
        ]
        .map(ParamSource::Form)
    );
    let shape = compiled.shape().unwrap();
    let bits = [22, 22, 22, 65, 22, 22, 64].map(Interval::bits);
    assert_eq!(shape.slots(), bits);
    let two_64 = 1i128 << 64;
    let hours = (0, (1 << 22) - 1);
    let params = [hours, hours, (0, (1 << 22) - 1), (1, 2 * (two_64 - 1) + 1)];
    assert_eq!(shape.params(), params.map(|(low, high)| Interval::new(low, high).unwrap()));
    let compare = |slots: &[u16], op, param| {
        let slots = slots.iter().map(|slot| (1, Slot(*slot))).collect();
        Formula::compare(Linear { slots, params: vec![] }, op, Linear::param(Param(param)))
    };
    let conjuncts = vec![
        compare(&[0], Comparison::Le, 0),
        compare(&[1], Comparison::Gt, 1),
        compare(&[4], Comparison::Le, 0),
        compare(&[5], Comparison::Gt, 1),
        compare(&[2], Comparison::Le, 2),
        Formula::compare(Linear::slot(Slot(3)), Comparison::Ne, Linear::default()),
        compare(&[3, 6], Comparison::Ge, 3),
    ];
    assert_eq!(shape.formula(), &Formula::All(conjuncts));
    assert_eq!(
        compiled.conditions(),
        [
            "$.roles[0].validity",
            "$.roles[0].validity",
            "$.roles[1].validity",
            "$.roles[1].validity",
            "$.predicates[0]",
            "$.predicates[1]",
            "$.predicates[1]",
        ]
    );
    assert_eq!(compiled.equalities(), [Equality { a: source(0, 4), b: source(1, 4) }]);
    let allowed = ["CH", "LI"]
        .map(|code| Encoded::Integer(code.bytes().fold(0, |packed, b| packed << 8 | u64::from(b))));
    let rule =
        PublicRule::OneOf { source: source(0, 6), allowed: allowed.to_vec(), may_be_hidden: false };
    assert_eq!(
        compiled.checks(),
        [PublicCheck { path: "$.claims[0].one_of".to_owned(), rule: Rule::Public(rule) }]
    );
    assert!(compiled.warnings().is_empty());
    assert_eq!(
        compiled.param_values(hour(500_000), &nothing),
        Some(vec![500_000, 499_999, 733_041, 5_000_001])
    );
}

/// What moves freely, and what is part of the shape.
#[test]
fn a_moved_threshold_keeps_the_shape() {
    let shape = |text: &str| compile(text).unwrap().shape().map(|shape| shape.id());
    for (from, to) in [
        ("50000.00", "0"),
        ("50000.00", "73786976294838206.46"),
        ("2008-01-01", "1950-12-31"),
        ("\"CH\", \"LI\"", "\"AT\""),
        ("kyc.birth_date <= params.born_by", "params.born_by >= kyc.birth_date"),
        ("income.income + kyc.savings", "kyc.savings + income.income"),
        // The second threshold becomes equal to another parameter.
        ("50000.00", "0.00"),
    ] {
        let moved = DEMO.replacen(from, to, 1);
        assert_ne!(moved, DEMO);
        assert_eq!(shape(&moved), shape(DEMO), "{from} -> {to}");
    }
    for (from, to) in [
        ("<= params.born_by", "< params.born_by"),
        ("income.income +", "2 * income.income +"),
        ("+ kyc.savings", ""),
    ] {
        assert_ne!(shape(&DEMO.replacen(from, to, 1)), shape(DEMO), "{from} -> {to}");
    }
}

/// Two thresholds of one type that happen to be equal stay two parameters.
#[test]
fn equal_thresholds_keep_the_shape() {
    let shape = |a: u8, b: u8| {
        let lines = format!(
            "params = {{ a = {a}, b = {b} }}\npredicates = [{{ name = 'p', \
             expr = 'kyc.children >= params.a && income.children >= params.b' }}]"
        );
        compile(&lines).unwrap().shape().unwrap().id()
    };
    assert_eq!(shape(2, 2), shape(2, 3));
}

/// The integer that is signed for a value, given as text.
fn signed(role: usize, field: &str, value: &str) -> (SlotSource, i128) {
    let schemas = schemas();
    let (message, field) = schemas[role].field(field).unwrap();
    let value = field.parse_text(value).unwrap();
    let integer = field.integer(value.as_ref()).unwrap().unwrap();
    (source(role, message), i128::try_from(integer).unwrap())
}

/// Whether a policy's predicates hold of these hidden values; validity is put right.
fn holds(compiled: &CompiledPolicy, values: &[(usize, &str, &str)]) -> bool {
    let values: Vec<_> = values.iter().map(|(role, f, v)| signed(*role, f, v)).collect();
    let slot = |slot: &SlotSource| match slot.message {
        VALID_FROM => 0,
        VALID_UNTIL => 1000,
        _ => values.iter().find(|(source, _)| source == slot).unwrap().1,
    };
    let slots: Vec<i128> = compiled.slots().iter().map(slot).collect();
    let params = compiled.param_values(hour(500), &nothing).unwrap();
    compiled.shape().unwrap().holds(&slots, &params).unwrap()
}

/// The day itself of an anniversary: `<` and `>=` tell it from `<=` and `>`, against a day that is only
/// known with the request as against one that is written.
#[test]
fn reject_anniversaries_off_by_a_day() {
    let of = |expr: &str, birth: &str| {
        let predicates = format!("predicates = [{{ name = 'p', expr = '''{expr}''' }}]");
        let compiled = compile(&format!("leap_day = 'feb28'\n{predicates}")).unwrap();
        holds(&compiled, &[(0, "birth_date", birth)])
    };
    // The request is of hour 500, which is on this day.
    for day in ["today", "date(\"1970-01-21\")"] {
        let rows = [("1952-01-20", true, true), ("1952-01-21", false, true)];
        for (birth, before, not_after) in rows.into_iter().chain([("1952-01-22", false, false)]) {
            for (op, expected) in
                [("<", before), ("<=", not_after), (">=", !before), (">", !not_after)]
            {
                let expr = format!("kyc.birth_date + years(18) {op} {day}");
                assert_eq!(of(&expr, birth), expected, "{birth}: {expr}");
            }
        }
    }
}

/// Predicates of every type with values on both sides of the edge.
#[test]
fn predicates_mean_what_they_say() {
    type Values = &'static [(usize, &'static str, &'static str)];
    let table: &[(&str, Values, bool)] = &[
        ("kyc.children >= 2", &[(0, "children", "2")], true),
        ("kyc.children >= 2", &[(0, "children", "1")], false),
        ("2 <= kyc.children", &[(0, "children", "2")], true),
        ("2 < kyc.children", &[(0, "children", "2")], false),
        ("kyc.children != 0", &[(0, "children", "0")], false),
        ("kyc.balance >= -5", &[(0, "balance", "-5")], true),
        ("kyc.balance >= -5", &[(0, "balance", "-6")], false),
        ("-kyc.balance > 5", &[(0, "balance", "-6")], true),
        ("-kyc.balance > 5", &[(0, "balance", "-5")], false),
        ("kyc.balance == -32768", &[(0, "balance", "-32768")], true),
        (
            "3 * kyc.balance - 2 * kyc.children < 7",
            &[(0, "balance", "3"), (0, "children", "1")],
            false,
        ),
        (
            "3 * kyc.balance - 2 * kyc.children < 7",
            &[(0, "balance", "3"), (0, "children", "2")],
            true,
        ),
        ("kyc.rating >= 0", &[(0, "rating", "0")], true),
        ("kyc.rating >= 0", &[(0, "rating", "-1")], false),
        ("kyc.rating >= -128", &[(0, "rating", "")], false),
        ("kyc.rating <= 127", &[(0, "rating", "")], false),
        ("kyc.rating != 0", &[(0, "rating", "")], false),
        ("kyc.rating == 0", &[(0, "rating", "")], false),
        ("kyc.rating == -128", &[(0, "rating", "-128")], true),
        ("kyc.rating + kyc.children >= 0", &[(0, "rating", ""), (0, "children", "200")], false),
        ("kyc.rating + kyc.children == 7", &[(0, "rating", "-3"), (0, "children", "10")], true),
        ("kyc.savings >= decimal('12.50')", &[(0, "savings", "12.50")], true),
        ("kyc.savings >= decimal('12.5')", &[(0, "savings", "12.49")], false),
        ("kyc.savings >= decimal('0')", &[(0, "savings", "")], false),
        (
            "income.income - kyc.savings > decimal('1')",
            &[(1, "income", "9.01"), (0, "savings", "8")],
            true,
        ),
        (
            "income.income - kyc.savings > decimal('1')",
            &[(1, "income", "9.00"), (0, "savings", "8")],
            false,
        ),
        ("kyc.birth_date <= date('2008-02-29')", &[(0, "birth_date", "2008-02-29")], true),
        ("kyc.birth_date <= date('2008-02-29')", &[(0, "birth_date", "2008-03-01")], false),
        (
            "kyc.checked > timestamp('2026-01-01T00:00:00Z')",
            &[(0, "checked", "2026-01-01T00:00:00Z")],
            false,
        ),
        (
            "kyc.checked > timestamp('2026-01-01T00:00:00Z')",
            &[(0, "checked", "2026-01-01T00:00:01Z")],
            true,
        ),
        ("kyc.accredited == true", &[(0, "accredited", "true")], true),
        ("kyc.accredited == true", &[(0, "accredited", "false")], false),
        ("kyc.status == 'resident'", &[(0, "status", "resident")], true),
        ("kyc.status != 'visitor'", &[(0, "status", "visitor")], false),
        ("kyc.country == 'CH'", &[(0, "country", "CH")], true),
        ("kyc.country != income.country", &[(0, "country", "CH"), (1, "country", "CH")], false),
        ("kyc.country != income.country", &[(0, "country", "CH"), (1, "country", "C")], true),
        ("kyc.children == income.children", &[(0, "children", "3"), (1, "children", "3")], true),
        ("kyc.children > 1 && kyc.children < 3", &[(0, "children", "2")], true),
        ("kyc.children > 1 && kyc.children < 3", &[(0, "children", "3")], false),
        (
            "(kyc.children > 1) && (kyc.balance > 1\n && kyc.balance < 9)",
            &[(0, "children", "2"), (0, "balance", "9")],
            false,
        ),
        ("2 * (kyc.children + 3) - 6 == 2 * 4", &[(0, "children", "4")], true),
        (
            "kyc.children - income.children >= -3",
            &[(0, "children", "0"), (1, "children", "4")],
            false,
        ),
        (
            "kyc.children - income.children >= -3",
            &[(0, "children", "0"), (1, "children", "3")],
            true,
        ),
    ];
    for (expr, values, expected) in table {
        let compiled = predicate(expr).unwrap_or_else(|fault| panic!("{expr}: {fault}"));
        assert_eq!(holds(&compiled, values), *expected, "{expr} {values:?}");
    }
}

#[test]
fn validity_is_proven_revealed_or_skipped() {
    let with = |validity: &str| {
        let text =
            text("").replace("name = 'kyc'", &format!("name = 'kyc'\nvalidity = '{validity}'"));
        Policy::parse(text.as_bytes()).unwrap().compile(&schemas()).unwrap()
    };
    let hidden = with("hidden");
    assert_eq!(hidden, compile("").unwrap());
    let hours = [300, -300].map(|skew| PublicForm::term(PublicTerm::NowHours(skew)));
    assert_eq!(hidden.params(), hours.map(ParamSource::Form));
    assert_eq!(hidden.slots().len(), 4);
    for (from, until, valid) in [(5, 6, true), (6, 7, false), (4, 5, false), (0, 9, true)] {
        let shape = hidden.shape().unwrap();
        assert_eq!(shape.holds(&[from, until, 0, 9], &[5, 5]), Ok(valid), "{from} {until}");
    }
    let reveal = with("reveal");
    assert_eq!((reveal.slots().len(), reveal.roles()[0].must()), (2, &[2, 3][..]));
    for (from, until, valid) in [(5, 6, true), (6, 7, false), (4, 5, false), (0, 9, true)] {
        let revealed = |place: SlotSource| integer([0, 0, from, until][place.message]);
        let at = |seconds: u64| Timestamp::from_unix(5 * 3600 + seconds).unwrap();
        let holds = |seconds| reveal.failing_check(at(seconds), &revealed).is_none();
        assert_eq!(holds(300), valid, "{from} {until}");
        // Clocks may differ by 300 seconds: at its last moment, and a little before its first.
        assert_eq!((until == 5 && holds(299), from == 6 && holds(3_300)), (until == 5, from == 6));
    }
    assert_eq!(reveal.failing_check(hour(5), &nothing).unwrap().path, "$.roles[0].validity");
    let skip = with("skip");
    assert_eq!((skip.slots().len(), skip.warnings().len()), (2, 1));
    assert!(skip.roles()[0].must().is_empty() && skip.checks().is_empty());
    assert!(skip.warnings()[0].to_string().contains("an expired credential passes"));
    // Nothing hidden is proven: no circuit.
    let text = text("").replace("issuers", "validity = 'skip'\nissuers");
    let none = Policy::parse(text.as_bytes()).unwrap().compile(&schemas()).unwrap();
    assert_eq!((none.shape(), none.slots(), none.params()), (None, &[][..], &[][..]));
}

/// Revealed claims in predicates: a parameter beside hidden ones, a public rule by themselves.
#[test]
fn revealed_claims_are_public() {
    let lines = "claims = [
        { path = 'kyc.balance', disclosure = 'must' },
        { path = 'kyc.rating', disclosure = 'must' },
      ]
      predicates = [
        { name = 'p', expr = 'income.children >= 2 * kyc.balance + kyc.rating - 3' },
        { name = 'q', expr = 'kyc.balance >= -5 && kyc.rating <= kyc.balance' },
      ]";
    let compiled = compile(lines).unwrap();
    assert_eq!(compiled.roles()[0].must(), [10, 13]);
    // Two comparisons in the open; in each predicate, that the optional claim is there.
    assert_eq!(compiled.checks().len(), 4);
    let shape = compiled.shape().unwrap();
    let slot = compiled.slots().iter().position(|place| *place == source(1, 7)).unwrap();
    let run = |children: i128, balance: i64, rating: Option<i64>| {
        let revealed = move |place: SlotSource| match place.message {
            10 => integer((balance + (1 << 15)) as u64),
            13 => Some(rating.map_or(Encoded::Absent, |r| Encoded::Integer((r + 128) as u64))),
            _ => None,
        };
        let mut slots = vec![0; compiled.slots().len()];
        slots[slot] = children;
        for (value, place) in slots.iter_mut().zip(compiled.slots()) {
            *value = if place.message == VALID_UNTIL { 9 } else { *value };
        }
        let params = compiled.param_values(hour(5), &revealed);
        let circuit = params.is_some_and(|params| shape.holds(&slots, &params).unwrap());
        (circuit, compiled.failing_check(hour(5), &revealed).is_none())
    };
    assert_eq!(run(4, 3, Some(1)), (true, true));
    assert_eq!(run(3, 3, Some(1)), (false, true));
    assert_eq!(run(0, -5, Some(-6)), (true, true));
    assert_eq!(run(0, -6, Some(-7)), (true, false));
    assert_eq!(run(0, -5, Some(-4)), (true, false));
    assert_eq!(run(255, 0, None), (true, false), "absent: refused in the open");
    // The extremes stay within the parameter's interval.
    for (balance, rating) in [(-32768, -128), (32767, 127)] {
        assert_eq!(run(0, balance, Some(rating)).0, balance < 0);
    }
    assert_eq!(compiled.param_values(hour(5), &nothing), None);
}

#[test]
fn one_of_is_asked_of_what_is_revealed() {
    let with = |rule: &str| {
        compile(&format!(
            "claims = [{{ path = 'kyc.nickname', disclosure = '{rule}', one_of = ['a', 'b'] }}]"
        ))
        .unwrap()
    };
    let passes = |rule: &str, value: Option<Encoded>| {
        with(rule).failing_check(hour(0), &|_: SlotSource| value.clone()).is_none()
    };
    let text = |text: &str| Some(Encoded::Text(text.to_owned()));
    assert!(passes("must", text("a")) && passes("may", text("b")));
    assert!(!passes("must", text("c")) && !passes("may", text("A")));
    assert!(!passes("must", Some(Encoded::Absent)) && !passes("may", Some(Encoded::Absent)));
    assert!(!passes("must", None) && passes("may", None));
    assert!(!passes("must", Some(Encoded::Bytes(b"a".to_vec()))));
}

#[test]
fn revealed_equalities_are_compared_in_the_open() {
    let compiled = compile(
        "equal = [['kyc.person', 'income.person']]
         claims = [
           { path = 'kyc.person', disclosure = 'must' },
           { path = 'income.person', disclosure = 'must' },
         ]",
    )
    .unwrap();
    assert!(compiled.equalities().is_empty());
    let run = |a: &'static str, b: &'static str| {
        let revealed = move |place: SlotSource| Some(Encoded::Text([a, b][place.role].to_owned()));
        compiled.failing_check(hour(0), &revealed).is_none()
    };
    assert!(run("p", "p") && !run("p", "q"));
    assert!(compiled.failing_check(hour(0), &|_: SlotSource| Some(Encoded::Absent)).is_some());
}

#[test]
fn bundles_pin_policy_shape_and_key() {
    let policy = Policy::parse(text(DEMO).as_bytes()).unwrap();
    // The normal form is itself the policy.
    let normal = policy.to_document().canonical();
    assert_eq!(Policy::parse(normal.as_bytes()).unwrap(), policy);
    let shape = policy.compile(&schemas()).unwrap().shape().unwrap().id();
    let key = KeyFingerprint::from_bytes([5; 32]);
    let bundle = Bundle::new(policy.clone(), Some((shape, key)));
    let canonical = bundle.to_document().canonical();
    let again = Bundle::parse(canonical.as_bytes()).unwrap();
    assert_eq!((&again, again.hash()), (&bundle, bundle.hash()));
    assert_eq!((again.shape_id(), again.key()), (Some(shape), Some(key)));
    assert!(again.compile(&schemas()).is_ok());
    // Every part is in the hash, and a foreign shape does not compile.
    let other_shape = Some((ShapeId::from_bytes([6; 32]), key));
    let other_key = Some((shape, KeyFingerprint::from_bytes([6; 32])));
    let moved = Policy::parse(text(&DEMO.replace("50000", "50001")).as_bytes()).unwrap();
    let others = [
        Bundle::new(policy.clone(), other_shape),
        Bundle::new(policy.clone(), other_key),
        Bundle::new(policy.clone(), None),
        Bundle::new(moved, Some((shape, key))),
    ];
    assert!(others.iter().all(|other| other.hash() != bundle.hash()));
    assert!(others[0].compile(&schemas()).is_err() && others[2].compile(&schemas()).is_err());
    assert!(others[1].compile(&schemas()).is_ok() && others[3].compile(&schemas()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A linear predicate over hidden and revealed claims says of values what it says in the text.
    #[test]
    fn linear_predicates_agree_with_arithmetic(
        (a, b, c) in (-9i64..=9, -9i64..=9, -300i64..=300),
        (children, balance, rating) in (0i64..=255, -400i64..=400, -128i64..=127),
        op in 0usize..6,
        reveal in any::<bool>(),
    ) {
        let words = ["<", "<=", ">", ">=", "==", "!="];
        let expr = format!(
            "{a} * kyc.children + {c} {} {b} * kyc.balance - kyc.rating", words[op]
        );
        let rule = if reveal { "must" } else { "predicate" };
        let lines = format!(
            "claims = [{{ path = 'kyc.balance', disclosure = '{rule}' }}]
             predicates = [{{ name = 'p', expr = '{expr}' }}]"
        );
        prop_assume!(a != 0 && b != 0);
        let compiled = compile(&lines).unwrap();
        let (shift, rating_integer) = (1i64 << 15, rating + 128 + 1);
        let slot = |place: &SlotSource| match place.message {
            VALID_FROM => 0,
            VALID_UNTIL => 9,
            9 => children.into(),
            10 => (balance + shift).into(),
            _ => i128::from(rating_integer),
        };
        let slots: Vec<i128> = compiled.slots().iter().map(slot).collect();
        let revealed = |place: SlotSource| {
            (place == source(0, 10)).then(|| Encoded::Integer((balance + shift) as u64))
        };
        let params = compiled.param_values(hour(5), &revealed).unwrap();
        let (left, right) = (a * children + c, b * balance - rating);
        let expected = Comparison::ALL[op].compare(left.into(), right.into());
        prop_assert_eq!(compiled.shape().unwrap().holds(&slots, &params), Ok(expected), "{}", expr);
    }
}
