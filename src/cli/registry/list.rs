//! `sigil registry list` and `stats`.

use super::place::Place;
use super::{attestation_id, known_schema};
use crate::authority::Authority;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::time;
use crate::registry::attestation::Relation;
use crate::registry::event::{Act, Event};
use crate::registry::facts::Recorded;
use crate::registry::grant::{Grant, Right};
use crate::registry::object::Kind;
use crate::registry::statement::Statement;
use crate::registry::subject::Subject;
use crate::store::{Content, Cursor, Entry, Filter, Order, Page};
use crate::value::Timestamp;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// List entries.
///
/// All conditions have to hold. A page ends with a cursor: with --after, the next page goes on from
/// there, over the entries that there were at the first page and no others, so that nothing is shown
/// twice or left out while the registry grows.
///
/// Reads the registry. Writes nothing. With --json, each entry has its index, by which `log inclusion`
/// proves it under the checkpoint that the page names.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry list registry --issuer did:key:z6Mk… --schema kyc.json --limit 20
  sigil registry list registry --subject did:example:alice --newest
  sigil registry list registry --linked 3f0c9a1e --relation disputes")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: PathBuf,
    /// Entries of this kind.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// Attestations under this schema: a file, or an identifier.
    #[arg(long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// Attestations of this issuer.
    #[arg(long, value_name = "DID")]
    issuer: Option<Authority>,
    /// Attestations about this subject.
    #[arg(long, value_name = "IRI")]
    subject: Option<Subject>,
    /// Attestations that are linked to this one.
    #[arg(long, value_name = "ID")]
    linked: Option<String>,
    /// How they are linked: supersedes, disputes or supports.
    #[arg(long, value_name = "WORD", value_parser = relation, requires = "linked")]
    relation: Option<Relation>,
    /// Recorded at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    since: Option<Timestamp>,
    /// Recorded before this time.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    before: Option<Timestamp>,
    /// The newest first.
    #[arg(long)]
    newest: bool,
    /// Entries of a page.
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// The cursor of the page before.
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
}

/// Say what a registry has.
///
/// Reads the registry. Writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sigil registry stats registry")]
pub(in crate::cli) struct Stats {
    /// The registry's folder.
    dir: PathBuf,
}

fn kind(word: &str) -> Result<Kind, String> {
    let words: Vec<&str> = Kind::ALL.into_iter().map(Kind::word).collect();
    let found = Kind::ALL.into_iter().find(|kind| kind.word() == word);
    found.ok_or_else(|| format!("write one of {}", words.join(", ")))
}

fn relation(word: &str) -> Result<Relation, String> {
    let found = Relation::ALL.into_iter().find(|relation| relation.word() == word);
    found.ok_or_else(|| "write one of supersedes, disputes, supports".to_owned())
}

impl Arguments {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.read()?;
        let schema = self.schema.as_deref().map(|text| known_schema(&place, &store, text));
        let linked = self.linked.as_deref().map(|text| attestation_id(&place, &store, text));
        let filter = Filter {
            kind: self.kind,
            schema: schema.transpose()?.map(|schema| schema.id()),
            issuer: self.issuer,
            subject: self.subject,
            link: linked.transpose()?.map(|target| (self.relation, target)),
            recorded_from: self.since,
            recorded_until: self.before,
        };
        let order = if self.newest { Order::Newest } else { Order::Oldest };
        let page = Page { limit: self.limit.into(), after: self.after, order };
        let listing = place.ask(store.list(&filter, &page))?;
        let mut report = Report::new();
        for item in &listing.items {
            report = report.line(line(item));
        }
        let items: Vec<Value> = listing.items.iter().map(item_json).collect();
        let next = listing.next.as_ref().map(ToString::to_string);
        if let Some(next) = &next {
            report = report.line(format!("more: --after {next}"));
        }
        Ok(report
            .json("items", items)
            .json("next", next)
            .json("checkpoint", listing.checkpoint.to_string()))
    }
}

fn line(item: &Recorded<Entry>) -> String {
    let id = hex::encode(item.entry.id);
    let about = match &item.entry.content {
        Content::Attestation(attestation) => {
            attestation.statement().subject.as_ref().map(ToString::to_string)
        }
        _ => None,
    };
    let (index, kind, when) = (item.index, item.entry.kind.word(), item.recorded_at);
    format!("{index:>8}  {when}  {kind:11}  {id}  {}", about.unwrap_or_default())
}

/// What programs are told of an entry.
pub(super) fn item_json(item: &Recorded<Entry>) -> Value {
    let mut object = json!({
        "index": item.index,
        "kind": item.entry.kind.word(),
        "id": hex::encode(item.entry.id),
        "recorded_at": item.recorded_at.to_string(),
    });
    let more = match &item.entry.content {
        Content::Attestation(signed) => attestation_json(signed.statement()),
        Content::Event(signed) => event_json(signed.statement()),
        Content::Grant(signed) => grant_json(signed.statement()),
        Content::Document(octets) => {
            json!({ "document": serde_json::from_slice::<Value>(octets).unwrap_or(Value::Null) })
        }
        Content::Source(octets) => json!({ "octets": octets.len() }),
    };
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

fn attestation_json(attestation: &crate::registry::attestation::Attestation) -> Value {
    let links = attestation
        .links
        .iter()
        .map(|link| json!({ "relation": link.relation.word(), "target": link.target.to_string() }));
    json!({
        "schema": attestation.schema.to_string(),
        "issuer": attestation.issuer.to_string(),
        "signer": attestation.signer().to_string(),
        "subject": attestation.subject.as_ref().map(ToString::to_string),
        "issued_at": attestation.issued_at.to_string(),
        "valid_from": attestation.valid_from.to_string(),
        "valid_until": attestation.valid_until.map(|time| time.to_string()),
        "revocable": attestation.revocable,
        "handle": attestation.handle,
        "links": links.collect::<Vec<_>>(),
        "payload": super::entry::payload_json(&attestation.payload),
        "anchor": attestation.anchor.map(hex::encode),
        "source": attestation.source.as_ref().map(|source| json!({
            "format": source.format,
            "id": source.id,
            "attester": source.attester,
            "digest": hex::encode(source.digest),
        })),
    })
}

fn event_json(event: &Event) -> Value {
    let (act, reason, until) = match event.act {
        Act::Revoke(cause) => ("revoke", Some(cause.word()), None),
        Act::Suspend { cause, until } => ("suspend", Some(cause.word()), until),
        Act::Resume => ("resume", None, None),
    };
    json!({
        "act": act,
        "target": hex::encode(event.target.to_bytes()),
        "issuer": event.issuer.to_string(),
        "signer": event.signer().to_string(),
        "issued_at": event.issued_at.to_string(),
        "effective": event.effective.to_string(),
        "reason": reason,
        "until": until.map(|time| time.to_string()),
        "note": event.note,
    })
}

fn grant_json(grant: &Grant) -> Value {
    let right = |right: &Right| match right {
        Right::Attest => "attest",
        Right::Revoke => "revoke",
    };
    json!({
        "issuer": grant.issuer.to_string(),
        "grantor": grant.grantor.to_string(),
        "delegate": grant.delegate.to_string(),
        "parent": grant.parent.map(|id| id.to_string()),
        "schemas": grant.schemas.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "rights": grant.rights.iter().map(right).collect::<Vec<_>>(),
        "audience": grant.audience,
        "not_before": grant.not_before.to_string(),
        "not_after": grant.not_after.to_string(),
        "depth": grant.depth,
    })
}

impl Stats {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.read()?;
        let stats = place.ask(store.stats())?;
        let mut report = Report::new()
            .line(format!("Registry {}", store.origin()))
            .json("origin", store.origin())
            .fact("log key", store.log_key().to_string())
            .fact("entries", stats.checkpoint.body().size());
        let counts = |counts: &[(String, u64)]| -> Value {
            counts.iter().map(|(name, count)| (name.clone(), Value::from(*count))).collect()
        };
        let kinds = stats.entries.iter().map(|(kind, count)| (kind.word().to_owned(), *count));
        let schemas = stats.schemas.iter().map(|(id, count)| (id.to_string(), *count));
        let issuers = stats.issuers.iter().map(|(key, count)| (key.to_string(), *count));
        let tables: [(&str, Vec<(String, u64)>); 3] = [
            ("kinds", kinds.collect()),
            ("schemas", schemas.collect()),
            ("issuers", issuers.collect()),
        ];
        for (title, table) in &tables {
            report = report.line(format!("{title}:"));
            for (name, count) in table {
                report = report.row(name, count);
            }
            report = report.json(title, counts(table));
        }
        report = report
            .line("and")
            .fact("keys", stats.keys)
            .fact("subjects", stats.subjects)
            .fact("used nonces", stats.used_nonces)
            .fact("spent nonces", stats.spent_nonces)
            .fact("tiles", stats.tiles)
            .fact("checkpoints", stats.checkpoints)
            .fact("file octets", stats.file_len);
        Ok(report.json("checkpoint", stats.checkpoint.to_string()))
    }
}
