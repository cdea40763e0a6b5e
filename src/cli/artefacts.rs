//! Reads the artefacts that commands take as files; faults name the file.

use super::failure::{Complaint, Failure, InFile};
use super::{files, inspect};
use crate::credential::{self, Credential, UnverifiedCredential};
use crate::decision::{self, StatusState};
use crate::document::Bounds;
use crate::encoding::Wire;
use crate::policy::{self, Bundle, Consumer, Policy};
use crate::presentation::Presentation;
use crate::request::{self, PresentationRequest};
use crate::schema::{self, Schema};
use crate::status::{ENTRY_FORMAT, Entry, HEAD_FORMAT, SignedHead, UnverifiedEntry};
use crate::trust::{self, TrustList};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Greatest length of a document that is published.
const DOCUMENT: usize = Bounds::PUBLISHED.octets;
/// Most characters of an unknown format's name that a message repeats.
const MAX_SHOWN: usize = 40;

/// One of two kinds of files, by what it says it is.
pub(super) enum PolicyOrBundle {
    /// A policy.
    Policy(Box<Policy>),
    /// A bundle.
    Bundle(Box<Bundle>),
}

/// Names the file that a document is in. One that says it is something else is told so: to remove
/// what no schema has would not make a schema of a credential.
pub(super) fn document<T, E: Into<Failure>>(
    path: &Path,
    octets: &[u8],
    expected: &str,
    parsed: Result<T, E>,
) -> Result<T, Failure> {
    parsed.map_err(|error| match inspect::format(octets) {
        Ok(Some(found)) if found != expected => {
            let found: String = found.chars().take(MAX_SHOWN).collect();
            let complaint = Complaint::new(format!("another format or version: {found:?}"));
            let remedy = format!("name a file of format \"{expected}\"");
            Failure::input(complaint.at("$.format").in_file(path).remedy(remedy))
        }
        _ => error.into().in_file(path),
    })
}

/// A schema.
pub(super) fn schema(path: &Path) -> Result<Schema, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, schema::FORMAT, Schema::parse(&octets))
}

/// Several schemas.
pub(super) fn schemas(paths: &[PathBuf]) -> Result<Vec<Schema>, Failure> {
    paths.iter().map(|path| schema(path)).collect()
}

/// A policy.
pub(super) fn policy(path: &Path) -> Result<Policy, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, policy::FORMAT, Policy::parse(&octets))
}

/// What a consumer needs.
pub(super) fn consumer(path: &Path) -> Result<Consumer, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, policy::CONSUMER_FORMAT, Consumer::parse(&octets))
}

/// What is known of the statuses of credentials.
pub(super) fn status(path: &Path) -> Result<StatusState, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, decision::STATUS_FORMAT, StatusState::parse(&octets))
}

/// What a verifier knows of statuses: what a file has, and what was named besides.
pub(super) fn known(
    status: Option<&Path>,
    heads: &[PathBuf],
    trust: &[PathBuf],
) -> Result<StatusState, Failure> {
    let state = status.map_or_else(|| Ok(StatusState::default()), self::status)?;
    let state = heads
        .iter()
        .try_fold(state, |state, path| Ok::<StatusState, Failure>(state.with_head(head(path)?)))?;
    Ok(trusts(trust)?.into_iter().fold(state, StatusState::with_trust))
}

/// The head of an epoch of a list, its signature checked.
pub(super) fn head(path: &Path) -> Result<SignedHead, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, HEAD_FORMAT, SignedHead::parse(&octets))
}

/// An entry of a list, its signature and that of its head checked.
pub(super) fn entry(path: &Path) -> Result<Entry, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    let unverified = document(path, &octets, ENTRY_FORMAT, UnverifiedEntry::parse(&octets))?;
    unverified.check().in_file(path)
}

/// Several entries.
pub(super) fn entries(paths: &[PathBuf]) -> Result<Vec<Entry>, Failure> {
    paths.iter().map(|path| entry(path)).collect()
}

/// A trust list, its signature checked.
pub(super) fn trust(path: &Path) -> Result<TrustList, Failure> {
    let octets = files::read(path, trust::MAX_LEN)?;
    document(path, &octets, trust::FORMAT, TrustList::parse(&octets))
}

/// Several trust lists.
pub(super) fn trusts(paths: &[PathBuf]) -> Result<Vec<TrustList>, Failure> {
    paths.iter().map(|path| trust(path)).collect()
}

/// A policy, or a bundle of one.
pub(super) fn policy_or_bundle(path: &Path) -> Result<PolicyOrBundle, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    match inspect::format(&octets) {
        Ok(Some(found)) if found == policy::BUNDLE_FORMAT => {
            let bundle = Bundle::parse(&octets).in_file(path)?;
            Ok(PolicyOrBundle::Bundle(Box::new(bundle)))
        }
        _ => {
            let policy = document(path, &octets, policy::FORMAT, Policy::parse(&octets))?;
            Ok(PolicyOrBundle::Policy(Box::new(policy)))
        }
    }
}

/// A bundle.
pub(super) fn bundle(path: &Path) -> Result<Bundle, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, policy::BUNDLE_FORMAT, Bundle::parse(&octets))
}

/// A request.
pub(super) fn request(path: &Path) -> Result<PresentationRequest, Failure> {
    let octets = files::read(path, DOCUMENT)?;
    document(path, &octets, request::FORMAT, PresentationRequest::parse(&octets))
}

/// A presentation in either of its forms, and its length as CBOR.
pub(super) fn presentation(path: &Path) -> Result<(Presentation, usize), Failure> {
    // The envelope is text of four octets for three, and its few members.
    let octets = files::read(path, 2 * Presentation::MAX_LEN + 256)?;
    let presentation = parse_presentation(&octets).in_file(path)?;
    let length = presentation.to_bytes().len();
    Ok((presentation, length))
}

/// Reads a presentation as a JSON envelope if it begins like one, else as CBOR.
pub(super) fn parse_presentation(octets: &[u8]) -> Result<Presentation, Failure> {
    match std::str::from_utf8(octets) {
        Ok(text) if text.trim_start().starts_with('{') => Ok(Presentation::from_json(text)?),
        _ => Ok(Presentation::from_bytes(octets)?),
    }
}

/// A credential of one of the schemas, its signature checked.
pub(super) fn credential(path: &Path, schemas: &[Schema]) -> Result<Credential, Failure> {
    candidate(path, schemas)?.ok_or_else(|| {
        let problem = "of a schema that is not among those at hand";
        let remedy = "use a credential of the schema that the policy asks for";
        Failure::input(Complaint::new(problem).at("$.schema").in_file(path).remedy(remedy))
    })
}

/// The same, or none if it is of another schema.
pub(super) fn candidate(path: &Path, schemas: &[Schema]) -> Result<Option<Credential>, Failure> {
    let octets = files::read(path, Bounds::RECORD.octets)?;
    let parsed = UnverifiedCredential::parse(&octets);
    let unverified = document(path, &octets, credential::FORMAT, parsed)?;
    let id = unverified.schema_id();
    let Some(schema) = schemas.iter().find(|schema| schema.id() == id) else { return Ok(None) };
    unverified.check(Arc::new(schema.clone())).in_file(path).map(Some)
}
