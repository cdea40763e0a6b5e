//! What a decision is made from: of each credential its issuer and what is revealed and, of an
//! example, what is not.

use crate::bbs::PublicKey;
use crate::document::Fault;
use crate::policy::{BundleHash, CompiledPolicy, Example, ExampleValue, Facts, Rule, SlotSource};
use crate::presentation::{Terms, VerifiedPresentation};
use crate::request::RequestDigest;
use crate::value::{Encoded, Timestamp};

/// What a decision rests on. It is in the record's digest: an example never passes for a
/// presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// A presentation that was verified.
    Presentation,
    /// Example values: nothing is proven.
    Example,
}

impl Basis {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Presentation => "presentation",
            Self::Example => "example",
        }
    }
}

/// What is at hand of one credential.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) issuer: PublicKey,
    /// Revealed messages by ascending index.
    pub(super) disclosed: Vec<(usize, Encoded)>,
    /// All values, where it is an example.
    hidden: Vec<ExampleValue>,
}

/// What a presentation was verified against.
#[derive(Clone)]
pub(super) struct Answers {
    /// The bundle of the terms, and the one that the presentation was verified under.
    pub(super) bundles: [BundleHash; 2],
    pub(super) request: RequestDigest,
    /// The time for which everything was proven.
    pub(super) time: Timestamp,
}

/// Evidence for a decision: from a verified presentation, or from an example.
#[derive(Clone)]
pub struct Evidence {
    basis: Basis,
    digest: [u8; 32],
    answers: Option<Answers>,
    /// By the policy's roles; none where no credential is shown.
    roles: Vec<Option<Shown>>,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let roles = self.roles.iter().flatten().count();
        f.debug_struct("Evidence").field("basis", &self.basis).field("roles", &roles).finish()
    }
}

impl Evidence {
    /// The evidence of an example.
    pub fn of_example(compiled: &CompiledPolicy, example: &Example) -> Result<Self, Fault> {
        let credentials = example.credentials(compiled)?;
        let shown = credentials.into_iter().map(|credential| {
            credential.map(|credential| {
                let revealed = credential
                    .values
                    .iter()
                    .filter(|value| credential.disclosed.contains(&value.message));
                Shown {
                    issuer: credential.issuer,
                    disclosed: revealed.map(|v| (v.message, v.encoded.clone())).collect(),
                    hidden: credential.values,
                }
            })
        });
        Ok(Self {
            basis: Basis::Example,
            digest: example.digest(),
            answers: None,
            roles: shown.collect(),
        })
    }

    /// The evidence of a presentation that was verified under these terms.
    pub(super) fn of_presentation(terms: &Terms, presentation: &VerifiedPresentation) -> Self {
        let issuers = presentation.issuers().iter().map(|(_, issuer)| *issuer);
        let messages = presentation.disclosed_messages().iter().cloned();
        let shown = |(issuer, disclosed)| Some(Shown { issuer, disclosed, hidden: Vec::new() });
        Self {
            basis: Basis::Presentation,
            digest: presentation.presentation_digest().to_bytes(),
            answers: Some(Answers {
                bundles: [terms.bundle(), presentation.bundle()],
                request: presentation.request_digest(),
                time: presentation.time(),
            }),
            roles: issuers.zip(messages).map(shown).collect(),
        }
    }

    /// What it rests on.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// The digest of the presentation, or of the example.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    pub(super) fn answers(&self) -> Option<&Answers> {
        self.answers.as_ref()
    }

    pub(super) fn role(&self, role: usize) -> Option<&Shown> {
        self.roles.get(role)?.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.roles.len()
    }

    pub(super) fn revealed(&self, source: SlotSource) -> Option<Encoded> {
        let disclosed = self.role(source.role)?.disclosed.iter();
        disclosed.filter(|(index, _)| *index == source.message).map(|(_, v)| v.clone()).next()
    }

    fn value(&self, source: SlotSource) -> Option<&ExampleValue> {
        let mut hidden = self.role(source.role)?.hidden.iter();
        hidden.find(|value| value.message == source.message)
    }

    /// Whether a conjunct holds: in the open, by the proof that was verified, or by the example's
    /// own values.
    pub(super) fn judge(&self, rule: &Rule, now: Timestamp) -> Judgement {
        let revealed = |source: SlotSource| self.revealed(source);
        let hidden = |source: SlotSource| self.value(source)?.integer;
        let facts = Facts { now, hidden: &hidden, revealed: &revealed };
        match self.basis {
            // The verifier checked the proof of all that is hidden, whole conjuncts at a time.
            Basis::Presentation if !rule.is_public() => Judgement::Proven,
            _ if rule.holds(&facts) == Some(true) => Judgement::Holds,
            _ => Judgement::Fails,
        }
    }

    /// Whether two hidden messages are equal.
    pub(super) fn judge_equality(&self, a: SlotSource, b: SlotSource) -> Judgement {
        if self.basis == Basis::Presentation {
            return Judgement::Proven;
        }
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) if a.encoded == b.encoded && a.encoded != Encoded::Absent => {
                Judgement::Holds
            }
            _ => Judgement::Fails,
        }
    }
}

/// How one rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Holds,
    Proven,
    Fails,
}
