//! The arguments by which an attestation is made: shared by `add`, `supersede` and `dispute`.

use super::place::{Place, payload_failure};
use crate::authority::{Authority, AuthorityKey};
use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::files::{self, Access};
use crate::cli::{artefacts, authority, time};
use crate::document::{Bounds, Document};
use crate::registry::anchor::Anchor;
use crate::registry::attestation::{Attestation, AttestationId, Link, Relation, SignedAttestation};
use crate::registry::grant::GrantId;
use crate::registry::payload::{Commitment, MAX_INLINE, Payload};
use crate::registry::statement::{Delegated, Signed};
use crate::registry::subject::Subject;
use crate::schema::Schema;
use crate::store::{Appended, Object, Store};
use crate::value::Timestamp;
use clap::{Args, ValueEnum};
use rand_core::{OsRng, RngCore};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a delegated statement may be handed in, where nothing is said.
const HAND_IN: Duration = Duration::from_secs(3600);

/// Where what is claimed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Keep {
    /// In the attestation: public.
    Inline,
    /// In the place for payloads; the attestation has its address and hash.
    External,
    /// Nowhere here; the attestation has the hash.
    Hash,
}

/// For whom the key signs.
#[derive(Debug, Args)]
pub(super) struct Behalf {
    /// The issuer that is spoken for, if the key is not its own.
    #[arg(long = "for", value_name = "DID", requires = "grants")]
    pub(super) issuer: Option<Authority>,
    /// The grants that allow it, from the issuer's on.
    #[arg(long = "grant", value_name = "ID", requires = "issuer")]
    pub(super) grants: Vec<GrantId>,
    /// Until when a statement signed for another may be handed in; in an hour by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant, requires = "issuer")]
    pub(super) deadline: Option<Timestamp>,
}

impl Behalf {
    /// The issuer, the key, and what is said by whoever signs for another.
    pub(super) fn signer(
        &self,
        key: &Path,
        origin: &str,
        now: Timestamp,
    ) -> Result<(Authority, AuthorityKey, Option<Delegated>), Failure> {
        let key = authority::read(key)?;
        let Some(issuer) = self.issuer else { return Ok((key.authority(), key, None)) };
        let later = Timestamp::from_unix(now.unix().saturating_add(HAND_IN.as_secs()));
        let mut nonce = [0; 32];
        OsRng.fill_bytes(&mut nonce);
        let delegated = Delegated {
            signer: key.authority(),
            chain: self.grants.clone(),
            audience: origin.to_owned(),
            nonce,
            deadline: self.deadline.or(later).unwrap_or(Timestamp::MAX),
        };
        Ok((issuer, key, Some(delegated)))
    }
}

/// What an attestation says, but for whom it is of.
#[derive(Debug, Args)]
pub(super) struct Draft {
    /// About whom: an IRI such as did:example:alice or urn:..; about nobody if left out.
    #[arg(long, value_name = "IRI")]
    pub(super) subject: Option<Subject>,
    /// From when it is valid; from now on by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    pub(super) valid_from: Option<Timestamp>,
    /// The first instant in which it is no longer valid; it does not expire by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    pub(super) valid_until: Option<Timestamp>,
    /// It can't be revoked or suspended.
    #[arg(long)]
    pub(super) irrevocable: bool,
    /// The handle under which it is kept on sorted lists.
    #[arg(long, value_name = "N")]
    pub(super) handle: Option<u64>,
    /// An attestation that it says is right.
    #[arg(long = "supports", value_name = "ID")]
    pub(super) supports: Vec<AttestationId>,
    /// Where the claims are kept.
    #[arg(long, value_enum, default_value = "inline")]
    pub(super) keep: Keep,
    /// Commit to this BBS credential; --opening says where the opening goes.
    #[arg(long, value_name = "FILE", requires_all = ["opening", "credential_schema"])]
    pub(super) anchor: Option<PathBuf>,
    /// The schema of that credential.
    #[arg(long, value_name = "FILE", requires = "anchor")]
    pub(super) credential_schema: Option<PathBuf>,
    /// The file to make for the opening of the anchor: secret.
    #[arg(long, value_name = "FILE", requires = "anchor")]
    pub(super) opening: Option<PathBuf>,
}

/// An attestation, and the opening of its anchor.
pub(super) struct Drafted {
    pub(super) attestation: SignedAttestation,
    opening: Option<Opening>,
}

/// A file to be made, and the opening of an anchor that goes there.
type Opening = (PathBuf, Zeroizing<String>);

/// Who signs one.
pub(super) struct Signer<'a> {
    pub(super) key: &'a Path,
    pub(super) behalf: &'a Behalf,
}

/// What has to be known to make one.
pub(super) struct Occasion<'a> {
    pub(super) place: &'a Place,
    pub(super) payloads: Option<&'a str>,
    pub(super) origin: &'a str,
    pub(super) now: Timestamp,
}

impl Draft {
    /// Makes and signs an attestation of these claims.
    pub(super) fn sign(
        &self,
        signer: &Signer<'_>,
        schema: &Schema,
        claims: &[u8],
        links: Vec<Link>,
        occasion: &Occasion<'_>,
    ) -> Result<Drafted, Failure> {
        let (issuer, key, delegated) =
            signer.behalf.signer(signer.key, occasion.origin, occasion.now)?;
        let supports = self.supports.iter();
        let supports = supports.map(|id| Link { relation: Relation::Supports, target: *id });
        let mut links: Vec<Link> = links.into_iter().chain(supports).collect();
        links.sort();
        links.dedup();
        let valid_from = self.valid_from.unwrap_or(occasion.now);
        let (anchor, opening) = self.commit()?;
        let mut attestation = Attestation {
            schema: schema.id(),
            issuer,
            subject: self.subject.clone(),
            issued_at: occasion.now,
            valid_from,
            valid_until: self.valid_until,
            revocable: !self.irrevocable,
            handle: self.handle,
            links,
            payload: Payload::Hash(Commitment::to(claims)),
            anchor: anchor.map(Anchor::to_bytes),
            source: None,
            delegated,
        };
        if !attestation.is_sound() {
            let problem = "the attestation ends before it begins, or has too many links, or its \
                           handle is too wide";
            let remedy = "check --valid-from, --valid-until, --handle and --supports";
            return Err(Failure::input(Complaint::new(problem).remedy(remedy)));
        }
        // What is put outside is put there when nothing else can fail.
        attestation.payload = self.payload(claims, occasion)?;
        let attestation = Signed::sign(attestation, &key)
            .map_err(|error| Failure::refused(Complaint::new(error.to_string())))?;
        Ok(Drafted { attestation, opening })
    }

    fn payload(&self, claims: &[u8], occasion: &Occasion<'_>) -> Result<Payload, Failure> {
        match self.keep {
            Keep::Hash => Ok(Payload::Hash(Commitment::to(claims))),
            Keep::Inline if claims.len() > MAX_INLINE => {
                let problem = format!("the claims have {} octets", claims.len());
                let remedy = format!("keep more than {MAX_INLINE} outside: --keep external");
                Err(Failure::input(Complaint::new(problem).remedy(remedy)))
            }
            Keep::Inline => Ok(Payload::Inline(claims.to_vec())),
            Keep::External => {
                let payloads = occasion.place.payloads(occasion.payloads)?;
                let uri = occasion.place.wait(payloads.put(claims)).map_err(payload_failure)?;
                Ok(Payload::External { uri, commitment: Commitment::to(claims) })
            }
        }
    }

    fn commit(&self) -> Result<(Option<Anchor>, Option<Opening>), Failure> {
        let (Some(credential), Some(schema), Some(out)) =
            (&self.anchor, &self.credential_schema, &self.opening)
        else {
            return Ok((None, None));
        };
        let credential = artefacts::credential(credential, &[artefacts::schema(schema)?])?;
        let (anchor, opening) = Anchor::commit(&credential, &mut OsRng);
        Ok((Some(anchor), Some((out.clone(), opening.to_json()))))
    }
}

impl Drafted {
    /// Writes the opening of the anchor, and records the attestation.
    pub(super) fn record(
        self,
        place: &Place,
        store: &Store,
        now: Timestamp,
    ) -> Result<Appended, Failure> {
        self.write_opening()?;
        place.ask(store.append(vec![Object::Attestation(self.attestation)], now))
    }

    /// Writes the opening of the anchor, before anybody can see the anchor.
    pub(super) fn write_opening(&self) -> Result<(), Failure> {
        match &self.opening {
            Some((path, text)) => files::write_new(path, text.as_bytes(), Access::Secret),
            None => Ok(()),
        }
    }
}

/// Claims from a file: a record of the schema, in its canonical form.
pub(super) fn claims(path: &Path, schema: &Schema) -> Result<Vec<u8>, Failure> {
    let octets = files::read(path, Bounds::RECORD.octets)?;
    let document = Document::read_json(&octets, &Bounds::RECORD).in_file(path)?;
    canonical(schema, &document).in_file(path)
}

/// The canonical octets of a record.
pub(super) fn canonical(schema: &Schema, document: &Document) -> Result<Vec<u8>, Failure> {
    let record = schema.record_from_document(document)?;
    Ok(schema.record_to_document(&record)?.canonical().into_bytes())
}
