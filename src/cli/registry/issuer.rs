//! `sigil registry issuer` and `grant`: who may attest, and in whose name.

use super::place::Place;
use super::{acknowledged, known_schema};
use crate::authority::Authority;
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{self, Access};
use crate::cli::issuer;
use crate::cli::report::Report;
use crate::cli::{authority, time};
use crate::encoding::Wire;
use crate::registry::grant::{Grant, GrantId, Right};
use crate::registry::issuer::UnsignedIssuerRecord;
use crate::registry::statement::{Signed, Statement};
use crate::store::Object;
use crate::value::Timestamp;
use clap::Args;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Bind a key that attests to an issuer of credentials.
///
/// Attestations are signed by Ed25519, credentials by BBS, and policies and trust lists name the BBS
/// key. The record says that both are of one issuer, and both sign it: from then on, whoever trusts the
/// one trusts the other. An issuer that changes its attesting key binds the new one to the same BBS key.
///
/// Reads the issuer's directory and an Ed25519 private key in PEM. Writes the record as JSON to a new
/// file, for `registry add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry issuer --issuer bank --key bank.pem --name \"Bank A\" --out bank.issuer.json")]
pub(in crate::cli) struct Bind {
    /// The issuer's directory, as `issuer init` made it.
    #[arg(long, value_name = "DIR")]
    issuer: PathBuf,
    /// The private key that attests.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The issuer's name.
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Where the issuer says who it is: an https address.
    #[arg(long, value_name = "ADDRESS")]
    site: Option<String>,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Let another key speak for an issuer.
///
/// A grant names schemas, rights, one registry and a time. Its receiver signs in the issuer's name with
/// --for and --grant; with --depth, the receiver may pass it on, with --parent, and never more than it
/// allows.
///
/// Reads the registry and an Ed25519 private key in PEM. Writes one entry to the registry and prints the
/// grant's identifier; with --out, writes a new file for whoever keeps the registry instead.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry grant registry --key bank.pem --to did:key:z6Mk… --schema kyc.json \\
      --not-after 2027-01-01")]
pub(in crate::cli) struct Give {
    /// The registry's folder.
    dir: PathBuf,
    /// The private key of the issuer, or of the receiver of --parent.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who receives it.
    #[arg(long, value_name = "DID")]
    to: Authority,
    /// Under which schemas: files, or identifiers.
    #[arg(long = "schema", value_name = "SCHEMA", required = true)]
    schemas: Vec<String>,
    /// The receiver may revoke, suspend and resume, too.
    #[arg(long)]
    revoke: bool,
    /// The receiver may not attest.
    #[arg(long, requires = "revoke")]
    no_attest: bool,
    /// The first instant in which it counts; now by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    not_before: Option<Timestamp>,
    /// The first instant in which it counts no more.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    not_after: Timestamp,
    /// How many times it may be passed on.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(0..=3))]
    depth: u8,
    /// The grant that this one rests on.
    #[arg(long, value_name = "ID", requires = "issuer")]
    parent: Option<GrantId>,
    /// The issuer that is spoken for, if the key is not its own.
    #[arg(long = "for", value_name = "DID", requires = "parent")]
    issuer: Option<Authority>,
    /// The file to make, instead of an entry.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Bind {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let secret = issuer::IssuerSecret::read(&self.issuer)?;
        let key = authority::read(&self.key)?;
        let bbs = secret.key();
        let record = UnsignedIssuerRecord::new(
            key.authority(),
            *bbs.public_key(),
            &self.name,
            self.site.as_deref(),
            time::now()?,
        )?;
        let record = record
            .sign(&key, bbs, secret.suite())
            .map_err(|error| Failure::refused(Complaint::new(error.to_string())))?;
        let text = record.to_document().canonical() + "\n";
        files::write_new(&self.out, text.as_bytes(), Access::Public)?;
        Ok(Report::new()
            .line(format!("Record made: {}", self.out.display()))
            .fact("record", record.hash().to_string())
            .fact("attester", key.authority().to_string())
            .fact("issuer", crate::did_key::encode(bbs.public_key())))
    }
}

impl Give {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = if self.out.is_some() { place.read()? } else { place.append()? };
        let now = time::now()?;
        let key = authority::read(&self.key)?;
        let schemas = self.schemas.iter();
        let schemas = schemas.map(|schema| Ok(known_schema(&place, &store, schema)?.id()));
        let mut rights = BTreeSet::new();
        if !self.no_attest {
            rights.insert(Right::Attest);
        }
        if self.revoke {
            rights.insert(Right::Revoke);
        }
        let grant = Grant {
            issuer: self.issuer.unwrap_or_else(|| key.authority()),
            grantor: key.authority(),
            delegate: self.to,
            parent: self.parent,
            schemas: schemas.collect::<Result<_, Failure>>()?,
            rights,
            audience: store.origin().to_owned(),
            issued_at: now,
            not_before: self.not_before.unwrap_or(now),
            not_after: self.not_after,
            depth: self.depth,
        };
        if !grant.is_sound() {
            let problem = "the grant ends before it begins, or rests on one of its own issuer";
            let remedy = "check --not-before, --not-after, --parent and --for";
            return Err(Failure::input(Complaint::new(problem).remedy(remedy)));
        }
        let id = grant.id();
        let grant = Signed::sign(grant, &key)
            .map_err(|error| Failure::refused(Complaint::new(error.to_string())))?;
        let report = Report::new().line(format!("Granted: {id}")).json("grant", id.to_string());
        match &self.out {
            Some(out) => {
                let text = grant.into_unverified().to_json();
                files::write_new(out, text.as_bytes(), Access::Public)?;
                Ok(report.row("file", out.display()))
            }
            None => {
                let appended = place.ask(store.append(vec![Object::Grant(grant)], now))?;
                Ok(acknowledged(report, &appended))
            }
        }
    }
}
