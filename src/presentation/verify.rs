//! The verifier's side.
//!
//! In this order, all of it, missing and surplus parts refused: the request (audience, time), the
//! statement rebuilt from the verifier's own terms, the BBS proofs, the link, the predicate, and last
//! the nonce, so that of many copies of one presentation exactly one is accepted, and a forgery
//! cannot spend anybody's nonce.

use super::combination::{Combination, LinkedCredential, PresentedLink};
use super::link::{Bases, CircuitClaim, CredentialLink, LinkChallenge};
use super::statement::{Choice, FirstMessages, Member, Place, Statement, StatementError, Terms};
use super::wire::{PredicatePart, Presentation};
use crate::bbs::{self, PairingBatch, PendingProof, Proof, PublicKey};
use crate::coefficients::CoefficientSeed;
use crate::curve::wide_scalar;
use crate::digest::digest_type;
use crate::encoding::{Wire, WireError};
use crate::policy::{BundleHash, SlotSource};
use crate::request::{NonceError, NonceStore, PresentationRequest, RequestDigest, RequestError};
use crate::schema::SchemaId;
use crate::status::{HeadHash, Stamp};
use crate::transcript::{DIGEST_LEN, Transcript, tag};
use crate::trust::SigningWindow;
use crate::value::{Encoded, Timestamp, Value};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt;
use thiserror::Error;

/// Why a presentation is not known to be true.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The request is another verifier's, or not good at this time.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The request was answered before, or the store of nonces is out of reach.
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// What the presentation says in the clear makes no statement under the policy.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The octets are no presentation.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The cryptography refused. On purpose there is no more to learn.
    #[error("the presentation was refused")]
    Refused,
}

impl From<bbs::Error> for VerifyError {
    fn from(_: bbs::Error) -> Self {
        VerifyError::Refused
    }
}

/// What the verifier holds a request against.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The audience that the verifier is.
    pub audience: &'a str,
    /// The verifier's clock.
    pub now: Timestamp,
    /// By how many seconds the clocks of the request's maker and the verifier may differ.
    pub skew: u64,
}

impl Expectation<'_> {
    /// Whether the request is this verifier's, and good at this time.
    pub(super) fn check(
        &self,
        terms: &Terms,
        request: &PresentationRequest,
    ) -> Result<(), RequestError> {
        request.check(terms.bundle(), self.audience, self.now, self.skew)
    }

    /// Spends the nonce of a request that was answered truly.
    pub(super) fn spend(
        &self,
        request: &PresentationRequest,
        nonces: &impl NonceStore,
    ) -> Result<(), NonceError> {
        request.spend(nonces, self.now, self.skew)
    }
}

/// A value that a holder disclosed, signed by the credential's issuer. `Debug` shows the claim only.
#[derive(Clone, PartialEq, Eq)]
pub struct DisclosedValue {
    /// `role.field`.
    pub claim: String,
    /// The value; `None` where an optional field is absent.
    pub value: Option<Value>,
    /// The value as text.
    pub text: String,
}

impl fmt::Debug for DisclosedValue {
    // It is a person's: what a log is to hold of it must be written there on purpose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisclosedValue").field("claim", &self.claim).finish_non_exhaustive()
    }
}

digest_type! {
    /// SHA-256 of a presentation's octets.
    PresentationDigest
}

/// What is known of a credential besides its issuer and what was disclosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedCredential {
    /// The schema that it was issued under: one of those that its role accepts.
    pub schema: SchemaId,
    /// The window in which it begins, where its role has a trust list.
    pub window: Option<SigningWindow>,
}

/// What is known of one list: that an epoch with this head shows what the policy asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedList {
    /// The list's place in the policy.
    pub path: String,
    /// Number and times of the epoch.
    pub stamp: Stamp,
    /// The hash of its head.
    pub head: HeadHash,
}

/// What is known to be true after verification: made by [`verify`] alone.
///
/// **True is not acceptable.** The issuers named signed the values disclosed, and what the policy has
/// proven of hidden values holds. Whether all is there that the policy wants to see, nothing beyond it,
/// and whether the rules over disclosed values hold, is decided from this, not known by it: see
/// [`CompiledPolicy::shortfalls`](crate::policy::CompiledPolicy::shortfalls). `Debug` shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedPresentation {
    bundle: BundleHash,
    request: RequestDigest,
    presentation: PresentationDigest,
    time: Timestamp,
    issuers: Vec<(String, PublicKey)>,
    credentials: Vec<VerifiedCredential>,
    lists: Vec<VerifiedList>,
    messages: Vec<Vec<(usize, Encoded)>>,
    disclosed: Vec<DisclosedValue>,
    proven: Vec<String>,
}

impl VerifiedPresentation {
    /// The policy bundle under which it was made.
    pub fn bundle(&self) -> BundleHash {
        self.bundle
    }

    /// The digest of the request that was answered.
    pub fn request_digest(&self) -> RequestDigest {
        self.request
    }

    /// The digest of the presentation itself.
    pub fn presentation_digest(&self) -> PresentationDigest {
        self.presentation
    }

    /// The time for which everything was proven: that of the request.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Each role, in the policy's order, with the issuer of its credential.
    pub fn issuers(&self) -> &[(String, PublicKey)] {
        &self.issuers
    }

    /// What else is known of each role's credential, in the policy's order.
    pub fn credentials(&self) -> &[VerifiedCredential] {
        &self.credentials
    }

    /// What is known of each list, in the policy's order.
    pub fn lists(&self) -> &[VerifiedList] {
        &self.lists
    }

    /// What was disclosed of each role's credential, in the policy's order: messages of the role's schema by
    /// ascending index,
    /// as [`CompiledPolicy::shortfalls`](crate::policy::CompiledPolicy::shortfalls) takes them.
    pub fn disclosed_messages(&self) -> &[Vec<(usize, Encoded)>] {
        &self.messages
    }

    /// The same for reading, with names and in the types of the schemas.
    pub fn disclosed(&self) -> &[DisclosedValue] {
        &self.disclosed
    }

    /// What was proven of hidden values: paths of the rules in the policy.
    pub fn proven(&self) -> &[String] {
        &self.proven
    }
}

impl fmt::Debug for VerifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPresentation")
            .field("bundle", &self.bundle)
            .field("request", &self.request)
            .field("time", &self.time)
            .field("issuers", &self.issuers)
            .field("disclosed", &self.disclosed)
            .field("proven", &self.proven)
            .finish_non_exhaustive()
    }
}

/// Verifies a presentation against the verifier's own terms and request: whether it is true, not whether
/// it is acceptable. See [`VerifiedPresentation`].
///
/// An answer that is true has answered the request: its nonce is spent, whatever is decided then.
///
/// `request` must be the one that the verifier made and kept, not one that came back with the answer:
/// who chooses the request chooses the time for which validity is proven.
///
/// # Errors
/// [`VerifyError`]: named for what is public, opaque for cryptography.
pub fn verify(
    terms: &Terms,
    request: &PresentationRequest,
    expectation: &Expectation<'_>,
    presentation: &Presentation,
    nonces: &impl NonceStore,
) -> Result<VerifiedPresentation, VerifyError> {
    expectation.check(terms, request)?;
    let statement = check(terms, request, presentation)?;
    expectation.spend(request, nonces)?;
    Ok(report(&statement, presentation))
}

/// Everything but time, audience and nonce.
pub(super) fn check<'a>(
    terms: &'a Terms,
    request: &PresentationRequest,
    presentation: &'a Presentation,
) -> Result<Statement<'a>, VerifyError> {
    let stated = Stated::new(terms, request, presentation)?;
    let (predicate, credentials) =
        rayon::join(|| stated.check_predicate(), || stated.check_credentials());
    credentials?;
    predicate?;
    Ok(stated.statement)
}

/// A presentation that makes a statement and has the parts for it. Nothing is known to be true.
pub(super) struct Stated<'a> {
    pub(super) statement: Statement<'a>,
    pub(super) presentation: &'a Presentation,
    pub(super) ph: [u8; DIGEST_LEN],
    pub(super) c_x: LinkChallenge,
}

impl<'a> Stated<'a> {
    pub(super) fn new(
        terms: &'a Terms,
        request: &PresentationRequest,
        presentation: &'a Presentation,
    ) -> Result<Self, VerifyError> {
        let choices: Vec<Choice> =
            presentation.credentials.iter().map(|part| part.choice.clone()).collect();
        let stamps = presentation.lists.iter().map(|part| part.stamp).collect();
        let statement = Statement::new(terms, request, &choices, stamps)?;
        check_parts(&statement, presentation)?;
        let first = FirstMessages {
            predicate: presentation.predicate.as_ref().map(|p| (&p.proof, &p.d, &p.link.k_d)),
            links: presentation
                .links()
                .into_iter()
                .map(|link| link.map(FirstMessages::link_points))
                .collect(),
            k: presentation.shared.as_ref().map(|shared| shared.k),
        };
        let ph = statement.presentation_header(&first);
        let proofs: Vec<Vec<u8>> = presentation.proofs().into_iter().map(Proof::to_bytes).collect();
        let c_x = LinkChallenge::new(&ph, proofs.iter().map(Vec::as_slice));
        Ok(Stated { statement, presentation, ph, c_x })
    }

    /// The digest of everything that fixes the equations.
    pub(super) fn digest(&self) -> [u8; DIGEST_LEN] {
        let mut transcript = Transcript::new(tag::COMBINATION);
        transcript.absorb("ph", self.ph);
        transcript.absorb("presentation", self.presentation.to_bytes());
        transcript.finish()
    }

    /// What the predicate's equations need; `None` where the policy asks for no predicate.
    pub(super) fn circuit_claim(&self) -> Result<Option<CircuitClaim<'a>>, VerifyError> {
        let Some(PredicatePart { proof, d, link }) = &self.presentation.predicate else {
            return Ok(None);
        };
        let claim = CircuitClaim::new(proof, d, link, self.c_x).ok_or(VerifyError::Refused)?;
        Ok(Some(claim))
    }

    fn check_predicate(&self) -> Result<(), VerifyError> {
        let Some(claim) = self.circuit_claim()? else { return Ok(()) };
        // `check_parts` holds part and key to each other.
        let key = self.statement.terms().verifying_key().ok_or(VerifyError::Refused)?;
        let claim = claim.with(self.statement.params());
        key.verify_claim(&claim).map_err(|_| VerifyError::Refused)
    }

    /// Checks the BBS proofs but for their pairing equations.
    pub(super) fn open_proofs(&self) -> Result<Vec<PendingProof<'a>>, VerifyError> {
        let proofs = self.presentation.proofs();
        let parts = self.statement.members().par_iter().zip(proofs);
        let open = |(member, proof): (&Member, &'a Proof)| {
            Ok(bbs::proof_verify_deferred(
                &member.issuer,
                proof,
                member.generators,
                &member.header,
                &self.ph,
                &member.disclosed,
            )?)
        };
        parts.map(open).collect()
    }

    /// What the link's equations on BLS12-381 need; `None` where there are none.
    pub(super) fn link<'b>(
        &'b self,
        proofs: &'b [PendingProof<'_>],
    ) -> Result<Option<PresentedLink<'b>>, VerifyError> {
        let Some(shared) = &self.presentation.shared else { return Ok(None) };
        let z = self.presentation.predicate.as_ref().map_or(&[][..], |part| &part.link.z);
        let parts = self.presentation.links().into_iter().zip(proofs).enumerate();
        let parts = parts.filter_map(|(index, (link, proof))| Some((index, link?, proof)));
        let credentials = parts
            .map(|(index, link, proof)| linked(&self.statement, index, link, proof))
            .collect::<Option<_>>()
            .ok_or(VerifyError::Refused)?;
        let slots = self.statement.slots().iter().enumerate();
        let constants = slots.filter_map(|(slot, place)| match place {
            Place::Constant(integer) => Some((slot, wide_scalar(*integer))),
            Place::Signed { .. } => None,
        });
        let constants = constants.collect();
        Ok(Some(PresentedLink { shared, z, c_x: self.c_x, constants, credentials }))
    }

    /// The signatures' pairing product beside everything else: neither waits for the other.
    fn check_credentials(&self) -> Result<(), VerifyError> {
        let seed = coefficients([self.digest()]);
        let (signatures, rest) =
            rayon::join(|| self.signatures_hold(seed), || self.check_proofs_and_link(seed));
        rest?;
        if signatures { Ok(()) } else { Err(VerifyError::Refused) }
    }

    /// Whether the pairing equations of all BBS proofs hold.
    fn signatures_hold(&self, seed: CoefficientSeed) -> bool {
        let mut coefficients = seed.member(1);
        let mut pairings = PairingBatch::new();
        for (member, proof) in self.statement.members().iter().zip(self.presentation.proofs()) {
            let coefficient = wide_scalar(coefficients.next());
            pairings.add_equation(&member.issuer, proof, &coefficient);
        }
        pairings.holds()
    }

    fn check_proofs_and_link(&self, seed: CoefficientSeed) -> Result<(), VerifyError> {
        let proofs = self.open_proofs()?;
        let Some(link) = self.link(&proofs)? else { return Ok(()) };
        let bases = bases(self.statement.terms());
        let mut combination = Combination::new(&bases);
        let mut coefficients = seed.member(0);
        combination.add(&link, || coefficients.next()).ok_or(VerifyError::Refused)?;
        if combination.holds() { Ok(()) } else { Err(VerifyError::Refused) }
    }
}

/// What the coefficients of a batch hash: the digests of all members.
pub(super) fn coefficients(digests: impl IntoIterator<Item = [u8; DIGEST_LEN]>) -> CoefficientSeed {
    CoefficientSeed::new(digests, |digest, transcript| transcript.absorb("member", digest))
}

/// The bases of the link under some terms.
pub(super) fn bases(terms: &Terms) -> Bases {
    Bases::new(terms.policy().slots().len(), terms.policy().equalities().len())
}

/// Exactly the parts that the statement asks for, no more and no fewer.
pub(super) fn check_parts(
    statement: &Statement<'_>,
    presentation: &Presentation,
) -> Result<(), VerifyError> {
    let slots = presentation.predicate.as_ref().map_or(0, |part| part.link.z.len());
    let links = presentation.links();
    let all = links.iter().enumerate();
    let complete = all.clone().all(|(index, link)| link.is_some() == statement.is_linked(index))
        // What is linked needs the shared part; so does a predicate, were it of constants alone.
        && presentation.shared.is_some()
            == (links.iter().any(Option::is_some) || presentation.predicate.is_some())
        && presentation.predicate.is_some() == statement.terms().verifying_key().is_some()
        && slots == statement.slots().len()
        && presentation.equalities() == statement.sides().len();
    if complete { Ok(()) } else { Err(VerifyError::Refused) }
}

/// What the equation of a member's link needs of its BBS proof; `None` if a message that the policy
/// has hidden is not.
pub(super) fn linked<'a>(
    statement: &Statement<'_>,
    index: usize,
    link: &'a CredentialLink,
    proof: &'a PendingProof<'_>,
) -> Option<LinkedCredential<'a>> {
    let mut linked = LinkedCredential {
        link,
        challenge: proof.challenge(),
        slots: Vec::new(),
        sides: Vec::new(),
    };
    for (slot, place) in statement.slots().iter().enumerate() {
        match place {
            Place::Signed { member, message } if *member == index => {
                linked.slots.push((slot, *proof.response(*message)?));
            }
            _ => {}
        }
    }
    for (equality, sides) in statement.sides().iter().enumerate() {
        for (side, (member, message)) in sides.iter().enumerate() {
            if *member == index {
                linked.sides.push((equality, side, *proof.response(*message)?));
            }
        }
    }
    Some(linked)
}

pub(super) fn report(
    statement: &Statement<'_>,
    presentation: &Presentation,
) -> VerifiedPresentation {
    let terms = statement.terms();
    let policy = terms.policy();
    let roles = policy.roles().iter().zip(statement.credentials()).enumerate();
    let mut disclosed = Vec::new();
    let (mut issuers, mut credentials) = (Vec::new(), Vec::new());
    for (index, (role, credential)) in roles {
        let (Some(accepted), Some(member)) =
            (role.accepted().get(credential.version), statement.members().get(index))
        else {
            continue;
        };
        issuers.push((role.name().to_owned(), member.issuer));
        let (schema, window) = (accepted.schema().id(), credential.window);
        credentials.push(VerifiedCredential { schema, window });
        for (message, encoded) in &credential.values {
            let field = accepted.schema().field_at(*message);
            let value = match (field, encoded) {
                (Some(field), encoded) => field.decode(encoded).ok().flatten(),
                // An hour of a validity window: the only messages disclosed that are no fields.
                (None, Encoded::Integer(hours)) => {
                    Timestamp::from_hours(*hours).map(Value::Timestamp)
                }
                (None, _) => None,
            };
            let text = match (field, &value) {
                (Some(field), Some(value)) => field.field_type().render(value).ok(),
                (None, Some(Value::Timestamp(time))) => Some(time.to_string()),
                _ => Some("(absent)".to_owned()),
            };
            let read = accepted.reading().base_message(*message).unwrap_or(*message);
            let claim = policy.claim(SlotSource { role: index, message: read });
            disclosed.push(DisclosedValue { claim, value, text: text.unwrap_or_default() });
        }
    }
    let lists = policy.lists().iter().zip(statement.stamps());
    let lists = lists.map(|(check, stamp)| VerifiedList {
        path: check.path.clone(),
        stamp: *stamp,
        head: stamp.head_hash(&check.key),
    });
    VerifiedPresentation {
        bundle: terms.bundle(),
        request: statement.request_digest(),
        presentation: PresentationDigest::from_bytes(
            Sha256::digest(presentation.to_bytes()).into(),
        ),
        time: statement.time(),
        issuers,
        credentials,
        lists: lists.collect(),
        messages: statement.credentials().iter().map(|one| one.read.clone()).collect(),
        disclosed,
        proven: terms.policy().proven(),
    }
}
