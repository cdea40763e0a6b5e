//! `sigil wallet list`.

use super::super::failure::Failure;
use super::super::report::Report;
use super::super::{time, trust};
use super::folder::{Folder, Found, Kept};
use super::kept::span;
use crate::did_key;
use crate::status::Entry;
use crate::value::Timestamp;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// List what is in a wallet.
///
/// Of each credential: its label, schema and issuer, whether it is valid, which one renews it, and
/// which entries of lists are at hand for it, of which epoch and how old. Values are not shown, unless
/// --values is given.
///
/// Reads the wallet, and verifies every signature in it. Writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil wallet list --wallet wallet
  sigil wallet list --wallet wallet --json")]
pub(in crate::cli) struct Arguments {
    /// The wallet.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// Show the values of the credentials.
    #[arg(long)]
    values: bool,
    /// The wallet's clock; the system's by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    now: Option<Timestamp>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let folder = Folder::open(&self.wallet)?;
        let now = self.now.map_or_else(time::now, Ok)?;
        let superseded = folder.superseded();
        let mut report = Report::new().line(match folder.credentials.len() {
            0 => "No credentials".to_owned(),
            1 => "1 credential:".to_owned(),
            count => format!("{count} credentials:"),
        });
        let mut credentials: Vec<Value> = Vec::new();
        for (kept, by) in folder.credentials.iter().zip(&superseded) {
            let by = by.and_then(|by| folder.credentials.get(by)).map(|kept| kept.label.as_str());
            let name = folder.issuer_name(kept);
            let (next, mut object) = describe(report, kept, (by, name), now);
            let held = folder.found.iter().zip(&folder.entries);
            let held = held.filter(|(found, _)| found.label == kept.label);
            let mut entries: Vec<Value> = Vec::new();
            report = held.fold(next, |report, (found, entry)| {
                entries.push(entry_json(kept, found, entry, now));
                report.row("", entry_text(kept, found, entry, now))
            });
            object.insert("entries".to_owned(), entries.into());
            if self.values {
                let (next, values) = values(report, kept)?;
                report = next;
                object.insert("values".to_owned(), values.into());
            }
            credentials.push(Value::Object(object));
        }
        let mut lists: Vec<Value> = Vec::new();
        if !folder.trust.is_empty() {
            report = report.line("Trust lists:");
        }
        for list in &folder.trust {
            let due = now >= list.next_update();
            let due_text = if due { ", and the next one is due" } else { "" };
            let text = format!("edition {} of {}{due_text}", list.sequence(), list.issued_at());
            report = report.row(list.id(), text);
            lists.push(json!({
                "id": list.id(), "authority": list.authority().to_string(),
                "sequence": list.sequence(), "issued_at": list.issued_at().to_string(),
                "next_update": list.next_update().to_string(), "due": due,
            }));
        }
        Ok(report.json("credentials", credentials).json("trust_lists", lists))
    }
}

/// What a credential is, without its values.
fn describe(
    report: Report,
    kept: &Kept,
    (by, name): (Option<&str>, Option<&str>),
    now: Timestamp,
) -> (Report, Map<String, Value>) {
    let credential = &kept.credential;
    let (schema, validity) = (credential.schema(), credential.validity());
    let did = did_key::encode(credential.issuer());
    let standing = kept.standing(now);
    let [from, until] = [validity.from(), validity.until()].map(trust::instant);
    let issuer = name.map_or_else(|| did.clone(), |name| format!("{name}, {did}"));
    let mut report = report
        .row(&kept.label, format!("{} {}", schema.name(), schema.version()))
        .row("", format!("of {issuer}"))
        .row("", format!("{}; from {from} until before {until}", standing.text()));
    if let Some(by) = by {
        report = report.row("", format!("superseded: {by} renews it"));
    }
    let object = json!({
        "label": kept.label, "schema": schema.id().to_string(), "name": schema.name(),
        "version": schema.version().to_string(), "issuer": did, "issuer_name": name,
        "suite": credential.suite().id(), "validity": standing.word(),
        "validity_text": standing.text(), "valid_from": from, "valid_until": until,
        "superseded_by": by,
    });
    match object {
        Value::Object(object) => (report, object),
        _ => (report, Map::new()),
    }
}

/// Whether what was looked up is on the list.
pub(super) fn is_present(kept: &Kept, found: &Found, entry: &Entry) -> bool {
    let element = kept.element(found.field.as_deref(), entry.key());
    element.is_some_and(|element| entry.shows_presence(element))
}

fn age(entry: &Entry, now: Timestamp) -> u64 {
    now.unix().saturating_sub(entry.stamp().issued_at.unix()) / 3600
}

fn word(present: bool) -> &'static str {
    if present { "present" } else { "absent" }
}

fn entry_text(kept: &Kept, found: &Found, entry: &Entry, now: Timestamp) -> String {
    let stamp = entry.stamp();
    let what = found.field.as_ref().map(|field| format!("{field} ")).unwrap_or_default();
    let due = if now >= stamp.next_update { ", and the next one is due" } else { "" };
    let word = word(is_present(kept, found, entry));
    let (list, epoch, age) = (&entry.key().list, stamp.epoch, span(age(entry, now)));
    format!("{what}{word} on {list}, epoch {epoch}, {age} old{due}")
}

fn entry_json(kept: &Kept, found: &Found, entry: &Entry, now: Timestamp) -> Value {
    let (key, stamp) = (entry.key(), entry.stamp());
    json!({
        "list": key.list, "authority": did_key::encode(&key.authority), "field": found.field,
        "epoch": stamp.epoch, "issued_at": stamp.issued_at.to_string(),
        "next_update": stamp.next_update.to_string(), "age_hours": age(entry, now),
        "due": now >= stamp.next_update, "is": word(is_present(kept, found, entry)),
    })
}

/// The values, as the credential's document has them.
fn values(report: Report, kept: &Kept) -> Result<(Report, Map<String, Value>), Failure> {
    let schema = kept.credential.schema();
    let mut report = report;
    let mut values = Map::new();
    let document = Zeroizing::new(schema.record_to_document(kept.credential.record())?);
    for (name, value) in crate::document::Cursor::root(&document).entries()? {
        let text = value.document().canonical();
        report = report.row("", format!("{name} = {text}"));
        values.insert(name.to_owned(), text.into());
    }
    Ok((report, values))
}
