//! The presentation as it travels.
//!
//! ```text
//! body       = [credentials, lists, shared or null, predicate or null]
//! credential = [issuer, version, window or null, disclosed, BBS proof, link or null]
//! issuer     = its number in the policy, or the key's octets where a trust list has the issuers
//! window     = [from, until]                          hours
//! list       = [epoch, issued at, next update, contents, BBS proof, link or null]
//! disclosed  = [[message index, value], ..]           value: null, unsigned, text or octets
//! link       = [C, T, ρ̂]
//! shared     = [K, τ̂, z_e of the first equality ‖ .. ‖ of the last]
//! predicate  = [π, D, K_D, ν̂, z_1 ‖ .. ‖ z_n]
//! ```
//!
//! A credential, or the entry of a list, has a link if a slot or a side of an equality lies in it; the shared part is there if
//! any of them has a link.
//!
//! Points and scalars are byte strings in the canonical form of their curve. Reading checks form:
//! canonical encodings, subgroups, ranges. Whether the parts are those that the policy asks for is the
//! verifier's to say.

use super::link::{CredentialLink, PredicateLink, RESPONSE_LEN, Response, SharedLink};
use super::statement::{Choice, Signer};
use crate::bbs::{MAX_MESSAGES, Proof, PublicKey};
use crate::curve::{G1_LEN, G1Affine, SCALAR_LEN, Scalar, decode_g1, decode_scalar};
use crate::encoding::{Kind, Reader, Wire, WireError, Writer};
use crate::status::Stamp;
use crate::transcript::DIGEST_LEN;
use crate::trust::SigningWindow;
use crate::value::{Encoded, Timestamp};
use sigil_circuits as circuits;
use std::fmt;

/// Most credentials of one presentation.
pub const MAX_CREDENTIALS: usize = 16;
/// Most entries of lists of one presentation.
pub const MAX_LISTS: usize = 16;
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
    pub(super) lists: Vec<ListPart>,
    pub(super) shared: Option<SharedLink>,
    pub(super) predicate: Option<PredicatePart>,
}

/// What a presentation says of one credential.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CredentialPart {
    pub(super) choice: Choice,
    pub(super) proof: Proof,
    pub(super) link: Option<CredentialLink>,
}

/// What a presentation says of one list.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ListPart {
    pub(super) stamp: Stamp,
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

    /// Of one credential: which of the policy's issuers it names (none where it names a key that a trust
    /// list is to have), how many messages it discloses, and how many it hides.
    pub fn outline(&self, credential: usize) -> Option<(Option<usize>, usize, usize)> {
        let part = self.credentials.get(credential)?;
        let issuer = match part.choice.signer {
            Signer::Named(issuer) => Some(issuer),
            Signer::Key(_) => None,
        };
        Some((issuer, part.choice.disclosed.len(), part.proof.hidden()))
    }

    /// How many entries of lists it rests on.
    pub fn lists(&self) -> usize {
        self.lists.len()
    }

    /// The BBS proofs of all members: credentials, then entries of lists.
    pub(super) fn proofs(&self) -> Vec<&Proof> {
        let credentials = self.credentials.iter().map(|part| &part.proof);
        credentials.chain(self.lists.iter().map(|part| &part.proof)).collect()
    }

    /// The links of all members.
    pub(super) fn links(&self) -> Vec<Option<&CredentialLink>> {
        let credentials = self.credentials.iter().map(|part| part.link.as_ref());
        credentials.chain(self.lists.iter().map(|part| part.link.as_ref())).collect()
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
            .field("lists", &self.lists.len())
            .field("predicate", &self.predicate.is_some())
            .field("equalities", &self.equalities())
            .finish_non_exhaustive()
    }
}

impl Wire for Presentation {
    const FORMAT: &'static str = "sigil-presentation";
    const VERSION: u64 = 3;
    const MAX_LEN: usize = 1 << 20;

    fn write(&self, writer: &mut Writer) {
        writer.array(4);
        writer.array(self.credentials.len());
        self.credentials.iter().for_each(|part| part.write(writer));
        writer.array(self.lists.len());
        self.lists.iter().for_each(|part| part.write(writer));
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
        reader.exact_array(4)?;
        let count = reader.array(MAX_CREDENTIALS)?;
        let credentials =
            (0..count).map(|_| CredentialPart::read(reader)).collect::<Result<_, _>>()?;
        let count = reader.array(MAX_LISTS)?;
        let lists = (0..count).map(|_| ListPart::read(reader)).collect::<Result<_, _>>()?;
        let shared = optional(reader, read_shared)?;
        let predicate = optional(reader, PredicatePart::read)?;
        Ok(Presentation { credentials, lists, shared, predicate })
    }
}

impl CredentialPart {
    fn write(&self, writer: &mut Writer) {
        let Choice { signer, version, window, disclosed } = &self.choice;
        writer.array(6);
        match signer {
            Signer::Named(number) => writer.unsigned(*number as u64),
            Signer::Key(key) => writer.octets(&key.to_bytes()),
        }
        writer.unsigned(*version as u64);
        match window {
            None => writer.null(),
            Some(window) => {
                writer.array(2);
                writer.unsigned(window.from().into());
                writer.unsigned(window.until().into());
            }
        }
        writer.array(disclosed.len());
        for (index, value) in disclosed {
            writer.array(2);
            writer.unsigned(*index as u64);
            write_value(writer, value);
        }
        write_proof(writer, &self.proof, self.link.as_ref());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(6)?;
        let signer = match reader.kind() {
            Kind::Octets => reader.decoded(PublicKey::LEN, "an issuer's key", |octets| {
                PublicKey::from_bytes(octets).ok().map(Box::new).map(Signer::Key)
            })?,
            _ => Signer::Named(small(reader, MAX_MESSAGES, "the number of an issuer")?),
        };
        let version = small(reader, MAX_MESSAGES, "the number of a version")?;
        let window = optional(reader, read_window)?;
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
        let (proof, link) = read_proof(reader)?;
        let choice = Choice { signer, version, window, disclosed };
        Ok(CredentialPart { choice, proof, link })
    }
}

impl ListPart {
    fn write(&self, writer: &mut Writer) {
        writer.array(6);
        writer.unsigned(self.stamp.epoch);
        writer.unsigned(self.stamp.issued_at.unix());
        writer.unsigned(self.stamp.next_update.unix());
        writer.octets(&self.stamp.contents);
        write_proof(writer, &self.proof, self.link.as_ref());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(6)?;
        let epoch = reader.unsigned()?;
        let (issued_at, next_update) = (read_time(reader)?, read_time(reader)?);
        let contents = reader.decoded(DIGEST_LEN, "a digest", |octets| octets.try_into().ok())?;
        let (proof, link) = read_proof(reader)?;
        Ok(ListPart { stamp: Stamp { epoch, issued_at, next_update, contents }, proof, link })
    }
}

fn read_window(reader: &mut Reader<'_>) -> Result<SigningWindow, WireError> {
    let error = reader.wrong("a window of hours, from before until");
    reader.exact_array(2)?;
    let [from, until] = [reader.unsigned()?, reader.unsigned()?].map(u32::try_from);
    let window = from.ok().zip(until.ok());
    window.and_then(|(from, until)| SigningWindow::new(from, until)).ok_or(error)
}

fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, WireError> {
    let error = reader.wrong("a time");
    Timestamp::from_unix(reader.unsigned()?).ok_or(error)
}

fn write_proof(writer: &mut Writer, proof: &Proof, link: Option<&CredentialLink>) {
    writer.octets(&proof.to_bytes());
    match link {
        None => writer.null(),
        Some(link) => {
            writer.array(3);
            write_point(writer, &link.c);
            write_point(writer, &link.t);
            writer.octets(&link.rho_hat.to_bytes_be());
        }
    }
}

fn read_proof(reader: &mut Reader<'_>) -> Result<(Proof, Option<CredentialLink>), WireError> {
    let most = Proof::len(MAX_MESSAGES);
    let proof = reader.decoded(most, "a BBS proof", |octets| Proof::from_bytes(octets).ok())?;
    let link = optional(reader, |reader| {
        reader.exact_array(3)?;
        Ok(CredentialLink { c: point(reader)?, t: point(reader)?, rho_hat: scalar(reader)? })
    })?;
    Ok((proof, link))
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
