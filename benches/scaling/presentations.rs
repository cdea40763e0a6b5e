//! Whole presentations, from and to octets.

use crate::cores;
use crate::scenario::{self, Scenario, rng};
use crate::series::{Effort, Scale, Series};
use sigil::encoding::Wire;
use sigil::presentation::{self, Presentation};

/// Proves and verifies a scenario: milliseconds of each, and octets.
fn cost(effort: Effort, scenario: &Scenario) -> Vec<f64> {
    let holdings = scenario.holdings();
    let mut rng = rng(5);
    let mut prove = || {
        let (terms, request, key) = (&scenario.terms, &scenario.request, scenario.key.as_ref());
        let made = presentation::prove(terms, request, &holdings, key, &mut rng);
        made.expect("it qualifies").to_bytes()
    };
    let octets = prove();
    vec![
        effort.milliseconds(prove),
        effort.milliseconds(|| {
            let presentation = Presentation::from_bytes(&octets).expect("our own octets");
            scenario.verify(&presentation).expect("it is valid")
        }),
        octets.len() as f64,
    ]
}

/// A credential of 32 fields of 16 bits, of which the first `count` are compared.
fn compared(count: usize) -> Scenario {
    let field = |i: usize| format!("{{ name = \"f{i}\", type = \"uint(16)\" }}");
    let fields: Vec<String> = (0..32).map(field).collect();
    let schema = format!(
        "format = \"sigil-schema/1\"\nname = \"example.org/wide\"\nversion = \"1.0.0\"\n\
         fields = [{}]\n",
        fields.join(", ")
    );
    let value = |i: usize| format!("\"f{i}\": {}", 40_000 + 7 * i);
    let record = format!("{{ {} }}", (0..32).map(value).collect::<Vec<_>>().join(", "));
    let mut policy =
        "format = \"sigil-policy/1\"\nid = \"example.org/wide\"\nversion = \"1.0.0\"\n\
                      [params]\nleast = 30000\n\
                      [[roles]]\nname = \"card\"\nschema = \"{schema0}\"\n\
                      issuers = [\"{issuer0}\"]\nvalidity = \"reveal\"\n"
            .to_owned();
    for i in 0..count {
        policy.push_str(&format!(
            "[[predicates]]\nname = \"p{i}\"\nexpr = \"card.f{i} >= params.least\"\n"
        ));
    }
    Scenario::new(&policy, &[(&schema, &record)])
}

/// Cost against slots, each with a comparison of 17 rows.
pub(crate) fn slots(effort: Effort) -> Series {
    let mut series = Series::new(
        "Presentations, 32 fields of 16 bits, a comparison a slot",
        "slots",
        [Scale::Linear; 2],
        &[("prove", "ms"), ("verify", "ms"), ("presentation", "octets")],
    );
    for count in effort.points(&[1, 2, 4, 8, 16, 24, 32], 3) {
        let scenario = compared(count);
        assert_eq!(scenario.terms.policy().slots().len(), count, "slots");
        series.push(count as f64, cost(effort, &scenario));
    }
    series
}

/// Cost of one presentation against threads.
pub(crate) fn threads(effort: Effort) -> Series {
    let mut series = Series::new(
        "One presentation of 16 fields, 8 revealed, 64-bit threshold and validity",
        "threads",
        [Scale::Linear; 2],
        &[("prove", "ms"), ("verify", "ms"), ("presentation", "octets")],
    );
    let scenario = scenario::sixteen();
    for threads in [1, 2] {
        let values = cores::pool(threads).install(|| cost(effort, &scenario));
        series.push(threads as f64, values);
    }
    series
}
