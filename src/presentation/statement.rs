//! What is to be proven: compiled from policy and request, by both sides from this one place.
//!
//! [`Terms`] is what a policy fixes once: the compiled policy and the verifying key that its bundle
//! names. A [`Statement`] adds what one presentation says in the clear: the request it answers, the
//! issuer of each credential, the disclosed values. From the statement follow the parameters, the map
//! from slots to messages and the hash `ph`; the holder has no say in any of them.

use super::link::CredentialLink;
use super::wire::{MAX_CREDENTIALS, MAX_EQUALITIES, MAX_SLOTS, write_value};
use crate::bbs::{Generators, Interface, PublicKey};
use crate::curve::{G1Affine, Scalar};
use crate::document::Fault;
use crate::encoding::Writer;
use crate::policy::{Bundle, BundleHash, CompiledPolicy, KeyFingerprint, SlotSource};
use crate::request::{PresentationRequest, RequestDigest};
use crate::schema::{Schema, VALID_FROM, VALID_UNTIL, VALIDITY_BITS};
use crate::transcript::{DIGEST_LEN, Transcript, tag};
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
}

#[derive(Debug)]
struct RoleTerms {
    generators: Arc<Generators>,
    header: Vec<u8>,
}

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
        {
            return Err(TermsError::TooLarge);
        }
        let role = |role: &crate::policy::Role| {
            let interface = Interface::typed(role.suite());
            let generators = Generators::new(interface, role.schema().message_count());
            let header = role.schema().header();
            generators.map(|generators| RoleTerms { generators, header })
        };
        let roles = policy.roles().iter().map(role).collect::<Result<_, _>>();
        let roles = roles.map_err(|_| TermsError::TooLarge)?;
        Ok(Terms { bundle: bundle.hash(), policy, key, roles })
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

/// What a presentation says of one credential in the clear.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// Which of the role's issuers.
    pub(super) issuer: usize,
    /// Disclosed messages by strictly ascending index.
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
    /// A value that the predicates need in the open is missing or, as the evaluation time may be, beyond
    /// what the circuit can say.
    #[error("a public value that the predicates need is missing or out of their range")]
    Range,
}

/// What one presentation has to prove.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    terms: &'a Terms,
    request: RequestDigest,
    time: Timestamp,
    credentials: Vec<CredentialStatement>,
    params: Vec<i128>,
}

/// The public side of one credential.
#[derive(Debug)]
pub(super) struct CredentialStatement {
    pub(super) issuer: PublicKey,
    pub(super) disclosed: Vec<(usize, Scalar)>,
    pub(super) values: Vec<(usize, Encoded)>,
}

/// The first messages that `ph` hashes beside the statement.
pub(super) struct FirstMessages<'a> {
    /// π, D and K_D.
    pub(super) predicate:
        Option<(&'a circuits::Proof, &'a circuits::Commitment, &'a circuits::Commitment)>,
    /// C and T of each credential, where it has a link.
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
    ) -> Result<Self, StatementError> {
        check_count(terms, request, choices.len())?;
        let credentials = choices
            .iter()
            .enumerate()
            .map(|(role, choice)| CredentialStatement::new(terms, role, choice))
            .collect::<Result<_, _>>()?;
        let now = request.time();
        let revealed = |source: SlotSource| {
            let disclosed = &choices.get(source.role)?.disclosed;
            let at = disclosed.binary_search_by_key(&source.message, |(index, _)| *index).ok()?;
            disclosed.get(at).map(|(_, value)| value.clone())
        };
        let params = terms.policy.param_values(now, &revealed).ok_or(StatementError::Range)?;
        let in_range = |shape: &circuits::Shape| shape.check_params(&params).is_ok();
        if !terms.policy.shape().is_none_or(in_range) {
            return Err(StatementError::Range);
        }
        Ok(Statement { terms, request: request.digest(), time: now, credentials, params })
    }

    /// The terms.
    pub(super) fn terms(&self) -> &'a Terms {
        self.terms
    }

    /// The circuit's parameters, in its order.
    pub(super) fn params(&self) -> &[i128] {
        &self.params
    }

    /// The public side of each credential, in the policy's order.
    pub(super) fn credentials(&self) -> &[CredentialStatement] {
        &self.credentials
    }

    /// Generators of a credential's role.
    pub(super) fn generators(&self, role: usize) -> &'a Arc<Generators> {
        &self.terms.roles[role].generators
    }

    /// BBS header of a credential's role.
    pub(super) fn header(&self, role: usize) -> &'a [u8] {
        &self.terms.roles[role].header
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
        ph.absorb_number("version", 2);
        ph.absorb("bundle", self.terms.bundle.to_bytes());
        ph.absorb("request", self.request.to_bytes());
        ph.absorb_number("credentials", self.credentials.len());
        for (role, credential) in self.credentials.iter().enumerate() {
            ph.absorb("issuer", credential.issuer.to_bytes());
            ph.absorb("suite", self.generators(role).interface().api_id());
            ph.absorb("header", self.header(role));
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

impl CredentialStatement {
    fn new(terms: &Terms, role: usize, choice: &Choice) -> Result<Self, StatementError> {
        let compiled = &terms.policy.roles()[role];
        let claim = |message| terms.policy.claim(SlotSource { role, message });
        let issuer = compiled.issuers().get(choice.issuer);
        let issuer =
            issuer.ok_or_else(|| StatementError::Issuer { role: compiled.name().to_owned() })?;
        let interface = terms.roles[role].generators.interface();
        let mut disclosed = Vec::with_capacity(choice.disclosed.len());
        for (message, value) in &choice.disclosed {
            let message = *message;
            let scalar = disclosed_scalar(compiled.schema(), message, value, interface)
                .ok_or_else(|| StatementError::Value { claim: claim(message) })?;
            disclosed.push((message, scalar));
        }
        Ok(CredentialStatement { issuer: *issuer, disclosed, values: choice.disclosed.clone() })
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
