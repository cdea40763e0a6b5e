//! The directory of a policy's terms: what `setup` makes, and holders and verifiers work from.
//!
//! | file | content |
//! |---|---|
//! | `bundle.json` | policy, shape, fingerprint of the key; its hash is what requests name |
//! | `schema.ROLE.json` | the schema of each role |
//! | `schema.ROLE.N.json` | the schemas that it accepts besides, counted from 1 |
//! | `verifying.key` | the verifier's key |
//! | `proving.key` | the prover's key; a verifier needs none |
//!
//! Nothing in it is secret, and nothing in it is trusted by its name: the bundle pins schemas and key by
//! hash, and whoever fixed the bundle's hash has fixed all of it.

use super::artefacts;
use super::failure::{Complaint, Failure, InFile};
use super::files::{self, Access, NewDirectory};
use crate::document::Document;
use crate::policy::Bundle;
use crate::presentation::{Terms, TermsError};
use crate::schema::{Schema, SchemaId};
use sigil_circuits::{KeyError, ProvingKey, Shape, VerifyingKey};
use std::path::{Path, PathBuf};

pub(super) const BUNDLE: &str = "bundle.json";
pub(super) const VERIFYING: &str = "verifying.key";
pub(super) const PROVING: &str = "proving.key";
/// Most octets of a key file: several times the largest that a presentation can use.
pub(super) const MAX_KEY: usize = 1 << 28;

/// The files of all schemas that a bundle's policy names.
fn schema_names(bundle: &Bundle) -> Vec<(String, SchemaId)> {
    let policy = bundle.policy();
    let roles = policy.schemas().zip(policy.accepts());
    let names = roles.flat_map(|((role, id), accepts)| {
        let own = (format!("schema.{role}.json"), id);
        let others =
            (1..).zip(accepts).map(move |(n, id)| (format!("schema.{role}.{n}.json"), *id));
        std::iter::once(own).chain(others)
    });
    names.collect()
}

/// Writes a directory of terms.
pub(super) fn write(
    path: &Path,
    bundle: &Bundle,
    schemas: &[Schema],
    key: Option<&ProvingKey>,
) -> Result<(), Failure> {
    let directory = NewDirectory::begin(path, Access::Public)?;
    let add = |name: &str, octets: &[u8]| directory.add(name, octets, Access::Public);
    add(BUNDLE, line(&bundle.to_document()).as_bytes())?;
    for (name, id) in schema_names(bundle) {
        if let Some(schema) = schemas.iter().find(|schema| schema.id() == id) {
            add(&name, line(&schema.to_document()).as_bytes())?;
        }
    }
    if let Some(key) = key {
        add(VERIFYING, &key.verifying_key().to_bytes())?;
        add(PROVING, &key.to_bytes())?;
    }
    directory.commit()
}

fn line(document: &Document) -> String {
    document.canonical() + "\n"
}

/// Terms with the schemas that they were made of.
pub(super) struct Loaded {
    pub(super) bundle: Bundle,
    pub(super) schemas: Vec<Schema>,
    pub(super) terms: Terms,
    directory: PathBuf,
}

impl Loaded {
    /// Reads and checks a directory of terms.
    pub(super) fn read(directory: &Path) -> Result<Self, Failure> {
        let bundle = artefacts::bundle(&directory.join(BUNDLE))?;
        let names = schema_names(&bundle);
        let schemas = names.iter().map(|(name, _)| artefacts::schema(&directory.join(name)));
        let schemas = schemas.collect::<Result<Vec<Schema>, _>>()?;
        let compiled = bundle.compile(&schemas).in_file(&directory.join(BUNDLE))?;
        let key = compiled.shape().map(|shape| {
            let path = directory.join(VERIFYING);
            let octets = files::read(&path, MAX_KEY)?;
            VerifyingKey::from_bytes(&octets, shape).in_file(&path)
        });
        let terms =
            Terms::new(&bundle, &schemas, key.transpose()?).map_err(|error| match error {
                TermsError::Policy(fault) => Failure::from(fault).in_file(&directory.join(BUNDLE)),
                TermsError::Unsigned => unsigned(&directory.join(BUNDLE)),
                error => Failure::refused(Complaint::new(error.to_string()).in_file(directory)),
            })?;
        Ok(Loaded { bundle, schemas, terms, directory: directory.to_owned() })
    }

    /// Where they were read.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads the proving key; none if the policy needs no circuit.
    pub(super) fn proving_key(&self) -> Result<Option<ProvingKey>, Failure> {
        let Some(shape) = self.terms.policy().shape() else { return Ok(None) };
        proving_key(&self.directory, shape).map(Some)
    }
}

/// A bundle that nobody but its maker answers for is no bundle of the authority that its policy names.
fn unsigned(bundle: &Path) -> Failure {
    let problem = "the policy's authority has not signed the bundle";
    let remedy = format!(
        "get the signed one from it; the authority signs with `sigil policy sign {} --key FILE`",
        bundle.display()
    );
    Failure::refused(Complaint::new(problem).in_file(bundle).remedy(remedy))
}

/// Reads the proving key of a directory of terms for another policy, whose shape has to be the same.
pub(super) fn reused_key(directory: &Path, shape: &Shape) -> Result<ProvingKey, Failure> {
    let path = directory.join(PROVING);
    let octets = files::read(&path, MAX_KEY)?;
    ProvingKey::from_bytes(&octets, shape).map_err(|error| match error {
        error @ KeyError::Shape { .. } => {
            let remedy = "leave out --reuse: a policy of another shape needs keys of its own";
            Failure::input(Complaint::new(error.to_string()).in_file(&path).remedy(remedy))
        }
        error => Failure::from(error).in_file(&path),
    })
}

/// Reads the proving key of a directory of terms.
fn proving_key(directory: &Path, shape: &Shape) -> Result<ProvingKey, Failure> {
    let path = directory.join(PROVING);
    let octets = files::read(&path, MAX_KEY)?;
    ProvingKey::from_bytes(&octets, shape).in_file(&path)
}
