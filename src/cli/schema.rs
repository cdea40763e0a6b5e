//! `sigil schema`.

use super::artefacts;
use super::failure::Failure;
use super::report::Report;
use crate::schema::{Schema, json_schema};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

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
            Command::JsonSchema => Ok(Report::document(json_schema())),
        }
    }
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
        result = result.row(field.name(), format!("{kind}{suffix}, disclosure {disclosure}"));
        fields.push(json!({
            "name": field.name(), "type": kind, "optional": optional, "disclosure": disclosure,
        }));
    }
    result
        .json("schema", schema.id().to_string())
        .json("name", schema.name())
        .json("version", schema.version().to_string())
        .json("fields", fields)
}
