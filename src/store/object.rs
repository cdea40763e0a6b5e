//! What is handed in to a registry: objects, each of a [`Kind`], with an identifier and octets.
//!
//! An object was checked by itself: its octets are of the form, in their one spelling, and its
//! signatures hold. What it says of others, and whether it may be taken now, is
//! [admission](super::admit).

use crate::document::{Bounds, Document, Fault};
use crate::encoding::{Wire, WireError};
use crate::policy::Bundle;
use crate::registry::attestation::{Attestation, SignedAttestation};
use crate::registry::event::{Event, SignedEvent};
use crate::registry::grant::{Grant, SignedGrant};
use crate::registry::issuer::IssuerRecord;
use crate::registry::object::Kind;
use crate::registry::statement::{Signed, Statement, Unverified};
use crate::schema::Schema;
use crate::status::{SignedHead, StatusError, file::elements_digest};
use crate::trust::TrustList;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Most octets of the original of an imported attestation.
pub const MAX_SOURCE_LEN: usize = 1 << 20;
/// Most elements of a list that a registry keeps: 128 MiB.
pub const MAX_ELEMENTS: usize = 1 << 24;

/// Why octets are no object.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// A document is not of its form, or its signature does not hold.
    #[error("{0}")]
    Document(#[from] Fault),
    /// A statement is not of its form.
    #[error("{0}")]
    Statement(#[from] WireError),
    /// The signature of a statement does not hold.
    #[error("the statement's signature does not hold: have it signed by the key that it names")]
    NotSigned,
    /// The head of a list is not of its form, or its signature does not hold.
    #[error("the head of a list: {0}")]
    Head(#[from] StatusError),
    /// Another spelling of the same content.
    #[error("the document is not in its normal form: write it as canonical JSON")]
    Spelling,
    /// The elements are not those of the head.
    #[error("the elements are not those that the head of the list was signed for")]
    Elements,
    /// An epoch without its elements.
    #[error("an epoch of a list is taken with its elements only")]
    WithoutElements,
    /// Too long.
    #[error("{found} octets or elements, where at most {most} are kept")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
}

/// An epoch of a sorted list, with what is on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEpoch {
    head: SignedHead,
    elements: Vec<u64>,
}

impl ListEpoch {
    /// The epoch of this head, if these are its elements.
    pub fn new(head: SignedHead, elements: Vec<u64>) -> Result<Self, ObjectError> {
        if elements.len() > MAX_ELEMENTS {
            return Err(ObjectError::Length { found: elements.len(), most: MAX_ELEMENTS });
        }
        let digest = elements_digest(&head.key().elements, &elements);
        let same = digest.is_ok_and(|digest| digest == *head.digest());
        match same && head.count() == elements.len() as u64 {
            true => Ok(Self { head, elements }),
            false => Err(ObjectError::Elements),
        }
    }

    /// Reads the head, in its normal form.
    pub fn parse(head: &[u8], elements: Vec<u64>) -> Result<Self, ObjectError> {
        let parsed = SignedHead::parse(head)?;
        one_spelling(&parsed.to_document(), head)?;
        Self::new(parsed, elements)
    }

    /// The head.
    pub fn head(&self) -> &SignedHead {
        &self.head
    }

    /// What is on the list, in ascending order.
    pub fn elements(&self) -> &[u64] {
        &self.elements
    }
}

/// Something that a registry takes.
#[derive(Clone, Debug)]
pub enum Object {
    /// A schema.
    Schema(Schema),
    /// An issuer's record.
    Issuer(IssuerRecord),
    /// An edition of a trust list.
    Trust(TrustList),
    /// A policy's bundle.
    Bundle(Bundle),
    /// An epoch of a sorted list.
    Epoch(ListEpoch),
    /// A grant.
    Grant(SignedGrant),
    /// An attestation.
    Attestation(SignedAttestation),
    /// An event.
    Event(SignedEvent),
    /// The original of an imported attestation.
    Source(Vec<u8>),
}

impl Object {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Schema(_) => Kind::Schema,
            Self::Issuer(_) => Kind::Issuer,
            Self::Trust(_) => Kind::Trust,
            Self::Bundle(_) => Kind::Bundle,
            Self::Epoch(_) => Kind::Epoch,
            Self::Grant(_) => Kind::Grant,
            Self::Attestation(_) => Kind::Attestation,
            Self::Event(_) => Kind::Event,
            Self::Source(_) => Kind::Source,
        }
    }

    /// Its identifier, one among those of its kind.
    pub fn id(&self) -> [u8; 32] {
        match self {
            Self::Schema(schema) => schema.id().to_bytes(),
            Self::Issuer(record) => record.hash().to_bytes(),
            Self::Trust(list) => list.hash().to_bytes(),
            Self::Bundle(bundle) => bundle.hash().to_bytes(),
            Self::Epoch(epoch) => epoch.head.hash().to_bytes(),
            Self::Grant(grant) => grant.id().to_bytes(),
            Self::Attestation(attestation) => attestation.id().to_bytes(),
            Self::Event(event) => event.id().to_bytes(),
            Self::Source(octets) => Sha256::digest(octets).into(),
        }
    }

    /// Its octets, as an entry has them: canonical JSON, a signed statement, the original itself. Of
    /// an epoch of a list the head, which has the digest of the elements.
    pub fn octets(&self) -> Vec<u8> {
        let canonical = |document: Document| document.canonical().into_bytes();
        match self {
            Self::Schema(schema) => canonical(schema.to_document()),
            Self::Issuer(record) => canonical(record.to_document()),
            Self::Trust(list) => canonical(list.to_document()),
            Self::Bundle(bundle) => canonical(bundle.to_document()),
            Self::Epoch(epoch) => canonical(epoch.head.to_document()),
            Self::Grant(grant) => grant.to_bytes(),
            Self::Attestation(attestation) => attestation.to_bytes(),
            Self::Event(event) => event.to_bytes(),
            Self::Source(octets) => octets.clone(),
        }
    }

    /// Reads an object from its octets in their one spelling, and checks its signatures. An epoch of a
    /// list is read by [`ListEpoch::parse`], which takes the elements too.
    pub fn parse(kind: Kind, octets: &[u8]) -> Result<Self, ObjectError> {
        let (object, document) = match kind {
            Kind::Schema => {
                let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
                let schema = Schema::from_document(&document)?;
                let document = schema.to_document();
                (Self::Schema(schema), document)
            }
            Kind::Issuer => {
                let record = IssuerRecord::parse(octets)?;
                let document = record.to_document();
                (Self::Issuer(record), document)
            }
            Kind::Trust => {
                let list = TrustList::parse(octets)?;
                let document = list.to_document();
                (Self::Trust(list), document)
            }
            Kind::Bundle => {
                let bundle = Bundle::parse(octets)?;
                let document = bundle.to_document();
                (Self::Bundle(bundle), document)
            }
            Kind::Grant => return statement::<Grant>(octets).map(Self::Grant),
            Kind::Attestation => return statement::<Attestation>(octets).map(Self::Attestation),
            Kind::Event => return statement::<Event>(octets).map(Self::Event),
            Kind::Source => return Self::source(octets.to_vec()),
            Kind::Epoch => return Err(ObjectError::WithoutElements),
        };
        one_spelling(&document, octets)?;
        Ok(object)
    }

    /// The original of an imported attestation.
    pub fn source(octets: Vec<u8>) -> Result<Self, ObjectError> {
        match octets.len() <= MAX_SOURCE_LEN {
            true => Ok(Self::Source(octets)),
            false => Err(ObjectError::Length { found: octets.len(), most: MAX_SOURCE_LEN }),
        }
    }
}

fn one_spelling(document: &Document, octets: &[u8]) -> Result<(), ObjectError> {
    match document.canonical().as_bytes() == octets {
        true => Ok(()),
        false => Err(ObjectError::Spelling),
    }
}

fn statement<T: Statement>(octets: &[u8]) -> Result<Signed<T>, ObjectError> {
    let unverified = Unverified::<T>::from_bytes(octets)?;
    unverified.check().map_err(|_| ObjectError::NotSigned)
}
