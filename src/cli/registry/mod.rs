//! `sigil registry`: attestations that are public, and what became of them.

mod add;
mod change;
mod draft;
mod entry;
mod export;
mod import;
mod init;
mod issuer;
mod judge;
mod list;
mod log;
mod place;
mod verify;
mod witness;

use super::failure::{Complaint, Failure};
use super::report::Report;
use crate::encoding::Wire;
use crate::registry::attestation::{AttestationId, SignedAttestation};
use crate::registry::object::Kind;
use crate::schema::Schema;
use crate::store::{Appended, Content, Entry, Object, Receipt, Store, StoreError};
use clap::Subcommand;
use place::Place;
use serde_json::{Value, json};
use std::path::Path;

/// Keep attestations in a log that nobody can rewrite, and say which of them hold.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::Arguments),
    Issuer(issuer::Bind),
    Grant(issuer::Give),
    Add(Box<add::Arguments>),
    Get(entry::Arguments),
    List(list::Arguments),
    Verdict(Box<judge::Arguments>),
    Revoke(change::Revoke),
    Supersede(Box<change::Supersede>),
    Dispute(Box<change::Dispute>),
    Verify(verify::Arguments),
    #[command(subcommand)]
    Log(log::Command),
    #[command(subcommand)]
    Witness(witness::Command),
    Import(Box<import::Arguments>),
    Export(export::Arguments),
    Stats(list::Stats),
}

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Report, Failure> {
        match self {
            Command::Init(arguments) => arguments.run(),
            Command::Issuer(arguments) => arguments.run(),
            Command::Grant(arguments) => arguments.run(),
            Command::Add(arguments) => arguments.run(quiet),
            Command::Get(arguments) => arguments.run(),
            Command::List(arguments) => arguments.run(),
            Command::Verdict(arguments) => arguments.run(),
            Command::Revoke(arguments) => arguments.run(),
            Command::Supersede(arguments) => arguments.run(),
            Command::Dispute(arguments) => arguments.run(),
            Command::Verify(arguments) => arguments.run(quiet),
            Command::Log(command) => command.run(quiet),
            Command::Witness(command) => command.run(),
            Command::Import(arguments) => arguments.run(quiet),
            Command::Export(arguments) => arguments.run(quiet),
            Command::Stats(arguments) => arguments.run(),
        }
    }
}

/// What the store refuses is refused; what it can't do is bad input.
fn store_failure(error: StoreError, database: &Path) -> Failure {
    let complaint = Complaint::new(error.to_string()).in_file(database);
    match error {
        StoreError::Refused(_) => Failure::refused(complaint),
        _ => Failure::input(complaint),
    }
}

/// What was recorded, one line for each.
fn acknowledged(report: Report, appended: &Appended) -> Report {
    let mut report = report;
    let mut receipts = Vec::new();
    for receipt in &appended.receipts {
        let id = hex::encode(receipt.id);
        let kind = receipt.kind.word();
        let how = if receipt.already { ", there already" } else { "" };
        report = report.row(kind, format!("{id} as entry {}{how}", receipt.index));
        receipts.push(receipt_json(receipt));
    }
    report.json("receipts", receipts)
}

fn receipt_json(receipt: &Receipt) -> Value {
    json!({
        "kind": receipt.kind.word(),
        "id": hex::encode(receipt.id),
        "index": receipt.index,
        "recorded_at": receipt.recorded_at.to_string(),
        "already": receipt.already,
    })
}

/// What an identifier, or the first digits of one, names.
fn resolve(place: &Place, store: &Store, text: &str) -> Result<(Kind, [u8; 32]), Failure> {
    place.ask(store.resolve(text))?.ok_or_else(|| unknown(text))
}

/// An entry as it is handed from one registry to another; none of an epoch of a list, whose elements are
/// in its file.
fn text(entry: &Entry) -> Option<String> {
    match &entry.content {
        Content::Attestation(signed) => Some(signed.clone().into_unverified().to_json()),
        Content::Event(signed) => Some(signed.clone().into_unverified().to_json()),
        Content::Grant(signed) => Some(signed.clone().into_unverified().to_json()),
        Content::Document(_) if entry.kind == Kind::Epoch => None,
        Content::Document(octets) | Content::Source(octets) => {
            std::str::from_utf8(octets).ok().map(|text| format!("{text}\n"))
        }
    }
}

/// The attestation that an identifier, or the first digits of one, names.
fn attestation_id(place: &Place, store: &Store, text: &str) -> Result<AttestationId, Failure> {
    let (kind, id) = resolve(place, store, text)?;
    match kind {
        Kind::Attestation => Ok(id.into()),
        other => {
            let problem = format!("{text} is of kind {}", other.word());
            Err(Failure::input(Complaint::new(problem).remedy("name an attestation")))
        }
    }
}

fn attestation(
    place: &Place,
    store: &Store,
    id: AttestationId,
) -> Result<SignedAttestation, Failure> {
    match place.ask(store.get(Kind::Attestation, &id.to_bytes()))?.map(|found| found.entry) {
        Some(Object::Attestation(attestation)) => Ok(attestation),
        _ => Err(unknown(&id.to_string())),
    }
}

fn unknown(id: &str) -> Failure {
    let complaint = Complaint::new(format!("the registry has nothing of identifier {id}"));
    Failure::input(complaint.remedy("see `sigil registry list` for what it has"))
}

/// A schema of the registry: its identifier, or a file of it.
fn known_schema(place: &Place, store: &Store, text: &str) -> Result<Schema, Failure> {
    let path = Path::new(text);
    if path.extension().is_some() || path.exists() {
        return super::artefacts::schema(path);
    }
    match resolve(place, store, text)? {
        (Kind::Schema, id) => match place.ask(store.get(Kind::Schema, &id))?.map(|it| it.entry) {
            Some(Object::Schema(schema)) => Ok(schema),
            _ => Err(unknown(text)),
        },
        (other, _) => {
            let problem = format!("{text} is of kind {}", other.word());
            Err(Failure::input(Complaint::new(problem).remedy("name a schema")))
        }
    }
}
