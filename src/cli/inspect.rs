//! `sigil inspect`: what a file is, for people, without its secrets.

use super::failure::{Complaint, Failure, InFile};
use super::issuer::{self, IssuerSecret};
use super::report::Report;
use super::{artefacts, authority, files, policy, request, schema, status, terms, trust, wallet};
use crate::credential::{self, UnverifiedCredential};
use crate::decision::{self, STATUS_FORMAT, StatusState};
use crate::did_key;
use crate::document::{Bounds, Cursor, Document};
use crate::encoding::Wire;
use crate::policy::{Bundle, Consumer, Policy};
use crate::presentation::Presentation;
use crate::request::PresentationRequest;
use crate::schema::Schema;
use crate::value::Timestamp;
use clap::Args;
use serde_json::{Map, Value, json};
use sigil_circuits::KeyFile;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// How a private key in PEM begins.
const PEM: &str = "-----BEGIN";

/// Say what a file is.
///
/// Shows a schema, policy, bundle, request, credential, presentation, proving or verifying key,
/// issuer, issuer's secret, authority's key, what a consumer needs, what is known of statuses, the
/// record of a decision, a list's file, head, entry, secret or known heads, a trust list, or the
/// directory of a wallet. Of secrets only the public part is shown, of a credential only the names of
/// its fields, unless --show-values is given, and of a wallet how many files of each kind it has.
/// Nothing is verified but heads of lists, and trust lists: the rest takes `verify`.
///
/// Reads the file, whatever its name, or the names in the directory. Writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil inspect presentation.json
  sigil inspect terms/verifying.key --json
  sigil inspect alice.credential.json --show-values")]
pub(super) struct Arguments {
    /// The file.
    file: PathBuf,
    /// Show the values in a credential.
    #[arg(long)]
    show_values: bool,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        if wallet::is_wallet(&self.file) {
            let report = wallet::describe(&self.file)?;
            return Ok(report.json("file", self.file.display().to_string()));
        }
        let octets = files::read(&self.file, terms::MAX_KEY)?;
        let report = self.describe(&octets)?;
        Ok(report.json("file", self.file.display().to_string()).json("octets", octets.len()))
    }

    fn describe(&self, octets: &[u8]) -> Result<Report, Failure> {
        let file = &self.file;
        if let Ok(text) = std::str::from_utf8(octets) {
            return self.describe_text(text);
        }
        if octets.starts_with(b"SIGILKEY") {
            return key(&KeyFile::identify(octets).in_file(file)?);
        }
        if octets.starts_with(&crate::status::file::MAGIC) {
            let failed = |error| status::file_failure(file, &error);
            return status::inspect::list(octets).map_err(failed);
        }
        presentation(&artefacts::parse_presentation(octets).map_err(|_| self.unknown())?)
    }

    fn describe_text(&self, text: &str) -> Result<Report, Failure> {
        let (file, octets) = (&self.file, text.as_bytes());
        if text.starts_with(PEM) {
            let key = authority::read(file)?;
            let report = Report::new().json("kind", "authority's key");
            let report = report.line("Authority's key; its secret part is not shown");
            return Ok(report.fact("authority", key.authority().to_string()));
        }
        let format = format(octets).in_file(file)?.ok_or_else(|| self.unknown())?;
        let named = |kind: &str| Report::new().json("kind", kind);
        match format.as_str() {
            credential::FORMAT => self.credential(octets),
            crate::schema::FORMAT => {
                Ok(schema::describe(named("schema"), &Schema::parse(octets).in_file(file)?))
            }
            crate::policy::FORMAT => {
                Ok(policy::describe(named("policy"), &Policy::parse(octets).in_file(file)?))
            }
            crate::policy::BUNDLE_FORMAT => bundle(&Bundle::parse(octets).in_file(file)?),
            crate::request::FORMAT => {
                let request_read = PresentationRequest::parse(octets).in_file(file)?;
                let report = named("request").line("Request");
                Ok(request::describe(report, &request_read))
            }
            crate::policy::CONSUMER_FORMAT => {
                let consumer = Consumer::parse(octets).in_file(file)?;
                let name = consumer.name().unwrap_or_default().to_owned();
                Ok(named("consumer").line("What a consumer needs").fact("name", name))
            }
            decision::FORMAT => record(octets).in_file(file),
            STATUS_FORMAT => {
                let digest = StatusState::parse(octets).in_file(file)?.digest().to_string();
                Ok(named("status").line("What is known of statuses").fact("status", digest))
            }
            issuer::SECRET_FORMAT => {
                let secret = IssuerSecret::parse(octets).in_file(file)?;
                Ok(named("issuer's secret")
                    .line("Issuer's secret; its secret part is not shown")
                    .fact("issuer", did_key::encode(secret.public_key()))
                    .fact("suite", secret.suite().id()))
            }
            issuer::PUBLIC_FORMAT => {
                let (key, suite) = issuer::parse_public(octets).in_file(file)?;
                Ok(named("issuer")
                    .line("Issuer")
                    .fact("issuer", did_key::encode(&key))
                    .fact("suite", suite.id()))
            }
            crate::trust::FORMAT => {
                Ok(trust::describe(named("trust list"), &artefacts::trust(file)?))
            }
            wallet::FORMAT => {
                wallet::parse_mark(octets).in_file(file)?;
                Ok(named("wallet").line("What makes a wallet of the directory that it is in"))
            }
            other if other == envelope_format() => {
                presentation(&Presentation::from_json(text).in_file(file)?)
            }
            other => match status::inspect::document(other, octets) {
                Some(described) => described.in_file(file),
                None => Err(self.unknown()),
            },
        }
    }

    fn unknown(&self) -> Failure {
        let complaint = Complaint::new("not an artefact that this version knows");
        let remedy = "name a schema, policy, bundle, request, credential, presentation, consumer, \
                      status, decision record, list, trust list, wallet, key or issuer file";
        Failure::input(complaint.in_file(&self.file).remedy(remedy))
    }

    fn credential(&self, octets: &[u8]) -> Result<Report, Failure> {
        let unverified = UnverifiedCredential::parse(octets).in_file(&self.file)?;
        let hour = |hours: u32| {
            let time = Timestamp::from_hours(u64::from(hours));
            time.map(|time| time.to_string()).unwrap_or_default()
        };
        let validity = unverified.validity();
        let report = Report::new()
            .json("kind", "credential")
            .line("Credential; its signature is not checked here")
            .fact("schema", unverified.schema_id().to_string())
            .fact("issuer", did_key::encode(unverified.issuer()))
            .fact("suite", unverified.suite().id())
            .fact("valid from", hour(validity.from()))
            .fact("valid until", hour(validity.until()));
        values(report, octets, self.show_values).in_file(&self.file)
    }
}

/// The fields of a credential document, their values only if they are to be shown.
fn values(report: Report, octets: &[u8], show: bool) -> Result<Report, crate::document::Fault> {
    let document = Document::read_json(octets, &Bounds::RECORD)?;
    let cursor = Cursor::root(&document);
    let mut fields = Map::new();
    let mut result = report.line("Fields:");
    for (name, value) in cursor.entries()? {
        if name != "fields" {
            continue;
        }
        for (field, value) in value.entries()? {
            let text = Zeroizing::new(value.document().canonical());
            let shown = if show { text.as_str() } else { "(not shown)" };
            result = result.row(field, shown);
            let value = if show { Value::from(text.as_str()) } else { Value::Null };
            fields.insert(field.to_owned(), value);
        }
    }
    Ok(result.json("fields", fields))
}

fn envelope_format() -> String {
    format!("{}/{}", Presentation::FORMAT, Presentation::VERSION)
}

/// The member `format` of a document; none if there is none.
pub(super) fn format(octets: &[u8]) -> Result<Option<String>, crate::document::Fault> {
    let bounds = Bounds {
        octets: 2 * Presentation::MAX_LEN + 256,
        integers: Bounds::RECORD.integers,
        ..Bounds::PUBLISHED
    };
    Ok(match Document::read(octets, &bounds)? {
        Document::Object(mut entries) => match entries.remove("format") {
            Some(Document::Text(format)) => Some(format),
            _ => None,
        },
        _ => None,
    })
}

fn bundle(bundle: &Bundle) -> Result<Report, Failure> {
    let shape = bundle.shape_id().map(|shape| shape.to_string());
    let key = bundle.key().map(|key| key.to_string());
    let none = || "none: the policy proves nothing hidden".to_owned();
    let report = Report::new()
        .json("kind", "bundle")
        .line("Bundle")
        .fact("bundle", bundle.hash().to_string())
        .row("shape", shape.clone().unwrap_or_else(none))
        .row("key", key.clone().unwrap_or_else(none))
        .json("shape", shape)
        .json("key", key)
        .json("authorised", bundle.is_authorised());
    let report = match bundle.policy().authority() {
        None => report.row("authority", "none is named"),
        Some(did) if bundle.is_authorised() => report.row("authority", format!("{did}, signed")),
        Some(did) => report.row("authority", format!("{did}, NOT signed")),
    };
    Ok(policy::describe(report, bundle.policy()))
}

fn presentation(presentation: &Presentation) -> Result<Report, Failure> {
    let mut report = Report::new()
        .json("kind", "presentation")
        .line("Presentation; nothing in it is verified here")
        .row("octets as CBOR", presentation.to_bytes().len())
        .row("predicate proof over hidden values", presentation.slots())
        .row("hidden equalities", presentation.equalities())
        .row("entries of lists", presentation.lists())
        .line("Credentials:");
    let mut credentials = Vec::new();
    for i in 0..presentation.credentials() {
        let Some((issuer, disclosed, hidden)) = presentation.outline(i) else { continue };
        let by = issuer.map_or_else(
            || "issuer by its key".to_owned(),
            |issuer| format!("issuer number {issuer} of its role"),
        );
        let text = format!("{by}; messages revealed: {disclosed}, hidden: {hidden}");
        report = report.row(format!("number {i}"), text);
        credentials.push(json!({ "issuer": issuer, "revealed": disclosed, "hidden": hidden }));
    }
    Ok(report
        .json("credentials", credentials)
        .json("slots", presentation.slots())
        .json("equalities", presentation.equalities())
        .json("lists", presentation.lists())
        .json("predicate", presentation.has_predicate()))
}

/// The record of a decision, as it is written: whether it is right is for who has what it was made
/// from.
fn record(octets: &[u8]) -> Result<Report, Failure> {
    let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
    let fields = Cursor::root(&document).entries()?;
    let report = Report::new().json("kind", "decision record").line("Record of a decision");
    let report = report.fact("digest", hex::encode(document.digest()));
    Ok(fields.iter().fold(report, |report, (name, value)| match value.document() {
        Document::Text(text) if *name != "format" => report.fact(name, text.as_str()),
        _ => report,
    }))
}

fn key(file: &KeyFile) -> Result<Report, Failure> {
    let kind = if file.is_proving() { "proving key" } else { "verifying key" };
    Ok(Report::new()
        .json("kind", kind)
        .line(format!("{}; its points are not checked here", capitalised(kind)))
        .fact("shape", file.shape_id().to_string())
        .fact("fingerprint", hex::encode(file.fingerprint())))
}

fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}
