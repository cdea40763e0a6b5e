//! Groth16 by itself, from and to octets.

use crate::comparisons::Comparisons;
use crate::scenario::rng;
use crate::series::{Effort, Scale, Series};
use sigil_circuits::{Commitment, Proof, setup};

/// Cost against constraints: conjunctions of comparisons of 64 bits.
pub(crate) fn constraints(effort: Effort) -> Series {
    let mut series = Series::new(
        "Groth16, comparisons of 64 bits",
        "constraints",
        [Scale::Logarithmic; 2],
        &[("prove", "ms"), ("verify", "ms"), ("proof and commitment", "octets")],
    );
    let sizes: Vec<usize> = (5..=16).map(|log| 1 << log).collect();
    for count in effort.points(&sizes, 5) {
        let Comparisons { shape, slots, params, .. } = Comparisons::with_constraints(count);
        let mut rng = rng(4);
        let key = setup(&shape, &mut rng).expect("a key");
        let mut prove = || {
            let proved = key.prove(&slots, &params, &mut rng).expect("it holds");
            (proved.proof.to_bytes(), proved.commitment.to_bytes())
        };
        let (proof, commitment) = prove();
        let values = vec![
            effort.milliseconds(prove),
            effort.milliseconds(|| {
                let proof = Proof::from_bytes(&proof).expect("our own octets");
                let commitment = Commitment::from_bytes(&commitment).expect("our own octets");
                key.verifying_key().verify(&params, &commitment, &proof).expect("it is valid");
            }),
            (proof.len() + commitment.len()) as f64,
        ];
        series.push(count as f64, values);
    }
    series
}
