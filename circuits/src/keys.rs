//! Keys that know their shape, and the only way in for keys from elsewhere.
//!
//! # Key file
//!
//! | octets | content |
//! |---|---|
//! | 8 | magic `SIGILKEY` |
//! | 2 | version |
//! | 1 | kind: 1 verifying, 2 proving |
//! | 32 | shape identifier |
//! | n | points, uncompressed; the shape determines how many |
//! | 32 | fingerprint: SHA-256 over a domain tag and everything before |
//!
//! A verifying key is α, β, γ, δ and the `IC` points (constant, parameters, slots, blinder). A
//! proving key is the same, followed by β and δ in G1 and the queries A, B (G1), B (G2), H, L.
//!
//! # What is refused, and why
//!
//! Whoever reads a key states the shape that it must be for. Beyond format and group membership:
//!
//! - **γ = ±δ**: a key left half-made by its setup. Then `A = α`, `B = β`, `C = ∓vk_x` proves any
//!   statement. The same goes for γ or δ equal to the group's generator, the value that tools
//!   leave where a phase of the setup was skipped. (Veil Cash 2025 and FoomCash 2026 lost their
//!   funds so.)
//! - **Identity points**, and **`IC` points that are equal up to sign**: their inputs could be
//!   exchanged, or changed at will, under the same sum. The commitment's bases must be independent.
//! - **A proving key whose parts disagree**. For each variable `i` outside the matrix `C`, with
//!   `A_i, B_i` its queries, `β·A_i + α·B_i` is `γ·IC_i` (instance) or `δ·L_i` (witness): one
//!   pairing equation for all of them under coefficients hashed from the file, and two more for β,
//!   δ and B in both groups. So the verifying key inside is the one that the queries are for. The
//!   H query isn't covered: a wrong one yields proofs that don't verify, which a wallet sees before
//!   they leave, and no more.
//!
//! None of this shows that the setup's secrets were erased: that is for the ceremony.

use std::sync::OnceLock;

use ark_bn254::{G1Affine, G2Affine, g1};
use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress};
use sha2::{Digest, Sha256};

use crate::fixed_base::FixedBases;
use crate::groth16::{ProvingParts, VerifyingParts};
use crate::key_checks;
use crate::pairing::Fixed;
use crate::points;
use crate::prover::Prover;
use crate::shape::{Shape, ShapeId};

const MAGIC: &[u8; 8] = b"SIGILKEY";
const VERSION: u16 = 1;
const FINGERPRINT_TAG: &[u8] = b"SIGIL-CIRCUITS-KEY-";
const HEADER: usize = 8 + 2 + 1 + 32;
const FINGERPRINT: usize = 32;

/// What a key file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Verifying = 1,
    Proving = 2,
}

/// A part of a key, to name where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPart {
    /// α in G1.
    Alpha,
    /// β in G1 or G2.
    Beta,
    /// γ in G2.
    Gamma,
    /// δ in G1 or G2.
    Delta,
    /// The points of the instance variables: constant, parameters, slots, blinder.
    Ic,
    /// The A query.
    A,
    /// The B query in G1.
    B1,
    /// The B query in G2.
    B2,
    /// The H query.
    H,
    /// The L query.
    L,
}

/// Why a key can't be made or is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file doesn't begin like a key.
    #[error("not a key file: it doesn't begin with SIGILKEY")]
    Magic,
    /// Another version of the format.
    #[error("key file version {found}, where this program reads {VERSION}")]
    Version {
        /// The version in the file.
        found: u16,
    },
    /// A proving key where a verifying key is due, or the reverse.
    #[error("a key of kind {found}, where 1 is a verifying key and 2 a proving key")]
    Kind {
        /// The kind in the file.
        found: u8,
    },
    /// The key is for another predicate.
    #[error("the key is for shape {found}, not {expected}")]
    Shape {
        /// The shape that was asked for.
        expected: ShapeId,
        /// The shape in the file.
        found: ShapeId,
    },
    /// Truncated.
    #[error("truncated: {found} octets where a key of this shape has {expected}")]
    Truncated {
        /// The length that the shape implies.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// Octets after the end.
    #[error("{found} octets where a key of this shape has {expected}")]
    Trailing {
        /// The length that the shape implies.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// The contents aren't those that the fingerprint was made for.
    #[error("the fingerprint doesn't match: the file is damaged or altered")]
    Fingerprint,
    /// A point that isn't one.
    #[error("{part:?}[{index}]: not the canonical encoding of a point of the group")]
    Point {
        /// Which part.
        part: KeyPart,
        /// Which point of it.
        index: usize,
    },
    /// The identity where it would void the proof, or where the circuit has no use for a variable
    /// and the key has, or the reverse.
    #[error("{part:?}[{index}]: the identity is out of place, or missing from its place")]
    Identity {
        /// Which part.
        part: KeyPart,
        /// Which point of it.
        index: usize,
    },
    /// γ = ±δ: every proof could be forged.
    #[error("gamma equals delta up to sign: every proof could be forged")]
    GammaIsDelta,
    /// γ or δ is the generator up to sign: the setup was not finished.
    #[error("{part:?} is the generator: the setup was not finished")]
    Generator {
        /// γ or δ.
        part: KeyPart,
    },
    /// Two `IC` points are equal up to sign.
    #[error("Ic[{first}] and Ic[{second}] are equal up to sign: their inputs could be exchanged")]
    Duplicate {
        /// The one.
        first: usize,
        /// The other.
        second: usize,
    },
    /// The parts of a proving key come from different setups.
    #[error("the parts of the proving key don't belong together")]
    Inconsistent,
    /// Setup failed.
    #[error("the setup failed: the constraint system is too large")]
    Setup,
}

/// The verifier's key for one shape.
#[derive(Clone)]
pub struct VerifyingKey {
    shape: Shape,
    parts: VerifyingParts,
    fingerprint: [u8; FINGERPRINT],
    tables: OnceLock<Tables>,
}

/// What verification needs beside the key, made when first used: tables for the `IC` points after
/// the constant's, and the fixed side of the pairing equation.
#[derive(Clone)]
pub(crate) struct Tables {
    /// Of the parameters.
    pub(crate) public: FixedBases<g1::Config>,
    /// Of the slots and the blinder.
    pub(crate) hidden: FixedBases<g1::Config>,
    /// The lines of β, γ and δ, and `e(α, β)`.
    pub(crate) fixed: Fixed,
}

impl VerifyingKey {
    /// The shape that it verifies.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The identifier of that shape.
    pub fn shape_id(&self) -> ShapeId {
        self.shape.id()
    }

    /// The hash by which this key is pinned.
    pub fn fingerprint(&self) -> [u8; FINGERPRINT] {
        self.fingerprint
    }

    /// The key file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = header(&self.shape, Kind::Verifying);
        write_verifying(self.parts(), &mut out);
        seal(out)
    }

    /// Reads a key file that must be for `shape`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_bytes(bytes: &[u8], shape: &Shape) -> Result<Self, KeyError> {
        let mut reader = open(bytes, shape, Kind::Verifying)?;
        let parts = read_verifying(&mut reader, shape)?;
        Self::new(shape.clone(), parts)
    }

    /// Every verifying key passes here, made or loaded.
    fn new(shape: Shape, parts: VerifyingParts) -> Result<Self, KeyError> {
        key_checks::check_verifying(&parts)?;
        let mut out = header(&shape, Kind::Verifying);
        write_verifying(&parts, &mut out);
        let fingerprint = fingerprint(&out);
        Ok(Self { shape, parts, fingerprint, tables: OnceLock::new() })
    }

    pub(crate) fn parts(&self) -> &VerifyingParts {
        &self.parts
    }

    /// Makes now what the first proof or verification would otherwise wait for.
    pub fn prepare(&self) {
        self.tables();
    }

    /// How many octets the prepared tables take; 0 until they are made.
    pub fn prepared_size(&self) -> usize {
        self.tables.get().map_or(0, |tables| tables.public.size() + tables.hidden.size())
    }

    pub(crate) fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| {
            let inputs = self.parts().gamma_abc_g1.get(1..).unwrap_or_default();
            let (public, hidden) = inputs.split_at(self.shape.params().len().min(inputs.len()));
            Tables {
                public: FixedBases::new(public),
                hidden: FixedBases::new(hidden),
                fixed: Fixed::new(&self.parts),
            }
        })
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fingerprint = ShapeId::from_bytes(self.fingerprint);
        write!(f, "VerifyingKey({fingerprint} for shape {})", self.shape_id())
    }
}

/// The prover's key for one shape; it holds the verifier's.
pub struct ProvingKey {
    verifying: VerifyingKey,
    parts: ProvingParts,
    /// Made when first used: several times the size of the key.
    prover: OnceLock<Prover>,
}

impl ProvingKey {
    /// The verifier's key.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The verifier's key alone.
    pub fn into_verifying_key(self) -> VerifyingKey {
        self.verifying
    }

    /// The shape that it proves.
    pub fn shape(&self) -> &Shape {
        self.verifying.shape()
    }

    /// The key file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = header(self.shape(), Kind::Proving);
        write_verifying(&self.parts.vk, &mut out);
        write_proving(&self.parts, &mut out);
        seal(out)
    }

    /// Reads a key file that must be for `shape`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_bytes(bytes: &[u8], shape: &Shape) -> Result<Self, KeyError> {
        let mut reader = open(bytes, shape, Kind::Proving)?;
        let vk = read_verifying(&mut reader, shape)?;
        let parts = read_proving(&mut reader, shape, vk)?;
        Self::new(shape.clone(), parts)
    }

    /// Every proving key passes here, made or loaded.
    pub(crate) fn new(shape: Shape, parts: ProvingParts) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::new(shape, parts.vk.clone())?;
        key_checks::check_queries(verifying.shape(), &parts)?;
        let key = Self { verifying, parts, prover: OnceLock::new() };
        key_checks::check_consistency(&key)?;
        Ok(key)
    }

    pub(crate) fn parts(&self) -> &ProvingParts {
        &self.parts
    }

    /// Makes now what the first proof would otherwise wait for. Once is enough; more do nothing.
    pub fn prepare(&self) {
        self.verifying.prepare();
        self.prover();
    }

    /// How many octets the prepared tables take, of this key and of the verifying key in it, beside
    /// the key itself; 0 for what isn't prepared yet. Never more than 2 MiB and 17 KiB for each row
    /// of the domain; usually less than 2 KiB a row, the less the more there are: 0.5 MiB for 111
    /// constraints, 13.4 MiB for 8,192.
    pub fn prepared_size(&self) -> usize {
        self.verifying.prepared_size() + self.prover.get().map_or(0, Prover::size)
    }

    pub(crate) fn prover(&self) -> &Prover {
        self.prover.get_or_init(|| Prover::new(&self.parts, self.shape().system()))
    }
}

impl std::fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProvingKey({:?})", self.verifying)
    }
}

fn header(shape: &Shape, kind: Kind) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(VERSION.to_be_bytes());
    out.push(kind as u8);
    out.extend(shape.id().to_bytes());
    out
}

fn fingerprint(content: &[u8]) -> [u8; FINGERPRINT] {
    Sha256::new_with_prefix(FINGERPRINT_TAG).chain_update(content).finalize().into()
}

fn seal(mut out: Vec<u8>) -> Vec<u8> {
    out.extend(fingerprint(&out));
    out
}

/// How many points of each part a key for `shape` has.
pub(crate) struct Counts {
    pub(crate) ic: usize,
    pub(crate) variables: usize,
    pub(crate) h: usize,
    pub(crate) witnesses: usize,
}

impl Counts {
    pub(crate) fn of(shape: &Shape) -> Self {
        let (ic, witnesses) = (shape.system().instances(), shape.system().witnesses());
        Self { ic, variables: ic + witnesses, h: shape.domain_size() - 1, witnesses }
    }

    /// The length of the points' octets.
    fn body(&self, kind: Kind) -> usize {
        let g1 = points::length::<G1Affine>(Compress::No);
        let g2 = points::length::<G2Affine>(Compress::No);
        let verifying = g1 + 3 * g2 + self.ic * g1;
        let queries = 2 * self.variables + self.h + self.witnesses;
        match kind {
            Kind::Verifying => verifying,
            Kind::Proving => verifying + 2 * g1 + queries * g1 + self.variables * g2,
        }
    }
}

/// What a key file says of itself, its points unread: for showing, never for trusting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFile {
    proving: bool,
    shape: ShapeId,
    fingerprint: [u8; FINGERPRINT],
}

impl KeyFile {
    /// Reads header and fingerprint. The file must be whole and of this version.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn identify(bytes: &[u8]) -> Result<Self, KeyError> {
        let expected = HEADER + FINGERPRINT;
        let truncated = KeyError::Truncated { expected, found: bytes.len() };
        let magic = bytes.first_chunk::<8>().ok_or(truncated.clone())?;
        if magic != MAGIC {
            return Err(KeyError::Magic);
        }
        let (content, trailer) =
            bytes.split_last_chunk::<FINGERPRINT>().ok_or(truncated.clone())?;
        let header = content.first_chunk::<HEADER>().ok_or(truncated)?;
        let [.., high, low, kind] = header[..11] else { return Err(KeyError::Magic) };
        match u16::from_be_bytes([high, low]) {
            VERSION => {}
            found => return Err(KeyError::Version { found }),
        }
        let proving = match kind {
            kind if kind == Kind::Verifying as u8 => false,
            kind if kind == Kind::Proving as u8 => true,
            found => return Err(KeyError::Kind { found }),
        };
        if fingerprint(content) != *trailer {
            return Err(KeyError::Fingerprint);
        }
        let mut shape = [0; 32];
        shape.copy_from_slice(&header[11..]);
        Ok(Self { proving, shape: ShapeId::from_bytes(shape), fingerprint: *trailer })
    }

    /// Whether it is a proving key.
    pub fn is_proving(&self) -> bool {
        self.proving
    }

    /// The shape that it says it is for.
    pub fn shape_id(&self) -> ShapeId {
        self.shape
    }

    /// The file's fingerprint: of a verifying key the one that it is pinned by.
    pub fn fingerprint(&self) -> [u8; FINGERPRINT] {
        self.fingerprint
    }
}

/// Checks all that is around the points, and gives a reader of them.
fn open<'a>(bytes: &'a [u8], shape: &Shape, kind: Kind) -> Result<Reader<'a>, KeyError> {
    let expected = HEADER + Counts::of(shape).body(kind) + FINGERPRINT;
    let truncated = KeyError::Truncated { expected, found: bytes.len() };
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(truncated.clone())?;
    if magic != MAGIC {
        return Err(KeyError::Magic);
    }
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(truncated.clone())?;
    let found = u16::from_be_bytes(*version);
    if found != VERSION {
        return Err(KeyError::Version { found });
    }
    let ([found], rest) = rest.split_first_chunk::<1>().ok_or(truncated.clone())?;
    if *found != kind as u8 {
        return Err(KeyError::Kind { found: *found });
    }
    let (id, _) = rest.split_first_chunk::<32>().ok_or(truncated.clone())?;
    let found = ShapeId::from_bytes(*id);
    if found != shape.id() {
        return Err(KeyError::Shape { expected: shape.id(), found });
    }
    match bytes.len() {
        found if found < expected => return Err(truncated),
        found if found > expected => return Err(KeyError::Trailing { expected, found }),
        _ => {}
    }
    let (content, trailer) = bytes.split_last_chunk::<FINGERPRINT>().ok_or(truncated)?;
    if fingerprint(content) != *trailer {
        return Err(KeyError::Fingerprint);
    }
    Ok(Reader { rest: content.get(HEADER..).unwrap_or_default() })
}

/// Takes points off a key's body.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn points<P>(&mut self, part: KeyPart, count: usize) -> Result<Vec<P>, KeyError>
    where
        P: AffineRepr + CanonicalSerialize + CanonicalDeserialize,
    {
        (0..count).map(|index| self.any(part, index)).collect()
    }

    fn any<P>(&mut self, part: KeyPart, index: usize) -> Result<P, KeyError>
    where
        P: AffineRepr + CanonicalSerialize + CanonicalDeserialize,
    {
        let fault = KeyError::Point { part, index };
        let length = points::length::<P>(Compress::No);
        let (octets, rest) = self.rest.split_at_checked(length).ok_or(fault.clone())?;
        self.rest = rest;
        points::read_any(octets, Compress::No).ok_or(fault)
    }

    fn one<P>(&mut self, part: KeyPart) -> Result<P, KeyError>
    where
        P: AffineRepr + CanonicalSerialize + CanonicalDeserialize,
    {
        self.any(part, 0)
    }
}

fn write_verifying(vk: &VerifyingParts, out: &mut Vec<u8>) {
    points::write(&vk.alpha_g1, Compress::No, out);
    for point in [&vk.beta_g2, &vk.gamma_g2, &vk.delta_g2] {
        points::write(point, Compress::No, out);
    }
    vk.gamma_abc_g1.iter().for_each(|point| points::write(point, Compress::No, out));
}

fn read_verifying(reader: &mut Reader<'_>, shape: &Shape) -> Result<VerifyingParts, KeyError> {
    Ok(VerifyingParts {
        alpha_g1: reader.one(KeyPart::Alpha)?,
        beta_g2: reader.one(KeyPart::Beta)?,
        gamma_g2: reader.one(KeyPart::Gamma)?,
        delta_g2: reader.one(KeyPart::Delta)?,
        gamma_abc_g1: reader.points(KeyPart::Ic, Counts::of(shape).ic)?,
    })
}

fn write_proving(pk: &ProvingParts, out: &mut Vec<u8>) {
    let g1 = |points: &[G1Affine], out: &mut Vec<u8>| {
        points.iter().for_each(|point| points::write(point, Compress::No, out));
    };
    g1(&[pk.beta_g1, pk.delta_g1], out);
    g1(&pk.a_query, out);
    g1(&pk.b_g1_query, out);
    pk.b_g2_query.iter().for_each(|point| points::write(point, Compress::No, out));
    g1(&pk.h_query, out);
    g1(&pk.l_query, out);
}

fn read_proving(
    reader: &mut Reader<'_>,
    shape: &Shape,
    vk: VerifyingParts,
) -> Result<ProvingParts, KeyError> {
    let counts = Counts::of(shape);
    Ok(ProvingParts {
        vk,
        beta_g1: reader.one(KeyPart::Beta)?,
        delta_g1: reader.one(KeyPart::Delta)?,
        a_query: reader.points(KeyPart::A, counts.variables)?,
        b_g1_query: reader.points(KeyPart::B1, counts.variables)?,
        b_g2_query: reader.points(KeyPart::B2, counts.variables)?,
        h_query: reader.points(KeyPart::H, counts.h)?,
        l_query: reader.points(KeyPart::L, counts.witnesses)?,
    })
}

#[cfg(test)]
mod tests;
