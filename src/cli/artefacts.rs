//! Reads the artefacts that commands take as files; faults name the file.

use super::failure::{Complaint, Failure, InFile};
use super::files;
use crate::credential::{Credential, UnverifiedCredential};
use crate::document::Bounds;
use crate::schema::Schema;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Greatest length of a document that is published.
const DOCUMENT: usize = Bounds::PUBLISHED.octets;

/// A schema.
pub(super) fn schema(path: &Path) -> Result<Arc<Schema>, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    Schema::parse(&octets).map(Arc::new).in_file(path)
}

/// Several schemas.
pub(super) fn schemas(paths: &[PathBuf]) -> Result<Vec<Arc<Schema>>, Failure> {
    paths.iter().map(|path| schema(path)).collect()
}

/// A credential document, its signature still to be checked.
pub(super) fn unverified_credential(path: &Path) -> Result<UnverifiedCredential, Failure> {
    let octets = files::read(path, Bounds::RECORD.octets)?;
    UnverifiedCredential::parse(&octets).in_file(path)
}

/// A credential of one of the schemas, its signature checked.
pub(super) fn credential(path: &Path, schemas: &[Arc<Schema>]) -> Result<Credential, Failure> {
    let unverified = unverified_credential(path)?;
    let id = unverified.schema_id();
    let Some(schema) = schemas.iter().find(|schema| schema.id() == id) else {
        let problem = format!("of schema {id}, which is not among those at hand");
        let remedy = "use a credential of the schema that the policy asks for";
        return Err(Failure::input(Complaint::new(problem).in_file(path).remedy(remedy)));
    };
    unverified.check(schema.clone()).in_file(path)
}
