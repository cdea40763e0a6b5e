//! What is refused, where, and with which words.

use super::*;

/// Outside expressions: the change to a good policy, the path and the words.
#[test]
fn reject_policies() {
    let good = format!(
        "{}\n[[claims]]\npath = 'kyc.children'\ndisclosure = 'predicate'\n",
        text("params = { k = 2 }\npredicates = [{ name = 'p', expr = 'kyc.children > params.k' }]")
    );
    let compile = |text: &str| Policy::parse(text.as_bytes())?.compile(&schemas());
    compile(&good).unwrap();
    let claim = |path: &str, rule: &str| format!("path = '{path}'\ndisclosure = '{rule}'");
    let never = claim("kyc.children", "predicate");
    let change = |to: String| (never.clone(), to);
    let second = |to: &str| change(format!("{never}\n{to}"));
    let schema = schemas()[0].id().to_string();
    let table: Vec<((String, String), &str, &str)> = vec![
        (("sigil-policy/1".into(), "sigil-policy/2".into()), "$.format", "another format"),
        (("id = ".into(), "ident = ".into()), "$.ident", "unknown field"),
        (("'1.0.0'".into(), "'1'".into()), "$.version", "not a version"),
        (("'kyc'".into(), "'Kyc'".into()), "$.roles[0].name", "not a name"),
        (("'kyc'".into(), "'params'".into()), "$.roles[0].name", "not a name"),
        (("'income'".into(), "'kyc'".into()), "$.roles[1].name", "stands in roles[0] already"),
        ((schema.clone(), schema[1..].into()), "$.roles[0].schema", "64 lower-case"),
        ((schema.clone(), "00".repeat(32)), "$.roles[0].schema", "not at hand"),
        ((issuer(1), "did:key:z6Mk".into()), "$.roles[0].issuers[0]", "did:key"),
        ((issuer(3), issuer(2)), "$.roles[1].issuers", "stands twice"),
        ((format!("['{}']", issuer(1)), "[]".into()), "$.roles[0].issuers", "0 items"),
        (("name = 'kyc'".into(), "name = 'kyc'\nsuite = 'BBS'".into()), "$.roles[0].suite", "BBS_"),
        (
            ("name = 'kyc'".into(), "name = 'kyc'\nvalidity = 'no'".into()),
            "$.roles[0].validity",
            "write hidden or reveal or skip",
        ),
        (("k = 2".into(), "K = 2".into()), "$.params.K", "not a name for a parameter"),
        (("k = 2".into(), "k = [2]".into()), "$.predicates[0].expr", "params.k is a list"),
        (("k = 2".into(), "k = []".into()), "$.params.k", "a list of 0 values"),
        (("k = 2".into(), "k = [[2]]".into()), "$.params.k[0]", "not a value of a parameter"),
        (("k = 2".into(), "k = [2, { date = '1' }]".into()), "$.params.k[1].date", "this kind"),
        (("k = 2".into(), "k = { date = '2008-02-30' }".into()), "$.params.k.date", "this kind"),
        (("k = 2".into(), "k = { day = '2008-02-28' }".into()), "$.params.k.day", "unknown field"),
        (("k = 2".into(), "k = {}".into()), "$.params.k", "not one value"),
        (("k = 2".into(), "k = 256".into()), "$.predicates[0].expr", "256 can't be reached"),
        (
            ("k = 2".into(), "k = 'two'".into()),
            "$.predicates[0].expr",
            "params.k is of another kind",
        ),
        (("k = 2".into(), "k = 2, l = 3".into()), "$.params.l", "no predicate uses"),
        (("'p',".into(), "'P',".into()), "$.predicates[0].name", "not a name"),
        (("'p',".into(), "'p', x = 1,".into()), "$.predicates[0].x", "unknown field"),
        (("> params.k".into(), "> params.k\u{a0}".into()), "$.predicates[0].expr", "ASCII"),
        (change(claim("kyc", "never")), "$.claims[0].path", "role.field"),
        (change(claim("kyc.a.b", "never")), "$.claims[0].path", "role.field"),
        (change(claim("kyc.iban", "must")), "$.claims[0].path", "has no field \"iban\""),
        (change(claim("tax.person", "must")), "$.claims[0].path", "no role \"tax\""),
        (
            change(claim("kyc.person", "show")),
            "$.claims[0].disclosure",
            "must or may or predicate or never",
        ),
        (change(claim("kyc.passport", "must")), "$.claims[0].disclosure", "lets nobody reveal"),
        (change(claim("kyc.passport", "may")), "$.claims[0].disclosure", "lets nobody reveal"),
        (
            change(claim("kyc.children", "may")),
            "$.predicates[0].expr",
            "may or may not be revealed",
        ),
        (second("one_of = [1]"), "$.claims[0].one_of", "never revealed has no one_of"),
        (change(claim("kyc.country", "must") + "\none_of = []"), "$.claims[0].one_of", "0 items"),
        (
            change(claim("kyc.country", "must") + "\none_of = ['ch']"),
            "$.claims[0].one_of[0]",
            "code",
        ),
        (
            change(claim("kyc.country", "must") + "\none_of = ['A', 'A']"),
            "$.claims[0].one_of[1]",
            "stands twice",
        ),
        (
            second("[[claims]]\npath = 'kyc.children'\ndisclosure = 'must'"),
            "$.claims[1].path",
            "stands in claims[0] already",
        ),
    ];
    for ((from, to), path, message) in table {
        let text = good.replacen(&from, &to, 1);
        assert_ne!(text, good, "{from}");
        let fault = compile(&text).expect_err(&to);
        assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
        assert!(fault.to_string().contains(message), "{from} -> {to}: {fault}");
    }
}

#[test]
fn reject_equalities() {
    for (lines, path, message) in [
        ("equal = [['kyc.person']]", "$.equal[0]", "not a pair"),
        ("equal = [['kyc.person', 'income.x']]", "$.equal[0][1]", "has no field"),
        ("equal = [['kyc.person', 'kyc.passport']]", "$.equal[0]", "of one role"),
        ("equal = [['kyc.children', 'income.income']]", "$.equal[0]", "not one type"),
        (
            "equal = [['kyc.nickname', 'income.person']]",
            "$.equal[0]",
            "absent field equals nothing",
        ),
        (
            "equal = [['kyc.person', 'income.person'], ['income.person', 'kyc.person']]",
            "$.equal[1]",
            "stands twice",
        ),
        (
            "equal = [['kyc.person', 'income.person']]\n\
             claims = [{ path = 'kyc.person', disclosure = 'must' }]",
            "$.equal[0]",
            "one claim is hidden",
        ),
        (
            "equal = [['kyc.person', 'income.person']]\n\
             claims = [{ path = 'kyc.person', disclosure = 'may' }]",
            "$.equal[0]",
            "one claim is hidden",
        ),
    ] {
        let fault = compile(lines).expect_err(lines);
        assert_eq!(fault.path(), path, "{lines}: {fault}");
        assert!(fault.to_string().contains(message), "{lines}: {fault}");
    }
    // Text is hashed under the suite; integers are not.
    let shake = Suite::Shake256.id();
    for (a, b, accepted) in [("person", "person", false), ("children", "children", true)] {
        let lines = text(&format!("equal = [['kyc.{a}', 'income.{b}']]"));
        let mixed = lines.replacen("name = 'kyc'", &format!("name = 'kyc'\nsuite = '{shake}'"), 1);
        let compiled = Policy::parse(mixed.as_bytes()).unwrap().compile(&schemas());
        assert_eq!(compiled.is_ok(), accepted, "{a}");
    }
}

#[test]
fn the_issuer_limits_the_policy() {
    let always = KYC.replace(
        "\"country\", type = \"code\"",
        "\"country\", type = \"code\", disclosure = \"always\"",
    );
    let always = Schema::parse(always.as_bytes()).unwrap();
    let compile = |lines: &str| {
        let text = text(lines).replace(&schemas()[0].id().to_string(), &always.id().to_string());
        Policy::parse(text.as_bytes())?.compile(&[always.clone(), schemas()[1].clone()])
    };
    let claim = |rule| format!("claims = [{{ path = 'kyc.country', disclosure = '{rule}' }}]");
    assert_eq!(compile(&claim("must")).unwrap().roles()[0].must(), [6]);
    assert_eq!(compile(&claim("may")).expect_err("may").path(), "$.claims[0].disclosure");
    let fault = compile("").expect_err("unlisted");
    assert_eq!(
        (fault.path(), fault.remedy()),
        ("$.roles[0]", "add the claim \"kyc.country\" with must")
    );
}

#[test]
fn reject_bundles_with_a_fault() {
    let policy = Policy::parse(text(DEMO).as_bytes()).unwrap();
    let shape = ShapeId::from_bytes([0x11; 32]);
    let key = KeyFingerprint::from_bytes([0x22; 32]);
    let good = Bundle::new(policy, Some((shape, key))).to_document().canonical();
    let (shape, key) = (format!("\"{shape}\""), format!("\"{key}\""));
    for (from, to, path) in [
        ("sigil-bundle/1", "sigil-bundle/2", "$.format"),
        ("\"key\":", "\"keys\":", "$.keys"),
        ("\"kyc.country\"", "\"country\"", "$.policy.claims[0].path"),
        (&shape, "null", "$"),
        (&key, "null", "$"),
        (&shape, "\"11\"", "$.shape"),
        (&key, "22", "$.key"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert_eq!(Bundle::parse(text.as_bytes()).expect_err(to).path(), path, "{from} -> {to}");
    }
}

/// Products of literals reach the ends of the integers that the compiler computes with.
#[test]
fn reject_constants_at_the_end_of_the_integers() {
    let huge = "4611686018427387904 * 4611686018427387904";
    for expr in [
        format!("kyc.children + (-8) * {huge} >= 0"),
        format!("kyc.children - 2 * kyc.balance + (-8) * {huge} >= 0"),
        format!("(-8) * {huge} <= kyc.children"),
        format!("(-8) * {huge} * kyc.children >= 0"),
        format!("kyc.children + 7 * {huge} + 7 * {huge} >= 0"),
    ] {
        assert!(predicate(&expr).is_err(), "{expr}");
    }
}

/// Long and deep expressions end in an answer, quickly.
#[test]
fn expressions_are_bounded() {
    let sum = |n: usize| format!("{}kyc.children > 1", "kyc.balance + ".repeat(n));
    assert!(predicate(&sum(50)).is_ok());
    let chain = format!("{}kyc.children > 1", "kyc.children > 1 && ".repeat(50));
    assert_eq!(
        predicate(&chain).unwrap().conditions().len(),
        5,
        "the same comparison is proven once"
    );
    assert!(predicate(&sum(300)).is_err());
    for (open, close) in
        [("(", ")"), ("-(", ")"), ("!", ""), ("a.b(", ")"), ("[", "]"), ("{1:", "}")]
    {
        let deep = format!("{}kyc.children{} > 1", open.repeat(400), close.repeat(400));
        assert!(predicate(&deep).is_err(), "{open}");
    }
    assert!(predicate(&format!("kyc.children{} > 1", ".a".repeat(900))).is_err());
    assert!(predicate(&" ".repeat(100_000)).is_err());
}

/// The published JSON Schema accepts what the parser accepts, and refuses what has another form.
#[test]
fn the_json_schema_agrees_with_the_parser() {
    use crate::schema::tests::json_schema_accepts;
    let rules: serde_json::Value = serde_json::from_str(json_schema()).unwrap();
    let accepted = |text: &str| {
        let value = serde_json::from_str(text).unwrap();
        let accepted = json_schema_accepts(&rules, &rules, &value);
        assert_eq!(accepted, Policy::parse(text.as_bytes()).is_ok(), "{text}");
        accepted
    };
    let good = Policy::parse(text(DEMO).as_bytes()).unwrap().to_document().canonical();
    assert!(accepted(&good));
    for (from, to, expected) in [
        ("\"date\":\"2008-01-01\"", "\"decimal\":\"12.5\"", true),
        ("{\"date\":\"2008-01-01\"}", "-5", true),
        ("{\"date\":\"2008-01-01\"}", "\"CH\"", true),
        ("{\"date\":\"2008-01-01\"}", "[{\"date\":\"2008-01-01\"},\"CH\",5]", true),
        ("{\"date\":\"2008-01-01\"}", "[]", false),
        ("{\"date\":\"2008-01-01\"}", "[[1]]", false),
        ("{\"date\":\"2008-01-01\"}", "{}", false),
        ("{\"date\":\"2008-01-01\"}", "null", false),
        ("\"date\":\"2008-01-01\"", "\"date\":\"2008-1-1\"", false),
        ("\"date\":\"2008-01-01\"", "\"decimal\":\".5\"", false),
        ("sigil-policy/1", "sigil-policy/2", false),
        ("\"1.0.0\"", "\"1.0\"", false),
        ("\"title\":", "\"titel\":", false),
        ("\"kyc.country\"", "\"country\"", false),
        ("\"must\"", "\"always\"", false),
        ("\"hidden\"", "\"none\"", false),
        ("SHA-256", "SHA-512", false),
        ("did:key:zUC7", "did:key:z6Mk", false),
        ("\"equal\":[[\"kyc.person\",", "\"equal\":[[", false),
        ("\"name\":\"adult\"", "\"name\":\"Adult\"", false),
        ("[\"CH\",\"LI\"]", "[]", false),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert_eq!(accepted(&text), expected, "{from} -> {to}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Nothing that can be typed makes the reader panic.
    #[test]
    fn any_expression_is_answered(
        words in proptest::collection::vec(
            prop_oneof![
                Just("kyc.children"), Just("kyc.rating"), Just("params.k"), Just("date('2008-01-01')"),
                Just("decimal('1.5')"), Just("12"), Just("9223372036854775807"), Just("-"), Just("+"),
                Just("*"), Just("("), Just(")"), Just(">="), Just("=="), Just("<"), Just("&&"),
                Just("||"), Just("!"), Just("in"), Just("["), Just("]"), Just("{"), Just("}"), Just("."),
                Just("?"), Just(":"), Just("'a'"), Just("x"), Just("has(a.b)"), Just("1.5"),
                Just("\\"), Just("`a`"), Just("//"), Just("b'1'"), Just("\""), Just("null"),
            ],
            0..14,
        )
    ) {
        let _ = predicate(&words.join(" "));
    }
}
