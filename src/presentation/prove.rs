//! The holder's side.

use super::link::{
    Answers, Bases, EqualitySecret, EqualitySide, LinkChallenge, LinkError, LinkInit, Secrets,
    SlotSecret,
};
use super::statement::{
    Choice, FirstMessages, Place, Signer, Statement, StatementError, Terms, check_count,
};
use super::wire::{CredentialPart, ListPart, PredicatePart, Presentation};
use crate::bbs::{self, HeldSignature, Proof, ProofInit, PublicKey};
use crate::credential::{Credential, Lapse};
use crate::curve::{Scalar, SecretScalar};
use crate::policy::{Equality, Presence, Shortfall, SlotSource, Validity};
use crate::request::PresentationRequest;
use crate::status::Entry;
use crate::trust::SigningWindow;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRngCore, SeedableRng};
use rayon::prelude::*;
use sigil_circuits as circuits;
use thiserror::Error;
use zeroize::Zeroizing;

/// A credential to be presented, what to disclose of it beyond what the policy demands, and what shows
/// that it still counts.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'a> {
    /// The credential for the role.
    pub credential: &'a Credential,
    /// For each list of the role, in the policy's order, the entry for what is looked up there.
    pub entries: &'a [&'a Entry],
    /// Where the role has a trust list, the window in which its issuer's key may sign, as the list says
    /// ([`TrustList::window`](crate::trust::TrustList::window)): whoever states another than everybody
    /// does can be told by it.
    pub window: Option<SigningWindow>,
    /// Names of fields that the policy lets the holder disclose, and the holder wants to.
    pub reveal: &'a [&'a str],
}

impl<'a> Holding<'a> {
    /// A credential alone: nothing disclosed beyond what must be, no lists, no trust list.
    pub fn new(credential: &'a Credential) -> Self {
        Holding { credential, entries: &[], window: None, reveal: &[] }
    }
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
    /// The entries for a role's lists are not those that the policy asks for.
    #[error(
        "role {role}: one entry for each of its {expected} lists is needed, in the policy's order: \
         refresh the status"
    )]
    Entries {
        /// The role's name.
        role: String,
        /// Lists of the role.
        expected: usize,
    },
    /// A credential is on a list that it must not be on, or not on one that it must.
    #[error("{}", match presence {
        Presence::Absent => format!("{path}: it is on the list (a credential: revoked or suspended)"),
        Presence::Present => format!("{path}: it is not on the list that it must be on"),
    })]
    Listed {
        /// The list's place in the policy.
        path: String,
        /// What would have to be shown.
        presence: Presence,
    },
    /// The window in which the credential has to begin is missing, or the role has no trust list.
    #[error(
        "role {role}: a window of the issuer's key is needed if, and only if, a trust list has it"
    )]
    Window {
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
    /// A credential is not valid at the time of the request.
    #[error("{role}: {lapse}")]
    Lapsed {
        /// The credential's role.
        role: String,
        /// Since when, or until when.
        lapse: Lapse,
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
    let entries = entries(terms, holdings)?;
    let stamps = entries.iter().map(|entry| *entry.stamp()).collect();
    let statement = Statement::new(terms, request, &choices, stamps)?;
    let disclosed: Vec<_> = statement.credentials().iter().map(|one| one.read.clone()).collect();
    let shortfalls = terms.policy().shortfalls(request.time(), &disclosed);
    if !shortfalls.is_empty() {
        return Err(ProveError::NotAcceptable { shortfalls });
    }
    check_keys(terms, key)?;
    check_validity(terms, request, holdings)?;
    let members = members(holdings, &entries);
    let work = Work { statement: &statement, members, choices: &choices };
    work.check_equalities()?;
    for _ in 0..ATTEMPTS {
        match work.attempt(key, rng) {
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
    let version = compiled.version(credential.schema().id());
    let signer = match compiled.trust() {
        Some(_) => Some(Signer::Key(Box::new(*credential.issuer()))),
        None => {
            let mut issuers = compiled.issuers().iter();
            issuers.position(|issuer| issuer == credential.issuer()).map(Signer::Named)
        }
    };
    let fits = credential.suite() == compiled.suite();
    let named = version.zip(signer).filter(|_| fits);
    let (version, signer) = named.ok_or_else(|| ProveError::Credential { role: name() })?;
    if compiled.trust().is_some() != holding.window.is_some() {
        return Err(ProveError::Window { role: name() });
    }
    let accepted = compiled.accepted().get(version).ok_or(ProveError::Failed)?;
    let mut indexes = Vec::new();
    for message in compiled.must() {
        indexes.push(accepted.signed(*message).ok_or(ProveError::Failed)?);
    }
    for field in holding.reveal {
        let unknown = || ProveError::Field { role: name(), field: (*field).to_owned() };
        let (message, _) = compiled.schema().field(field).ok_or_else(unknown)?;
        indexes.push(accepted.signed(message).ok_or_else(unknown)?);
    }
    indexes.sort_unstable();
    indexes.dedup();
    let disclosed = indexes.into_iter().map(|index| {
        credential.encoded(index).map(|value| (index, value)).ok_or(ProveError::Failed)
    });
    let (disclosed, window) = (disclosed.collect::<Result<_, _>>()?, holding.window);
    Ok(Choice { signer, version, window, disclosed })
}

/// The entries for all lists, in the policy's order: of the lists that it names, and each showing
/// what it has to.
fn entries<'a>(terms: &Terms, holdings: &[Holding<'a>]) -> Result<Vec<&'a Entry>, ProveError> {
    let mut entries = Vec::new();
    for (index, (role, holding)) in terms.policy().roles().iter().zip(holdings).enumerate() {
        let checks = terms.policy().lists().iter().filter(|check| check.subject.role == index);
        let checks: Vec<_> = checks.collect();
        let fits = checks.len() == holding.entries.len()
            && checks.iter().zip(holding.entries).all(|(check, entry)| check.key == *entry.key());
        if !fits {
            let (role, expected) = (role.name().to_owned(), checks.len());
            return Err(ProveError::Entries { role, expected });
        }
        for (check, entry) in checks.into_iter().zip(holding.entries) {
            let held = holding.credential;
            let element =
                role.reads(held).and_then(|read| read.integer(held, check.subject.message));
            if !element.is_some_and(|element| check.shows(entry, element)) {
                let (path, presence) = (check.path.clone(), check.presence);
                return Err(ProveError::Listed { path, presence });
            }
            entries.push(*entry);
        }
    }
    Ok(entries)
}

/// What a member is signed with.
struct Signed<'a> {
    issuer: &'a PublicKey,
    held: &'a HeldSignature,
    messages: &'a [Scalar],
    integer: Integers<'a>,
}

/// Messages as the integers that their scalars are.
type Integers<'a> = Box<dyn Fn(usize) -> Option<u128> + Sync + 'a>;

fn members<'a>(holdings: &[Holding<'a>], entries: &[&'a Entry]) -> Vec<Signed<'a>> {
    let credentials = holdings.iter().map(|holding| {
        let credential = holding.credential;
        Signed {
            issuer: credential.issuer(),
            held: credential.held(),
            messages: credential.messages(),
            integer: Box::new(|message| credential.integer(message)),
        }
    });
    let entries = entries.iter().map(|entry| Signed {
        issuer: &entry.key().authority,
        held: entry.held(),
        messages: entry.messages(),
        integer: Box::new(|message| entry.integer(message)),
    });
    credentials.chain(entries).collect()
}

/// Asked before the circuit would refuse, so that the holder is told which it is.
fn check_validity(
    terms: &Terms,
    request: &PresentationRequest,
    holdings: &[Holding<'_>],
) -> Result<(), ProveError> {
    let policy = terms.policy();
    for (role, holding) in policy.roles().iter().zip(holdings) {
        let lapse = holding.credential.validity().lapse(request.time(), policy.clock_skew());
        if let Some(lapse) = lapse.filter(|_| role.validity() == Validity::Hidden) {
            return Err(ProveError::Lapsed { role: role.name().to_owned(), lapse });
        }
    }
    Ok(())
}

fn check_keys(terms: &Terms, key: Option<&circuits::ProvingKey>) -> Result<(), ProveError> {
    let proving = key.map(|key| key.verifying_key().fingerprint());
    let verifying = terms.verifying_key().map(circuits::VerifyingKey::fingerprint);
    if proving == verifying { Ok(()) } else { Err(ProveError::Key) }
}

/// A statement, and what it is proven from.
struct Work<'a> {
    statement: &'a Statement<'a>,
    members: Vec<Signed<'a>>,
    choices: &'a [Choice],
}

impl Work<'_> {
    fn check_equalities(&self) -> Result<(), ProveError> {
        let policy = self.statement.terms().policy();
        for (Equality { a, b }, [x, y]) in policy.equalities().iter().zip(self.statement.sides()) {
            if self.message(x) != self.message(y) {
                let claim = |at: &SlotSource| policy.claim(*at);
                return Err(ProveError::NotEqual { a: claim(a), b: claim(b) });
            }
        }
        Ok(())
    }

    fn message(&self, (member, message): &(usize, usize)) -> Option<&Scalar> {
        self.members.get(*member)?.messages.get(*message)
    }

    fn attempt(
        &self,
        key: Option<&circuits::ProvingKey>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Presentation, Attempt> {
        let value = |place: &Place| match place {
            Place::Signed { member, message } => (self.members.get(*member)?.integer)(*message),
            Place::Constant(integer) => Some(*integer),
        };
        let values: Option<Vec<u128>> = self.statement.slots().iter().map(value).collect();
        let values = Zeroizing::new(values.ok_or(ProveError::Failed)?);
        let (mut circuit_rng, mut member_rng) = (fork(rng), fork(rng));
        let (proved, inits) = rayon::join(
            || prove_predicate(self.statement, key, &values, &mut circuit_rng),
            || self.begin(&mut member_rng),
        );
        self.finish(&values, (proved?, inits?), rng)
    }

    /// From the Groth16 proof and the BBS proofs begun to the presentation.
    fn finish(
        &self,
        values: &[u128],
        (proved, inits): (Option<circuits::Proved>, Vec<ProofInit<'_>>),
        rng: &mut impl CryptoRngCore,
    ) -> Result<Presentation, Attempt> {
        let link = self.begin_link(values, &inits, proved.as_ref(), rng)?;
        let predicate = proved.map(|proved| (proved.proof, proved.commitment));
        let init = |index: usize| link.as_ref().and_then(|link| link.credential(index));
        let first = FirstMessages {
            predicate: predicate
                .as_ref()
                .zip(link.as_ref().and_then(LinkInit::k_d))
                .map(|((proof, d), k_d)| (proof, d, k_d)),
            links: (0..self.members.len()).map(|i| init(i).map(|i| [i.c, i.t])).collect(),
            k: link.as_ref().map(|link| link.k),
        };
        let ph = self.statement.presentation_header(&first);
        let proofs: Vec<Proof> =
            inits.into_iter().map(|init| init.finalize(&ph)).collect::<Result<_, _>>()?;
        let challenges: Vec<Scalar> = proofs.iter().map(|proof| *proof.challenge()).collect();
        let answers = link.map(|link| {
            let octets: Vec<Vec<u8>> = proofs.iter().map(Proof::to_bytes).collect();
            link.respond(&challenges, LinkChallenge::new(&ph, octets.iter().map(Vec::as_slice)))
        });
        let answers = answers.transpose()?;
        let (shared, links, predicate_link) = match answers {
            None => (None, vec![None; proofs.len()], None),
            Some(Answers { shared, credentials, predicate }) => {
                (Some(shared), credentials, predicate)
            }
        };
        let mut signed = proofs.into_iter().zip(links);
        let credentials = self.choices.iter().zip(signed.by_ref());
        let credentials = credentials.map(|(choice, (proof, link))| CredentialPart {
            choice: choice.clone(),
            proof,
            link,
        });
        let credentials = credentials.collect();
        let lists = self.statement.stamps().iter().zip(signed);
        let lists = lists.map(|(stamp, (proof, link))| ListPart { stamp: *stamp, proof, link });
        let predicate = predicate.zip(predicate_link);
        Ok(Presentation {
            credentials,
            lists: lists.collect(),
            shared,
            predicate: predicate.map(|((proof, d), link)| PredicatePart { proof, d, link }),
        })
    }

    /// Commits to all slots and all sides of equalities; `None` where there are neither.
    fn begin_link(
        &self,
        values: &[u128],
        inits: &[ProofInit<'_>],
        proved: Option<&circuits::Proved>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Option<LinkInit>, Attempt> {
        if proved.is_none() && self.statement.sides().is_empty() {
            return Ok(None);
        }
        let blinding = |member: usize, message: usize| {
            let blinding = inits.get(member).and_then(|init| init.blinding(message));
            blinding.cloned().ok_or(ProveError::Failed)
        };
        let slots = self.statement.slots().iter().zip(values).map(|(place, value)| {
            let (credential, blinding) = match place {
                Place::Signed { member, message } => (*member, Some(blinding(*member, *message)?)),
                Place::Constant(_) => (0, None),
            };
            Ok(SlotSecret { credential, value: *value, blinding })
        });
        let slots = slots.collect::<Result<Vec<_>, ProveError>>()?;
        let side = |at: &(usize, usize)| -> Result<EqualitySide, ProveError> {
            let message = self.message(at).ok_or(ProveError::Failed)?;
            let message = SecretScalar::new(*message);
            Ok(EqualitySide { credential: at.0, message, blinding: blinding(at.0, at.1)? })
        };
        let equalities = self.statement.sides().iter().map(|[a, b]| Ok([side(a)?, side(b)?]));
        let equalities = equalities.collect::<Result<Vec<EqualitySecret>, ProveError>>()?;
        let key = self.statement.terms().verifying_key();
        let circuit = key.zip(proved).map(|(key, proved)| (key, proved.opening.clone()));
        let bases = Bases::new(slots.len(), equalities.len());
        let secrets = Secrets { slots, equalities };
        Ok(Some(LinkInit::new(&bases, circuit, secrets, self.members.len(), rng)?))
    }

    /// Begins every BBS proof.
    fn begin(&self, rng: &mut ChaCha20Rng) -> Result<Vec<ProofInit<'_>>, ProveError> {
        let seeds: Vec<ChaCha20Rng> = self.members.iter().map(|_| fork(rng)).collect();
        let work = self.members.par_iter().zip(self.statement.members()).zip(seeds);
        work.map(|((signed, member), mut rng)| {
            let indexes: Vec<usize> = member.disclosed.iter().map(|(index, _)| *index).collect();
            Ok(ProofInit::new(
                signed.issuer,
                signed.held,
                member.generators,
                &member.header,
                signed.messages,
                &indexes,
                &mut rng,
            )?)
        })
        .collect()
    }
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

/// The prover's steps without its questions.
#[cfg(test)]
pub(super) mod forge {
    use super::*;

    /// As [`prove`](super::prove), with whatever entries: nothing is asked of them.
    pub(in crate::presentation) fn prove_unasked(
        terms: &Terms,
        request: &PresentationRequest,
        holdings: &[Holding<'_>],
        key: Option<&circuits::ProvingKey>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Presentation, ProveError> {
        let choices = holdings.iter().enumerate().map(|(i, one)| choose(terms, i, one));
        let choices = choices.collect::<Result<Vec<_>, _>>()?;
        let entries: Vec<&Entry> = holdings.iter().flat_map(|one| one.entries).copied().collect();
        let stamps = entries.iter().map(|entry| *entry.stamp()).collect();
        let statement = Statement::new(terms, request, &choices, stamps)?;
        let members = members(holdings, &entries);
        let work = Work { statement: &statement, members, choices: &choices };
        match work.attempt(key, rng) {
            Ok(presentation) => Ok(presentation),
            Err(Attempt::Failed(error)) => Err(error),
            Err(Attempt::Retry) => Err(ProveError::Failed),
        }
    }
}

#[cfg(test)]
mod tests;
