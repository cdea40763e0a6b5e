//! Records of EAS and of Sign Protocol.

use super::Arguments;
use crate::authority::AuthorityKey;
use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::registry::acknowledged;
use crate::cli::registry::place::Place;
use crate::cli::report::Report;
use crate::cli::{authority, files, progress, time};
use crate::registry::attestation::{Attestation, MAX_SOURCE, Source};
use crate::registry::event::{Act, Cause, Event, Target};
use crate::registry::exchange::{
    Address, Carried, Foreign, ForeignSchema, Format, MAX_OCTETS, carry, open,
};
use crate::registry::payload::{MAX_INLINE, Payload};
use crate::registry::statement::Signed;
use crate::registry::subject::Subject;
use crate::store::Object;
use crate::value::Timestamp;
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Which records are taken.
#[derive(Debug, Args)]
pub(in crate::cli::registry) struct Selection {
    /// Take originals of this account; may be said several times.
    #[arg(long = "attester", value_name = "0x…", conflicts_with = "any_attester")]
    attesters: Vec<Address>,
    /// Take originals of anybody.
    #[arg(long)]
    any_attester: bool,
    /// The chain of records that do not say theirs, as 1 or 10.
    #[arg(long, value_name = "N")]
    chain: Option<u64>,
    /// Private data of the one record: a tree, or a proof of some leaves.
    #[arg(long, value_name = "FILE")]
    private: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn import_foreign(
        &self,
        place: &Place,
        issued_at: Timestamp,
        quiet: bool,
    ) -> Result<Report, Failure> {
        if self.foreign.attesters.is_empty() && !self.foreign.any_attester {
            let problem = "nothing says whose originals are taken";
            let remedy = "name --attester, or say --any-attester";
            return Err(Failure::input(Complaint::new(problem).remedy(remedy)));
        }
        let key = authority::read(&self.key)?;
        let schema = PathBuf::from(&self.schema);
        let octets = files::read(&schema, MAX_OCTETS)?;
        let schema = ForeignSchema::parse(&octets).in_file(&schema)?;
        let octets = files::read(&self.file, MAX_OCTETS)?;
        let records = Foreign::parse(&octets).in_file(&self.file)?;
        let bar = progress::bar(quiet, "reading", records.len());
        let (mut objects, mut accounts) = (Vec::new(), Vec::new());
        for (number, record) in records.into_iter().enumerate() {
            let record = self.placed(record).in_file(&self.file)?;
            self.allowed(&record, number).map_err(|failure| failure.in_file(&self.file))?;
            let carried = match &self.foreign.private {
                Some(path) => open(&record, &private(path)?).in_file(path)?,
                None => carry(&record, &schema).in_file(&self.file)?,
            };
            let (made, account) = entries(&record, carried, &key, issued_at)
                .map_err(|failure| failure.in_file(&self.file))?;
            objects.extend(made);
            accounts.push(account);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let mut report = Report::new();
        for account in &accounts {
            report = report.line(format!("{} {}", text(&account["format"]), text(&account["id"])));
            for loss in account["losses"].as_array().into_iter().flatten() {
                report = report.line(format!("  not carried over: {}", text(loss)));
            }
        }
        let report = report.json("records", accounts);
        if self.dry_run {
            return Ok(report.line("Nothing is recorded."));
        }
        let store = place.append()?;
        let appended = place.ask(store.append(objects, time::now()?))?;
        Ok(acknowledged(report, &appended))
    }

    fn placed(&self, record: Foreign) -> Result<Foreign, crate::document::Fault> {
        match self.foreign.chain {
            Some(chain) if record.chain().is_none() => record.on_chain(chain),
            _ => Ok(record),
        }
    }

    fn allowed(&self, record: &Foreign, number: usize) -> Result<(), Failure> {
        let stated = record.attester();
        let allowed = stated.is_some_and(|attester| self.foreign.attesters.contains(&attester));
        if self.foreign.any_attester || allowed {
            return Ok(());
        }
        let problem = match stated {
            Some(attester) => format!("the original is of {attester:#x}"),
            None => "the original does not say who made it".to_owned(),
        };
        let remedy = "take the record out, or name its account with --attester";
        Err(Failure::refused(Complaint::new(problem).at(format!("$[{number}]")).remedy(remedy)))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn private(path: &std::path::Path) -> Result<Foreign, Failure> {
    let octets = files::read(path, MAX_OCTETS)?;
    let mut records = Foreign::parse(&octets).in_file(path)?;
    match (records.pop(), records.is_empty()) {
        (Some(record), true) if record.format() == Format::EasPrivate => Ok(record),
        _ => {
            let complaint = Complaint::new("not one tree or proof of private data").in_file(path);
            Err(Failure::input(complaint.remedy("name the file of one")))
        }
    }
}

/// The entries for one record: its schema, the original, the attestation, and the revocation if it
/// was revoked; and what is said of it.
fn entries(
    record: &Foreign,
    carried: Carried,
    key: &AuthorityKey,
    issued_at: Timestamp,
) -> Result<(Vec<Object>, Value), Failure> {
    let wrong = |problem: String| Failure::input(Complaint::new(problem));
    let mut losses: Vec<String> = carried.losses.iter().map(ToString::to_string).collect();
    let original = record.to_json().into_bytes();
    let digest: [u8; 32] = Sha256::digest(&original).into();
    let claims = carried.claims.canonical().into_bytes();
    if claims.len() > MAX_INLINE || record.id().len() > MAX_SOURCE {
        return Err(wrong(format!("the claims have more than {MAX_INLINE} octets")));
    }
    let subject = match &carried.subject {
        Some(subject) => match subject.parse::<Subject>() {
            Ok(subject) => Some(subject),
            Err(error) => {
                losses.push(format!("recipient: {error}"));
                None
            }
        },
        None => None,
    };
    let attestation = Attestation {
        schema: carried.schema.id(),
        issuer: key.authority(),
        subject,
        issued_at,
        valid_from: carried.issued_at,
        valid_until: carried.valid_until,
        // Whoever imports may find that the original was revoked.
        revocable: true,
        handle: None,
        links: Vec::new(),
        payload: Payload::Inline(claims),
        anchor: None,
        source: Some(Source {
            format: record.format().word().to_owned(),
            id: record.id().to_owned(),
            attester: record.attester().map(|attester| format!("{attester:#x}")),
            digest,
        }),
        delegated: None,
    };
    if !attestation.is_sound() {
        return Err(wrong("the original ends before it begins".to_owned()));
    }
    let unsigned = |error: crate::authority::NotSigned| wrong(error.to_string());
    let attestation = Signed::sign(attestation, key).map_err(unsigned)?;
    let id = attestation.id();
    let mut objects = vec![
        Object::Schema(carried.schema),
        Object::source(original).map_err(|error| wrong(error.to_string()))?,
        Object::Attestation(attestation),
    ];
    if record.revoked() {
        // Where the time is not known, it counts from the start: nobody may rely on it.
        let effective = carried.revoked_at.unwrap_or(carried.issued_at).min(issued_at);
        let event = Event {
            target: Target::Attestation(id),
            issuer: key.authority(),
            issued_at,
            effective,
            act: Act::Revoke(Cause::Unspecified),
            note: Some("revoked in its own registry".to_owned()),
            delegated: None,
        };
        objects.push(Object::Event(Signed::sign(event, key).map_err(unsigned)?));
    }
    let account = json!({
        "format": record.format().word(),
        "id": record.id(),
        "attester": record.attester().map(|attester| format!("{attester:#x}")),
        "signature_checked": record.signature_checked(),
        "revoked": record.revoked(),
        "attestation": id.to_string(),
        "losses": losses,
    });
    Ok((objects, account))
}
