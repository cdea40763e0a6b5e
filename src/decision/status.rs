//! What a verifier knows, apart from the presentation, when it decides: the status of credentials,
//! and which policies have been replaced.
//!
//! ```json
//! { "format": "sigil-status/1",
//!   "roles": { "kyc": { "list": "https://issuer.example/list/1",
//!                       "as_of": "2026-06-01T11:00:00Z", "revoked": false } },
//!   "superseded": ["…64 hex digits…"] }
//! ```
//!
//! `list` is the status list that was consulted, `as_of` the time for which it speaks, `superseded`
//! the hashes of policies known to be replaced. What is not known is left out, and a policy that
//! asks for it then denies.

use crate::digest::digest_type;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::policy::PolicyHash;
use crate::value::{NAME_REMEDY, Timestamp, is_name};
use std::collections::{BTreeMap, BTreeSet};

/// The format's name and version.
pub const FORMAT: &str = "sigil-status/1";

const MAX_ROLES: usize = 16;
const MAX_SUPERSEDED: usize = 4_096;
const MAX_LIST: usize = 512;

digest_type! {
    /// The digest of a status state.
    StatusDigest
}

/// What is known of the status of one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusEntry {
    /// The list that was consulted.
    pub list: String,
    /// The time for which the list speaks.
    pub as_of: Timestamp,
    /// Whether the credential is revoked.
    pub revoked: bool,
}

/// What is known of credentials and policies. The default is to know nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusState {
    roles: BTreeMap<String, StatusEntry>,
    superseded: BTreeSet<PolicyHash>,
}

impl StatusState {
    /// The state that knows this too of the credential of a role.
    #[must_use]
    pub fn with_role(mut self, role: &str, entry: StatusEntry) -> Self {
        self.roles.insert(role.to_owned(), entry);
        self
    }

    /// The state that knows this policy to be replaced too.
    #[must_use]
    pub fn with_superseded(mut self, policy: PolicyHash) -> Self {
        self.superseded.insert(policy);
        self
    }

    /// What is known of the credential of a role.
    pub fn role(&self, role: &str) -> Option<&StatusEntry> {
        self.roles.get(role)
    }

    /// Whether a policy is known to be replaced.
    pub fn is_superseded(&self, policy: PolicyHash) -> bool {
        self.superseded.contains(&policy)
    }

    /// Reads a state from JSON or TOML.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &Bounds::PUBLISHED)?)
    }

    /// Reads a state from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        let root = Cursor::root(document).fields(&["format", "roles", "superseded"])?;
        root.format(FORMAT)?;
        let mut state = Self::default();
        if let Some(roles) = root.optional("roles") {
            let entries = roles.entries()?;
            bounded(&roles, entries.len(), MAX_ROLES)?;
            for (role, entry) in &entries {
                if !is_name(role) {
                    return Err(entry.invalid("not the name of a role", NAME_REMEDY));
                }
                state.roles.insert((*role).to_owned(), StatusEntry::parse(entry)?);
            }
        }
        if let Some(superseded) = root.optional("superseded") {
            let items = superseded.items()?;
            bounded(&superseded, items.len(), MAX_SUPERSEDED)?;
            for item in &items {
                let hash: Result<PolicyHash, _> = item.text()?.parse();
                let hash =
                    hash.map_err(|error| item.invalid(error.to_string(), "copy it whole"))?;
                if !state.superseded.insert(hash) {
                    return Err(item.invalid("this hash stands twice", "remove one"));
                }
            }
        }
        Ok(state)
    }

    /// The state as a document in normal form.
    pub fn to_document(&self) -> Document {
        let roles = self.roles.iter().map(|(role, entry)| (role, entry.to_document()));
        let superseded = self.superseded.iter().map(|hash| Document::Text(hash.to_string()));
        Document::object([
            ("format", Document::text(FORMAT)),
            ("roles", Document::object(roles)),
            ("superseded", Document::Array(superseded.collect())),
        ])
    }

    /// SHA-256 of its RFC 8785 form.
    pub fn digest(&self) -> StatusDigest {
        StatusDigest::from_bytes(self.to_document().digest())
    }
}

fn bounded(cursor: &Cursor<'_>, found: usize, most: usize) -> Result<(), Fault> {
    match found <= most {
        true => Ok(()),
        false => Err(cursor.invalid(format!("{found} items"), format!("write at most {most}"))),
    }
}

impl StatusEntry {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["list", "as_of", "revoked"])?;
        let as_of = fields.required("as_of")?;
        Ok(Self {
            list: fields.required("list")?.bounded_text(1..=MAX_LIST)?.to_owned(),
            as_of: as_of.text()?.parse().map_err(|error: crate::value::ValueError| {
                as_of.invalid(error.to_string(), "write YYYY-MM-DDThh:mm:ssZ")
            })?,
            revoked: fields.required("revoked")?.boolean()?,
        })
    }

    fn to_document(&self) -> Document {
        Document::object([
            ("list", Document::text(&self.list)),
            ("as_of", Document::Text(self.as_of.to_string())),
            ("revoked", Document::Bool(self.revoked)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_round_trip_and_refuse_what_is_malformed() {
        let hash = PolicyHash::from_bytes([0x22; 32]);
        let as_of = "2026-06-01T11:00:00Z".parse().unwrap();
        let entry = StatusEntry { list: "https://a/1".to_owned(), as_of, revoked: false };
        let state = StatusState::default().with_role("kyc", entry).with_superseded(hash);
        let text = state.to_document().canonical();
        let again = StatusState::parse(text.as_bytes()).unwrap();
        assert_eq!((&again, again.digest()), (&state, state.digest()));
        assert!(again.is_superseded(hash) && again.role("kyc").is_some());
        assert_ne!(StatusState::default().digest(), state.digest());
        for (from, to, path) in [
            ("sigil-status/1", "sigil-status/2", "$.format"),
            ("\"kyc\"", "\"Kyc\"", "$.roles.Kyc"),
            ("\"revoked\":false", "\"revoked\":\"no\"", "$.roles.kyc.revoked"),
            ("11:00:00Z", "11:00", "$.roles.kyc.as_of"),
            ("https://a/1", "", "$.roles.kyc.list"),
            ("[\"22", "[\"2", "$.superseded[0]"),
            ("\"superseded\"", "\"replaced\"", "$.replaced"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from}");
            let fault = StatusState::parse(other.as_bytes()).expect_err(to);
            assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
        }
    }
}
