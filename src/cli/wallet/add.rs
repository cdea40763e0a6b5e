//! `sigil wallet add`.

use super::super::artefacts;
use super::super::failure::{Complaint, Failure};
use super::super::report::Report;
use super::folder::{Folder, Kept, is_label};
use crate::credential::Credential;
use crate::schema::Schema;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Characters of a schema's name that a label takes over.
const MAX_STEM: usize = 48;

/// Put credentials into a wallet.
///
/// The signature of each is verified under its schema, which is in the wallet or named with --schema.
/// Each gets a label of its own: the last part of the schema's name and a number, unless --label says
/// another. A label tells nothing outside of the wallet. Of a credential that renews another (the same
/// schema, issuer and fields, and a later validity) this is said, and the older one counts as
/// superseded.
///
/// Reads credentials and schemas. Writes them into the wallet, after all of them have been checked. A
/// credential that is in the wallet already is refused, by its label.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil wallet add --wallet wallet --credential alice.credential.json --schema person.toml
  sigil wallet add --wallet wallet --credential renewed.credential.json --label passport")]
pub(in crate::cli) struct Arguments {
    /// The wallet.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// A credential; repeat it for others.
    #[arg(long, value_name = "FILE", required = true)]
    credential: Vec<PathBuf>,
    /// A schema that the wallet does not have yet; repeat it for others.
    #[arg(long, value_name = "FILE")]
    schema: Vec<PathBuf>,
    /// The label, of a single credential.
    #[arg(long, value_name = "NAME", value_parser = label)]
    label: Option<String>,
}

fn label(text: &str) -> Result<String, String> {
    match is_label(text) {
        true => Ok(text.to_owned()),
        false => Err("write 1 to 64 of A-Z, a-z, 0-9, _ and -".to_owned()),
    }
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        if self.label.is_some() && self.credential.len() > 1 {
            let complaint = Complaint::new("one label for several credentials");
            return Err(Failure::input(complaint.remedy("add them one by one")));
        }
        let given = artefacts::schemas(&self.schema)?;
        let mut folder = Folder::open(&self.wallet)?;
        let schemas: Vec<Schema> = given.iter().chain(&folder.schemas).cloned().collect();
        let mut new: Vec<Kept> = Vec::new();
        for path in &self.credential {
            let credential = read(path, &schemas)?;
            let all = || folder.credentials.iter().chain(&new);
            if let Some(same) = all().find(|kept| is_same(&kept.credential, &credential)) {
                let problem = format!("already in the wallet, as {}", same.label);
                let remedy = "leave it out; nothing was added";
                return Err(Failure::refused(Complaint::new(problem).in_file(path).remedy(remedy)));
            }
            let taken = |label: &str| all().any(|kept| kept.label.eq_ignore_ascii_case(label));
            let label = match &self.label {
                Some(label) if taken(label) => {
                    let complaint = Complaint::new(format!("the label {label} is taken"));
                    return Err(Failure::refused(complaint.remedy("name another")));
                }
                Some(label) => label.clone(),
                None => default_label(credential.schema(), &taken),
            };
            new.push(Kept { label, credential });
        }
        let labels: Vec<String> = new.iter().map(|kept| kept.label.clone()).collect();
        given.into_iter().try_for_each(|schema| folder.put_schema(schema))?;
        new.into_iter().try_for_each(|kept| folder.put_credential(kept))?;
        Ok(self.report(&folder, &labels))
    }

    fn report(&self, folder: &Folder, labels: &[String]) -> Report {
        let mut report = Report::new().line(format!("Added to {}:", self.wallet.display()));
        let mut added: Vec<Value> = Vec::new();
        let superseded = folder.superseded();
        let label = |place: usize| folder.credentials.get(place).map(|kept| kept.label.as_str());
        for new in labels {
            let older = folder.credentials.iter().zip(&superseded);
            let older = older.filter(|(_, by)| by.and_then(label) == Some(new));
            let older: Vec<&str> = older.map(|(kept, _)| kept.label.as_str()).collect();
            let text = match older[..] {
                [] => "new".to_owned(),
                _ => format!("renews {}", older.join(", ")),
            };
            report = report.row(new, text);
            added.push(json!({ "label": new, "renews": older }));
        }
        report.json("added", added)
    }
}

fn read(path: &Path, schemas: &[Schema]) -> Result<Credential, Failure> {
    artefacts::candidate(path, schemas)?.ok_or_else(|| {
        let complaint = Complaint::new("of a schema that the wallet does not have");
        let remedy = "name its document too, with --schema";
        Failure::input(complaint.at("$.schema").in_file(path).remedy(remedy))
    })
}

/// Whether two are one: a handle is used for one credential only.
fn is_same(a: &Credential, b: &Credential) -> bool {
    a.issuer() == b.issuer()
        && a.schema().id() == b.schema().id()
        && a.status_handle() == b.status_handle()
}

/// The last part of the schema's name, and the first number that is free.
fn default_label(schema: &Schema, taken: &dyn Fn(&str) -> bool) -> String {
    let stem = schema.name().rsplit('/').next().unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let stem: String = stem.chars().take(MAX_STEM).map(safe).collect();
    let label = |number: u64| format!("{stem}-{number}");
    // Finitely many are taken.
    (1..).map(label).find(|label| !taken(label)).unwrap_or(stem)
}
