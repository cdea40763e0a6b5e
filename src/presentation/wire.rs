//! The presentation as it travels.
//!
//! ```text
//! body       = [credentials, shared or null, predicate or null]
//! credential = [issuer, disclosed, BBS proof, link or null]
//! disclosed  = [[message index, value], ..]           value: null, unsigned, text or octets
//! link       = [C, T, ρ̂]
//! shared     = [K, τ̂, z_e of the first equality ‖ .. ‖ of the last]
//! predicate  = [π, D, K_D, ν̂, z_1 ‖ .. ‖ z_n]
//! ```
//!
//! A credential has a link if a slot or a side of an equality lies in it; the shared part is there if
//! any credential has a link.
//!
//! Points and scalars are byte strings in the canonical form of their curve. Reading checks form:
//! canonical encodings, subgroups, ranges. Whether the parts are those that the policy asks for is the
//! verifier's to say.

use super::link::{CredentialLink, PredicateLink, RESPONSE_LEN, Response, SharedLink};
use crate::bbs::{MAX_MESSAGES, Proof};
use crate::curve::{G1_LEN, G1Affine, SCALAR_LEN, Scalar, decode_g1, decode_scalar};
use crate::encoding::{Kind, Reader, Wire, WireError, Writer};
use crate::value::Encoded;
use sigil_circuits as circuits;
use std::fmt;

/// Most credentials of one presentation.
pub const MAX_CREDENTIALS: usize = 16;
/// Most slots of one presentation.
pub const MAX_SLOTS: usize = 128;
/// Most hidden equalities of one presentation.
pub const MAX_EQUALITIES: usize = 64;
/// Most octets of one disclosed text or byte string.
const MAX_VALUE_LEN: usize = 1 << 16;

/// A presentation: what a holder sends. Nothing in it is known to be true until
/// [`verify`](super::verify) has made a [`VerifiedPresentation`](super::VerifiedPresentation) of it.
#[derive(Clone, PartialEq)]
pub struct Presentation {
    pub(super) credentials: Vec<CredentialPart>,
    pub(super) shared: Option<SharedLink>,
    pub(super) predicate: Option<PredicatePart>,
}

/// What a presentation says of one credential.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CredentialPart {
    /// Which of the issuers that the policy's role trusts.
    pub(super) issuer: usize,
    /// Disclosed messages by strictly ascending index.
    pub(super) disclosed: Vec<(usize, Encoded)>,
    pub(super) proof: Proof,
    pub(super) link: Option<CredentialLink>,
}

/// The predicate's proof and its side of the link.
#[derive(Clone, PartialEq)]
pub(super) struct PredicatePart {
    pub(super) proof: circuits::Proof,
    pub(super) d: circuits::Commitment,
    pub(super) link: PredicateLink,
}

impl Presentation {
    /// How many credentials it speaks of.
    pub fn credentials(&self) -> usize {
        self.credentials.len()
    }

    /// Of one credential: which of the policy's issuers it names, how many messages it discloses,
    /// and how many it hides.
    pub fn outline(&self, credential: usize) -> Option<(usize, usize, usize)> {
        let part = self.credentials.get(credential)?;
        Some((part.issuer, part.disclosed.len(), part.proof.hidden()))
    }

    /// How many hidden values the predicate proof speaks of.
    pub fn slots(&self) -> usize {
        self.predicate.as_ref().map_or(0, |part| part.link.z.len())
    }

    /// How many hidden equalities it proves.
    pub fn equalities(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.z.len())
    }

    /// Whether it carries a predicate proof.
    pub fn has_predicate(&self) -> bool {
        self.predicate.is_some()
    }
}

impl fmt::Debug for Presentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presentation")
            .field("credentials", &self.credentials.len())
            .field("predicate", &self.predicate.is_some())
            .field("equalities", &self.equalities())
            .finish_non_exhaustive()
    }
}

impl Wire for Presentation {
    const FORMAT: &'static str = "sigil-presentation";
    const VERSION: u64 = 2;
    const MAX_LEN: usize = 1 << 20;

    fn write(&self, writer: &mut Writer) {
        writer.array(3);
        writer.array(self.credentials.len());
        self.credentials.iter().for_each(|part| part.write(writer));
        match &self.shared {
            None => writer.null(),
            Some(shared) => write_shared(writer, shared),
        }
        match &self.predicate {
            None => writer.null(),
            Some(part) => part.write(writer),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(3)?;
        let count = reader.array(MAX_CREDENTIALS)?;
        let credentials =
            (0..count).map(|_| CredentialPart::read(reader)).collect::<Result<_, _>>()?;
        let shared = optional(reader, read_shared)?;
        let predicate = optional(reader, PredicatePart::read)?;
        Ok(Presentation { credentials, shared, predicate })
    }
}

impl CredentialPart {
    fn write(&self, writer: &mut Writer) {
        writer.array(4);
        writer.unsigned(self.issuer as u64);
        writer.array(self.disclosed.len());
        for (index, value) in &self.disclosed {
            writer.array(2);
            writer.unsigned(*index as u64);
            write_value(writer, value);
        }
        writer.octets(&self.proof.to_bytes());
        match &self.link {
            None => writer.null(),
            Some(link) => {
                writer.array(3);
                write_point(writer, &link.c);
                write_point(writer, &link.t);
                writer.octets(&link.rho_hat.to_bytes_be());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(4)?;
        let issuer = small(reader, MAX_MESSAGES, "the number of an issuer")?;
        let count = reader.array(MAX_MESSAGES)?;
        let mut disclosed: Vec<(usize, Encoded)> = Vec::new();
        for _ in 0..count {
            reader.exact_array(2)?;
            let error = reader.wrong("message indexes in ascending order");
            let index = small(reader, MAX_MESSAGES, "a message index")?;
            if disclosed.last().is_some_and(|(last, _)| *last >= index) {
                return Err(error);
            }
            disclosed.push((index, read_value(reader)?));
        }
        let most = Proof::len(MAX_MESSAGES);
        let proof = reader.decoded(most, "a BBS proof", |octets| Proof::from_bytes(octets).ok())?;
        let link = optional(reader, |reader| {
            reader.exact_array(3)?;
            Ok(CredentialLink { c: point(reader)?, t: point(reader)?, rho_hat: scalar(reader)? })
        })?;
        Ok(CredentialPart { issuer, disclosed, proof, link })
    }
}

impl PredicatePart {
    fn write(&self, writer: &mut Writer) {
        writer.array(5);
        writer.octets(&self.proof.to_bytes());
        writer.octets(&self.d.to_bytes());
        writer.octets(&self.link.k_d.to_bytes());
        writer.octets(&self.link.nu_hat);
        let z: Vec<u8> = self.link.z.iter().flat_map(|z| *z.as_bytes()).collect();
        writer.octets(&z);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(5)?;
        let proof = reader.decoded(circuits::Proof::LENGTH, "a Groth16 proof", |octets| {
            circuits::Proof::from_bytes(octets).ok()
        })?;
        let mut commitment = || {
            reader.decoded(circuits::Commitment::LENGTH, "a point of BN254", |octets| {
                circuits::Commitment::from_bytes(octets).ok()
            })
        };
        let [d, k_d] = [commitment()?, commitment()?];
        let nu_hat = reader.decoded(SCALAR_LEN, "a scalar of BN254", |octets| {
            let octets = octets.try_into().ok()?;
            circuits::Scalar::from_bytes(&octets).map(|_| octets)
        })?;
        let most = MAX_SLOTS * RESPONSE_LEN;
        let z = reader.decoded(most, "responses from 2^194 up, 31 octets each", |octets| {
            let whole = octets.len().is_multiple_of(RESPONSE_LEN);
            let z = octets.chunks_exact(RESPONSE_LEN).map(Response::from_bytes);
            z.collect::<Option<Vec<_>>>().filter(|_| whole)
        })?;
        Ok(PredicatePart { proof, d, link: PredicateLink { k_d, nu_hat, z } })
    }
}

fn write_shared(writer: &mut Writer, shared: &SharedLink) {
    writer.array(3);
    write_point(writer, &shared.k);
    writer.octets(&shared.tau_hat.to_bytes_be());
    let z: Vec<u8> = shared.z.iter().flat_map(Scalar::to_bytes_be).collect();
    writer.octets(&z);
}

fn read_shared(reader: &mut Reader<'_>) -> Result<SharedLink, WireError> {
    reader.exact_array(3)?;
    let (k, tau_hat) = (point(reader)?, scalar(reader)?);
    let most = MAX_EQUALITIES * SCALAR_LEN;
    let z = reader.decoded(most, "scalars of BLS12-381, 32 octets each", |octets| {
        octets.chunks(SCALAR_LEN).map(decode_scalar).collect::<Option<Vec<_>>>()
    })?;
    Ok(SharedLink { k, tau_hat, z })
}

/// What is there, or null.
fn optional<T>(
    reader: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, WireError>,
) -> Result<Option<T>, WireError> {
    match reader.kind() {
        Kind::Null => reader.null().map(|()| None),
        _ => read(reader).map(Some),
    }
}

fn write_point(writer: &mut Writer, point: &G1Affine) {
    writer.octets(&point.to_compressed());
}

fn point(reader: &mut Reader<'_>) -> Result<G1Affine, WireError> {
    reader.decoded(G1_LEN, "a point of BLS12-381's G1", decode_g1)
}

fn scalar(reader: &mut Reader<'_>) -> Result<Scalar, WireError> {
    reader.decoded(SCALAR_LEN, "a scalar of BLS12-381", decode_scalar)
}

fn small(reader: &mut Reader<'_>, most: usize, what: &'static str) -> Result<usize, WireError> {
    let error = reader.wrong(what);
    usize::try_from(reader.unsigned()?).ok().filter(|value| *value < most).ok_or(error)
}

/// The one encoding of a disclosed value; the transcript hashes the same octets.
pub(super) fn write_value(writer: &mut Writer, value: &Encoded) {
    match value {
        Encoded::Absent => writer.null(),
        Encoded::Integer(integer) => writer.unsigned(*integer),
        Encoded::Text(text) => writer.text(text),
        Encoded::Bytes(octets) => writer.octets(octets),
    }
}

fn read_value(reader: &mut Reader<'_>) -> Result<Encoded, WireError> {
    Ok(match reader.kind() {
        Kind::Null => {
            reader.null()?;
            Encoded::Absent
        }
        Kind::Unsigned => Encoded::Integer(reader.unsigned()?),
        Kind::Text => Encoded::Text(reader.text(MAX_VALUE_LEN)?.to_owned()),
        Kind::Octets => Encoded::Bytes(reader.octets(MAX_VALUE_LEN)?.to_vec()),
        Kind::Array | Kind::Other => return Err(reader.wrong("a value")),
    })
}

#[cfg(test)]
mod tests;
