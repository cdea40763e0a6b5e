//! Quorums and precedence: how they are written, what they come to, and what is refused.

use super::*;

/// Three roles with the schema of `kyc`, whose issuers one trust list has.
fn trusting(lines: &str) -> String {
    let schema = Schema::parse(KYC.as_bytes()).unwrap().id();
    let authority = crate::authority::AuthorityKey::from_bytes(&[9; 32]).authority();
    let role = |name: &str| {
        format!(
            "[[roles]]\nname = '{name}'\nschema = '{schema}'\nvalidity = 'skip'\n\
             trust = {{ list = 'https://eu.example/t', authority = '{authority}', max_age = 24 }}\n"
        )
    };
    let roles = ["a", "b", "c"].map(role).concat();
    format!("format = 'sigil-policy/1'\nid = 'example.org/p'\nversion = '1.0.0'\n{lines}\n{roles}")
}

fn agree(parts: &str) -> String {
    format!("agree = [{{ roles = ['a', 'b', 'c'], {parts} }}]")
}

fn read(lines: &str) -> Policy {
    Policy::parse(trusting(lines).as_bytes()).unwrap_or_else(|fault| panic!("{lines}: {fault}"))
}

fn compile(lines: &str) -> Result<CompiledPolicy, Fault> {
    Policy::parse(trusting(lines).as_bytes())?.compile(&schemas())
}

/// `country` revealed of all roles, each with this list.
fn revealed(lists: [&str; 3]) -> String {
    let claims = ["a", "b", "c"].iter().zip(lists);
    let claims = claims.map(|(role, list)| {
        let list = if list.is_empty() { String::new() } else { format!(", one_of = [{list}]") };
        format!("{{ path = '{role}.country', disclosure = 'must'{list} }}")
    });
    format!("claims = [{}]\n", claims.collect::<Vec<_>>().join(", "))
}

const CHILDREN: &str = "fields = ['children']";

/// The published JSON Schema lets pass what is read, and not what contradicts itself.
#[test]
fn the_json_schema_knows_the_rules() {
    let rules: serde_json::Value = serde_json::from_str(json_schema()).unwrap();
    let accepts = |change: fn(&mut serde_json::Value)| {
        let text = read(&agree(CHILDREN)).to_document().canonical();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["tests"] = serde_json::json!([
            { "name": "x", "holders": { "a": { "record": {} } }, "expect": "permit" },
        ]);
        change(&mut value);
        let parsed = Policy::parse(value.to_string().as_bytes()).is_ok();
        let accepted = crate::schema::tests::json_schema_accepts(&rules, &rules, &value);
        assert_eq!(parsed, accepted, "{value}");
        accepted
    };
    assert!(accepts(|_| {}));
    assert!(accepts(|value| value["agree"][0]["quorum"] = 2.into()));
    assert!(!accepts(|value| value["agree"][0]["quorum"] = 1.into()));
    assert!(accepts(|value| value["agree"][0]["rule"] = "precedence".into()));
    assert!(!accepts(|value| value["agree"][0]["rule"] = "all".into()));
    assert!(accepts(|value| {
        value["tests"][0]["holders"]["a"]["standing"] = "issuer-key-rotated".into();
    }));
    assert!(!accepts(|value| value["tests"][0]["holders"]["a"]["standing"] = "rotated".into()));
    assert!(accepts(|value| value["tests"][0]["holders"]["a"]["precedence"] = 9.into()));
    assert!(!accepts(|value| value["tests"][0]["holders"]["a"]["precedence"] = (-1).into()));
}

#[test]
fn rules_have_one_spelling() {
    let plain = read(&agree(CHILDREN));
    assert!(!plain.to_document().canonical().contains("quorum"));
    assert_eq!(read(&agree(&format!("{CHILDREN}, quorum = 3"))).hash(), plain.hash());
    for rule in ["quorum = 2", "rule = 'precedence'"] {
        let policy = read(&agree(&format!("{CHILDREN}, {rule}")));
        assert_ne!(policy.hash(), plain.hash());
        let text = policy.to_document().canonical();
        assert_eq!(Policy::parse(text.as_bytes()).unwrap(), policy);
    }
}

/// At every count of roles and quorum: the rule holds exactly where so many say the same, hidden or not,
/// and a slot stands for each claim.
#[test]
fn quorum_holds_exactly_where_so_many_agree() {
    let quorum = agree(&format!("{CHILDREN}, quorum = 2"));
    let hidden = compile(&quorum).unwrap();
    let claims = hidden.slots().iter().filter(|slot| slot.message > VALID_UNTIL);
    assert_eq!(claims.count(), 3);
    assert!(hidden.equalities().is_empty());
    assert!(hidden.proven().contains(&"$.agree[0].fields[0]".to_owned()));
    let shape = |lines: &str| compile(lines).unwrap().shape().map(|shape| shape.id());
    assert_eq!(shape(&quorum), shape(&quorum.replace("['a', 'b', 'c']", "['c', 'a', 'b']")));
    let mut conjuncts = hidden.conjuncts().iter();
    let conjunct = conjuncts.find(|conjunct| conjunct.path == "$.agree[0].fields[0]").unwrap();
    let open = compile(&(revealed([""; 3]) + &agree("fields = ['country'], quorum = 2"))).unwrap();
    assert!(open.conditions().iter().all(|path| !path.starts_with("$.agree")));
    let [check] = open.checks() else { panic!("one check") };
    for case in 0..27u64 {
        let values = [case % 3, case / 3 % 3, case / 9];
        let agreeing = values.iter().map(|x| values.iter().filter(|y| x == *y).count()).max();
        let value = |at: SlotSource| values.get(at.role).map(|value| i128::from(*value));
        let facts = Facts { now: hour(5), hidden: &value, revealed: &nothing };
        let expected = agreeing >= Some(2);
        assert_eq!(conjunct.rule.holds(&facts), Some(expected), "{values:?}");
        let shown = |at: SlotSource| values.get(at.role).map(|value| Encoded::Integer(*value));
        assert_eq!(check.holds(hour(5), &shown), expected, "{values:?}");
    }
    // What is withheld agrees with nothing.
    let withheld = |at: SlotSource| (at.role < 2).then_some(Encoded::Integer(1));
    assert!(!check.holds(hour(5), &withheld));
}

/// Sixteen roles, at every quorum: the rule against counting.
#[test]
fn quorums_of_sixteen_roles_against_counting() {
    let schema = Schema::parse(KYC.as_bytes()).unwrap().id();
    let names: Vec<String> = (0..16).map(|i| format!("r{i}")).collect();
    let role = |name: &String| {
        let (issuer, skip) = (issuer(1), "validity = 'skip'");
        format!("[[roles]]\nname = '{name}'\nschema = '{schema}'\n{skip}\nissuers = ['{issuer}']\n")
    };
    let roles: String = names.iter().map(role).collect();
    for least in 2..16usize {
        let text = format!(
            "format = 'sigil-policy/1'\nid = 'p'\nversion = '1.0.0'\nagree = [{{ roles = {names:?}, \
             fields = ['children'], quorum = {least} }}]\n{roles}"
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        let compiled = policy.compile(&schemas()).unwrap_or_else(|e| panic!("{least}: {e}"));
        let [conjunct] = compiled.conjuncts() else { panic!("one rule") };
        for seed in 0..200usize {
            let value = |role: usize| i128::try_from(seed.wrapping_mul(2_654_435_761) >> role & 3);
            let value =
                |role: usize| value(role).unwrap() * i128::from(!role.is_multiple_of(seed + 1));
            let count = |role: usize| (0..16).filter(|other| value(*other) == value(role)).count();
            let most = (0..16).map(count).max().unwrap();
            let hidden = |at: SlotSource| Some(value(at.role));
            let facts = Facts { now: hour(5), hidden: &hidden, revealed: &nothing };
            assert_eq!(conjunct.rule.holds(&facts), Some(most >= least), "{least} {seed}");
        }
    }
}

#[test]
fn reject_quorums_and_precedence_that_mean_nothing() {
    let lists = |lists| revealed(lists) + &agree("fields = ['country'], rule = 'precedence'");
    let twice = "agree = [{ roles = ['a', 'b'], fields = ['country'], rule = 'precedence' },\n\
                 { roles = ['b', 'c'], fields = ['country'], rule = 'precedence' }]";
    let both = agree(&format!("{CHILDREN}, quorum = 2, rule = 'precedence'"));
    let never = "claims = [{ path = 'b.children', disclosure = 'never' }]\n";
    let one = revealed([""; 3]).replacen("must", "predicate", 1);
    for (lines, path, word) in [
        (agree(&format!("{CHILDREN}, quorum = 1")), "$.agree[0].quorum", "not accepted"),
        (agree(&format!("{CHILDREN}, quorum = 4")), "$.agree[0].quorum", "not accepted"),
        (agree(&format!("{CHILDREN}, rule = 'all'")), "$.agree[0].rule", "precedence"),
        (both, "$.agree[0].rule", "nothing is counted"),
        (agree("fields = ['person'], quorum = 2"), "$.agree[0].fields[0]", "hidden text"),
        (agree("fields = ['rating'], quorum = 2"), "$.agree[0].fields[0]", "absent"),
        (
            one.clone() + &agree("fields = ['country'], quorum = 2"),
            "$.agree[0].fields[0]",
            "one claim is hidden",
        ),
        (
            never.to_owned() + &agree(&format!("{CHILDREN}, quorum = 2")),
            "$.agree[0].fields[0]",
            "never to use",
        ),
        (
            one + &agree("fields = ['country'], rule = 'precedence'"),
            "$.agree[0].fields[0]",
            "may be hidden",
        ),
        (lists(["'CH'", "'CH'", ""]), "$.agree[0].fields[0]", "accept the same values"),
        (lists(["'CH'", "'CH'", "'LI'"]), "$.agree[0].fields[0]", "accept the same values"),
        (lists(["'CH'", "'CH', 'LI'", "'CH'"]), "$.agree[0].fields[0]", "accept the same values"),
        (revealed([""; 3]) + twice, "$.agree[1].fields[0]", "an earlier rule"),
    ] {
        let fault = compile(&lines).expect_err(&lines);
        assert_eq!(fault.path(), path, "{lines}: {fault}");
        assert!(fault.to_string().contains(word), "{lines}: {fault}");
    }
    compile(&lists(["'CH', 'LI'", "'LI', 'CH'", "'CH', 'LI'"])).unwrap();
    // Nothing ranks issuers without a trust list, nor two lists.
    let good = trusting(&lists([""; 3]));
    let compile = |text: &str| Policy::parse(text.as_bytes())?.compile(&schemas());
    compile(&good).unwrap();
    for other in [
        good.replacen("eu.example", "us.example", 1),
        super::text(
            "claims = [{ path = 'kyc.country', disclosure = 'must' },\n\
             { path = 'income.country', disclosure = 'must' }]\n\
             agree = [{ roles = ['kyc', 'income'], fields = ['country'], rule = 'precedence' }]",
        ),
    ] {
        let fault = compile(&other).unwrap_err();
        assert_eq!((fault.path(), fault.to_string().contains("trust list")), ("$.agree[0]", true));
    }
}

/// A higher quorum is tighter, and of two on the same claims the higher is what the meet asks for.
#[test]
fn quorums_meet_in_the_higher_and_differ_in_one_direction() {
    let of = |quorum: &str| read(&agree(&format!("{CHILDREN}{quorum}")));
    let (two, all, none) = (of(", quorum = 2"), of(""), read(""));
    let ranked = of(", rule = 'precedence'");
    for (a, b) in [(&two, &all), (&all, &two)] {
        assert_eq!(meet(a, b).unwrap().agree, all.normal().agree);
    }
    assert_eq!(meet(&two, &none).unwrap().agree, two.agree);
    assert_eq!(meet(&two, &ranked).unwrap().agree.len(), 2);
    let changes = |old: &Policy, new: &Policy| -> Vec<(Class, String)> {
        let difference = diff(old, new, &schemas(), hour(5)).unwrap();
        let agree = difference.changes().iter().filter(|change| change.about == "agree");
        agree.map(|change| (change.class, change.message.clone())).collect()
    };
    let text = "a, b, c agree on children";
    let two_text = format!("{text}, 2 of them");
    for (old, new, class, message) in [
        (&two, &all, Class::Tightened, format!("{two_text} → {text}")),
        (&all, &two, Class::Loosened, format!("{text} → {two_text}")),
        (&none, &two, Class::Tightened, format!("added: {two_text}")),
        (&two, &none, Class::Loosened, format!("removed: {two_text}")),
    ] {
        assert_eq!(changes(old, new), [(class, message)]);
    }
    assert!(changes(&two, &two).is_empty());
}
