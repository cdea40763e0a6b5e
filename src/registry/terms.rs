//! Terms: by what an attestation is judged.
//!
//! Nobody is trusted by default. Terms say which schemas are accepted, who may attest, which lists
//! are asked and how old they may be, and what becomes of it where issuers contradict each other.
//! They are taken from a role of a policy ([`Terms::of_role`]), so that the public claim is judged
//! by what the hidden one is judged by, or put together by hand. Their digest stands in every
//! verdict: the same facts under other terms are another question.

use super::attestation::Attestation;
use super::claims::{Claims, Said};
use crate::authority::Authority;
use crate::bbs::PublicKey;
use crate::did_key;
use crate::digest::digest_type;
use crate::document::Document;
use crate::policy::{self, AgreementRule, CompiledPolicy, ListCheck, TrustRule};
use crate::schema::{STATUS_HANDLE, Schema, SchemaId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The format of the canonical document.
pub const FORMAT: &str = "sigil-terms/1";

digest_type! {
    /// The digest of terms.
    TermsDigest
}

/// Who may attest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// Anybody at all. For looking, not for relying.
    Anybody,
    /// These keys.
    Attesters(BTreeSet<Authority>),
    /// Keys that an issuer's record binds to one of these BBS keys.
    Issuers(Vec<PublicKey>),
    /// Keys that an issuer's record binds to a BBS key of a trust list, in its time.
    List(TrustRule),
}

/// What becomes of it where issuers contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictRule {
    /// Nobody is believed.
    All,
    /// What so many issuers say is believed, of each field by itself.
    Quorum(usize),
    /// The issuer that the trust list puts first is believed.
    Precedence,
    /// The issuer that stands first here is believed.
    Order(Vec<Authority>),
}

/// On what issuers have to agree, and what becomes of it where they don't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Fields, as the base names them; all of the schema's if there are none.
    pub fields: BTreeSet<String>,
    /// The rule.
    pub rule: ConflictRule,
}

/// By what an attestation is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Schemas that are accepted; every one that the registry has if there are none.
    pub schemas: BTreeSet<SchemaId>,
    /// The schema by which lists and agreements name fields, and by which the other versions of it
    /// are read; the attestation's own if there is none.
    pub base: Option<Arc<Schema>>,
    /// Who may attest.
    pub trusted: Trusted,
    /// Sorted lists that it is held against. Their role says nothing here.
    pub lists: Vec<ListCheck>,
    /// On what issuers have to agree, each by its own rule; on nothing if there are none.
    pub agreements: Vec<Agreement>,
    /// Whether the payload has to be at hand.
    pub payload: PayloadRule,
    /// By how many seconds clocks may differ.
    pub skew: u64,
}

/// Whether the payload has to be at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadRule {
    /// It is not asked for: the hash stands for it.
    HashSuffices,
    /// It has to be there, and be what was committed to.
    Required,
}

/// Why an attestation can't be held against a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoElement {
    /// The list is of status handles, and it has none.
    #[error("the attestation has no status handle")]
    Handle,
    /// The list is of a field that it does not show.
    #[error("the attestation does not show the field")]
    Field,
}

impl Terms {
    /// What a role of a policy asks of a credential, asked of an attestation: versions, issuers,
    /// lists, agreements and the clocks' difference. A policy that has no agreement for the role
    /// has no rule for issuers that contradict each other: then nobody is believed, on any field.
    /// None if there is no such role.
    pub fn of_role(compiled: &CompiledPolicy, role: &str) -> Option<Self> {
        let index = compiled.roles().iter().position(|own| own.name() == role)?;
        let role = compiled.roles().get(index)?;
        let trusted = match role.trust() {
            Some(rule) => Trusted::List(rule.clone()),
            None => Trusted::Issuers(role.issuers().to_vec()),
        };
        let lists = compiled.lists().iter().filter(|check| check.subject.role == index);
        // An agreement without fields asks for distinct issuers only.
        let agreements = compiled.agreements().iter();
        let agreements =
            agreements.filter(|one| one.roles.contains(&index) && !one.fields.is_empty());
        let mut agreements: Vec<Agreement> = agreements.map(Agreement::of_policy).collect();
        if agreements.is_empty() {
            agreements.push(Agreement { fields: BTreeSet::new(), rule: ConflictRule::All });
        }
        Some(Self {
            schemas: role.accepted().iter().map(|version| version.schema().id()).collect(),
            base: Some(Arc::new(role.schema().clone())),
            trusted,
            lists: lists.cloned().collect(),
            agreements,
            payload: PayloadRule::HashSuffices,
            skew: compiled.clock_skew(),
        })
    }

    /// The element that a list is asked about an attestation under this schema. None if it is
    /// outside of what the list's elements can be, and so on no such list.
    pub fn element(
        &self,
        check: &ListCheck,
        attestation: &Attestation,
        schema: Option<&Schema>,
    ) -> Result<Option<u64>, NoElement> {
        if check.subject.message == STATUS_HANDLE {
            return attestation.handle.map(Some).ok_or(NoElement::Handle);
        }
        let schema = schema.ok_or(NoElement::Field)?;
        let base = self.base.as_deref().unwrap_or(schema);
        let claims = Claims::new(attestation, schema, base);
        match claims.and_then(|claims| claims.of(check.subject.message)) {
            Some((Said::Integer(integer), _)) => Ok(u64::try_from(integer).ok()),
            _ => Err(NoElement::Field),
        }
    }

    /// The terms as a document in normal form.
    pub fn to_document(&self) -> Document {
        let schemas = self.schemas.iter().map(|id| Document::Text(id.to_string())).collect();
        let lists = self.lists.iter().map(|check| self.list_document(check)).collect();
        let agreements = self.agreements.iter().map(Agreement::to_document).collect();
        let members = [
            ("format", Document::text(FORMAT)),
            ("schemas", Document::Array(schemas)),
            ("trusted", self.trusted.to_document()),
            ("lists", Document::Array(lists)),
            ("agreements", Document::Array(agreements)),
            ("payload", Document::text(self.payload.word())),
            ("skew", Document::Integer(self.skew.into())),
        ];
        let base = self.base.iter().map(|base| ("base", Document::Text(base.id().to_string())));
        Document::object(members.into_iter().chain(base))
    }

    /// SHA-256 of its RFC 8785 form.
    pub fn digest(&self) -> TermsDigest {
        TermsDigest::from_bytes(self.to_document().digest())
    }

    fn list_document(&self, check: &ListCheck) -> Document {
        // Without a base a message is a place in each attestation's own schema, and has no one
        // name.
        let message = check.subject.message;
        let named = self.base.as_ref().and_then(|base| base.field_at(message));
        let subject = match (message, named) {
            (STATUS_HANDLE, _) => Document::text("handle"),
            (_, Some(field)) => Document::object([("field", Document::text(field.name()))]),
            (_, None) => Document::object([("message", Document::Integer(message as i128))]),
        };
        Document::object([
            ("list", Document::text(&check.key.list)),
            ("authority", Document::Text(did_key::encode(&check.key.authority))),
            ("elements", check.key.elements.to_document()),
            ("subject", subject),
            ("is", Document::text(check.presence.word())),
            ("max_age", Document::Integer(check.max_age.into())),
        ])
    }
}

impl Trusted {
    fn to_document(&self) -> Document {
        let member = |key: &str, document| Document::object([(key, document)]);
        match self {
            Self::Anybody => Document::text("anybody"),
            Self::Attesters(keys) => {
                let keys = keys.iter().map(|key| Document::Text(key.to_string())).collect();
                member("attesters", Document::Array(keys))
            }
            Self::Issuers(keys) => {
                // A set: the order in which a policy names them says nothing.
                let keys: BTreeSet<String> = keys.iter().map(did_key::encode).collect();
                member("issuers", Document::Array(keys.into_iter().map(Document::Text).collect()))
            }
            Self::List(rule) => member("list", rule.to_document()),
        }
    }
}

impl ConflictRule {
    /// The word in a verdict.
    pub fn word(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Quorum(_) => "quorum",
            Self::Precedence => "precedence",
            Self::Order(_) => "order",
        }
    }
}

impl Agreement {
    fn of_policy(agreement: &policy::Agreement) -> Self {
        let fields = agreement.fields.iter().map(|field| field.name.clone()).collect();
        let rule = match agreement.rule {
            AgreementRule::All => ConflictRule::All,
            AgreementRule::Quorum(least) => ConflictRule::Quorum(least),
            AgreementRule::Precedence => ConflictRule::Precedence,
        };
        Self { fields, rule }
    }

    fn to_document(&self) -> Document {
        let rule = match &self.rule {
            ConflictRule::Quorum(least) => {
                Document::object([("quorum", Document::Integer(*least as i128))])
            }
            ConflictRule::Order(keys) => {
                let keys = keys.iter().map(|key| Document::Text(key.to_string())).collect();
                Document::object([("order", Document::Array(keys))])
            }
            rule => Document::text(rule.word()),
        };
        let fields = self.fields.iter().map(Document::text).collect();
        Document::object([("fields", Document::Array(fields)), ("rule", rule)])
    }
}

impl PayloadRule {
    fn word(self) -> &'static str {
        match self {
            Self::HashSuffices => "hash",
            Self::Required => "required",
        }
    }
}
