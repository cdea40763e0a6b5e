//! `sigil registry revoke`, `supersede` and `dispute`: what happens to an attestation later.

use super::draft::{Behalf, Draft, Occasion, Signer, canonical, claims};
use super::place::Place;
use super::{acknowledged, attestation_id, known_schema};
use crate::cli::failure::{Complaint, Failure};
use crate::cli::report::Report;
use crate::cli::time;
use crate::document::Document;
use crate::registry::attestation::{Link, Relation};
use crate::registry::event::{Act, Cause, Event, MAX_NOTE, Target};
use crate::registry::object::Kind;
use crate::registry::statement::Signed;
use crate::schema::Schema;
use crate::store::Object;
use crate::value::Timestamp;
use clap::Args;
use std::path::PathBuf;

/// The schema of disputes, which every registry has from the start.
pub(super) const DISPUTE_SCHEMA: &str = r#"{
  "format": "sigil-schema/1",
  "name": "sigil.dispute",
  "version": "1.0.0",
  "fields": [{ "name": "reason", "type": "text" }]
}"#;

/// Revoke or suspend an attestation, resume one, or revoke a grant.
///
/// A revocation is for good. A suspension lasts until --resume, or until the time that --until names.
/// What counts is --effective, which may be earlier than now: what the registry would have said then
/// does not change by that, what is known of then does (`verdict --hindsight`). Only the issuer of the
/// attestation, or whoever it granted the right, can do this.
///
/// Reads the registry and a private key. Writes one entry to the registry. The reason and the note are
/// public. Exit code 1 if the registry refuses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry revoke registry 3f0c9a1e --key bank.pem --reason issued-in-error
  sigil registry revoke registry 3f0c9a1e --key bank.pem --suspend --until 2026-12-01
  sigil registry revoke registry 3f0c9a1e --key bank.pem --resume")]
pub(in crate::cli) struct Revoke {
    /// The registry's folder.
    dir: PathBuf,
    /// The attestation or grant: its identifier, or the first digits of it.
    id: String,
    /// The private key of the issuer, or of whoever signs for it by --for and --grant.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    behalf: Behalf,
    /// Why.
    #[arg(long, value_name = "WORD", default_value = "unspecified", value_parser = cause)]
    reason: Cause,
    /// Suspend it only.
    #[arg(long, conflicts_with = "resume")]
    suspend: bool,
    /// The first instant in which a suspension is over.
    #[arg(long, value_name = "TIME", value_parser = time::instant, requires = "suspend")]
    until: Option<Timestamp>,
    /// End a suspension.
    #[arg(long)]
    resume: bool,
    /// From when it counts; from now on by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    effective: Option<Timestamp>,
    /// What is said of the reason: public, so nothing about a person.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

fn cause(word: &str) -> Result<Cause, String> {
    let words: Vec<&str> = Cause::ALL.into_iter().map(Cause::word).collect();
    let found = Cause::ALL.into_iter().find(|cause| cause.word() == word);
    found.ok_or_else(|| format!("write one of {}", words.join(", ")))
}

impl Revoke {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        if self.note.as_ref().is_some_and(|note| note.len() > MAX_NOTE) {
            let problem = format!("the note has more than {MAX_NOTE} octets");
            return Err(Failure::input(Complaint::new(problem).remedy("say it in fewer words")));
        }
        let place = Place::new(&self.dir)?;
        let store = place.append()?;
        let now = time::now()?;
        let (kind, id) = super::resolve(&place, &store, &self.id)?;
        let target = match kind {
            Kind::Attestation => Target::Attestation(id.into()),
            Kind::Grant => Target::Grant(id.into()),
            other => {
                let problem = format!("{} is of kind {}", self.id, other.word());
                let remedy = "name an attestation or a grant";
                return Err(Failure::input(Complaint::new(problem).remedy(remedy)));
            }
        };
        let (issuer, key, delegated) = self.behalf.signer(&self.key, store.origin(), now)?;
        let act = match (self.suspend, self.resume) {
            (true, _) => Act::Suspend { cause: self.reason, until: self.until },
            (_, true) => Act::Resume,
            _ => Act::Revoke(self.reason),
        };
        let effective = self.effective.unwrap_or(now);
        let note = self.note.clone();
        let event = Event { target, issuer, issued_at: now, effective, act, note, delegated };
        if !event.is_sound() {
            let problem =
                "a suspension has to end after it begins, and a grant can only be revoked";
            return Err(Failure::input(Complaint::new(problem).remedy("check --until")));
        }
        let event = Signed::sign(event, &key)
            .map_err(|error| Failure::refused(Complaint::new(error.to_string())))?;
        let done = match act {
            Act::Revoke(_) => "Revoked",
            Act::Suspend { .. } => "Suspended",
            Act::Resume => "Resumed",
        };
        let appended = place.ask(store.append(vec![Object::Event(event)], now))?;
        Ok(acknowledged(Report::new().line(format!("{done}: {}", hex::encode(id))), &appended))
    }
}

/// Put a new attestation in the place of one.
///
/// The new one is of the same issuer; schema and subject are those of the old one unless others are
/// named. From when the new one is valid on, the old one is superseded, and stays so whatever becomes of
/// the new one.
///
/// Reads the registry, a private key and the claims. Writes one entry to the registry. Exit code 1 if
/// the registry refuses.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry supersede registry 3f0c9a1e --key bank.pem --claims new.json \\
      --valid-until 2028-01-01")]
pub(in crate::cli) struct Supersede {
    /// The registry's folder.
    dir: PathBuf,
    /// The attestation that is superseded: its identifier, or the first digits of it.
    id: String,
    /// The private key of the issuer, or of whoever signs for it by --for and --grant.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    behalf: Behalf,
    /// The claims: a JSON object with a key per field.
    #[arg(long, value_name = "FILE")]
    claims: PathBuf,
    /// The schema, if another: its identifier.
    #[arg(long, value_name = "ID")]
    schema: Option<String>,
    #[command(flatten)]
    draft: Draft,
    /// The place for payloads: a folder or s3://bucket/prefix; the registry's own by default.
    #[arg(long, value_name = "PLACE")]
    payloads: Option<String>,
}

impl Supersede {
    pub(super) fn run(mut self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.append()?;
        let now = time::now()?;
        let target = attestation_id(&place, &store, &self.id)?;
        let old = super::attestation(&place, &store, target)?;
        let schema = self.schema.clone().unwrap_or_else(|| old.statement().schema.to_string());
        let schema = known_schema(&place, &store, &schema)?;
        if self.draft.subject.is_none() {
            self.draft.subject.clone_from(&old.statement().subject);
        }
        let claims = claims(&self.claims, &schema)?;
        let link = Link { relation: Relation::Supersedes, target };
        let payloads = self.payloads.as_deref();
        let signer = Signer { key: &self.key, behalf: &self.behalf };
        let occasion = Occasion { place: &place, payloads, origin: store.origin(), now };
        let drafted = self.draft.sign(&signer, &schema, &claims, vec![link], &occasion)?;
        let appended = drafted.record(&place, &store, now)?;
        Ok(acknowledged(Report::new().line(format!("Superseded: {target}")), &appended))
    }
}

/// Dispute an attestation.
///
/// A dispute is an attestation itself: under the schema sigil.dispute, linked to the one that it says is
/// wrong. Anybody may dispute. A verdict shows disputes; what they are worth is for whoever reads it.
///
/// Reads the registry and a private key. Writes one entry to the registry. The reason is public. Exit
/// code 1 if the registry refuses.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry dispute registry 3f0c9a1e --key auditor.pem --reason \"the account was closed\"")]
pub(in crate::cli) struct Dispute {
    /// The registry's folder.
    dir: PathBuf,
    /// The attestation: its identifier, or the first digits of it.
    id: String,
    /// The private key of the issuer, or of whoever signs for it by --for and --grant.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    behalf: Behalf,
    /// What is wrong with it: public, so nothing about a person.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    draft: Draft,
    /// The place for payloads: a folder or s3://bucket/prefix; the registry's own by default.
    #[arg(long, value_name = "PLACE")]
    payloads: Option<String>,
}

impl Dispute {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.append()?;
        let now = time::now()?;
        let target = attestation_id(&place, &store, &self.id)?;
        let schema = Schema::parse(DISPUTE_SCHEMA.as_bytes())?;
        let reason = Document::object([("reason", Document::text(&self.reason))]);
        let claims = canonical(&schema, &reason)?;
        let link = Link { relation: Relation::Disputes, target };
        let payloads = self.payloads.as_deref();
        let signer = Signer { key: &self.key, behalf: &self.behalf };
        let occasion = Occasion { place: &place, payloads, origin: store.origin(), now };
        let drafted = self.draft.sign(&signer, &schema, &claims, vec![link], &occasion)?;
        let appended = drafted.record(&place, &store, now)?;
        Ok(acknowledged(Report::new().line(format!("Disputed: {target}")), &appended))
    }
}
