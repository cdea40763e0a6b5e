//! `sigil registry get`.

use super::list::item_json;
use super::place::{Place, payload_failure};
use super::{resolve, text, unknown};
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{self, Access};
use crate::cli::report::Report;
use crate::registry::facts::Recorded;
use crate::registry::log::leaf_hash;
use crate::registry::object::Leaf;
use crate::registry::payload::{Payload, PayloadState};
use crate::store::{Content, Entry, Object};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Show one entry.
///
/// What the database has is compared with its identifier and with the leaf of the log before it is
/// shown. With --out, the octets as they were signed go to a new file, for `registry add` elsewhere; with
/// --payload-out, what is kept outside is fetched, compared with its hash, and written.
///
/// Reads the registry, and with --payload-out the place for payloads. Writes nothing but the files that
/// are named.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry get registry 3f0c9a1e
  sigil registry get registry 3f0c9a1e --out attestation.json")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: PathBuf,
    /// The identifier, or the first digits of it.
    id: String,
    /// The file to make for the entry.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The file to make for the payload.
    #[arg(long, value_name = "FILE")]
    payload_out: Option<PathBuf>,
    /// The place for payloads: a folder or s3://bucket/prefix; the registry's own by default.
    #[arg(long, value_name = "PLACE")]
    payloads: Option<String>,
}

impl Arguments {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.read()?;
        let (kind, id) = resolve(&place, &store, &self.id)?;
        let found = place.ask(store.get(kind, &id))?.ok_or_else(|| unknown(&self.id))?;
        let found = entry(found);
        if let Some(out) = &self.out {
            let text = text(&found.entry).ok_or_else(|| {
                let remedy = "get the file of the epoch from its authority";
                Failure::input(
                    Complaint::new("an epoch is handed on with its elements").remedy(remedy),
                )
            })?;
            files::write_new(out, text.as_bytes(), Access::Public)?;
        }
        let payload = match &found.entry.content {
            Content::Attestation(attestation) => Some(&attestation.statement().payload),
            _ => None,
        };
        if let Some(out) = &self.payload_out {
            let octets = self.fetch(&place, payload)?;
            files::write_new(out, &octets, Access::Secret)?;
        }
        let item = item_json(&found);
        let mut report = Report::new();
        for (key, value) in item.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            report = report.row(key.replace('_', " "), text).json(key, value.clone());
        }
        Ok(report)
    }

    fn fetch(&self, place: &Place, payload: Option<&Payload>) -> Result<Vec<u8>, Failure> {
        let nothing = |problem: &str| {
            let remedy = "ask whoever is concerned for it";
            Failure::input(Complaint::new(problem).remedy(remedy))
        };
        match payload {
            None => Err(nothing("an entry of this kind has no payload")),
            Some(Payload::Inline(octets)) => Ok(octets.clone()),
            Some(Payload::Hash(_)) => Err(nothing("the registry has only the hash of the payload")),
            Some(Payload::External { uri, commitment }) => {
                let payloads = place.payloads(self.payloads.as_deref())?;
                let read = payloads.read(uri, &commitment.digest, commitment.length);
                match place.wait(read).map_err(payload_failure)? {
                    Ok(octets) => Ok(octets),
                    Err(state) => Err(Failure::refused(Complaint::new(format!(
                        "the payload at {uri} is {}",
                        if state == PayloadState::Missing { "missing" } else { "altered" }
                    )))),
                }
            }
        }
    }
}

/// An object as listings have it.
fn entry(found: Recorded<Object>) -> Recorded<Entry> {
    let Recorded { index, recorded_at, entry: object } = found;
    let (kind, id) = (object.kind(), object.id());
    let leaf = Leaf::new(kind, recorded_at, id, &object.octets());
    let content = match object {
        Object::Attestation(signed) => Content::Attestation(signed),
        Object::Event(signed) => Content::Event(signed),
        Object::Grant(signed) => Content::Grant(signed),
        Object::Source(octets) => Content::Source(octets),
        document => Content::Document(document.octets()),
    };
    let entry = Entry { kind, id, content, leaf_hash: leaf_hash(&leaf.to_bytes()) };
    Recorded { index, recorded_at, entry }
}

/// What was found of an attestation's payload.
pub(super) fn payload_state(
    place: &Place,
    location: Option<&str>,
    payload: &Payload,
) -> Result<Option<PayloadState>, Failure> {
    match payload {
        Payload::Inline(_) => Ok(Some(PayloadState::Present)),
        Payload::Hash(_) => Ok(None),
        Payload::External { uri, commitment } => {
            let payloads = place.payloads(location)?;
            let state = payloads.state(uri, &commitment.digest, commitment.length);
            place.wait(state).map(Some).map_err(payload_failure)
        }
    }
}

pub(super) fn payload_json(payload: &Payload) -> Value {
    let commitment = payload.commitment();
    let mut object = json!({
        "sha256": hex::encode(commitment.digest),
        "length": commitment.length,
    });
    let more = match payload {
        Payload::Inline(octets) => {
            json!({ "claims": serde_json::from_slice::<Value>(octets).unwrap_or(Value::Null) })
        }
        Payload::External { uri, .. } => json!({ "uri": uri }),
        Payload::Hash(_) => json!({}),
    };
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
