//! What is to be proven: compiled from policy and request, by both sides from this one place.
//!
//! [`Terms`] is what a policy fixes once: the compiled policy and the verifying key that its bundle
//! names. A [`Statement`] adds what one presentation says in the clear: the request it answers, the
//! issuer of each credential, the disclosed values. From the statement follow the parameters, the map
//! from slots to messages and the hash `ph`; the holder has no say in any of them.

use super::link::CredentialLink;
use super::wire::{MAX_CREDENTIALS, MAX_EQUALITIES, MAX_LISTS, MAX_SLOTS, write_value};
use crate::bbs::{self, Generators, Interface, PublicKey};
use crate::curve::{G1Affine, Scalar};
use crate::document::Fault;
use crate::encoding::Writer;
use crate::policy::{
    Bundle, BundleHash, CompiledPolicy, Equality, KeyFingerprint, Revealed, Role, SlotSource,
    Validity,
};
use crate::request::{PresentationRequest, RequestDigest};
use crate::schema::{Schema, VALID_FROM, VALID_UNTIL, VALIDITY_BITS};
use crate::status::{Stamp, entry_generators};
use crate::transcript::{DIGEST_LEN, Transcript, tag};
use crate::trust::SigningWindow;
use crate::value::{Encoded, Timestamp};
use sigil_circuits as circuits;
use std::sync::Arc;
use thiserror::Error;

/// Why bundle, schemas and key do not make terms.
#[derive(Debug, Error)]
pub enum TermsError {
    /// The policy does not compile against these schemas, or to another shape than the bundle names.
    #[error(transparent)]
    Policy(#[from] Fault),
    /// The policy names an authority, whose signature the bundle lacks.
    #[error("the policy's authority has not signed the bundle: get the signed one from it")]
    Unsigned,
    /// The verifying key is missing, superfluous, or not the one that the bundle names.
    #[error("the verifying key is not the one that the bundle names: get the one with its hash")]
    Key,
    /// More credentials, slots or equalities than a presentation can carry.
    #[error(
        "a presentation carries at most {MAX_CREDENTIALS} credentials, {MAX_SLOTS} hidden values \
         in predicates and {MAX_EQUALITIES} equalities: split the policy"
    )]
    TooLarge,
}

/// A policy made ready: compiled, and with the verifying key that its bundle pins.
#[derive(Debug)]
pub struct Terms {
    bundle: BundleHash,
    policy: CompiledPolicy,
    key: Option<circuits::VerifyingKey>,
    roles: Vec<RoleTerms>,
    /// Generators of the entries of lists.
    entries: Arc<Generators>,
}

/// By the schemas that a role accepts: what their credentials are signed with.
#[derive(Debug)]
struct RoleTerms(Vec<(Arc<Generators>, Vec<u8>)>);

impl Terms {
    /// Compiles the bundle's policy and holds shape and key against what the bundle names.
    pub fn new(
        bundle: &Bundle,
        schemas: &[Schema],
        key: Option<circuits::VerifyingKey>,
    ) -> Result<Self, TermsError> {
        if !bundle.is_authorised() {
            return Err(TermsError::Unsigned);
        }
        let policy = bundle.compile(schemas)?;
        let fits = match (&key, policy.shape(), bundle.key()) {
            (None, None, None) => true,
            (Some(key), Some(shape), Some(fingerprint)) => {
                KeyFingerprint::of(key) == fingerprint && key.shape_id() == shape.id()
            }
            _ => false,
        };
        if !fits {
            return Err(TermsError::Key);
        }
        if policy.roles().len() > MAX_CREDENTIALS
            || policy.slots().len() > MAX_SLOTS
            || policy.equalities().len() > MAX_EQUALITIES
            || policy.lists().len() > MAX_LISTS
        {
            return Err(TermsError::TooLarge);
        }
        let role = |role: &crate::policy::Role| {
            let interface = Interface::typed(role.suite());
            let versions = role.accepted().iter().map(|accepted| {
                let schema = accepted.schema();
                let generators = Generators::new(interface, schema.message_count());
                generators.map(|generators| (generators, schema.header()))
            });
            versions.collect::<Result<_, _>>().map(RoleTerms)
        };
        let roles = policy.roles().iter().map(role).collect::<Result<_, _>>();
        let roles = roles.map_err(|_: bbs::Error| TermsError::TooLarge)?;
        let entries = entry_generators().map_err(|_| TermsError::TooLarge)?;
        Ok(Terms { bundle: bundle.hash(), policy, key, roles, entries })
    }

    /// The compiled policy.
    pub fn policy(&self) -> &CompiledPolicy {
        &self.policy
    }

    /// The verifying key; `None` where the policy needs no circuit.
    pub fn verifying_key(&self) -> Option<&circuits::VerifyingKey> {
        self.key.as_ref()
    }

    /// Puts these terms under another bundle's hash: for forgeries.
    #[cfg(test)]
    pub(crate) fn set_bundle(&mut self, bundle: BundleHash) {
        self.bundle = bundle;
    }

    /// The bundle's hash, which requests name.
    pub fn bundle(&self) -> BundleHash {
        self.bundle
    }
}

/// Who signed a credential, as a presentation says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    /// One of the issuers that the role names.
    Named(usize),
    /// A key, where a trust list has the issuers: whether it is in it is decided later.
    Key(Box<PublicKey>),
}

/// What a presentation says of one credential in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) signer: Signer,
    /// Which of the schemas that the role accepts.
    pub(super) version: usize,
    /// The window in which it begins, where a trust list has the issuers.
    pub(super) window: Option<SigningWindow>,
    /// Disclosed messages of the credential's own schema by strictly ascending index.
    pub(super) disclosed: Vec<(usize, Encoded)>,
}

/// Why what is said in the clear makes no statement that could be true or false. Whether it is what the
/// policy wants to see is not asked here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StatementError {
    /// The request asks under another policy.
    #[error("the request names another policy bundle than the one at hand")]
    OtherPolicy,
    /// As many credentials as the policy has roles are needed, in its order.
    #[error("the policy asks for {expected} credentials, the presentation has {found}")]
    Credentials {
        /// Roles of the policy.
        expected: usize,
        /// Credentials presented.
        found: usize,
    },
    /// As many entries of lists as the policy has lists are needed, in its order.
    #[error("the policy asks for {expected} entries of lists, the presentation has {found}")]
    Lists {
        /// Lists of the policy.
        expected: usize,
        /// Entries presented.
        found: usize,
    },
    /// The schema is not among those that the role accepts.
    #[error("role {role}: the policy does not accept this version of the schema")]
    Version {
        /// The role's name.
        role: String,
    },
    /// The issuer is not among those that the role trusts.
    #[error("role {role}: the issuer is not one that the policy trusts")]
    Issuer {
        /// The role's name.
        role: String,
    },
    /// A disclosed value is not one of its type.
    #[error("{claim}: the disclosed value is not of the schema's type")]
    Value {
        /// Path of the claim.
        claim: String,
    },
    /// The hour in which the credential begins is revealed and not in the window stated, or the policy
    /// has it revealed and it is not.
    #[error("role {role}: the credential is not shown to begin in the window stated")]
    Window {
        /// The role's name.
        role: String,
    },
    /// A value that the predicates need in the open is missing or, as the evaluation time may be, beyond
    /// what the circuit can say.
    #[error("a public value that the predicates need is missing or out of their range")]
    Range,
}

/// What one presentation has to prove.
///
/// Its *members* are everything that is signed with BBS: a credential for each role, then an entry
/// for each list.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    terms: &'a Terms,
    request: RequestDigest,
    time: Timestamp,
    members: Vec<Member<'a>>,
    credentials: Vec<CredentialStatement>,
    stamps: Vec<Stamp>,
    params: Vec<i128>,
    slots: Vec<Place>,
    sides: Vec<[(usize, usize); 2]>,
}

/// The public side of one signature.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) issuer: PublicKey,
    pub(super) generators: &'a Arc<Generators>,
    pub(super) header: Vec<u8>,
    pub(super) disclosed: Vec<(usize, Scalar)>,
}

/// What is said of one credential in the clear.
#[derive(Debug)]
pub(super) struct CredentialStatement {
    pub(super) version: usize,
    pub(super) window: Option<SigningWindow>,
    /// Disclosed messages of the credential's own schema, with their values.
    pub(super) values: Vec<(usize, Encoded)>,
    /// The same by the messages of the role's schema, ascending.
    pub(super) read: Vec<(usize, Encoded)>,
}

/// What fills a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A message of a member.
    Signed { member: usize, message: usize },
    /// What stands for a field that the credentials of this version do not sign.
    Constant(u128),
}

/// What the statement says in the open.
struct Open<'a> {
    terms: &'a Terms,
    credentials: &'a [CredentialStatement],
}

impl Revealed for Open<'_> {
    fn value(&self, source: SlotSource) -> Option<Encoded> {
        let read = &self.credentials.get(source.role)?.read;
        let at = read.binary_search_by_key(&source.message, |(index, _)| *index).ok()?;
        read.get(at).map(|(_, value)| value.clone())
    }

    fn window(&self, role: usize) -> Option<SigningWindow> {
        self.credentials.get(role)?.window
    }

    fn shift(&self, source: SlotSource) -> i128 {
        let accepted = self.credentials.get(source.role).and_then(|credential| {
            self.terms.policy.roles().get(source.role)?.accepted().get(credential.version)
        });
        accepted.map_or(0, |accepted| accepted.shift(source.message))
    }
}

/// The first messages that `ph` hashes beside the statement.
pub(super) struct FirstMessages<'a> {
    /// π, D and K_D.
    pub(super) predicate:
        Option<(&'a circuits::Proof, &'a circuits::Commitment, &'a circuits::Commitment)>,
    /// C and T of each member, where it has a link.
    pub(super) links: Vec<Option<[G1Affine; 2]>>,
    /// K, if any credential has a link.
    pub(super) k: Option<G1Affine>,
}

impl FirstMessages<'_> {
    pub(super) fn link_points(link: &CredentialLink) -> [G1Affine; 2] {
        [link.c, link.t]
    }
}

impl<'a> Statement<'a> {
    /// Compiles the statement. Every disclosed value is one of its type.
    pub(super) fn new(
        terms: &'a Terms,
        request: &PresentationRequest,
        choices: &[Choice],
        stamps: Vec<Stamp>,
    ) -> Result<Self, StatementError> {
        check_count(terms, request, choices.len())?;
        let (expected, found) = (terms.policy.lists().len(), stamps.len());
        if expected != found {
            return Err(StatementError::Lists { expected, found });
        }
        let (mut members, mut credentials) = (Vec::new(), Vec::new());
        for (role, choice) in choices.iter().enumerate() {
            let (member, credential) = credential(terms, role, choice)?;
            members.push(member);
            credentials.push(credential);
        }
        for (check, stamp) in terms.policy.lists().iter().zip(&stamps) {
            members.push(Member {
                issuer: check.key.authority,
                generators: &terms.entries,
                header: stamp.entry_header(&check.key),
                disclosed: Vec::new(),
            });
        }
        let now = request.time();
        let open = Open { terms, credentials: &credentials };
        let params = terms.policy.param_values(now, &open).ok_or(StatementError::Range)?;
        let in_range = |shape: &circuits::Shape| shape.check_params(&params).is_ok();
        if !terms.policy.shape().is_none_or(in_range) {
            return Err(StatementError::Range);
        }
        let place = |source: &SlotSource| terms.place(source, &credentials);
        let slots = terms.policy.slots().iter().map(place).collect::<Option<Vec<_>>>();
        let side = |source: &SlotSource| match place(source)? {
            Place::Signed { member, message } => Some((member, message)),
            Place::Constant(_) => None,
        };
        let sides = terms.policy.equalities().iter().map(|Equality { a, b }| {
            let [a, b] = [side(a)?, side(b)?];
            Some([a, b])
        });
        // Compilation has seen to it that every slot and side has its place in every version.
        let slots = slots.ok_or(StatementError::Range)?;
        let sides = sides.collect::<Option<_>>().ok_or(StatementError::Range)?;
        let (request, time) = (request.digest(), now);
        Ok(Statement { terms, request, time, members, credentials, stamps, params, slots, sides })
    }

    /// The terms.
    pub(super) fn terms(&self) -> &'a Terms {
        self.terms
    }

    /// The circuit's parameters, in its order.
    pub(super) fn params(&self) -> &[i128] {
        &self.params
    }

    /// What is said of each credential, in the policy's order.
    pub(super) fn credentials(&self) -> &[CredentialStatement] {
        &self.credentials
    }

    /// Everything that is signed: credentials, then entries of lists.
    pub(super) fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// The epoch of each list.
    pub(super) fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    /// What fills each slot.
    pub(super) fn slots(&self) -> &[Place] {
        &self.slots
    }

    /// Member and message of both sides of each equality.
    pub(super) fn sides(&self) -> &[[(usize, usize); 2]] {
        &self.sides
    }

    /// Whether a slot or a side of an equality lies in a member.
    pub(super) fn is_linked(&self, index: usize) -> bool {
        let slot =
            |place: &Place| matches!(place, Place::Signed { member, .. } if *member == index);
        self.slots.iter().any(slot) || self.sides.iter().flatten().any(|(m, _)| *m == index)
    }

    /// The digest of the request.
    pub(super) fn request_digest(&self) -> RequestDigest {
        self.request
    }

    /// The time for which it is proven.
    pub(super) fn time(&self) -> Timestamp {
        self.time
    }

    /// `ph`: the digest of everything that is fixed before the challenges.
    pub(super) fn presentation_header(&self, first: &FirstMessages<'_>) -> [u8; DIGEST_LEN] {
        let mut ph = Transcript::new(tag::PRESENTATION);
        ph.absorb_number("version", 3);
        ph.absorb("bundle", self.terms.bundle.to_bytes());
        ph.absorb("request", self.request.to_bytes());
        ph.absorb_number("credentials", self.credentials.len());
        ph.absorb_number("members", self.members.len());
        for member in &self.members {
            ph.absorb("issuer", member.issuer.to_bytes());
            ph.absorb("suite", member.generators.interface().api_id());
            ph.absorb("header", &member.header);
        }
        for credential in &self.credentials {
            ph.absorb_number("window", usize::from(credential.window.is_some()));
            if let Some(window) = credential.window {
                ph.absorb_number("from", window.from() as usize);
                ph.absorb_number("until", window.until() as usize);
            }
            ph.absorb_number("disclosed", credential.values.len());
            for (index, value) in &credential.values {
                ph.absorb_number("index", *index);
                let mut writer = Writer::default();
                write_value(&mut writer, value);
                ph.absorb("value", writer.finish());
            }
        }
        self.absorb_predicate(&mut ph, first);
        self.absorb_link(&mut ph, first);
        ph.finish()
    }

    fn absorb_predicate(&self, ph: &mut Transcript, first: &FirstMessages<'_>) {
        ph.absorb_number("predicate", usize::from(first.predicate.is_some()));
        if let (Some(key), Some((proof, d, k_d))) = (&self.terms.key, first.predicate) {
            ph.absorb("verifying key", key.fingerprint());
            ph.absorb("shape", key.shape_id().to_bytes());
            ph.absorb_number("params", self.params.len());
            self.params.iter().for_each(|param| ph.absorb("param", param.to_be_bytes()));
            ph.absorb_number("slots", self.terms.policy.slots().len());
            self.terms.policy.slots().iter().for_each(|slot| absorb_message(ph, slot));
            ph.absorb("proof", proof.to_bytes());
            ph.absorb("D", d.to_bytes());
            ph.absorb("K_D", k_d.to_bytes());
        }
    }

    fn absorb_link(&self, ph: &mut Transcript, first: &FirstMessages<'_>) {
        ph.absorb_number("equalities", self.terms.policy.equalities().len());
        for equality in self.terms.policy.equalities() {
            absorb_message(ph, &equality.a);
            absorb_message(ph, &equality.b);
        }
        for points in &first.links {
            ph.absorb_number("link", usize::from(points.is_some()));
            points.iter().flatten().for_each(|point| ph.absorb("point", point.to_compressed()));
        }
        ph.absorb_number("shared", usize::from(first.k.is_some()));
        first.k.iter().for_each(|k| ph.absorb("K", k.to_compressed()));
    }
}

/// The request is one under these terms, and as many credentials are there as the policy has roles.
pub(super) fn check_count(
    terms: &Terms,
    request: &PresentationRequest,
    found: usize,
) -> Result<(), StatementError> {
    if request.bundle() != terms.bundle {
        return Err(StatementError::OtherPolicy);
    }
    let expected = terms.policy.roles().len();
    if expected == found { Ok(()) } else { Err(StatementError::Credentials { expected, found }) }
}

fn absorb_message(ph: &mut Transcript, message: &SlotSource) {
    ph.absorb_number("role", message.role);
    ph.absorb_number("message", message.message);
}

impl Terms {
    /// What fills the place of a message, in credentials of these versions.
    fn place(&self, source: &SlotSource, credentials: &[CredentialStatement]) -> Option<Place> {
        let Some(role) = self.policy.roles().get(source.role) else {
            return Some(Place::Signed { member: source.role, message: source.message });
        };
        let accepted = role.accepted().get(credentials.get(source.role)?.version)?;
        match accepted.signed(source.message) {
            Some(message) => Some(Place::Signed { member: source.role, message }),
            None => accepted.constant(source.message).map(Place::Constant),
        }
    }
}

/// What is said of one credential, held against the terms.
fn credential<'a>(
    terms: &'a Terms,
    role: usize,
    choice: &Choice,
) -> Result<(Member<'a>, CredentialStatement), StatementError> {
    let compiled = &terms.policy.roles()[role];
    let name = || compiled.name().to_owned();
    let issuer = match &choice.signer {
        Signer::Named(at) => compiled.issuers().get(*at).copied(),
        Signer::Key(key) => compiled.trust().map(|_| **key),
    };
    // A window is there if, and only if, a trust list is to be held against it.
    let issuer = issuer.filter(|_| compiled.trust().is_some() == choice.window.is_some());
    let issuer = issuer.ok_or_else(|| StatementError::Issuer { role: name() })?;
    if !begins_in_window(compiled, choice) {
        return Err(StatementError::Window { role: name() });
    }
    let version =
        compiled.accepted().get(choice.version).zip(terms.roles[role].0.get(choice.version));
    let (accepted, (generators, header)) =
        version.ok_or_else(|| StatementError::Version { role: name() })?;
    let (mut disclosed, mut read) = (Vec::new(), Vec::new());
    for (message, value) in &choice.disclosed {
        let message = *message;
        let base = accepted.reading().base_message(message);
        let claim = || match base {
            Some(message) => terms.policy.claim(SlotSource { role, message }),
            None => format!("{}.#{message}", compiled.name()),
        };
        let interface = generators.interface();
        let scalar = disclosed_scalar(accepted.schema(), message, value, interface);
        let scalar = scalar.zip(base).ok_or_else(|| StatementError::Value { claim: claim() })?;
        disclosed.push((message, scalar.0));
        read.push((scalar.1, value.clone()));
    }
    read.sort_unstable_by_key(|(message, _)| *message);
    let header = header.clone();
    let (version, window, values) = (choice.version, choice.window, choice.disclosed.clone());
    Ok((
        Member { issuer, generators, header, disclosed },
        CredentialStatement { version, window, values, read },
    ))
}

/// Whether a revealed hour of beginning is in the window stated. Of a hidden one the circuit says so; a
/// revealed one is no slot, and nothing else holds the two together.
fn begins_in_window(role: &Role, choice: &Choice) -> bool {
    let Some(window) = choice.window else { return true };
    match choice.disclosed.iter().find(|(message, _)| *message == VALID_FROM) {
        Some((_, Encoded::Integer(hour))) => {
            u32::try_from(*hour).is_ok_and(|hour| window.contains(hour))
        }
        Some(_) => false,
        None => role.validity() != Validity::Reveal,
    }
}

/// The scalar that a disclosed value was signed as, if it is a value of its type.
fn disclosed_scalar(
    schema: &Schema,
    message: usize,
    value: &Encoded,
    interface: Interface,
) -> Option<Scalar> {
    if message == VALID_FROM || message == VALID_UNTIL {
        let Encoded::Integer(hours) = value else { return None };
        return (hours >> VALIDITY_BITS == 0).then(|| Scalar::from(*hours));
    }
    let field = schema.field_at(message)?;
    let value = field.decode(value).ok()?;
    field.to_scalar(value.as_ref(), interface).ok()
}

#[cfg(test)]
mod tests;
