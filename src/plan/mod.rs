//! The holder's plan: the least revealing answer to a request, from the credentials held.
//!
//! Before any proof is made, and before anything about the wallet leaves it, a plan says which
//! credential fills which role, which values leave the wallet and what is proven in place of
//! others. Only what the policy demands is revealed; a claim that the policy merely allows is named,
//! for the holder to decide about, and never revealed by the plan itself.
//!
//! The plan is also where a request is refused, by name: one that asks above a ceiling (the policy's,
//! the issuer's, or that of a policy under which the holder wants to stay), one whose time of
//! evaluation is not the wallet's own, so that no verifier can probe at invented times, one from a
//! relying party that the policy does not allow, and one that no credential in the wallet can
//! satisfy, with the reason for each.

mod ceilings;
mod search;
mod supply;
#[cfg(test)]
mod tests;

use crate::bbs::PublicKey;
use crate::credential::{Credential, Lapse};
use crate::policy::{AgreementRule, Bundle, CompiledPolicy, Level, Policy, Presence, Validity};
use crate::request::PresentationRequest;
use crate::schema::STATUS_HANDLE;
use crate::status::Entry;
use crate::trust::{SigningWindow, TrustList, TrustRefusal};
use crate::value::Timestamp;
use search::Search;
use std::fmt;
use supply::Supply;
use thiserror::Error;

/// A credential in the wallet, under the name that its holder knows it by.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The holder's name for it.
    pub label: &'a str,
    /// The credential.
    pub credential: &'a Credential,
}

/// What a wallet has besides its credentials. The default is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Supplies<'a> {
    /// Entries of sorted lists, of any epochs: of those that show what is asked, the newest is taken.
    pub entries: &'a [Entry],
    /// Trust lists: of several editions of one, the newest is taken.
    pub trust: &'a [TrustList],
}

/// What is asked of the wallet.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The bundle that the request names.
    pub bundle: &'a Bundle,
    /// Its policy, held against the schemas.
    pub compiled: &'a CompiledPolicy,
    /// The request: also which claims it asks for beyond those that must be revealed, and of which
    /// class the verifier says that it is.
    pub request: &'a PresentationRequest,
    /// Policies whose ceilings hold besides: where they know a schema, nothing of it goes above.
    pub under: &'a [Policy],
    /// What there is to show that credentials still count.
    pub supplies: Supplies<'a>,
}

/// What the holder will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The roles, in the policy's order.
    pub roles: Vec<RolePlan>,
    /// What is proven.
    pub proves: Vec<Proven>,
}

/// The part of one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePlan {
    /// The role.
    pub role: String,
    /// The credential, by its place in the wallet.
    pub held: usize,
    /// The credential, by the holder's name for it.
    pub label: String,
    /// Whose signature is shown: every verifier learns the issuer's key.
    pub issuer: PublicKey,
    /// For each list of the role, the entry, by its place among the supplies.
    pub entries: Vec<usize>,
    /// Where the role has a trust list, the window in which its issuer's key may sign.
    pub window: Option<SigningWindow>,
    /// Paths of the claims whose values leave the wallet.
    pub reveals: Vec<String>,
    /// Paths of the claims that the request asks for and the holder may refuse: not revealed.
    pub asked: Vec<String>,
    /// Paths of the other claims that the holder may reveal: not revealed.
    pub offered: Vec<String>,
}

/// Something proven about values that stay hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// A predicate.
    Predicate {
        /// Its name.
        name: String,
    },
    /// That a credential is valid at the time of the request.
    Validity {
        /// Its role.
        role: String,
    },
    /// That a credential, or a claim, is on a sorted list or is not.
    Listed {
        /// The credential's role, or the claim's path.
        what: String,
        /// Whether it is absent or present.
        presence: Presence,
        /// The list's address.
        list: String,
    },
    /// That two claims are equal.
    Equality {
        /// Path of one.
        a: String,
        /// Path of the other.
        b: String,
    },
    /// That so many of several credentials say the same; which ones stays hidden.
    Quorum {
        /// How many.
        least: usize,
        /// Their roles.
        roles: Vec<String>,
        /// The name of the field.
        field: String,
    },
}

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predicate { name } => f.write_str(name),
            Self::Validity { role } => write!(f, "{role} is valid"),
            Self::Listed { what, presence, list } => {
                write!(f, "{what} is {} on {list}", presence.word())
            }
            Self::Equality { a, b } => write!(f, "{a} equals {b}"),
            Self::Quorum { least, roles, field } => {
                write!(f, "{least} of {} agree on {field}", roles.join(", "))
            }
        }
    }
}

/// Why a credential can't fill a role.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    /// It is of another schema.
    #[error("of another schema")]
    Schema,
    /// It is signed under another ciphersuite.
    #[error("signed under another ciphersuite")]
    Suite,
    /// Its issuer is not accepted.
    #[error("from an issuer that the policy does not accept")]
    Issuer,
    /// No edition of the trust list that the policy refers to is at hand.
    #[error("the trust list {list} is not at hand: get it from {authority}")]
    NoTrustList {
        /// The list's address.
        list: String,
        /// Who signs it.
        authority: String,
    },
    /// The trust list does not let its key count.
    #[error("not trusted: {0}")]
    Untrusted(TrustRefusal),
    /// It is not valid at the time of the request.
    #[error("{0}")]
    Validity(Lapse),
    /// There is no entry of a list for it that is recent enough.
    #[error("no recent entry of {list} is at hand for it: refresh its status")]
    NoEntry {
        /// The list's address.
        list: String,
    },
    /// The entry shows that it is on a list that it must not be on, or not on one that it must.
    #[error("{} on {list}", match presence { Presence::Absent => "it is", Presence::Present => "it is not" })]
    Listed {
        /// The list's address.
        list: String,
        /// What would have to be shown.
        presence: Presence,
    },
    /// A rule does not hold for it.
    #[error("does not satisfy {path}")]
    Rule {
        /// The rule's place in the policy.
        path: String,
    },
}

/// Why the wallet does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The request is for another bundle.
    #[error("the request names another policy bundle than the one at hand")]
    Bundle,
    /// A claim is asked for above what may be shown of it.
    #[error("over-asking: {claim} would be {asked}, and {limit} allows {ceiling}")]
    OverAsking {
        /// Path of the claim.
        claim: String,
        /// The level asked for.
        asked: Level,
        /// The highest level allowed.
        ceiling: Level,
        /// Whose limit that is.
        limit: String,
    },
    /// A claim is asked for that no credential of the policy has.
    #[error("over-asking: the policy knows no claim {claim}")]
    Unknown {
        /// Path of the claim.
        claim: String,
    },
    /// The time of evaluation is not the wallet's.
    #[error(
        "the request evaluates at {time}, more than {skew} seconds off the wallet's clock, {now}"
    )]
    Clock {
        /// The request's time.
        time: Timestamp,
        /// The wallet's clock.
        now: Timestamp,
        /// What the policy allows between them.
        skew: u64,
    },
    /// The request has expired.
    #[error("the request expired at {expires}")]
    Expired {
        /// Its expiry.
        expires: Timestamp,
    },
    /// The policy is not in force at the time of the request.
    #[error("the policy is not in force at {time}")]
    NotInForce {
        /// The request's time.
        time: Timestamp,
    },
    /// The policy does not allow relying parties of this class.
    #[error("the policy allows {}, not {}", allowed.join(", "), class.as_deref().unwrap_or("a relying party that does not say its class"))]
    RelyingParty {
        /// The class that asks.
        class: Option<String>,
        /// The classes allowed.
        allowed: Vec<String>,
    },
    /// No credential fits a role.
    #[error("no credential fits the role {role}{}", tried_text(tried))]
    Role {
        /// The role.
        role: String,
        /// Each credential of the wallet, and why not.
        tried: Vec<(String, Misfit)>,
    },
    /// Each role has credentials, but no choice of them satisfies what speaks of several.
    #[error("no choice of credentials satisfies {} together", rules.join(", "))]
    Together {
        /// Places in the policy of the rules that kept choices from being completed.
        rules: Vec<String>,
    },
    /// The choice was not found within bounds.
    #[error(transparent)]
    Search(SearchRefusal),
}

/// The wallet holds so many credentials that choosing among them was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no choice of credentials was found in {steps} steps; offer fewer")]
pub struct SearchRefusal {
    /// Steps taken.
    pub steps: usize,
}

fn tried_text(tried: &[(String, Misfit)]) -> String {
    let each = tried.iter().map(|(label, misfit)| format!("; {label}: {misfit}"));
    if tried.is_empty() { "; the wallet is empty".to_owned() } else { each.collect() }
}

/// The least revealing answer to a request, or every reason that there is none.
///
/// `now` is the wallet's own clock.
///
/// # Errors
/// All refusals of the request itself; if there are none, those for want of credentials.
pub fn plan(asked: &Asked<'_>, held: &[Held<'_>], now: Timestamp) -> Result<Plan, Vec<Refusal>> {
    let refusals = refusals(asked, now);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let compiled = asked.compiled;
    let skew = u64::from(asked.bundle.policy().clock_skew());
    let search = Search::new(compiled, held, asked.request.time());
    let chosen = search.with_supplies(asked.supplies, skew).run()?;
    let roles = chosen.iter().enumerate().filter_map(|(index, at)| {
        let Supplied { entries, window } =
            supplied(asked, index, held.get(*at)?.credential).ok()?;
        let role = compiled.roles().get(index)?;
        let path = |message: &usize| {
            compiled.claim(crate::policy::SlotSource { role: index, message: *message })
        };
        let may = role.may().iter().map(path);
        let (asked, offered) = may.partition(|claim| asked.request.claims().contains(claim));
        Some(RolePlan {
            role: role.name().to_owned(),
            held: *at,
            label: held.get(*at)?.label.to_owned(),
            issuer: *held.get(*at)?.credential.issuer(),
            entries,
            window,
            reveals: role.must().iter().map(path).collect(),
            asked,
            offered,
        })
    });
    Ok(Plan { roles: roles.collect(), proves: proves(compiled) })
}

/// What a credential is presented with in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplied {
    /// For each list of the role, the entry, by its place among the supplies.
    pub entries: Vec<usize>,
    /// Where the role has a trust list, the window in which its issuer's key may sign.
    pub window: Option<SigningWindow>,
}

/// What a plan would present a credential with in a role, by its place in the policy: for those who
/// choose the credential themselves.
///
/// # Errors
/// Why a plan would not take it, so far as lists and the trust list have a say in it.
pub fn supplied(
    asked: &Asked<'_>,
    role: usize,
    credential: &Credential,
) -> Result<Supplied, Misfit> {
    let skew = u64::from(asked.bundle.policy().clock_skew());
    let supply = Supply::new(asked.compiled, asked.supplies, asked.request.time(), skew);
    let compiled = asked.compiled.roles().get(role).ok_or(Misfit::Schema)?;
    let window = supply.window(compiled, credential)?;
    Ok(Supplied { entries: supply.entries(role, credential)?, window })
}

/// Every reason to refuse a request whatever the wallet holds: what it asks for above a ceiling, who
/// asks, and the times that it is for. None if there is nothing to refuse.
///
/// `now` is the wallet's own clock.
pub fn refusals(asked: &Asked<'_>, now: Timestamp) -> Vec<Refusal> {
    let mut refusals = request_refusals(asked, now);
    refusals.extend(ceilings::over_asking(asked));
    refusals
}

/// What is wrong with the request itself, but for the claims that it asks for.
fn request_refusals(asked: &Asked<'_>, now: Timestamp) -> Vec<Refusal> {
    let (policy, request) = (asked.bundle.policy(), asked.request);
    let mut refusals = Vec::new();
    if request.bundle() != asked.bundle.hash() {
        refusals.push(Refusal::Bundle);
    }
    let (time, skew) = (request.time(), u64::from(policy.clock_skew()));
    if time.unix().abs_diff(now.unix()) > skew {
        refusals.push(Refusal::Clock { time, now, skew });
    }
    if request.expires().unix().saturating_add(skew) <= now.unix() {
        refusals.push(Refusal::Expired { expires: request.expires() });
    }
    let window = policy.validity();
    let early = window.and_then(|window| window.from()).is_some_and(|from| time < from);
    let late = window.and_then(|window| window.until()).is_some_and(|until| time >= until);
    if early || late {
        refusals.push(Refusal::NotInForce { time });
    }
    if let Some(allowed) = policy.relying_parties() {
        let class = request.relying_party().map(str::to_owned);
        if !class.as_ref().is_some_and(|class| allowed.contains(class)) {
            let allowed = allowed.iter().cloned().collect();
            refusals.push(Refusal::RelyingParty { class, allowed });
        }
    }
    refusals
}

/// What is proven, in the policy's order.
fn proves(compiled: &CompiledPolicy) -> Vec<Proven> {
    let hidden = compiled.roles().iter().filter(|role| role.validity() == Validity::Hidden);
    let valid = hidden.map(|role| Proven::Validity { role: role.name().to_owned() });
    let listed = compiled.lists().iter().map(|check| Proven::Listed {
        what: match check.subject.message {
            STATUS_HANDLE => {
                compiled.roles().get(check.subject.role).map(|role| role.name().to_owned())
            }
            _ => Some(compiled.claim(check.subject)),
        }
        .unwrap_or_default(),
        presence: check.presence,
        list: check.key.list.clone(),
    });
    let predicates = compiled.predicates().iter().filter(|predicate| !predicate.rule.is_public());
    let predicates = predicates.map(|predicate| Proven::Predicate { name: predicate.name.clone() });
    let roles = compiled.roles().len();
    let equal = compiled.equalities().iter().filter(|pair| pair.b.role < roles);
    let equal = equal.map(|equality| Proven::Equality {
        a: compiled.claim(equality.a),
        b: compiled.claim(equality.b),
    });
    valid.chain(listed).chain(predicates).chain(equal).chain(quorums(compiled)).collect()
}

/// The quorums over claims that stay hidden.
fn quorums(compiled: &CompiledPolicy) -> Vec<Proven> {
    let hidden = compiled.proven();
    let mut quorums = Vec::new();
    for agreement in compiled.agreements() {
        let AgreementRule::Quorum(least) = agreement.rule else { continue };
        let named = agreement.roles.iter().filter_map(|role| compiled.roles().get(*role));
        let mut roles: Vec<String> = named.map(|role| role.name().to_owned()).collect();
        roles.sort_unstable();
        let fields = agreement.fields.iter().filter(|field| hidden.contains(&field.path));
        quorums.extend(fields.map(|field| Proven::Quorum {
            least,
            roles: roles.clone(),
            field: field.name.clone(),
        }));
    }
    quorums
}
