//! The document as a whole: normal form, form and bounds of each part, levels, agreement.

use super::*;
use crate::authority::AuthorityKey;
use crate::schema::tests::json_schema_accepts;
use crate::value::LeapDay;

/// Every part of the format, once.
fn whole() -> String {
    let authority = AuthorityKey::from_bytes(&[9; 32]).authority();
    let head = format!(
        "title = 'Whole'\njurisdictions = ['EU', 'CH', 'US-CA']\nauthority = '{authority}'\n\
         supersedes = ['{}', '{}']\n\
         relying_parties = ['https://example.org/bank', 'https://example.org/age-check']\n\
         purposes = ['https://w3id.org/dpv#IdentityVerification']\n\
         legal_bases = ['https://w3id.org/dpv/legal/eu/gdpr#A6-1-c']\n\
         retention = {{ days = 30 }}\nleap_day = 'mar1'\nclock_skew = 60\n\
         validity = {{ from = '2026-01-01T00:00:00Z', until = '2027-01-01T00:00:00Z' }}\n\
         pseudonym = {{ scope = 'https://example.org/drop/1' }}\n\
         equal = [['kyc.person', 'income.person']]\n\
         params = {{ born_by = {{ date = '2008-01-01' }} }}\n",
        "22".repeat(32),
        "11".repeat(32),
    );
    let tail = format!(
        "[[claims]]\npath = 'kyc.status'\ndisclosure = 'may'\n\
         [[claims]]\npath = 'kyc.balance'\ndisclosure = 'predicate'\n\
         [[claims]]\npath = 'kyc.passport'\ndisclosure = 'never'\n\
         [[predicates]]\nname = 'adult'\nexpr = 'kyc.birth_date <= params.born_by'\n\
         [[agree]]\nroles = ['kyc', 'income']\nfields = ['children', 'country']\n\
         [[tests]]\nname = 'one'\ntime = '2026-06-01T12:00:00Z'\nreveal = ['kyc.status']\n\
         expect = 'permit'\n\
         [tests.holders.kyc]\nrecord = {{ birth_date = '2000-01-01' }}\nissuer = '{}'\n\
         valid_from = '2026-01-01T00:00:00Z'\n\
         lists = [{{ issued_at = '2026-06-01T00:00:00Z' }}]\n\
         [[tests]]\nname = 'two'\nexpect = ['predicate:$.predicates[0]', 'claim-missing']\n\
         holders = {{}}\nwithhold = ['kyc.country']\n\
         request = {{ relying_party = 'https://example.org/bank', claims = ['kyc.status'] }}\n",
        issuer(4),
    );
    let lists = format!(
        "lists = [{{ list = 'https://example.org/list/1', authority = '{}', max_age = 24 }}]\n",
        issuer(3)
    );
    text(&head).replacen("name = 'kyc'\n", &format!("name = 'kyc'\n{lists}"), 1) + &tail
}

#[test]
fn the_whole_document_has_one_normal_form() {
    let policy = Policy::parse(whole().as_bytes()).unwrap();
    let normal = policy.to_document();
    let again = Policy::from_document(&normal).unwrap();
    assert_eq!(again, policy);
    assert_eq!(again.to_document(), normal);
    // Order says nothing in a set, and what is the default is written out.
    let shuffled = whole()
        .replace("'EU', 'CH'", "'CH', 'EU'")
        .replace("['kyc', 'income']", "['income', 'kyc']")
        .replace("'children', 'country'", "'country', 'children'");
    let shuffled = Policy::parse(shuffled.as_bytes()).unwrap();
    assert_eq!(shuffled.hash(), policy.hash());
    let plain = Policy::parse(text("").as_bytes()).unwrap();
    let spelled = Policy::parse(text("clock_skew = 300").as_bytes()).unwrap();
    assert_eq!(spelled.hash(), plain.hash());
    assert_ne!(plain.hash(), policy.hash());
    // Accessors.
    let window = policy.validity().unwrap();
    assert_eq!(window.from().unwrap().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!((policy.retention(), policy.clock_skew()), (Some(30), 60));
    assert_eq!(policy.leap_day(), Some(LeapDay::Mar1));
    assert_eq!(policy.pseudonym(), Some("https://example.org/drop/1"));
    assert_eq!(policy.authority(), Some(&AuthorityKey::from_bytes(&[9; 32]).authority()));
    let jurisdictions: Vec<&str> = policy.jurisdictions().iter().map(String::as_str).collect();
    assert_eq!(jurisdictions, ["CH", "EU", "US-CA"]);
    assert_eq!(policy.tests().len(), 2);
    assert_eq!(policy.claim_rule("kyc", "passport"), ClaimRule::Never);
    assert_eq!(policy.claim_rule("kyc", "children"), ClaimRule::Predicate);
}

/// Each part of the document altered: refused by the parser and by the published JSON Schema alike.
/// What the schema cannot say is marked so.
#[test]
fn reject_parts_of_another_form() {
    let rules: serde_json::Value = serde_json::from_str(json_schema()).unwrap();
    let good = Policy::parse(whole().as_bytes()).unwrap().to_document().canonical();
    let by_schema =
        |text: &str| json_schema_accepts(&rules, &rules, &serde_json::from_str(text).unwrap());
    assert!(by_schema(&good));
    let many =
        |item: &dyn Fn(usize) -> String, n: usize| (0..n).map(item).collect::<Vec<_>>().join(",");
    let parties = many(&|i| format!("\"https://a/{i}\""), 257);
    let codes = many(&|i| format!("\"AA-{i}\""), 65);
    let roles = many(&|i| format!("\"r{i}\""), 17);
    const FORM: bool = true;
    const MEANING: bool = false;
    for (from, to, path, kind) in [
        ("\"EU\"", "\"eu\"", "$.jurisdictions[1]", FORM),
        ("\"EU\"", "\"EUR\"", "$.jurisdictions[1]", FORM),
        ("\"US-CA\"", "\"US-CALI\"", "$.jurisdictions[2]", FORM),
        ("\"US-CA\"", "\"US-\"", "$.jurisdictions[2]", FORM),
        ("\"EU\"", "\"CH\"", "$.jurisdictions[1]", FORM),
        ("\"CH\",\"EU\"", &codes, "$.jurisdictions", FORM),
        ("did:key:z6Mk", "did:key:z6Ml", "$.authority", FORM),
        ("\"1111", "\"111", "$.supersedes[0]", FORM),
        ("https://example.org/bank", "example.org/bank", "$.relying_parties[1]", FORM),
        ("https://example.org/bank", "https://example.org/a b", "$.relying_parties[1]", FORM),
        (
            "\"https://example.org/age-check\",\"https://example.org/bank\"",
            "",
            "$.relying_parties",
            FORM,
        ),
        (
            "\"https://example.org/age-check\",\"https://example.org/bank\"",
            &parties,
            "$.relying_parties",
            FORM,
        ),
        ("dpv#Identity", "dpvx#Identity", "$.purposes[0]", FORM),
        (
            "https://w3id.org/dpv#IdentityVerification",
            "https://w3id.org/dpv#",
            "$.purposes[0]",
            FORM,
        ),
        ("w3id.org/dpv/legal", "w3id.net/dpv/legal", "$.legal_bases[0]", FORM),
        ("\"days\":30", "\"days\":-1", "$.retention.days", FORM),
        ("\"days\":30", "\"days\":36526", "$.retention.days", FORM),
        ("\"days\":30", "\"weeks\":4", "$.retention.weeks", FORM),
        ("\"mar1\"", "\"mar01\"", "$.leap_day", FORM),
        ("\"clock_skew\":60", "\"clock_skew\":3601", "$.clock_skew", FORM),
        ("\"clock_skew\":60", "\"clock_skew\":-1", "$.clock_skew", FORM),
        ("\"until\":\"2027", "\"until\":\"2026", "$.validity", MEANING),
        (
            "\"until\":\"2027-01-01T00:00:00Z\"",
            "\"until\":\"2027-01-01\"",
            "$.validity.until",
            FORM,
        ),
        (
            "{\"from\":\"2026-01-01T00:00:00Z\",\"until\":\"2027-01-01T00:00:00Z\"}",
            "{}",
            "$.validity",
            FORM,
        ),
        ("\"scope\":\"https://example.org/drop/1\"", "\"scope\":\"\"", "$.pseudonym.scope", FORM),
        ("\"max_age\":24", "\"max_age\":0", "$.roles[0].lists[0].max_age", FORM),
        ("\"max_age\":24", "\"max_age\":8785", "$.roles[0].lists[0].max_age", FORM),
        (
            "https://example.org/list/1",
            "http://example.org/list/1",
            "$.roles[0].lists[0].list",
            FORM,
        ),
        ("[\"income\",\"kyc\"]", "[\"income\"]", "$.agree[0].roles", FORM),
        ("[\"income\",\"kyc\"]", "[\"kyc\",\"kyc\"]", "$.agree[0].roles[1]", FORM),
        ("[\"income\",\"kyc\"]", &format!("[{roles}]"), "$.agree[0].roles", FORM),
        ("[\"children\",\"country\"]", "[]", "$.agree[0].fields", FORM),
        ("[\"children\",\"country\"]", "[\"kyc.children\"]", "$.agree[0].fields[0]", FORM),
        ("\"expect\":\"permit\"", "\"expect\":\"deny\"", "$.tests[0].expect", FORM),
        ("\"expect\":\"permit\"", "\"expect\":[]", "$.tests[0].expect", FORM),
        ("claim-missing", "Claim-missing", "$.tests[1].expect[1]", FORM),
        (":$.predicates", ":predicates", "$.tests[1].expect[0]", FORM),
        ("\"name\":\"two\"", "\"name\":\"one\"", "$.tests[1].name", MEANING),
        ("\"holders\":{\"kyc\"", "\"holders\":{\"tax\"", "$.tests[0].holders.tax", MEANING),
        ("\"holders\":{\"kyc\"", "\"holders\":{\"K\"", "$.tests[0].holders.K", FORM),
        (
            "\"reveal\":[\"kyc.status\"]",
            "\"reveal\":[\"tax.status\"]",
            "$.tests[0].reveal[0]",
            MEANING,
        ),
        (
            "\"record\":{\"birth_date\":\"2000-01-01\"}",
            "\"record\":[]",
            "$.tests[0].holders.kyc.record",
            FORM,
        ),
        (
            &format!("\"issuer\":\"{}\"", issuer(4)),
            "\"issuer\":256",
            "$.tests[0].holders.kyc.issuer",
            FORM,
        ),
        ("\"is\":\"absent\"", "\"is\":\"gone\"", "$.roles[0].lists[0].is", FORM),
        ("\"listed\":false", "\"listed\":0", "$.tests[0].holders.kyc.lists[0].listed", FORM),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let fault = Policy::parse(text.as_bytes()).expect_err(to);
        assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
        assert_eq!(by_schema(&text), kind == MEANING, "{from} -> {to}");
    }
}

/// Rules about one list that nobody could keep together are refused where the second one stands.
#[test]
fn reject_lists_that_contradict_each_other() {
    let authority = issuer(3);
    let rule = |rest: &str| {
        format!(
            "{{ list = 'https://example.org/list/1', authority = '{authority}', max_age = 24{rest} }}"
        )
    };
    let policy = |rules: [String; 2]| {
        let lists = format!("name = 'kyc'\nlists = [{}]\n", rules.join(", "));
        Policy::parse(text("").replacen("name = 'kyc'\n", &lists, 1).as_bytes())
    };
    for (rest, problem, remedy) in [
        ("", "stands twice", "the smaller max_age"),
        (", is = 'present'", "nothing is absent from a list and present on it", "one of both"),
    ] {
        let fault = policy([rule(""), rule(rest)]).unwrap_err();
        assert_eq!(fault.path(), "$.roles[0].lists[1]");
        let said = fault.to_string();
        assert!(said.contains(problem) && said.contains(remedy), "{said}");
    }
    // One list has elements of one kind.
    let fields = |a: &str, b: &str| policy([rule(a), rule(b)]).unwrap().compile(&schemas());
    let fault = fields("", ", field = 'birth_date'").unwrap_err();
    assert_eq!(fault.path(), "$.roles[0].lists[1]");
    assert!(fault.to_string().contains("$.roles[0].lists[0] takes this list"), "{fault}");
}

#[test]
fn levels_have_an_order() {
    assert!(Level::Hidden < Level::Predicate && Level::Predicate < Level::Revealed);
    for (rule, floor, ceiling) in [
        (ClaimRule::Must, Level::Revealed, Level::Revealed),
        (ClaimRule::May, Level::Hidden, Level::Revealed),
        (ClaimRule::Predicate, Level::Hidden, Level::Predicate),
        (ClaimRule::Never, Level::Hidden, Level::Hidden),
    ] {
        assert_eq!((rule.floor(), rule.ceiling()), (floor, ceiling), "{rule:?}");
    }
}

/// What may never be used is used by no rule, and the refusal names both places.
#[test]
fn reject_rules_over_claims_that_are_never_used() {
    let never = |field: &str| format!("claims = [{{ path = '{field}', disclosure = 'never' }}]\n");
    let predicate = "predicates = [{ name = 'p', expr = 'kyc.children > 1' }]";
    let equal = "equal = [['kyc.person', 'income.person']]";
    let agree = "agree = [{ roles = ['kyc', 'income'], fields = ['country'] }]";
    for (field, rule, path) in [
        ("kyc.children", predicate, "$.predicates[0].expr"),
        ("income.person", equal, "$.equal[0]"),
        ("income.country", agree, "$.agree[0].fields[0]"),
    ] {
        let fault = compile(&format!("{}{rule}", never(field))).expect_err(field);
        assert_eq!(fault.path(), path, "{fault}");
        assert!(fault.to_string().contains("$.claims[0]"), "{fault}");
        assert!(fault.remedy().contains("`predicate`"), "{fault}");
        let mended = format!("{}{rule}", never(field).replace("never", "predicate"));
        compile(&mended).unwrap();
        compile(rule).unwrap();
    }
    // The issuer's own `never` is about the value alone.
    compile("equal = [['kyc.passport', 'income.person']]").unwrap();
}

/// Three roles agree on a hidden field: a chain of two equalities, and issuers pairwise distinct.
#[test]
fn agreement_is_a_chain_of_equalities() {
    let income = Schema::parse(INCOME.as_bytes()).unwrap().id();
    let third = format!(
        "\n[[roles]]\nname = 'tax'\nschema = '{income}'\nissuers = ['{}']\n\
         [[agree]]\nroles = ['tax', 'kyc', 'income']\nfields = ['person', 'country']\n",
        issuer(3)
    );
    let compile =
        |lines: &str| Policy::parse((text(lines) + &third).as_bytes()).unwrap().compile(&schemas());
    let compiled = compile("").unwrap();
    // Fields in alphabetical order: country is message 6 of kyc and 8 of income; person is 4.
    let pairs = [(6, 8, 0, 1), (8, 8, 1, 2), (4, 4, 0, 1), (4, 4, 1, 2)]
        .map(|(a, b, x, y)| Equality { a: source(x, a), b: source(y, b) });
    assert_eq!(compiled.equalities(), pairs);
    let paths = [0, 0, 1, 1].map(|i| format!("$.agree[0].fields[{i}]"));
    assert_eq!(compiled.equality_paths(), paths);
    let [agreement] = compiled.agreements() else { panic!("one agreement") };
    assert_eq!(
        (agreement.path.as_str(), agreement.roles.as_slice()),
        ("$.agree[0]", &[0, 1, 2][..])
    );
    // What `equal` says already is proven once.
    let merged = compile("equal = [['income.person', 'kyc.person']]").unwrap();
    assert_eq!(merged.equalities().len(), 4);
    assert_eq!(merged.equality_paths()[0], "$.equal[0]");
    // Revealed on both sides: compared in the open. On one side: refused.
    let must = |roles: &[&str]| {
        let claims =
            roles.iter().map(|role| format!("{{ path = '{role}.country', disclosure = 'must' }}"));
        compile(&format!("claims = [{}]", claims.collect::<Vec<_>>().join(", ")))
    };
    let open = must(&["kyc", "income", "tax"]).unwrap();
    let checks: Vec<&str> = open.checks().iter().map(|check| check.path.as_str()).collect();
    assert_eq!(checks, ["$.agree[0].fields[0]"; 2]);
    assert_eq!(open.equalities().len(), 2);
    let fault = must(&["kyc"]).unwrap_err();
    assert_eq!(fault.path(), "$.agree[0].fields[0]", "{fault}");
}

#[test]
fn reject_agreements_with_a_fault() {
    for (agree, path, message) in [
        ("roles = ['kyc', 'tax'], fields = ['country']", "$.agree[0].roles[1]", "no role \"tax\""),
        ("roles = ['kyc', 'income'], fields = ['status']", "$.agree[0].fields[0]", "has no field"),
        (
            "roles = ['kyc', 'income'], fields = ['children', 'income']",
            "$.agree[0].fields[1]",
            "has no field",
        ),
    ] {
        let fault = compile(&format!("agree = [{{ {agree} }}]")).expect_err(agree);
        assert_eq!(fault.path(), path, "{agree}: {fault}");
        assert!(fault.to_string().contains(message), "{agree}: {fault}");
    }
}
