//! `sigil schema`.

use super::failure::Failure;
use super::report::Report;
use super::{Exit, artefacts};
use crate::schema::evolution::{Change, Class, diff};
use crate::schema::{Schema, json_schema};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What a release may ask of a new version.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Required {
    /// The new version reads the old credentials.
    Backward,
    /// The old version reads the new credentials.
    Forward,
    /// Both.
    Full,
}

/// Check and name schemas.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a schema and print what it says.
    ///
    /// Reads a schema document in TOML or JSON. Writes nothing.
    #[command(after_help = "Example:\n  sigil schema check person.toml")]
    Check {
        /// The schema document.
        file: PathBuf,
    },
    /// Print a schema's identifier.
    ///
    /// The identifier is the SHA-256 of the schema's canonical form: the same for TOML and JSON, and
    /// whatever defaults are written out. Policies name schemas by it.
    ///
    /// Reads a schema document. Writes nothing.
    #[command(after_help = "Example:\n  sigil schema id person.toml")]
    Id {
        /// The schema document.
        file: PathBuf,
    },
    /// Say what changes from one version of a schema to the next, and who reads whose credentials.
    ///
    /// The class is full, backward (the new version reads what was issued under the old one),
    /// forward (the old version reads what is issued under the new one) or breaking; each change
    /// has its own, with the reason. Then the part of the version number that has to be raised, and
    /// whether it was.
    ///
    /// Reads two schema documents. Writes nothing. Exit code 1 if --require is not met.
    #[command(after_help = "\
Examples:
  sigil schema diff person-1.toml person-2.toml
  sigil schema diff person-1.toml person-2.toml --require backward --json")]
    Diff {
        /// The old version.
        old: PathBuf,
        /// The new version.
        new: PathBuf,
        /// Refuse what is not compatible so.
        #[arg(long, value_name = "CLASS")]
        require: Option<Required>,
    },
    /// Print the JSON Schema of schema documents, for editors.
    ///
    /// Reads nothing. Writes to standard output, also without --json.
    #[command(after_help = "Example:\n  sigil schema json-schema > sigil-schema.json")]
    JsonSchema,
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        match self {
            Command::Check { file } => Ok(describe(Report::new(), &artefacts::schema(file)?)),
            Command::Id { file } => {
                let id = artefacts::schema(file)?.id().to_string();
                Ok(Report::new().line(&id).json("schema", id))
            }
            Command::Diff { old, new, require } => difference(old, new, *require),
            Command::JsonSchema => Ok(Report::document(json_schema())),
        }
    }
}

/// `schema diff`.
fn difference(old: &Path, new: &Path, require: Option<Required>) -> Result<Report, Failure> {
    let (old, new) = (artefacts::schema(old)?, artefacts::schema(new)?);
    let diff = diff(&old, &new);
    let number = match diff.finding() {
        None => format!("{}, as {} → {} says", diff.bump(), old.version(), new.version()),
        Some(finding) => format!("{}; but {finding}", diff.bump()),
    };
    let class = diff.class();
    let mut report = Report::new()
        .line(format!("Schema {}", new.name()))
        .row("compatibility", format!("{class}: {}", class.sentence()))
        .row("raise of version", number)
        .line(if diff.changes().is_empty() { "Changes: none" } else { "Changes:" });
    for change in diff.changes() {
        report = report.row(change.class.word(), said(change));
    }
    // A reason is a sentence or two: below the table, which stays one.
    let told = diff.changes().iter().filter(|change| change.class != Class::Full);
    for change in told {
        report = report.line(format!("{}: {}", place(change), change.reason));
    }
    let required = require.map(|required| match required {
        Required::Backward => Class::Backward,
        Required::Forward => Class::Forward,
        Required::Full => Class::Full,
    });
    let met = required.is_none_or(|required| class.meets(required));
    if let Some(required) = required {
        let word = if met { "met" } else { "not met" };
        report = report.line(format!("Required: {required}: {word}"));
    }
    if let Ok(Value::Object(entries)) = serde_json::from_str(&diff.to_document().canonical()) {
        report = entries.into_iter().fold(report, |report, (key, value)| report.json(&key, value));
    }
    let ids = [("old", old.id().to_string()), ("new", new.id().to_string())];
    report = ids.into_iter().fold(report, |report, (key, id)| report.json(key, id));
    Ok(report.json("met", met).exiting(if met { Exit::Done } else { Exit::Refused }))
}

fn place(change: &Change) -> String {
    format!("{} {}", change.side, change.place)
}

fn said(change: &Change) -> String {
    let field = change.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
    format!("{}{field}: {} (at {})", change.kind, change.what, place(change))
}

/// Name, version, identifier and fields.
pub(super) fn describe(report: Report, schema: &Schema) -> Report {
    let report = report
        .line(format!("Schema {} {}", schema.name(), schema.version()))
        .row("schema", schema.id())
        .row("messages signed", schema.message_count())
        .line("Fields:");
    let mut fields = Vec::new();
    let mut result = report;
    for field in schema.fields() {
        let kind = field.field_type().to_string();
        let (optional, disclosure) = (field.optional(), field.disclosure().word());
        let suffix = if optional { ", optional" } else { "" };
        let mut text = format!("{kind}{suffix}, disclosure {disclosure}");
        let mut object = json!({
            "name": field.name(), "type": kind, "optional": optional, "disclosure": disclosure,
        });
        if !field.aliases().is_empty() {
            text.push_str(&format!(", formerly {}", field.aliases().join(", ")));
            object["aliases"] = json!(field.aliases());
        }
        if let Some(Ok(default)) = field.default().map(|value| field.field_type().render(value)) {
            text.push_str(&format!(", {default:?} in versions without it"));
            object["default"] = json!(default);
        }
        result = result.row(field.name(), text);
        fields.push(object);
    }
    result
        .json("schema", schema.id().to_string())
        .json("name", schema.name())
        .json("version", schema.version().to_string())
        .json("fields", fields)
}
