//! `sigil trust`: lists of the issuers whose credentials count.

use super::failure::{Complaint, Failure, InFile};
use super::files::{self, Access};
use super::report::Report;
use super::{Exit, artefacts, authority, time};
use crate::bbs::PublicKey;
use crate::did_key::{self, DidKeyError};
use crate::schema::SchemaId;
use crate::trust::{
    IssuerKey, Listed, MAX_LEN, SigningWindow, TrustList, UnsignedTrustList, json_schema,
};
use crate::value::Timestamp;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Sign and check lists of the issuers whose credentials count.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sign a trust list as the authority that it names.
    ///
    /// A trust list says which issuers' keys may sign which schemas, and when. Its editions are numbered,
    /// and each names the hash of the one before, which this prints. With --previous, nothing is signed
    /// that does not follow that edition.
    ///
    /// Reads a trust list in TOML or JSON and an Ed25519 private key in PEM. Writes the signed list as JSON
    /// to a new file. Exit code 1 if the key is not the authority's, or the edition does not follow.
    #[command(after_help = "\
Example:\n  sigil trust sign --list kyc.toml --key authority.pem --out kyc.trust.json")]
    Sign {
        /// The trust list, not signed yet.
        #[arg(long, value_name = "FILE")]
        list: PathBuf,
        /// The authority's private key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The signed edition that this one comes after.
        #[arg(long, value_name = "FILE")]
        previous: Option<PathBuf>,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check a trust list's signature, and print what it says.
    ///
    /// With --previous, also whether it is the next edition after that one; with --now, whether it is
    /// current; with --key and --schema, in which hours a credential may begin to count, and whether one
    /// does that begins at --at. Who signed is printed: whether that is whom you trust is for you to say.
    ///
    /// Reads a signed trust list. Writes nothing. Exit code 1 if an answer is no.
    #[command(after_help = "\
Examples:
  sigil trust check kyc.trust.json --previous old.trust.json
  sigil trust check kyc.trust.json --key did:key:zUC7… --schema 3f… --at 2026-03-01")]
    Check {
        /// The signed trust list.
        file: PathBuf,
        /// The edition that it should come after.
        #[arg(long, value_name = "FILE")]
        previous: Option<PathBuf>,
        /// The time at which it should be current: issued, and the next edition not due.
        #[arg(long, value_name = "TIME", value_parser = time::instant)]
        now: Option<Timestamp>,
        /// An issuer's key.
        #[arg(long, value_name = "DID", value_parser = issuer_key, requires = "schema")]
        key: Option<Box<PublicKey>>,
        /// The identifier of a schema that it may have signed.
        #[arg(long, value_name = "ID", requires = "key")]
        schema: Option<SchemaId>,
        /// When the credential begins, to the hour; the system's clock by default.
        #[arg(long, value_name = "TIME", value_parser = time::instant, requires = "key")]
        at: Option<Timestamp>,
    },
    /// Print the JSON Schema of trust lists, for editors.
    ///
    /// Reads nothing. Writes to standard output, also without --json.
    #[command(after_help = "Example:\n  sigil trust json-schema > sigil-trust.json")]
    JsonSchema,
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        match self {
            Command::Sign { list, key, previous, out } => sign(list, key, previous.as_deref(), out),
            Command::Check { file, previous, now, key, schema, at } => {
                let list = artefacts::trust(file)?;
                let mut report = describe(Report::new(), &list);
                if let Some(previous) = previous {
                    report = chain(report, &list, &artefacts::trust(previous)?);
                }
                if let Some(now) = now {
                    report = current(report, &list, *now);
                }
                if let (Some(key), Some(schema)) = (key, schema) {
                    let at = at.map_or_else(time::now, Ok)?;
                    report = verdict(report, &list, key, *schema, hour_of(at)?);
                }
                Ok(report)
            }
            Command::JsonSchema => Ok(Report::document(json_schema())),
        }
    }
}

/// On the heap, as a key is much longer than all other arguments.
fn issuer_key(did: &str) -> Result<Box<PublicKey>, DidKeyError> {
    did_key::decode(did).map(Box::new)
}

fn sign(list: &Path, key: &Path, previous: Option<&Path>, out: &Path) -> Result<Report, Failure> {
    let key = authority::read(key)?;
    let unsigned = UnsignedTrustList::parse(&files::read(list, MAX_LEN)?).in_file(list)?;
    let signed = unsigned.sign(&key).map_err(|error| {
        let remedy = format!("let the list say authority = \"{}\"", key.authority());
        Failure::refused(Complaint::new(error.to_string()).in_file(list).remedy(remedy))
    })?;
    if let Some(path) = previous {
        let previous = artefacts::trust(path)?;
        signed.follows(&previous).map_err(|error| {
            let remedy = format!(
                "let the list say sequence = {} and previous = \"{}\"",
                previous.sequence().saturating_add(1),
                previous.hash()
            );
            Failure::refused(Complaint::new(error.to_string()).in_file(list).remedy(remedy))
        })?;
    }
    let text = signed.to_document().canonical() + "\n";
    files::write_new(out, text.as_bytes(), Access::Public)?;
    Ok(Report::new()
        .line(format!("Signed: {}", out.display()))
        .fact("trust list", signed.hash().to_string())
        .fact("authority", signed.authority().to_string())
        .fact("sequence", signed.sequence()))
}

/// What a list says.
pub(super) fn describe(report: Report, list: &TrustList) -> Report {
    let previous = list.previous().map(|hash| hash.to_string());
    let mut report = report
        .line(format!("Trust list {}", list.id()))
        .json("id", list.id())
        .fact("trust list", list.hash().to_string())
        .row("authority", format!("{}, signed", list.authority()))
        .json("authority", list.authority().to_string())
        .fact("sequence", list.sequence())
        .row("previous", previous.as_deref().unwrap_or("none"))
        .json("previous", previous)
        .fact("issued at", list.issued_at().to_string())
        .fact("next update", list.next_update().to_string());
    let mut issuers = Vec::new();
    for issuer in list.issuers() {
        report =
            report.line(format!("Issuer {}, precedence {}:", issuer.name(), issuer.precedence()));
        report = issuer.keys().iter().fold(report, describe_key);
        let keys: Vec<Value> = issuer.keys().iter().map(key_json).collect();
        let (name, precedence) = (issuer.name(), issuer.precedence());
        issuers.push(json!({ "name": name, "precedence": precedence, "keys": keys }));
    }
    report.json("issuers", issuers)
}

fn describe_key(report: Report, key: &IssuerKey) -> Report {
    let schemas: Vec<String> = key.schemas().map(|id| id.to_string()).collect();
    let window = match key.window() {
        Ok(window) => span(window),
        Err(refusal) => format!("none: {refusal}"),
    };
    let mut report = report
        .row("key", did_key::encode(key.key()))
        .row("signs", schemas.join(", "))
        .row("what begins", window);
    if let Some(successor) = key.successor() {
        report = report.row("successor", did_key::encode(successor));
    }
    match key.compromised() {
        Some(hour) => report.row("compromised", instant(hour)),
        None => report,
    }
}

fn key_json(key: &IssuerKey) -> Value {
    let schemas: Vec<String> = key.schemas().map(|id| id.to_string()).collect();
    json!({
        "key": did_key::encode(key.key()),
        "schemas": schemas,
        "from": instant(key.from()),
        "until": key.until().map(instant),
        "successor": key.successor().map(did_key::encode),
        "compromised": key.compromised().map(instant),
        "window": key.window().ok().map(window_json),
    })
}

fn chain(report: Report, list: &TrustList, previous: &TrustList) -> Report {
    let before = format!("edition {}, {}", previous.sequence(), previous.hash());
    match list.follows(previous) {
        Ok(()) => report
            .line("Chain:")
            .row("follows", before)
            .json("chain", json!({ "follows": true, "edition": previous.hash().to_string() })),
        Err(broken) => report
            .line("Chain:")
            .row("does NOT follow", before)
            .row(broken.word(), broken)
            .json(
                "chain",
                json!({
                    "follows": false,
                    "edition": previous.hash().to_string(),
                    "reason": broken.word(),
                    "problem": broken.to_string(),
                }),
            )
            .exiting(Exit::Refused),
    }
}

/// By the list's own dates, whatever age a policy accepts.
fn current(report: Report, list: &TrustList, now: Timestamp) -> Report {
    match list.freshness(now, u32::MAX, 0) {
        Ok(()) => report.line(format!("Current at {now}")).json("current", true),
        Err(stale) => report
            .line(format!("NOT current at {now}: {stale}"))
            .json("current", false)
            .exiting(Exit::Refused),
    }
}

fn verdict(
    report: Report,
    list: &TrustList,
    key: &PublicKey,
    schema: SchemaId,
    hour: SigningWindow,
) -> Report {
    let widest = list.window(key, schema).ok();
    let report = report
        .line(format!("A credential that begins at {}:", instant(hour.from())))
        .row("key", did_key::encode(key))
        .row("schema", schema)
        .row("counts within", widest.map_or_else(|| "no window".to_owned(), span));
    let issuer = |listed: Option<Listed<'_>>| match listed {
        Some(Listed { issuer, precedence }) => {
            json!({ "name": issuer, "precedence": precedence })
        }
        None => Value::Null,
    };
    let object = |counts: bool, refusal: Option<(&str, String)>| {
        let (word, problem) = refusal.unzip();
        json!({
            "counts": counts,
            "reason": word,
            "problem": problem,
            "issuer": issuer(list.issuer(key)),
            "at": instant(hour.from()),
            "window": widest.map(window_json),
        })
    };
    match list.judge(key, schema, hour) {
        Ok(Listed { issuer, precedence }) => report
            .row("verdict", format!("counts, of {issuer}, precedence {precedence}"))
            .json("verdict", object(true, None)),
        Err(refusal) => report
            .row("verdict", format!("does NOT count: {}: {refusal}", refusal.word()))
            .json("verdict", object(false, Some((refusal.word(), refusal.to_string()))))
            .exiting(Exit::Refused),
    }
}

/// The hour that a point in time is in.
fn hour_of(at: Timestamp) -> Result<SigningWindow, Failure> {
    let hour = u32::try_from(at.hours()).ok();
    hour.and_then(|hour| SigningWindow::new(hour, hour.checked_add(1)?)).ok_or_else(|| {
        let complaint = Complaint::new(format!("no credential can begin at {at}"));
        Failure::input(complaint.remedy("say a time before the year 2448 with --at"))
    })
}

/// The time of an hour.
pub(super) fn instant(hour: u32) -> String {
    Timestamp::from_hours(hour.into()).map(|time| time.to_string()).unwrap_or_default()
}

/// A window, for people.
pub(super) fn span(window: SigningWindow) -> String {
    format!("from {} until before {}", instant(window.from()), instant(window.until()))
}

/// A window, for programs.
pub(super) fn window_json(window: SigningWindow) -> Value {
    json!({ "from": instant(window.from()), "until": instant(window.until()) })
}
