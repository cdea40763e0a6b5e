//! Attestations: signed claims about a subject under a schema.
//!
//! An attestation says who claims, under which schema, about whom if about anybody, from when until
//! when, and what: inline, by hash, or elsewhere. It may be linked to others: it *supersedes* one of
//! its own issuer, *disputes* or *supports* anybody's. It may carry the handle under which the issuer
//! keeps it on sorted lists, the [anchor](Attestation::anchor) of a BBS credential, and where it was
//! first made if that was another registry.
//!
//! Whether it holds is not said here: that depends on what happened since, and on who asks.

use super::payload::{Payload, optional};
use super::statement::{
    Delegated, Signed, Statement, authority, octets32, read_delegated, statement_id, timestamp,
    write_delegated,
};
use super::subject::{MAX_LEN as MAX_SUBJECT, Subject};
use crate::authority::Authority;
use crate::encoding::{Reader, WireError, Writer};
use crate::schema::{STATUS_HANDLE_BITS, SchemaId};
use crate::transcript::tag;
use crate::value::Timestamp;

/// Most links of an attestation.
pub const MAX_LINKS: usize = 16;
/// Most octets of each text of a source.
pub const MAX_SOURCE: usize = 256;

statement_id! {
    /// The identifier of an attestation.
    AttestationId
}

/// How an attestation stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// It takes the place of the other.
    Supersedes,
    /// It says that the other is wrong.
    Disputes,
    /// It says that the other is right.
    Supports,
}

impl Relation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Supersedes, Self::Disputes, Self::Supports];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Supersedes => "supersedes",
            Self::Disputes => "disputes",
            Self::Supports => "supports",
        }
    }

    /// Its number in encodings.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The relation of a number.
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|relation| u64::from(relation.code()) == code)
    }
}

/// A link to another attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// How it stands to the other.
    pub relation: Relation,
    /// The other.
    pub target: AttestationId,
}

/// Where an attestation was first made, if that was another registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The format of the original.
    pub format: String,
    /// Its identifier there.
    pub id: String,
    /// Who made it there, as far as that was checked: an account.
    pub attester: Option<String>,
    /// SHA-256 of the original, which the registry keeps.
    pub digest: [u8; 32],
}

/// What an attestation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// Under which schema.
    pub schema: SchemaId,
    /// Who claims.
    pub issuer: Authority,
    /// About whom.
    pub subject: Option<Subject>,
    /// When it was made, by the issuer's clock.
    pub issued_at: Timestamp,
    /// From when it is valid.
    pub valid_from: Timestamp,
    /// The first second in which it is no longer valid.
    pub valid_until: Option<Timestamp>,
    /// Whether its issuer may take it back.
    pub revocable: bool,
    /// Under which handle it is kept on sorted lists.
    pub handle: Option<u64>,
    /// Links, sorted and each once.
    pub links: Vec<Link>,
    /// What it says.
    pub payload: Payload,
    /// The anchor of a BBS credential that says the same.
    pub anchor: Option<[u8; 32]>,
    /// Where it was first made.
    pub source: Option<Source>,
    /// By whom it is signed, if not by the issuer.
    pub delegated: Option<Delegated>,
}

/// A signed attestation.
pub type SignedAttestation = Signed<Attestation>;

impl Attestation {
    /// Whether the parts go together: valid before it ends, links sorted and each once, a handle within
    /// its width. [`Statement::read`] takes no other.
    pub fn is_sound(&self) -> bool {
        self.valid_until.is_none_or(|until| self.valid_from < until)
            && self.links.len() <= MAX_LINKS
            && self.links.windows(2).all(|pair| pair[0] < pair[1])
            && self.handle.is_none_or(|handle| handle >> STATUS_HANDLE_BITS == 0)
    }

    /// What it is linked to in this way.
    pub fn linked(&self, relation: Relation) -> impl Iterator<Item = AttestationId> {
        let links = self.links.iter().filter(move |link| link.relation == relation);
        links.map(|link| link.target)
    }
}

impl Statement for Attestation {
    const FORMAT: &'static str = "sigil-attestation";
    const MAX_LEN: usize = 1 << 15;
    const TAG: &'static [u8] = tag::ATTESTATION;
    type Id = AttestationId;

    fn issuer(&self) -> &Authority {
        &self.issuer
    }

    fn delegated(&self) -> Option<&Delegated> {
        self.delegated.as_ref()
    }

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn write(&self, writer: &mut Writer) {
        writer.array(13);
        writer.octets(&self.schema.to_bytes());
        writer.octets(&self.issuer.to_bytes());
        match &self.subject {
            Some(subject) => writer.text(subject.as_str()),
            None => writer.null(),
        }
        writer.unsigned(self.issued_at.unix());
        writer.unsigned(self.valid_from.unix());
        write_number(self.valid_until.map(Timestamp::unix), writer);
        writer.unsigned(self.revocable.into());
        write_number(self.handle, writer);
        writer.array(self.links.len());
        for link in &self.links {
            writer.array(2);
            writer.unsigned(link.relation.code().into());
            writer.octets(&link.target.to_bytes());
        }
        self.payload.write(writer);
        match &self.anchor {
            Some(anchor) => writer.octets(anchor),
            None => writer.null(),
        }
        match &self.source {
            Some(source) => source.write(writer),
            None => writer.null(),
        }
        write_delegated(self.delegated(), writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let error = reader.wrong("an attestation whose parts go together");
        reader.exact_array(13)?;
        let attestation = Self {
            schema: SchemaId::from_bytes(octets32(reader)?),
            issuer: authority(reader)?,
            subject: optional(reader, read_subject)?,
            issued_at: timestamp(reader)?,
            valid_from: timestamp(reader)?,
            valid_until: optional(reader, timestamp)?,
            revocable: read_flag(reader)?,
            handle: optional(reader, Reader::unsigned)?,
            links: read_links(reader)?,
            payload: Payload::read(reader)?,
            anchor: optional(reader, octets32)?,
            source: optional(reader, Source::read)?,
            delegated: read_delegated(reader)?,
        };
        attestation.is_sound().then_some(attestation).ok_or(error)
    }
}

impl Source {
    fn write(&self, writer: &mut Writer) {
        writer.array(4);
        writer.text(&self.format);
        writer.text(&self.id);
        match &self.attester {
            Some(attester) => writer.text(attester),
            None => writer.null(),
        }
        writer.octets(&self.digest);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.exact_array(4)?;
        let text = |reader: &mut Reader<'_>| reader.text(MAX_SOURCE).map(str::to_owned);
        Ok(Self {
            format: text(reader)?,
            id: text(reader)?,
            attester: optional(reader, text)?,
            digest: octets32(reader)?,
        })
    }
}

fn write_number(number: Option<u64>, writer: &mut Writer) {
    match number {
        Some(number) => writer.unsigned(number),
        None => writer.null(),
    }
}

fn read_subject(reader: &mut Reader<'_>) -> Result<Subject, WireError> {
    let error = reader.wrong("a reference to a subject");
    reader.text(MAX_SUBJECT)?.parse().map_err(|_| error)
}

pub(super) fn read_flag(reader: &mut Reader<'_>) -> Result<bool, WireError> {
    let error = reader.wrong("0 or 1");
    match reader.unsigned()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(error),
    }
}

fn read_links(reader: &mut Reader<'_>) -> Result<Vec<Link>, WireError> {
    let count = reader.array(MAX_LINKS)?;
    let link = |reader: &mut Reader<'_>| {
        reader.exact_array(2)?;
        let error = reader.wrong("a relation");
        let relation = Relation::from_code(reader.unsigned()?).ok_or(error)?;
        Ok(Link { relation, target: AttestationId::from_bytes(octets32(reader)?) })
    };
    (0..count).map(|_| link(reader)).collect()
}
