//! The holder's side.

use super::link::{
    Answers, Bases, EqualitySecret, EqualitySide, LinkChallenge, LinkError, LinkInit, Secrets,
    SlotSecret,
};
use super::statement::{Choice, FirstMessages, Statement, StatementError, Terms, check_count};
use super::wire::{CredentialPart, PredicatePart, Presentation};
use crate::bbs::{self, Proof, ProofInit};
use crate::credential::Credential;
use crate::curve::{Scalar, SecretScalar};
use crate::policy::{Equality, Shortfall, SlotSource};
use crate::request::PresentationRequest;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRngCore, SeedableRng};
use rayon::prelude::*;
use sigil_circuits as circuits;
use thiserror::Error;
use zeroize::Zeroizing;

/// A credential to be presented, and what to disclose of it beyond what the policy demands.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'a> {
    /// The credential for the role.
    pub credential: &'a Credential,
    /// Names of fields that the policy lets the holder disclose, and the holder wants to.
    pub reveal: &'a [&'a str],
}

/// Why no presentation was made. These stay with the holder.
#[derive(Debug, Error)]
pub enum ProveError {
    /// What would be said in the clear makes no statement under the policy.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// What would be disclosed is not what the policy asks to see.
    #[error("{}", list(shortfalls))]
    NotAcceptable {
        /// Everything that is wanting.
        shortfalls: Vec<Shortfall>,
    },
    /// The credential for a role is of another schema, suite or issuer.
    #[error(
        "role {role}: the credential is not of a schema, suite and issuer that the policy names"
    )]
    Credential {
        /// The role's name.
        role: String,
    },
    /// A field named for disclosure is not in the schema.
    #[error("role {role}: the schema has no field {field}")]
    Field {
        /// The role's name.
        role: String,
        /// The name asked for.
        field: String,
    },
    /// Predicates, or a validity window, do not hold for these credentials at this time.
    #[error(
        "the credentials do not satisfy the policy at the evaluation time: {}",
        rules.join(", ")
    )]
    NotSatisfied {
        /// Paths in the policy of all the rules that do not hold, each once.
        rules: Vec<String>,
    },
    /// Two claims that the policy wants equal are not.
    #[error("{a} and {b} are not equal")]
    NotEqual {
        /// Path of the first claim.
        a: String,
        /// Path of the second claim.
        b: String,
    },
    /// The proving key is missing, superfluous, or of another setup than the verifying key.
    #[error("the proving key does not belong to the verifying key that the bundle names")]
    Key,
    /// The batch that this was part of was cancelled before its turn.
    #[error("cancelled before it was begun")]
    Cancelled,
    /// A part of the proof system refused its input.
    #[error("the proof could not be made")]
    Failed,
}

fn list(shortfalls: &[Shortfall]) -> String {
    shortfalls.iter().map(Shortfall::to_string).collect::<Vec<_>>().join("; ")
}

impl From<bbs::Error> for ProveError {
    fn from(_: bbs::Error) -> Self {
        ProveError::Failed
    }
}

/// How often the whole proof is drawn again if a response leaves its range. Once in 2^54 times.
const ATTEMPTS: usize = 3;

/// Makes a presentation. `holdings` are one credential for each role, in the policy's order.
///
/// The Groth16 proof and the BBS proofs are made at the same time where rayon has threads for it.
/// Randomness is `rng`'s alone.
///
/// The presentation is not verified here. Before it leaves the holder it should be, with
/// [`verify`](super::verify), as the command line does: the proving key's queries cannot all be checked
/// when it is loaded, and a proof made with a damaged or malicious one fails to verify in a way that
/// may depend on hidden values.
///
/// # Errors
/// [`ProveError`]; nothing leaves the holder then.
pub fn prove(
    terms: &Terms,
    request: &PresentationRequest,
    holdings: &[Holding<'_>],
    key: Option<&circuits::ProvingKey>,
    rng: &mut impl CryptoRngCore,
) -> Result<Presentation, ProveError> {
    check_count(terms, request, holdings.len())?;
    let choices = holdings
        .iter()
        .enumerate()
        .map(|(role, holding)| choose(terms, role, holding))
        .collect::<Result<Vec<_>, _>>()?;
    let disclosed: Vec<_> = choices.iter().map(|choice| choice.disclosed.clone()).collect();
    let shortfalls = terms.policy().shortfalls(request.time(), &disclosed);
    if !shortfalls.is_empty() {
        return Err(ProveError::NotAcceptable { shortfalls });
    }
    let statement = Statement::new(terms, request, &choices)?;
    check_keys(terms, key)?;
    check_equalities(terms, holdings)?;
    for _ in 0..ATTEMPTS {
        match attempt(&statement, holdings, &choices, key, rng) {
            Err(Attempt::Retry) => continue,
            Err(Attempt::Failed(error)) => return Err(error),
            Ok(presentation) => return Ok(presentation),
        }
    }
    Err(ProveError::Failed)
}

enum Attempt {
    Retry,
    Failed(ProveError),
}

impl<E: Into<ProveError>> From<E> for Attempt {
    fn from(error: E) -> Self {
        Attempt::Failed(error.into())
    }
}

/// Finds the issuer's number and what to disclose.
fn choose(terms: &Terms, role: usize, holding: &Holding<'_>) -> Result<Choice, ProveError> {
    let compiled = terms.policy().roles().get(role).ok_or(ProveError::Failed)?;
    let name = || compiled.name().to_owned();
    let credential = holding.credential;
    let issuer = compiled.issuers().iter().position(|issuer| issuer == credential.issuer());
    let fits = credential.schema().id() == compiled.schema().id()
        && credential.suite() == compiled.suite();
    let issuer = issuer.filter(|_| fits).ok_or_else(|| ProveError::Credential { role: name() })?;
    let mut indexes = compiled.must().to_vec();
    for field in holding.reveal {
        let (message, _) = compiled
            .schema()
            .field(field)
            .ok_or_else(|| ProveError::Field { role: name(), field: (*field).to_owned() })?;
        indexes.push(message);
    }
    indexes.sort_unstable();
    indexes.dedup();
    let disclosed = indexes.into_iter().map(|index| {
        credential.encoded(index).map(|value| (index, value)).ok_or(ProveError::Failed)
    });
    Ok(Choice { issuer, disclosed: disclosed.collect::<Result<_, _>>()? })
}

fn check_keys(terms: &Terms, key: Option<&circuits::ProvingKey>) -> Result<(), ProveError> {
    let proving = key.map(|key| key.verifying_key().fingerprint());
    let verifying = terms.verifying_key().map(circuits::VerifyingKey::fingerprint);
    if proving == verifying { Ok(()) } else { Err(ProveError::Key) }
}

fn check_equalities(terms: &Terms, holdings: &[Holding<'_>]) -> Result<(), ProveError> {
    for Equality { a, b } in terms.policy().equalities() {
        if message(holdings, a) != message(holdings, b) {
            let claim = |at: &SlotSource| terms.policy().claim(*at);
            return Err(ProveError::NotEqual { a: claim(a), b: claim(b) });
        }
    }
    Ok(())
}

fn message<'a>(holdings: &[Holding<'a>], at: &SlotSource) -> Option<&'a Scalar> {
    holdings.get(at.role)?.credential.messages().get(at.message)
}

fn attempt(
    statement: &Statement<'_>,
    holdings: &[Holding<'_>],
    choices: &[Choice],
    key: Option<&circuits::ProvingKey>,
    rng: &mut impl CryptoRngCore,
) -> Result<Presentation, Attempt> {
    let policy = statement.terms().policy();
    let values: Option<Vec<u128>> = policy
        .slots()
        .iter()
        .map(|slot| holdings.get(slot.role)?.credential.integer(slot.message))
        .collect();
    let values = Zeroizing::new(values.ok_or(ProveError::Failed)?);
    let (mut circuit_rng, mut credential_rng) = (fork(rng), fork(rng));
    let (proved, inits) = rayon::join(
        || prove_predicate(statement, key, &values, &mut circuit_rng),
        || begin_credentials(statement, holdings, &mut credential_rng),
    );
    finish(statement, holdings, choices, &values, (proved?, inits?), rng)
}

/// From the Groth16 proof and the BBS proofs begun to the presentation.
fn finish(
    statement: &Statement<'_>,
    holdings: &[Holding<'_>],
    choices: &[Choice],
    values: &[u128],
    (proved, inits): (Option<circuits::Proved>, Vec<ProofInit<'_>>),
    rng: &mut impl CryptoRngCore,
) -> Result<Presentation, Attempt> {
    let link = begin_link(statement, holdings, values, &inits, proved.as_ref(), rng)?;
    let predicate = proved.map(|proved| (proved.proof, proved.commitment));
    let init = |index: usize| link.as_ref().and_then(|link| link.credential(index));
    let first = FirstMessages {
        predicate: predicate
            .as_ref()
            .zip(link.as_ref().and_then(LinkInit::k_d))
            .map(|((proof, d), k_d)| (proof, d, k_d)),
        links: (0..holdings.len()).map(|i| init(i).map(|i| [i.c, i.t])).collect(),
        k: link.as_ref().map(|link| link.k),
    };
    let ph = statement.presentation_header(&first);
    let proofs: Vec<Proof> =
        inits.into_iter().map(|init| init.finalize(&ph)).collect::<Result<_, _>>()?;
    let challenges: Vec<Scalar> = proofs.iter().map(|proof| *proof.challenge()).collect();
    let answers = link.map(|link| {
        let octets: Vec<Vec<u8>> = proofs.iter().map(Proof::to_bytes).collect();
        link.respond(&challenges, LinkChallenge::new(&ph, octets.iter().map(Vec::as_slice)))
    });
    let answers = answers.transpose()?;
    let (shared, links, predicate_link) = match answers {
        None => (None, vec![None; holdings.len()], None),
        Some(Answers { shared, credentials, predicate }) => (Some(shared), credentials, predicate),
    };
    let credentials = proofs.into_iter().zip(choices).zip(links);
    let credentials = credentials.map(|((proof, choice), link)| CredentialPart {
        issuer: choice.issuer,
        disclosed: choice.disclosed.clone(),
        proof,
        link,
    });
    let predicate = predicate.zip(predicate_link);
    Ok(Presentation {
        credentials: credentials.collect(),
        shared,
        predicate: predicate.map(|((proof, d), link)| PredicatePart { proof, d, link }),
    })
}

/// Commits to all slots and all sides of equalities; `None` where there are neither.
fn begin_link(
    statement: &Statement<'_>,
    holdings: &[Holding<'_>],
    values: &[u128],
    inits: &[ProofInit<'_>],
    proved: Option<&circuits::Proved>,
    rng: &mut impl CryptoRngCore,
) -> Result<Option<LinkInit>, Attempt> {
    let policy = statement.terms().policy();
    if proved.is_none() && policy.equalities().is_empty() {
        return Ok(None);
    }
    let blinding = |at: &SlotSource| {
        let blinding = inits.get(at.role).and_then(|init| init.blinding(at.message));
        blinding.cloned().ok_or(ProveError::Failed)
    };
    let slots = policy.slots().iter().zip(values).map(|(slot, value)| {
        Ok(SlotSecret { credential: slot.role, value: *value, blinding: blinding(slot)? })
    });
    let slots = slots.collect::<Result<Vec<_>, ProveError>>()?;
    let side = |at: &SlotSource| -> Result<EqualitySide, ProveError> {
        let message = message(holdings, at).ok_or(ProveError::Failed)?;
        let message = SecretScalar::new(*message);
        Ok(EqualitySide { credential: at.role, message, blinding: blinding(at)? })
    };
    let equalities = policy.equalities().iter().map(|Equality { a, b }| Ok([side(a)?, side(b)?]));
    let equalities = equalities.collect::<Result<Vec<EqualitySecret>, ProveError>>()?;
    let key = statement.terms().verifying_key();
    let circuit = key.zip(proved).map(|(key, proved)| (key, proved.opening.clone()));
    let bases = Bases::new(slots.len(), equalities.len());
    let secrets = Secrets { slots, equalities };
    Ok(Some(LinkInit::new(&bases, circuit, secrets, holdings.len(), rng)?))
}

impl From<LinkError> for Attempt {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Retry => Attempt::Retry,
            LinkError::Mismatch => Attempt::Failed(ProveError::Failed),
        }
    }
}

/// A generator of its own for work that runs beside other work.
fn fork(rng: &mut impl CryptoRngCore) -> ChaCha20Rng {
    let mut seed = Zeroizing::new([0u8; 32]);
    rng.fill_bytes(&mut *seed);
    ChaCha20Rng::from_seed(*seed)
}

fn prove_predicate(
    statement: &Statement<'_>,
    key: Option<&circuits::ProvingKey>,
    values: &[u128],
    rng: &mut ChaCha20Rng,
) -> Result<Option<circuits::Proved>, ProveError> {
    let Some(key) = key else { return Ok(None) };
    let slots: Option<Vec<i128>> = values.iter().map(|v| i128::try_from(*v).ok()).collect();
    let slots = Zeroizing::new(slots.ok_or(ProveError::Failed)?);
    match key.prove(&slots, statement.params(), rng) {
        Ok(proved) => Ok(Some(proved)),
        Err(circuits::ProveError::False) => {
            let failing = key.shape().failing(&slots, statement.params()).unwrap_or_default();
            let conditions = statement.terms().policy().conditions();
            let mut rules: Vec<String> =
                failing.into_iter().filter_map(|index| conditions.get(index).cloned()).collect();
            rules.dedup();
            Err(ProveError::NotSatisfied { rules })
        }
        Err(_) => Err(ProveError::Failed),
    }
}

fn begin_credentials<'a>(
    statement: &Statement<'a>,
    holdings: &[Holding<'_>],
    rng: &mut ChaCha20Rng,
) -> Result<Vec<ProofInit<'a>>, ProveError> {
    let seeds: Vec<ChaCha20Rng> = holdings.iter().map(|_| fork(rng)).collect();
    let work = holdings.par_iter().zip(seeds).enumerate();
    work.map(|(role, (holding, mut rng))| {
        let credential = holding.credential;
        let disclosed = &statement.credentials()[role].disclosed;
        let indexes: Vec<usize> = disclosed.iter().map(|(index, _)| *index).collect();
        Ok(ProofInit::new(
            credential.issuer(),
            credential.held(),
            statement.generators(role),
            statement.header(role),
            credential.messages(),
            &indexes,
            &mut rng,
        )?)
    })
    .collect()
}

#[cfg(test)]
mod tests;
