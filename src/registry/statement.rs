//! What all signed statements have in common.
//!
//! A statement's identifier is the hash of its canonical octets, without the signature; the signature
//! is Ed25519 over the identifier under a tag of its own. So a statement has one identifier whoever
//! signs it again, and a signature of one kind of statement is none of another.
//!
//! # Delegation
//!
//! A statement is signed by the issuer that it names, or by somebody who speaks for that issuer by a
//! chain of [grants](super::grant). Whoever signs for another says four things more: the grants, in
//! order from the issuer's; the registry it is meant for, so that no other takes it; a number used
//! once, so that it is not taken twice; and until when it may be handed in, so that a statement that
//! was signed and never used can't be brought up years later.

use super::grant::GrantId;
use super::payload::optional;
use crate::authority::{Authority, AuthorityKey, NotSigned, SIGNATURE_LEN};
use crate::encoding::{Reader, Wire, WireError, Writer};
use crate::transcript::{Transcript, tag};
use crate::value::Timestamp;

/// Greatest length of a chain of grants.
pub const MAX_CHAIN: usize = 4;
/// Most octets of a registry's name.
pub const MAX_ORIGIN: usize = 128;

/// Defines the type of a kind of statement's identifiers.
macro_rules! statement_id {
    ($(#[$meta:meta])* $name:ident) => {
        $crate::digest::digest_type! { $(#[$meta])* $name }

        impl From<[u8; 32]> for $name {
            fn from(octets: [u8; 32]) -> Self {
                Self::from_bytes(octets)
            }
        }

        impl From<$name> for [u8; 32] {
            fn from(id: $name) -> Self {
                id.to_bytes()
            }
        }
    };
}
pub(super) use statement_id;

/// The content of a statement: an attestation, an event or a grant.
pub trait Statement: Sized {
    /// The name of the signed statement's wire format.
    const FORMAT: &'static str;
    /// Greatest length of the signed statement in octets.
    const MAX_LEN: usize;
    /// What its identifier is a hash under.
    const TAG: &'static [u8];
    /// Its identifier.
    type Id: From<[u8; 32]> + Into<[u8; 32]> + Copy;

    /// For whom it speaks.
    fn issuer(&self) -> &Authority;
    /// Who signs in the issuer's place, if somebody does.
    fn delegated(&self) -> Option<&Delegated>;
    /// When it was made, as it says itself.
    fn issued_at(&self) -> Timestamp;
    /// Writes the canonical octets.
    fn write(&self, writer: &mut Writer);
    /// Reads them.
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError>;

    /// Who signs it.
    fn signer(&self) -> &Authority {
        self.delegated().map_or(self.issuer(), |delegated| &delegated.signer)
    }

    /// The identifier.
    fn id(&self) -> Self::Id {
        let mut writer = Writer::default();
        self.write(&mut writer);
        let mut hash = Transcript::new(Self::TAG);
        hash.absorb("statement", writer.finish());
        Self::Id::from(hash.finish())
    }
}

/// What is said by whoever signs in an issuer's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegated {
    /// Who signs.
    pub signer: Authority,
    /// The grants, from the issuer's to the signer's.
    pub chain: Vec<GrantId>,
    /// The registry that it is meant for.
    pub audience: String,
    /// Of each number, a signer makes one statement for a registry.
    pub nonce: [u8; 32],
    /// Until when the registry may record it.
    pub deadline: Timestamp,
}

impl Delegated {
    fn write(&self, writer: &mut Writer) {
        writer.array(5);
        writer.octets(&self.signer.to_bytes());
        writer.array(self.chain.len());
        for grant in &self.chain {
            writer.octets(&grant.to_bytes());
        }
        writer.text(&self.audience);
        writer.octets(&self.nonce);
        writer.unsigned(self.deadline.unix());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(5)?;
        let signer = authority(reader)?;
        let count = reader.array(MAX_CHAIN)?;
        if count == 0 {
            return Err(reader.wrong("a chain of grants"));
        }
        let chain = (0..count).map(|_| octets32(reader).map(GrantId::from_bytes));
        let chain = chain.collect::<Result<_, _>>()?;
        let audience = reader.text(MAX_ORIGIN)?.to_owned();
        Ok(Self { signer, chain, audience, nonce: octets32(reader)?, deadline: timestamp(reader)? })
    }
}

pub(super) fn write_delegated(delegated: Option<&Delegated>, writer: &mut Writer) {
    match delegated {
        Some(delegated) => delegated.write(writer),
        None => writer.null(),
    }
}

pub(super) fn read_delegated(reader: &mut Reader<'_>) -> Result<Option<Delegated>, WireError> {
    optional(reader, Delegated::read)
}

/// A statement with a signature that nobody has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified<T> {
    statement: T,
    signature: [u8; SIGNATURE_LEN],
}

/// A statement that its signer signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T: Statement> {
    statement: T,
    id: T::Id,
    signature: [u8; SIGNATURE_LEN],
}

impl<T: Statement> Wire for Unverified<T> {
    const FORMAT: &'static str = T::FORMAT;
    const VERSION: u64 = 1;
    const MAX_LEN: usize = T::MAX_LEN;

    fn write(&self, writer: &mut Writer) {
        write_signed(&self.statement, &self.signature, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(2)?;
        let statement = T::read(reader)?;
        let signature = reader
            .decoded(SIGNATURE_LEN, "a signature of 64 octets", |octets| octets.try_into().ok())?;
        Ok(Self { statement, signature })
    }
}

fn write_signed<T: Statement>(statement: &T, signature: &[u8], writer: &mut Writer) {
    writer.array(2);
    statement.write(writer);
    writer.octets(signature);
}

impl<T: Statement> Unverified<T> {
    /// What it says, for whoever has to know before the signature is checked.
    pub fn statement(&self) -> &T {
        &self.statement
    }

    /// Checks the signature.
    pub fn check(self) -> Result<Signed<T>, NotSigned> {
        let id = self.statement.id();
        self.statement.signer().verify(&signed_message(id.into()), &self.signature)?;
        Ok(Signed { statement: self.statement, id, signature: self.signature })
    }

    /// The statement as a registry has it that checked the signature before it took it.
    #[cfg_attr(not(feature = "store"), allow(dead_code, reason = "only a store keeps statements"))]
    pub(crate) fn kept(self) -> Signed<T> {
        let id = self.statement.id();
        Signed { statement: self.statement, id, signature: self.signature }
    }
}

impl<T: Statement> Signed<T> {
    /// Signs a statement.
    ///
    /// # Errors
    /// [`NotSigned`] if the key is not the one of its signer.
    pub fn sign(statement: T, key: &AuthorityKey) -> Result<Self, NotSigned> {
        if key.authority() != *statement.signer() {
            return Err(NotSigned);
        }
        let id = statement.id();
        let signature = key.sign(&signed_message(id.into()));
        Ok(Self { statement, id, signature })
    }

    /// What it says.
    pub fn statement(&self) -> &T {
        &self.statement
    }

    /// The identifier.
    pub fn id(&self) -> T::Id {
        self.id
    }

    /// The signature.
    pub fn signature(&self) -> &[u8; SIGNATURE_LEN] {
        &self.signature
    }

    /// The octets that are stored and passed on.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.array(3);
        writer.text(T::FORMAT);
        writer.unsigned(Unverified::<T>::VERSION);
        write_signed(&self.statement, &self.signature, &mut writer);
        writer.finish()
    }

    /// Without the knowledge that the signature was checked.
    pub fn into_unverified(self) -> Unverified<T> {
        Unverified { statement: self.statement, signature: self.signature }
    }
}

fn signed_message(id: [u8; 32]) -> Vec<u8> {
    [tag::STATEMENT_SIGNATURE, &id].concat()
}

pub(super) fn octets32(reader: &mut Reader<'_>) -> Result<[u8; 32], WireError> {
    reader.decoded(32, "32 octets", |octets| octets.try_into().ok())
}

pub(super) fn authority(reader: &mut Reader<'_>) -> Result<Authority, WireError> {
    let error = reader.wrong("an Ed25519 key");
    Authority::from_bytes(&octets32(reader)?).ok_or(error)
}

pub(super) fn timestamp(reader: &mut Reader<'_>) -> Result<Timestamp, WireError> {
    let error = reader.wrong("a time in seconds");
    Timestamp::from_unix(reader.unsigned()?).ok_or(error)
}
