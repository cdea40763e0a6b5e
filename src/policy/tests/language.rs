//! The language, construct by construct: what the text means, what its rule says, and what the
//! circuit accepts, at top level and inside `||`, `!` and `at_least`.

use super::meaning::Known;
use super::setting::{Case, Setting, combinations, known, named};
use super::*;
use crate::document::{Cursor, Document};
use crate::policy::ParamSource;
use crate::policy::expression::Expression;
use crate::schema::Field;
use crate::value::{FieldType, LeapDay, Timestamp, Value};

/// A predicate at top level and within the other constructs; `other` says something else.
fn contexts(expr: &str, other: &str) -> [String; 7] {
    [
        expr.to_owned(),
        format!("!({expr})"),
        format!("({expr}) || {other}"),
        format!("({expr}) && {other}"),
        format!("!(({expr}) || {other})"),
        format!("at_least(2, [{expr}, {other}, s.f])"),
        format!("at_least(1, [!({expr}), {other}]) && s.f"),
    ]
}

/// Separated by `;`.
const EXHAUSTIVE: &str = r#"
    s.a < 7; s.a <= 7; s.a > 7; s.a >= 7; s.a == 7; s.a != 7; 7 >= s.a; s.b < -3; s.b >= -8;
    s.b == -8; s.b != 7; -s.b > 3; s.a >= s.b; s.a > params.three; params.three - 1 <= s.a;
    s.c < 3; s.c >= 0; s.c > 0; s.c == 0; s.c != 0; s.c <= 7; s.c == 7; 3 != s.c; -s.c <= 0;
    -s.c < -2; s.a + s.b > 4; 2 * s.a - 3 * s.b <= 5; s.a - s.c >= 2; s.c - s.a != 0; s.b == s.c;
    s.a - 2 * (s.b - 1) == s.b + 3 - s.c; s.f; s.f == true; s.f != true; s.f == false;
    true != s.f; s.f == params.yes; s.g; s.g == true; s.g != true; s.g == false; s.f == s.g;
    s.f != s.g; !s.g; s.e == "green"; s.e != "blue"; s.e == params.colour; s.h == "red";
    s.h != "red"; s.e == s.h; s.e != s.h; s.a in [3]; s.a in [1, 4, 15]; s.a not in [1, 4, 15];
    s.a in params.list; s.a not in params.list; s.b in [-8, 0, 7]; s.c in [0, 5];
    s.c not in [0, 5]; s.a + s.b in [0, 3, 22]; s.a - s.c in [-7, 0]; 2 * s.b in [3, 4];
    -s.b in [8, -7]; s.e in ["red", "blue"]; s.e not in params.colours; s.h in params.colours;
    s.f in [true]; s.g in [false]; s.g in [true, false]; s.a in [params.three, 2 * 3];
    between(s.a, 3, 9); between(s.b, -8, 7); between(s.c, 2, 5); between(s.c, 0, 7);
    between(s.a, s.b, s.b + 4); between(s.a, s.c, params.three + 7); between(s.b, 3, 3);
    has(s.c); !has(s.c); has(s.c) && s.c < 3; !has(s.c) || s.c < 3; has(s.g); has(s.h); s.p > 3;
    s.p >= s.a; s.c >= s.p; s.c == s.p; s.c > s.q; s.a + s.p == 3; s.q > 3; s.q >= s.a; s.a - s.q > 0; s.q == s.p; s.q != s.c;
    has(s.q); !has(s.q); s.r; !s.r; s.r == s.f; s.r != s.g; s.p in [-8, 3]; s.q in [0, 3];
    s.q not in [0, 3]; s.a in [3, 5] || s.q > 2; s.a - s.p in [0, 4]; s.a + s.q in [0, 4];
    between(s.p, s.b, 3); between(s.q, 2, 3); s.a > 3 && s.b < 2; s.a > 3 || s.b < 2;
    s.a > 3 && (s.b < 2 || s.c == 1); !(s.a > 3 && !(s.b < 2)); !(!(s.c > 2));
    at_least(2, [s.a > 3, s.b < 2, s.c != 4]); at_least(1, [s.c > 2, s.f]);
    at_least(3, [s.c > 2, s.f, s.g]); at_least(2, [at_least(1, [s.c > 2, s.q > 2]), s.f, !s.f]);
    !at_least(2, [s.c > 2, s.g, s.r]); (s.c > 2 || s.q > 2) && (s.c < 5 || !(s.q > 2));
    s.p > 3 || s.a > 3; s.p > 3 && s.a > 3; (s.p > 3 || s.q > 3) || s.a > 3;
    !(s.p > 3) && !(s.a > 3 && s.r)
"#;

#[test]
fn the_language_means_the_same_everywhere_at_4_bits() {
    let setting = Setting::new();
    let now = Timestamp::from_unix(1_767_225_600).unwrap();
    for expr in EXHAUSTIVE.split(';').map(str::trim) {
        let values = combinations(&setting, &named(&setting, expr));
        let mut seen = [false, false];
        for (i, text) in contexts(expr, "s.e == \"green\"").into_iter().enumerate() {
            let case = Case::new(&setting, text, LeapDay::Feb28)
                .unwrap_or_else(|fault| panic!("{expr}, context {i}: {fault}"));
            // What else the context speaks of takes values of its own.
            for (j, others) in [(false, "red"), (false, "green"), (true, "red"), (true, "green")]
                .into_iter()
                .enumerate()
            {
                if i < 2 && j > 0 {
                    continue;
                }
                let step = 1 + values.len() / 48;
                for (n, chosen) in values.iter().enumerate() {
                    let mut chosen = chosen.clone();
                    if !named(&setting, expr).contains(&"s.f".to_owned()) {
                        chosen.insert("s.f".into(), Known::Value(Value::Bool(others.0)));
                    }
                    if !named(&setting, expr).contains(&"s.e".to_owned()) {
                        chosen.insert("s.e".into(), Known::Word(others.1.into()));
                    }
                    let held = case.judge(&chosen, now, n % step == j % step);
                    if i == 0 {
                        seen[usize::from(held)] = true;
                    }
                }
            }
        }
        let always = ["between(s.b, -8, 7)", "s.b >= -8"].contains(&expr);
        assert!(seen == [true, true] || always, "{expr} is always the same: {seen:?}");
    }
}

/// Separated by `;`.
const WIDTHS: &str = r#"
    w.d <= date("2004-02-29"); w.d < params.born; w.d == params.born; w.d != w.do; w.d >= today;
    w.do < today; w.d <= today - days(30); w.do + days(7) > today; today - w.d >= days(6570);
    w.d - w.do <= days(3); w.d - w.do == days(0); w.d - w.do + w.dr <= today;
    2 * w.d - w.do <= today; between(w.d, today - days(30), today);
    between(w.do, params.born, w.d); w.d in params.moments; w.do not in params.moments;
    w.dr in params.moments; w.dx in params.moments; w.d - w.dr + today in params.moments;
    w.d <= today - years(18); w.d > today - years(18); w.d == today - years(18);
    w.do <= today - years(18); w.d <= today - years(params.age); w.d + years(18) <= today;
    w.d + years(18) < today; w.d + years(18) > today; w.d + years(18) >= today;
    today >= w.do + years(18); today > w.d + years(params.age);
    w.d <= date("2022-02-28") - years(18); w.d < params.born + years(18);
    w.d + years(18) <= date("2022-02-28"); w.d + years(18) < date("2022-03-01");
    w.do + years(1) > params.born; w.d <= w.dr - years(4); w.do >= w.dr - years(4); w.do == w.dr - years(4); w.d >= w.dr + years(4);
    w.d <= w.dx - years(4); w.d + years(4) <= w.dr; w.d + years(4) < w.dr;
    w.do + years(4) >= w.dx; w.do + years(4) > w.dr; w.dr + years(18) <= today;
    w.dr - years(2) > params.born; w.dx <= today - years(18); w.dx + years(18) == today;
    between(w.d, today - years(21), today - years(18)); w.dr <= today; w.dx < today;
    today >= date("2022-03-01"); today - w.dr > days(5); w.t <= now; w.t > now - hours(12);
    w.to + days(1) >= now; w.t - w.to < hours(3); w.t >= params.since; w.to != params.since;
    now >= params.since; between(w.t, now - days(90), now);
    w.t in [timestamp("2026-01-01T00:00:00Z")]; w.m >= params.cents; w.m < decimal("0.01");
    w.m == decimal("184467440737095516.15"); w.mo <= decimal("12.50");
    w.m + w.mo >= params.cents; 3 * w.m - 2 * w.mo > params.cents;
    w.m in [decimal("12.5"), decimal("0")]; w.mo not in [decimal("12.5")]; w.k == "CH";
    w.k != "CH"; w.ko == "LI"; w.ko != "LI"; w.k == w.ko; w.k in params.codes;
    w.k not in params.codes; w.ko in params.codes; w.kr in params.codes;
    w.ko not in ["CH", "A-1", "ZZZZZZZZ"]; w.kr == w.k; w.kr != "CH";
    w.u >= 18446744073709551615u; w.u < 9223372036854775807; w.u > w.i; w.u + w.i > 3;
    w.i >= -9223372036854775807 - 1; w.i == 0; w.u in [0, 18446744073709551615u]; w.u - w.i == 0;
    w.i not in [-1, 1]; between(w.i, -3, 3)
"#;

/// Values near the edges that the expressions speak of, and anywhere.
fn pick(random: &mut impl FnMut() -> u64, field: &Field) -> Known {
    let edges: &[&str] = match field.field_type() {
        FieldType::Date => &[
            "2004-02-28",
            "2004-02-29",
            "2004-03-01",
            "2022-02-27",
            "2022-02-28",
            "2022-03-01",
            "2000-02-29",
            "0001-01-01",
            "0003-02-28",
            "9999-12-31",
            "2008-02-29",
            "2026-01-01",
            "2007-12-31",
            "2008-01-01",
            "2008-01-02",
            "9996-02-29",
            "0005-01-01",
        ],
        FieldType::Timestamp => &[
            "2026-01-01T00:00:00Z",
            "2025-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2025-12-31T12:00:00Z",
            "2022-02-28T10:00:00Z",
        ],
        FieldType::Decimal(..) => &["0", "12.49", "12.50", "12.51", "0.01", "42949672.95"],
        FieldType::Code => &["CH", "LI", "AUT", "A-1", "ZZZZZZZZ", "-"],
        FieldType::Uint(_) => &["0", "18446744073709551615", "9223372036854775807", "3"],
        _ => &["0", "-1", "1", "3", "9223372036854775807", "-9223372036854775808"],
    };
    if field.optional() && random().is_multiple_of(5) {
        return Known::Absent;
    }
    let edge = edges[random() as usize % edges.len()];
    let bits = field.field_type().bits().unwrap();
    let anywhere = field.field_type().from_integer(random() >> (64 - bits));
    match (random() % 4, anywhere) {
        (0, Ok(value)) => known(field, value),
        _ => known(field, field.parse_text(edge).unwrap().unwrap()),
    }
}

/// Times whose days are leap days, their neighbours, and others.
const TIMES: [&str; 7] = [
    "2022-02-27T23:59:59Z",
    "2022-02-28T00:00:00Z",
    "2022-02-28T23:59:59Z",
    "2022-03-01T00:00:00Z",
    "2024-02-29T12:00:00Z",
    "2026-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
];

fn generator(seed: u64) -> impl FnMut() -> u64 {
    use rand_core::{RngCore, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    move || rng.next_u64()
}

#[test]
fn the_language_means_the_same_everywhere_at_full_width() {
    let setting = Setting::new();
    let mut random = generator(5);
    for expr in WIDTHS.split(';').map(str::trim) {
        let mut seen = [0, 0];
        for rule in LeapDay::ALL {
            for text in contexts(expr, "w.k == \"CH\"") {
                let case = Case::new(&setting, text.clone(), rule)
                    .unwrap_or_else(|fault| panic!("{text}: {fault}"));
                for n in 0..40 {
                    let mut values = combinations(&setting, &[]).remove(0);
                    for path in setting.paths().iter().filter(|path| path.starts_with("w.")) {
                        let (_, field) = setting.field(path);
                        values.insert(path.clone(), pick(&mut random, field));
                    }
                    values.insert(
                        "s.f".into(),
                        Known::Value(Value::Bool(random().is_multiple_of(2))),
                    );
                    let now = TIMES[random() as usize % TIMES.len()].parse().unwrap();
                    let held = case.judge(&values, now, n % 8 == 0);
                    seen[usize::from(held)] += 1;
                }
            }
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{expr}: {seen:?}");
    }
}

/// Born on 29 February 2004, of age by either rule, on the days around.
#[test]
fn leap_days_come_of_age_by_the_rule() {
    let setting = Setting::new();
    for (rule, today, born, of_age) in [
        (LeapDay::Feb28, "2022-02-27", "2004-02-29", false),
        (LeapDay::Feb28, "2022-02-28", "2004-02-29", true),
        (LeapDay::Mar1, "2022-02-28", "2004-02-29", false),
        (LeapDay::Mar1, "2022-03-01", "2004-02-29", true),
        (LeapDay::Feb28, "2022-02-28", "2004-03-01", false),
        (LeapDay::Mar1, "2022-02-28", "2004-02-28", true),
        (LeapDay::Feb28, "2024-02-29", "2006-02-28", true),
        (LeapDay::Mar1, "2024-02-29", "2006-02-28", true),
        (LeapDay::Feb28, "2024-02-29", "2006-03-01", false),
        (LeapDay::Mar1, "2024-02-29", "2006-03-01", false),
        (LeapDay::Feb28, "2024-02-29", "2004-02-29", true),
    ] {
        for (expr, of_age) in [
            ("w.d <= today - years(18)", of_age),
            ("w.d + years(18) <= today", of_age),
            ("!(w.d + years(18) > today)", of_age),
            ("w.d > today - years(18)", !of_age),
            ("w.dr <= today - years(18)", of_age),
            ("w.dr + years(18) <= today", of_age),
        ] {
            let case = Case::new(&setting, expr.to_owned(), rule).unwrap();
            let mut values = combinations(&setting, &[]).remove(0);
            let date = || Known::Value(Value::Date(born.parse().unwrap()));
            values.insert("w.d".into(), date());
            values.insert("w.dr".into(), date());
            let now = format!("{today}T12:00:00Z").parse().unwrap();
            assert_eq!(case.judge(&values, now, true), of_age, "{expr} {rule:?} {today} {born}");
        }
    }
}

/// `!` is never lost: doubled it is refused, in brackets it is read.
#[test]
fn negations_are_counted() {
    let setting = Setting::new();
    let now = Timestamp::from_unix(0).unwrap();
    for (expr, of_true) in [
        ("s.f", true),
        ("!s.f", false),
        ("!(!s.f)", true),
        ("!(!(!s.f))", false),
        ("!(!(s.f))", true),
        ("! s.f", false),
        ("!(s.a != 0)", true),
        ("!(s.a not in [0])", true),
        ("!(s.a in [0])", false),
        ("s.a // not\n not // in\n in [0]", false),
        ("!has(s.c) && !(!(s.f))", true),
        ("-(-s.a) == 0", true),
        ("0 - -s.a == 0", true),
    ] {
        let case = Case::new(&setting, expr.to_owned(), LeapDay::Feb28).unwrap();
        let mut values = combinations(&setting, &[]).remove(0);
        values.insert("s.f".into(), Known::Value(Value::Bool(true)));
        values.insert("s.c".into(), Known::Absent);
        assert_eq!(case.judge(&values, now, true), of_true, "{expr}");
    }
    for expr in ["!!s.f", "! !s.f", "!!!s.f", "!//\n!s.f", "!!(s.f)", "!!s.a > 1", "--s.f == true"]
    {
        let fault = setting.compile(expr, LeapDay::Feb28).unwrap_err();
        assert!(fault.to_string().contains("stands twice"), "{expr}: {fault}");
    }
}

/// What a policy accepts: names, joined.
#[test]
fn acceptance_is_made_of_names() {
    use crate::policy::rule::Rule;
    use crate::policy::typing;
    let zero = |message| Rule::Zero { source: source(0, message), is: false };
    let names = |name: &str| match name {
        "adult" => Some(zero(4)),
        "resident" => Some(zero(5)),
        "rich" => Some(Rule::All(vec![zero(6), zero(7)])),
        _ => None,
    };
    let accept = |text: &str| {
        let document = Document::text(text);
        let expression = Expression::parse(&Cursor::root(&document))?;
        typing::accept(&expression, &names, "$")
    };
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(accept("adult").unwrap(), [(name("adult"), zero(4))]);
    assert_eq!(
        accept("adult && (!resident || rich) && rich").unwrap(),
        [
            (name("adult"), zero(4)),
            (
                None,
                Rule::Any(vec![
                    Rule::Zero { source: source(0, 5), is: true },
                    Rule::All(vec![zero(6), zero(7)])
                ])
            ),
            (name("rich"), Rule::All(vec![zero(6), zero(7)])),
        ]
    );
    assert_eq!(
        accept("at_least(2, [adult, resident, rich])").unwrap(),
        [(None, Rule::AtLeast(2, vec![zero(4), zero(5), Rule::All(vec![zero(6), zero(7)])]))]
    );
    for (text, column, message, remedy) in [
        ("adult && old", 10, "no predicate \"old\"", "under predicates"),
        ("adult && kyc.flag", 10, "only names of predicates stand here", "under predicates"),
        ("adult || kyc.a > 1", 16, "only names of predicates stand here", "under predicates"),
        ("adult && has(kyc.a)", 10, "only names of predicates stand here", "under predicates"),
        ("adult && kyc.a in [1]", 16, "only names of predicates stand here", "under predicates"),
        ("adult == true", 1, "\"adult\" by itself is no value", "role.field"),
        ("!!adult", 2, "`!` stands twice", "once"),
    ] {
        let fault = accept(text).unwrap_err();
        assert_eq!(fault.path(), "$");
        assert!(fault.to_string().contains(message), "{text}: {fault}");
        assert!(fault.remedy().contains(remedy), "{text}: {fault}");
        let caret = fault.caret().unwrap();
        assert_eq!(caret.lines().last().unwrap().len(), column, "{text}: {fault}");
    }
}

/// What a constant may do without a new shape, and what it costs when nothing is written.
#[test]
fn constants_move_within_the_shape() {
    let setting = Setting::new();
    let shape = |expr: &str| setting.compile(expr, LeapDay::Feb28).unwrap().shape().unwrap().id();
    for (a, b) in [
        ("w.d <= today - years(18)", "w.d <= today - years(21)"),
        ("w.d + years(18) <= today", "w.d <= today - years(3)"),
        ("w.d <= today - days(1)", "w.d <= today - days(400)"),
        ("s.a in [1, 2, 3]", "s.a in [4, 5, 6, 7]"),
        ("s.a in params.list", "s.a in [0, 1, 2]"),
        ("s.p > 3 || s.a > 2", "s.q > 1 || s.a > 9"),
        ("between(s.a, 1, 2)", "s.a >= 7 && s.a <= 9"),
    ] {
        assert_eq!(shape(a), shape(b), "{a} and {b}");
    }
    for (a, b) in [("s.a in [1, 2]", "s.a in [1, 2, 3]"), ("s.a > 2", "s.a >= 2")] {
        assert_ne!(shape(a), shape(b), "{a} and {b}");
    }
    let compiled = setting.compile("w.d <= today - years(18)", LeapDay::Mar1).unwrap();
    let leap_day = LeapDay::Mar1;
    let base = crate::policy::public::PublicDay::Today;
    let term = PublicTerm::Years { base, years: -18, leap_day, strict: false };
    assert_eq!(compiled.params(), [ParamSource::Form(PublicForm::term(term))]);
    assert!(compiled.shape().unwrap().constraints() <= 23);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Random conditions over the small fields: most are well typed, and then mean what they say.
    #[test]
    fn random_conditions_mean_what_they_say(seed in any::<u64>()) {
        let setting = Setting::new();
        let mut random = generator(seed);
        let expr = condition(&mut random, 4);
        let now = Timestamp::from_unix(1_767_225_600).unwrap();
        if let Ok(case) = Case::new(&setting, expr, LeapDay::Mar1) {
            for n in 0..40 {
                let mut values = combinations(&setting, &[]).remove(0);
                for path in setting.paths().iter().filter(|path| path.starts_with("s.")) {
                    let domain = setting.domain(path);
                    values.insert(path.clone(), domain[random() as usize % domain.len()].clone());
                }
                case.judge(&values, now, n < 2);
            }
        }
    }
}

/// A condition as text.
fn condition(random: &mut impl FnMut() -> u64, depth: u32) -> String {
    let kind = if depth == 0 { 4 + random() % 6 } else { random() % 10 };
    let number = |random: &mut dyn FnMut() -> u64| {
        ["s.a", "s.b", "s.c", "s.p", "s.q"][random() as usize % 5].to_owned()
    };
    match kind {
        0 => format!("({}) && ({})", condition(random, depth - 1), condition(random, depth - 1)),
        1 => format!("({}) || ({})", condition(random, depth - 1), condition(random, depth - 1)),
        2 => format!("!({})", condition(random, depth - 1)),
        3 => {
            let k = 1 + random() % 3;
            let parts: Vec<String> = (0..3).map(|_| condition(random, depth - 1)).collect();
            format!("at_least({k}, [{}])", parts.join(", "))
        }
        4 | 5 => {
            let op = ["<", "<=", ">", ">=", "==", "!="][random() as usize % 6];
            let (a, b) = (number(random), number(random));
            let (factor, constant) = (random() % 3 + 1, random() % 7);
            match random() % 3 {
                0 => format!("{a} {op} {constant}"),
                1 => format!("{factor} * {a} - {b} {op} {constant}"),
                _ => format!("{a} + {b} {op} {factor} * {a} - {constant}"),
            }
        }
        6 => {
            let not = ["", "not "][random() as usize % 2];
            let set = ["params.list", "[3]", "[0, 3, 5]", "[1, 2, 3, 4, 5]"][random() as usize % 4];
            format!("{} {not}in {set}", number(random))
        }
        7 => format!("between({}, {}, 6)", number(random), random() % 6),
        8 => {
            ["s.f", "s.g", "s.r", "has(s.c)", "has(s.q)", "has(s.h)"][random() as usize % 6].into()
        }
        _ => [
            "s.e == \"red\"",
            "s.h != \"blue\"",
            "s.e == s.h",
            "s.h in params.colours",
            "s.f == s.g",
        ][random() as usize % 5]
            .into(),
    }
}
