//! What a decision relied upon beside the policy: which rule settled what issuers had to agree on, which
//! editions of trust lists, and which epochs of lists.
//!
//! ```json
//! "rules": [{ "path": "$.agree[0]", "rule": "precedence", "fields": { "residence": "kyc" } }],
//! "trust": [{ "path": "$.roles[0].trust", "sequence": 7, "hash": "…" }],
//! "lists": [{ "path": "$.roles[0].lists[0]", "epoch": 12, "head": "…" }]
//! ```
//!
//! Each stands in a record only if the policy has something of its kind. `rule` is `all`, `quorum:2` or
//! `precedence`; of the last, `fields` has the role whose value counts, unless nothing was settled. An
//! example relies upon no trust list, and its epochs have no heads.

use super::Case;
use super::agreements::Settled;
use super::evidence::Basis;
use crate::document::Document;
use crate::policy::{Agreement, AgreementRule};
use crate::status::HeadHash;
use crate::trust::TrustHash;
use std::collections::BTreeMap;

/// What a decision relied upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reliance {
    /// For every agreement of the policy.
    pub rules: Vec<RuleUsed>,
    /// For every role whose trust list was at hand.
    pub trust: Vec<EditionUsed>,
    /// For every list of which an epoch was shown.
    pub lists: Vec<EpochUsed>,
}

/// The rule by which issuers had to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleUsed {
    /// Its place in the policy.
    pub path: String,
    /// The rule.
    pub rule: AgreementRule,
    /// By the names of fields, the role whose value counts.
    pub fields: BTreeMap<String, String>,
}

/// The edition of a trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionUsed {
    /// The place in the policy that refers to the list.
    pub path: String,
    /// Its number.
    pub sequence: u64,
    /// Its hash.
    pub hash: TrustHash,
}

/// The epoch of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochUsed {
    /// The place in the policy that refers to the list.
    pub path: String,
    /// Its number.
    pub epoch: u64,
    /// The hash of its head; an example has none.
    pub head: Option<HeadHash>,
}

impl Reliance {
    pub(super) fn of(case: &Case<'_>) -> Self {
        let rules = case.compiled.agreements().iter();
        let presented = case.evidence.basis() == Basis::Presentation;
        let roles = (0..case.compiled.roles().len()).filter(|_| presented);
        let trust = roles.filter_map(|role| {
            let list = case.trust_list(role)?;
            let path = format!("$.roles[{role}].trust");
            Some(EditionUsed { path, sequence: list.sequence(), hash: list.hash() })
        });
        let lists = case.compiled.lists().iter().enumerate().filter_map(|(index, check)| {
            let stamp = &case.evidence.list(index)?.stamp;
            let head = presented.then(|| stamp.head_hash(&check.key));
            Some(EpochUsed { path: check.path.clone(), epoch: stamp.epoch, head })
        });
        Self {
            rules: rules.map(|agreement| RuleUsed::of(case, agreement)).collect(),
            trust: trust.collect(),
            lists: lists.collect(),
        }
    }

    /// The members of a record; none for what there is none of.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, Document)> {
        let rules = self.rules.iter().map(RuleUsed::to_document).collect();
        let trust = self.trust.iter().map(EditionUsed::to_document).collect();
        let lists = self.lists.iter().map(EpochUsed::to_document).collect();
        let members: [(_, Vec<Document>); 3] =
            [("rules", rules), ("trust", trust), ("lists", lists)];
        let some = members.into_iter().filter(|(_, items)| !items.is_empty());
        some.map(|(key, items)| (key, Document::Array(items)))
    }
}

impl RuleUsed {
    fn of(case: &Case<'_>, agreement: &Agreement) -> Self {
        let believed = agreement.fields.iter().filter_map(|field| {
            let Settled::Counts { role, .. } = case.settle(field) else { return None };
            let role = case.compiled.roles().get(role)?.name().to_owned();
            Some((field.name.clone(), role))
        });
        let fields = match agreement.rule {
            AgreementRule::Precedence => believed.collect(),
            AgreementRule::All | AgreementRule::Quorum(_) => BTreeMap::new(),
        };
        Self { path: agreement.path.clone(), rule: agreement.rule, fields }
    }

    fn to_document(&self) -> Document {
        let fields = self.fields.iter().map(|(field, role)| (field, Document::text(role)));
        let fields = match self.rule {
            AgreementRule::Precedence => Some(("fields", Document::object(fields))),
            AgreementRule::All | AgreementRule::Quorum(_) => None,
        };
        let members =
            [("path", Document::text(&self.path)), ("rule", Document::Text(self.rule.word()))];
        Document::object(members.into_iter().chain(fields))
    }
}

impl EditionUsed {
    fn to_document(&self) -> Document {
        Document::object([
            ("path", Document::text(&self.path)),
            ("sequence", Document::Integer(self.sequence.into())),
            ("hash", Document::Text(self.hash.to_string())),
        ])
    }
}

impl EpochUsed {
    fn to_document(&self) -> Document {
        let head = self.head.map(|head| ("head", Document::Text(head.to_string())));
        let members =
            [("path", Document::text(&self.path)), ("epoch", Document::Integer(self.epoch.into()))];
        Document::object(members.into_iter().chain(head))
    }
}
