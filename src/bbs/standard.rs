//! The draft's own interface (§3.5): messages are octet strings, hashed to scalars.

use super::{
    Error, Generators, HeldSignature, Interface, MAX_MESSAGES, Proof, ProofInit, PublicKey,
    SecretKey, Signature, Suite,
};
use crate::curve::Scalar;
use rand_core::CryptoRngCore;

/// `messages_to_scalars` (draft §4.1.2).
pub fn messages_to_scalars<M: AsRef<[u8]>>(suite: Suite, messages: &[M]) -> Vec<Scalar> {
    let interface = Interface::standard(suite);
    messages.iter().map(|message| interface.message_to_scalar(message.as_ref())).collect()
}

/// `Sign`.
pub fn sign<M: AsRef<[u8]>>(
    suite: Suite,
    key: &SecretKey,
    header: &[u8],
    messages: &[M],
) -> Result<Signature, Error> {
    let generators = Generators::new(Interface::standard(suite), messages.len())?;
    super::sign(key, &generators, header, &messages_to_scalars(suite, messages))
}

/// `Verify`.
///
/// # Errors
/// [`Error::Refused`], whatever the reason.
pub fn verify<M: AsRef<[u8]>>(
    suite: Suite,
    key: &PublicKey,
    signature: &Signature,
    header: &[u8],
    messages: &[M],
) -> Result<(), Error> {
    let generators =
        Generators::new(Interface::standard(suite), messages.len()).map_err(|_| Error::Refused)?;
    super::verify(key, signature, &generators, header, &messages_to_scalars(suite, messages))
}

/// `ProofGen`. `disclosed` are zero-based, strictly ascending message indexes.
#[allow(clippy::too_many_arguments, reason = "the draft's own parameter list")]
pub fn proof_gen<M: AsRef<[u8]>>(
    suite: Suite,
    key: &PublicKey,
    signature: &Signature,
    header: &[u8],
    ph: &[u8],
    messages: &[M],
    disclosed: &[usize],
    rng: &mut impl CryptoRngCore,
) -> Result<Proof, Error> {
    let generators = Generators::new(Interface::standard(suite), messages.len())?;
    let scalars = messages_to_scalars(suite, messages);
    let held = HeldSignature::unverified(key, signature, &generators, header, &scalars)?;
    ProofInit::new(key, &held, &generators, header, &scalars, disclosed, rng)?.finalize(ph)
}

/// `ProofVerify`. `disclosed` are (zero-based index, message) by strictly ascending index.
///
/// As in the draft, the number of messages follows from the proof's length. The first proof of a length
/// costs the generators for it, once a process: up to [`MAX_MESSAGES`] hashes to the curve, and 384 KiB of
/// table for each of the first 260. Who knows its credentials' length should refuse others beforehand.
///
/// # Errors
/// [`Error::Refused`], whatever the reason.
pub fn proof_verify<M: AsRef<[u8]>>(
    suite: Suite,
    key: &PublicKey,
    proof: &Proof,
    header: &[u8],
    ph: &[u8],
    disclosed: &[(usize, M)],
) -> Result<(), Error> {
    let count = proof.hidden() + disclosed.len();
    if count > MAX_MESSAGES {
        return Err(Error::Refused);
    }
    let interface = Interface::standard(suite);
    let generators = Generators::new(interface, count).map_err(|_| Error::Refused)?;
    let scalars: Vec<(usize, Scalar)> = disclosed
        .iter()
        .map(|(index, message)| (*index, interface.message_to_scalar(message.as_ref())))
        .collect();
    super::proof_verify(key, proof, &generators, header, ph, &scalars).map(|_| ())
}
