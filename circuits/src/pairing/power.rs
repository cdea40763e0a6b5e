//! The final exponentiation.
//!
//! The easy part raises to `(p⁶ − 1)·(p² + 1)`. The hard part is that of Fuentes-Castañeda, Knapp
//! and Rodríguez-Henríquez (SAC 2011): three powers `x` of the curve's parameter, and Frobenius
//! maps. The powers have signed digits of absolute value up to 7, so that 13 multiplications do
//! instead of 21.

use ark_bn254::{Config, Fq12};
use ark_ec::bn::BnConfig;
use ark_ff::Field;

use super::digits::{ODD, digits};
use super::tower::{cyclotomic_square, multiply};

/// A result of Miller loops, raised to `2x·(6x² + 3x + 1)·(p¹² − 1)/r`; `None` if it is 0.
pub(super) fn raise(f: &Fq12) -> Option<Fq12> {
    let inverse = f.inverse()?;
    let mut f = multiply(&conjugate(f), &inverse);
    f = multiply(&frobenius(&f, 2), &f);

    let once = to_opposite_x(&f);
    let double = cyclotomic_square(&once);
    let sixfold = multiply(&cyclotomic_square(&double), &double);
    let squared = to_opposite_x(&sixfold);
    let cubed = conjugate(&to_opposite_x(&cyclotomic_square(&squared)));
    let a = multiply(&multiply(&cubed, &squared), &conjugate(&sixfold));
    let b = multiply(&a, &double);
    let c = multiply(&multiply(&a, &squared), &f);
    let first = multiply(&frobenius(&b, 1), &c);
    let second = multiply(&frobenius(&a, 2), &first);
    let third = frobenius(&multiply(&conjugate(&f), &b), 3);
    Some(multiply(&third, &second))
}

/// `f^(p^k)`.
fn frobenius(f: &Fq12, k: usize) -> Fq12 {
    let mut power = *f;
    power.frobenius_map_in_place(k);
    power
}

/// `f^(p⁶)`: in the cyclotomic subgroup, the inverse.
fn conjugate(f: &Fq12) -> Fq12 {
    let mut conjugate = *f;
    conjugate.conjugate_in_place();
    conjugate
}

/// `f^(−x)`, for `f` in the cyclotomic subgroup.
fn to_opposite_x(f: &Fq12) -> Fq12 {
    let f = conjugate(f);
    let square = cyclotomic_square(&f);
    let mut odd = [f; ODD];
    for index in 1..odd.len() {
        odd[index] = multiply(&odd[index - 1], &square);
    }
    let [x] = Config::X else { return Fq12::ONE };
    let mut power: Option<Fq12> = None;
    for digit in digits(*x).iter().rev() {
        power = power.as_ref().map(cyclotomic_square);
        let Some(multiple) = odd.get(usize::from(digit.unsigned_abs()) / 2) else { continue };
        let factor = match digit.signum() {
            0 => continue,
            1 => *multiple,
            _ => conjugate(multiple),
        };
        power = Some(power.map_or(factor, |power| multiply(&power, &factor)));
    }
    power.unwrap_or(Fq12::ONE)
}

#[cfg(test)]
mod tests {
    use ark_bn254::Bn254;
    use ark_ec::pairing::{MillerLoopOutput, Pairing};
    use ark_ff::{UniformRand, Zero};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn powers_agree_with_arkworks() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..20 {
            let f = Fq12::rand(&mut rng);
            let theirs = Bn254::final_exponentiation(MillerLoopOutput(f)).map(|output| output.0);
            assert_eq!(raise(&f), theirs);
        }
        assert_eq!(raise(&Fq12::ONE), Some(Fq12::ONE));
        assert_eq!(raise(&Fq12::zero()), None);
    }
}
