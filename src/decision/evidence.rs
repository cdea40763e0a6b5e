//! What a decision is made from: of each credential its issuer and what is revealed and, of an
//! example, what is not.

use crate::bbs::PublicKey;
use crate::document::Fault;
use crate::policy::{
    BundleHash, CompiledPolicy, Example, ExampleValue, Facts, Presence, Revealed, Rule, SlotSource,
};
use crate::presentation::{Terms, VerifiedCredential, VerifiedPresentation};
use crate::request::RequestDigest;
use crate::schema::{SchemaId, VALID_FROM};
use crate::status::Stamp;
use crate::trust::{SigningWindow, TrustRefusal};
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

/// What is shown of one list.
#[derive(Clone)]
pub(super) struct ListEvidence {
    /// The epoch; of an example, only its number and times count.
    pub(super) stamp: Stamp,
    /// Whether it shows what the policy asks for.
    pub(super) shows: Judgement,
}

/// What is at hand of one credential.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) issuer: PublicKey,
    /// The schema that it was issued under.
    pub(super) schema: SchemaId,
    /// The window in which it begins, where a presentation states it.
    pub(super) window: Option<SigningWindow>,
    /// Of an example, what it says of the issuer.
    pub(super) told: Told,
    /// Revealed messages by ascending index.
    pub(super) disclosed: Vec<(usize, Encoded)>,
    /// All values, where it is an example.
    hidden: Vec<ExampleValue>,
}

/// What an example says of its issuer, in place of a trust list.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) refusal: Option<TrustRefusal>,
    pub(super) precedence: u32,
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
    /// By the policy's lists; none where nothing is shown.
    lists: Vec<Option<ListEvidence>>,
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
        let roles = credentials.into_iter().zip(compiled.roles());
        let shown = roles.map(|(credential, role)| {
            credential.map(|credential| {
                let revealed = credential
                    .values
                    .iter()
                    .filter(|value| credential.disclosed.contains(&value.message));
                Shown {
                    issuer: credential.issuer,
                    schema: role.schema().id(),
                    window: None,
                    told: Told { refusal: credential.refusal, precedence: credential.precedence },
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
            lists: example_lists(compiled, example),
        })
    }

    /// The evidence of a presentation that was verified under these terms.
    pub(super) fn of_presentation(terms: &Terms, presentation: &VerifiedPresentation) -> Self {
        let issuers = presentation.issuers().iter().map(|(_, issuer)| *issuer);
        let messages = presentation.disclosed_messages().iter().cloned();
        let parts = issuers.zip(messages).zip(presentation.credentials());
        let shown = parts.map(|((issuer, disclosed), VerifiedCredential { schema, window })| {
            let (schema, window) = (*schema, *window);
            let (told, hidden) = (Told::default(), Vec::new());
            Some(Shown { issuer, schema, window, told, disclosed, hidden })
        });
        let lists = presentation
            .lists()
            .iter()
            .map(|list| Some(ListEvidence { stamp: list.stamp, shows: Judgement::Proven }));
        Self {
            basis: Basis::Presentation,
            digest: presentation.presentation_digest().to_bytes(),
            answers: Some(Answers {
                bundles: [terms.bundle(), presentation.bundle()],
                request: presentation.request_digest(),
                time: presentation.time(),
            }),
            roles: shown.collect(),
            lists: lists.collect(),
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

    /// What is shown of one of the policy's lists.
    pub(super) fn list(&self, list: usize) -> Option<&ListEvidence> {
        self.lists.get(list)?.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.roles.len()
    }

    pub(super) fn revealed(&self, source: SlotSource) -> Option<Encoded> {
        let disclosed = self.role(source.role)?.disclosed.iter();
        disclosed.filter(|(index, _)| *index == source.message).map(|(_, v)| v.clone()).next()
    }

    fn example_value(&self, source: SlotSource) -> Option<&ExampleValue> {
        let mut hidden = self.role(source.role)?.hidden.iter();
        hidden.find(|value| value.message == source.message)
    }

    /// Whether a conjunct holds: in the open, by the proof that was verified, or by the example's
    /// own values.
    pub(super) fn judge(&self, rule: &Rule, now: Timestamp) -> Judgement {
        let hidden = |source: SlotSource| self.example_value(source)?.integer;
        let facts = Facts { now, hidden: &hidden, revealed: self };
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
        match (self.example_value(a), self.example_value(b)) {
            (Some(a), Some(b)) if a.encoded == b.encoded && a.encoded != Encoded::Absent => {
                Judgement::Holds
            }
            _ => Judgement::Fails,
        }
    }
}

impl Revealed for Evidence {
    fn value(&self, source: SlotSource) -> Option<Encoded> {
        self.revealed(source)
    }

    fn window(&self, role: usize) -> Option<SigningWindow> {
        let own = SlotSource { role, message: VALID_FROM };
        match self.basis {
            Basis::Presentation => self.role(role)?.window,
            // An example is not asked to state a window: it begins in the hour in which it does.
            Basis::Example => {
                let hour = u32::try_from(self.example_value(own)?.integer?).ok()?;
                SigningWindow::new(hour, hour.checked_add(1)?)
            }
        }
    }
}

/// What an example shows of each of the policy's lists.
fn example_lists(compiled: &CompiledPolicy, example: &Example) -> Vec<Option<ListEvidence>> {
    let shown = compiled.lists().iter().enumerate().map(|(index, check)| {
        let role = check.subject.role;
        let earlier = compiled.lists().iter().take(index);
        let position = earlier.filter(|other| other.subject.role == role).count();
        let list = example.lists(compiled.roles().get(role)?.name()).get(position)?;
        let shows = match list.listed == (check.presence == Presence::Present) {
            true => Judgement::Holds,
            false => Judgement::Fails,
        };
        let (epoch, issued_at, next_update) = (list.epoch, list.issued_at, list.next_update);
        let stamp = Stamp { epoch, issued_at, next_update, contents: [0; 32] };
        Some(ListEvidence { stamp, shows })
    });
    shown.collect()
}

/// How one rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Holds,
    Proven,
    Fails,
}
