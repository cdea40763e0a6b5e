//! Very many signatures under one header, as an epoch of a sorted list needs them.
//!
//! The signatures are those of [`sign`](super::sign), octet for octet. What all of them have in
//! common is computed once: `domain`, and P1 + domain·Q1. What remains of each is a hash for e, the
//! short multiples of the H by table, and one multiplication by 1/(sk + e), which is nearly all of
//! it and the one step that cannot be shared.
//!
//! Within a chunk inversions are shared: of the sk + e, of the additions that make the B, and of
//! the normalisation of the A. For two messages of 40 bits all that together takes 6 % off: 136 µs
//! a signature where [`sign`](super::sign) takes 145 and the multiplication alone 118, in one
//! process (`cargo bench --bench status`).
//!
//! **Constant time** is what touches the key: its addition to e, the products and the one inversion
//! of the sk + e (blst's), the multiplication by 1/(sk + e). The messages go through tables; an
//! authority publishes them, or knows them.

use super::signature::{check_sizes, derive_e, domain};
use super::{Error, Generators, SecretKey, Signature};
use crate::curve::table::{FixedSum, fixed_sums};
use crate::curve::{G1Affine, G1Projective, Scalar, SecretScalar, normalize, normalize_list};
use ff::Field;
use group::Group;
use rayon::prelude::*;

/// Signatures that share their inversions: more would gain nothing, and threads would wait longer
/// for the last chunk.
const CHUNK: usize = 32;

/// Signs each of these message vectors under one header, on the threads of the rayon pool that it
/// is called in: what [`sign`](super::sign) gives for each, in their order.
///
/// # Errors
/// Those of [`sign`](super::sign); nothing is signed then.
pub fn sign_many<M: AsRef<[Scalar]> + Sync>(
    key: &SecretKey,
    generators: &Generators,
    header: &[u8],
    messages: &[M],
) -> Result<Vec<Signature>, Error> {
    messages.iter().try_for_each(|row| check_sizes(generators, header, row.as_ref()))?;
    let domain = domain(key.public_key(), generators, header);
    let mut common = FixedSum::with_capacity(2);
    common.add_point(generators.p1().point());
    common.add(generators.q1(), &domain);
    let [common] = normalize(&[common.finish()]);
    generators.prepare();
    let sign = |chunk: &[M]| sign_chunk(key, generators, &domain, &common, chunk);
    let signed: Vec<Vec<Signature>> =
        messages.par_chunks(CHUNK).map(sign).collect::<Result<_, Error>>()?;
    Ok(signed.concat())
}

fn sign_chunk<M: AsRef<[Scalar]>>(
    key: &SecretKey,
    generators: &Generators,
    domain: &Scalar,
    common: &G1Affine,
    messages: &[M],
) -> Result<Vec<Signature>, Error> {
    let e: Vec<Scalar> =
        messages.iter().map(|row| derive_e(key, generators, domain, row.as_ref())).collect();
    let inverses = inverses(key, &e)?;
    let b = fixed_sums(common, generators.h(), messages);
    let a: Vec<G1Projective> =
        b.iter().zip(&inverses).map(|(b, inverse)| G1Projective::from(b) * **inverse).collect();
    // As `sign` refuses them; neither happens but with negligible probability.
    let refused =
        e.iter().any(|e| bool::from(e.is_zero())) || a.iter().any(|a| bool::from(a.is_identity()));
    if refused {
        return Err(Error::Refused);
    }
    Ok(normalize_list(&a).into_iter().zip(e).map(|(a, e)| Signature::new(a, e)).collect())
}

/// 1/(sk + e) of each e: one inversion, of the product of all.
fn inverses(key: &SecretKey, e: &[Scalar]) -> Result<Vec<SecretScalar>, Error> {
    // Before each: the product of all sk + e that precede it.
    let mut product = SecretScalar::new(Scalar::ONE);
    let mut inverses: Vec<SecretScalar> = Vec::with_capacity(e.len());
    for e in e {
        inverses.push(product.clone());
        product = SecretScalar::new(*product * (*key.scalar() + e));
    }
    let inverse: Option<Scalar> = product.invert().into();
    // sk + e = 0 would let anyone sign.
    let mut inverse = SecretScalar::new(inverse.ok_or(Error::Refused)?);
    for (one, e) in inverses.iter_mut().zip(e).rev() {
        *one = SecretScalar::new(**one * *inverse);
        inverse = SecretScalar::new(*inverse * (*key.scalar() + e));
    }
    Ok(inverses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbs::{Interface, MAX_HEADER_LEN, Suite, sign, verify};

    #[test]
    fn the_same_octets_as_signatures_made_alone() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        for (suite, count) in [(Suite::Sha256, 2), (Suite::Shake256, 3), (Suite::Sha256, 0)] {
            let generators = Generators::new(Interface::typed(suite), count).unwrap();
            // More than two chunks; zeros, equal rows, scalars beyond 64 bits.
            let row = |i: u64| -> Vec<Scalar> {
                (0..count as u64).map(|j| Scalar::from(i / 2 * j) * -Scalar::from(j)).collect()
            };
            let rows: Vec<Vec<Scalar>> = (0..2 * CHUNK as u64 + 5).map(row).collect();
            for length in [0, 1, CHUNK, rows.len()] {
                let signed = sign_many(&key, &generators, b"header", &rows[..length]).unwrap();
                assert_eq!(signed.len(), length);
                for (signature, row) in signed.iter().zip(&rows) {
                    let alone = sign(&key, &generators, b"header", row).unwrap();
                    assert_eq!(signature.to_bytes(), alone.to_bytes());
                    assert!(verify(key.public_key(), &alone, &generators, b"header", row).is_ok());
                }
            }
        }
    }

    #[test]
    fn reject_rows_and_headers_that_do_not_fit() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let generators = Generators::new(Interface::typed(Suite::Sha256), 2).unwrap();
        let good = vec![Scalar::ONE; 2];
        let rows = [good.clone(), vec![Scalar::ONE; 3]];
        assert_eq!(sign_many(&key, &generators, b"", &rows), Err(Error::Indexes));
        let header = vec![0; MAX_HEADER_LEN + 1];
        assert_eq!(sign_many(&key, &generators, &header, &[good]), Err(Error::TooLarge));
    }

    #[test]
    fn a_key_that_meets_its_e_signs_nothing() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let e = [Scalar::ONE, -*key.scalar(), Scalar::ONE];
        assert!(inverses(&key, &e).is_err());
        let good = inverses(&key, &[Scalar::ONE, e[1].double()]).unwrap();
        assert_eq!(*good[0] * (*key.scalar() + Scalar::ONE), Scalar::ONE);
        assert_eq!(*good[1] * -*key.scalar(), Scalar::ONE);
    }
}
