//! Presentation requests: which policy, for whom, when, and once.
//!
//! ```json
//! { "format": "sigil-request/1",
//!   "bundle": "…64 hex digits…",
//!   "audience": "https://verifier.example",
//!   "nonce": "…64 hex digits…",
//!   "time": "2026-03-01T12:00:00Z",
//!   "expires": "2026-03-01T12:10:00Z",
//!   "relying_party": "https://example.org/class/bank",
//!   "claims": ["kyc.status"] }
//! ```
//!
//! The last two may be left out: the class of verifiers that the asker is of, where the policy lets
//! only some ask, and claims that it asks to see beyond those that the policy has revealed anyway.
//!
//! The digest of a request (SHA-256 of its RFC 8785 form) is hashed into every presentation that
//! answers it, so a presentation is good for one verifier, one policy, one nonce and one time.
//! `time` is the moment for which validity and predicates are evaluated, the same on both sides.
//!
//! The verifier checks a request with [`PresentationRequest::check`] before it looks at an answer,
//! and spends the nonce in a [`NonceStore`] after the answer was found good and before anything is
//! done about it: spending first would let anyone who saw a request void it with rubbish. Spending
//! is atomic, so of any number of equal answers one is accepted.

use crate::digest::digest_type;
use crate::document::{Bounds, Cursor, Document, Fault, is_iri};
use crate::policy::BundleHash;
use crate::value::{Timestamp, is_name};
use rand_core::CryptoRngCore;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// The format's name and version.
pub const FORMAT: &str = "sigil-request/1";
/// Longest life of a request in seconds, from its time to its expiry.
pub const MAX_LIFETIME: u64 = 24 * 3600;
/// Greatest length of an audience in characters.
pub const MAX_AUDIENCE: usize = 255;
/// Greatest number of claims that a request asks for.
pub const MAX_CLAIMS: usize = 1024;

digest_type! {
    /// A nonce: 32 octets that a verifier draws for one request.
    Nonce
}

impl Nonce {
    /// A fresh nonce.
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut octets = [0; 32];
        rng.fill_bytes(&mut octets);
        Self::from_bytes(octets)
    }
}

digest_type! {
    /// The digest of a request.
    RequestDigest
}

/// What a verifier asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationRequest {
    bundle: BundleHash,
    audience: String,
    nonce: Nonce,
    time: Timestamp,
    expires: Timestamp,
    relying_party: Option<String>,
    claims: BTreeSet<String>,
    digest: RequestDigest,
}

/// Why a request may not be answered, or its answer not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The request's time lies in the future.
    #[error("the request is for {time}, which is yet to come")]
    NotYet {
        /// Its time.
        time: Timestamp,
    },
    /// The request has expired.
    #[error("the request expired at {expires}; ask for a new one")]
    Expired {
        /// Its expiry.
        expires: Timestamp,
    },
    /// The request is addressed to another verifier.
    #[error("the request is addressed to another audience")]
    Audience,
    /// The request names another bundle.
    #[error("the request names another policy bundle")]
    Bundle,
}

impl PresentationRequest {
    /// A request, if its audience is 1 to [`MAX_AUDIENCE`] characters without control characters
    /// and it expires after its time, within [`MAX_LIFETIME`].
    pub fn new(
        bundle: BundleHash,
        audience: &str,
        nonce: Nonce,
        time: Timestamp,
        expires: Timestamp,
    ) -> Result<Self, Fault> {
        Self::from_document(&Document::object([
            ("format", Document::text(FORMAT)),
            ("bundle", Document::text(bundle.to_string())),
            ("audience", Document::text(audience)),
            ("nonce", Document::text(nonce.to_string())),
            ("time", Document::text(time.to_string())),
            ("expires", Document::text(expires.to_string())),
        ]))
    }

    /// The same request by a verifier of this class.
    pub fn with_relying_party(self, class: &str) -> Result<Self, Fault> {
        self.with("relying_party", Document::text(class))
    }

    /// The same request for these claims, `role.field`, too; each is there once.
    pub fn with_claims<S: AsRef<str>>(self, claims: &[S]) -> Result<Self, Fault> {
        let claims = claims.iter().map(|claim| Document::text(claim.as_ref()));
        self.with("claims", Document::Array(claims.collect()))
    }

    fn with(self, key: &str, value: Document) -> Result<Self, Fault> {
        let Document::Object(mut entries) = self.to_document() else { return Ok(self) };
        entries.insert(key.to_owned(), value);
        Self::from_document(&Document::Object(entries))
    }

    /// Reads a request from JSON or TOML.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &Bounds::PUBLISHED)?)
    }

    /// Reads a request from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        let fields = Cursor::root(document).fields(&[
            "format",
            "bundle",
            "audience",
            "nonce",
            "time",
            "expires",
            "relying_party",
            "claims",
        ])?;
        fields.format(FORMAT)?;
        let expires = fields.required("expires")?;
        let request = Self {
            bundle: parsed(&fields.required("bundle")?, "copy the hash that `policy id` prints")?,
            audience: fields.required("audience")?.bounded_text(1..=MAX_AUDIENCE)?.to_owned(),
            nonce: parsed(&fields.required("nonce")?, "write 32 random octets in hexadecimal")?,
            time: parsed(&fields.required("time")?, "write YYYY-MM-DDThh:mm:ssZ")?,
            expires: parsed(&expires, "write YYYY-MM-DDThh:mm:ssZ")?,
            relying_party: fields.optional("relying_party").map(|at| iri(&at)).transpose()?,
            claims: fields
                .optional("claims")
                .map(|at| claims(&at))
                .transpose()?
                .unwrap_or_default(),
            digest: RequestDigest::from_bytes([0; 32]),
        };
        let lifetime = request.expires.unix().checked_sub(request.time.unix());
        if lifetime.is_none_or(|seconds| seconds == 0 || seconds > MAX_LIFETIME) {
            let remedy = format!("let it expire after its time, within {MAX_LIFETIME} seconds");
            return Err(expires.invalid("this life is not accepted", remedy));
        }
        let digest = RequestDigest::from_bytes(request.to_document().digest());
        Ok(Self { digest, ..request })
    }

    /// The request as a document in normal form. Its digest is the request's.
    pub fn to_document(&self) -> Document {
        let party = self.relying_party.as_ref();
        let party = party.map(|party| ("relying_party", Document::text(party)));
        let claims = self.claims.iter().map(Document::text).collect();
        let claims = (!self.claims.is_empty()).then_some(("claims", Document::Array(claims)));
        let entries = [
            ("format", Document::text(FORMAT)),
            ("bundle", Document::text(self.bundle.to_string())),
            ("audience", Document::text(&self.audience)),
            ("nonce", Document::text(self.nonce.to_string())),
            ("time", Document::text(self.time.to_string())),
            ("expires", Document::text(self.expires.to_string())),
        ];
        Document::object(entries.into_iter().chain(party).chain(claims))
    }

    /// The digest that presentations carry.
    pub fn digest(&self) -> RequestDigest {
        self.digest
    }

    /// The bundle asked for.
    pub fn bundle(&self) -> BundleHash {
        self.bundle
    }

    /// The verifier that asks.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The nonce.
    pub fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// The time for which validity and predicates are evaluated.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The time from which the request is no longer good.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The class of verifiers that the asker is of, if it says.
    pub fn relying_party(&self) -> Option<&str> {
        self.relying_party.as_deref()
    }

    /// The claims asked for beyond those that the policy has revealed anyway, in order.
    pub fn claims(&self) -> &BTreeSet<String> {
        &self.claims
    }

    /// The hour in which validity is evaluated.
    pub fn now_hours(&self) -> u64 {
        self.time.hours()
    }

    /// Checks that the request is for this audience and bundle and, by a clock that may be off by
    /// `skew` seconds, neither of the future nor expired.
    pub fn check(
        &self,
        bundle: BundleHash,
        audience: &str,
        now: Timestamp,
        skew: u64,
    ) -> Result<(), RequestError> {
        if self.bundle != bundle {
            return Err(RequestError::Bundle);
        }
        if self.audience != audience {
            return Err(RequestError::Audience);
        }
        if self.time.unix() > now.unix().saturating_add(skew) {
            return Err(RequestError::NotYet { time: self.time });
        }
        if now.unix() >= self.expires.unix().saturating_add(skew) {
            return Err(RequestError::Expired { expires: self.expires });
        }
        Ok(())
    }

    /// Spends the request's nonce, to be remembered for as long as [`check`](Self::check) lets the
    /// request pass with this skew.
    ///
    /// One store goes with one skew: a later check with a larger one could outlive its memory.
    pub fn spend(
        &self,
        store: &impl NonceStore,
        now: Timestamp,
        skew: u64,
    ) -> Result<(), NonceError> {
        let until = self.expires.unix().saturating_add(skew);
        store.spend(&self.nonce, Timestamp::from_unix(until).unwrap_or(Timestamp::MAX), now)
    }
}

fn iri(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    match is_iri(text) {
        true => Ok(text.to_owned()),
        false => Err(cursor.invalid("not an absolute IRI", "copy the class from the policy")),
    }
}

fn claims(cursor: &Cursor<'_>) -> Result<BTreeSet<String>, Fault> {
    let items = cursor.items()?;
    if !(1..=MAX_CLAIMS).contains(&items.len()) {
        let remedy = format!("write 1 to {MAX_CLAIMS}, or leave the field out");
        return Err(cursor.invalid(format!("{} claims", items.len()), remedy));
    }
    let mut claims = BTreeSet::new();
    for item in &items {
        let path = item.text()?;
        if !path.split_once('.').is_some_and(|(role, field)| is_name(role) && is_name(field)) {
            return Err(item.invalid("not the path of a claim", "write \"role.field\""));
        }
        if !claims.insert(path.to_owned()) {
            return Err(item.invalid("this claim stands twice", "remove one"));
        }
    }
    Ok(claims)
}

fn parsed<T: FromStr>(cursor: &Cursor<'_>, remedy: &str) -> Result<T, Fault>
where
    T::Err: std::fmt::Display,
{
    cursor.text()?.parse().map_err(|error: T::Err| cursor.invalid(error.to_string(), remedy))
}

/// Why a nonce can't be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// It was spent before.
    #[error("this request was answered before")]
    Spent,
    /// The store is full or out of reach: nothing may be accepted then.
    #[error("the store of nonces takes no more; try again later")]
    Unavailable,
}

/// Remembers which requests were answered. One store serves all verifiers of an audience.
pub trait NonceStore {
    /// Marks a nonce as spent, atomically: of any number of calls with one nonce, one succeeds. The
    /// store may forget the nonce once `now` has passed `until`.
    fn spend(&self, nonce: &Nonce, until: Timestamp, now: Timestamp) -> Result<(), NonceError>;
}

/// Nonces in memory, for one process. Forgets what has expired, and holds a bounded number.
#[derive(Debug)]
pub struct InMemoryNonces {
    capacity: usize,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    until: BTreeMap<Nonce, Timestamp>,
    by_time: BTreeSet<(Timestamp, Nonce)>,
    /// What was to be remembered until before this has been forgotten.
    forgotten: Option<Timestamp>,
}

impl InMemoryNonces {
    /// A store of at most `capacity` nonces that have not expired.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, spent: Mutex::default() }
    }
}

impl Default for InMemoryNonces {
    /// A million nonces.
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl NonceStore for InMemoryNonces {
    fn spend(&self, nonce: &Nonce, until: Timestamp, now: Timestamp) -> Result<(), NonceError> {
        // A panic elsewhere can't leave the two maps half written in a way that forgets a nonce:
        // it is entered into `until`, which decides, first.
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.forgotten = spent.forgotten.max(Some(now));
        while let Some((time, oldest)) = spent.by_time.first().copied().filter(|(t, _)| *t < now) {
            spent.by_time.remove(&(time, oldest));
            spent.until.remove(&oldest);
        }
        // A clock that was set back must not revive what was forgotten.
        let forgotten = spent.forgotten.is_some_and(|time| until < time);
        if forgotten || spent.until.contains_key(nonce) {
            return Err(NonceError::Spent);
        }
        if spent.until.len() >= self.capacity {
            return Err(NonceError::Unavailable);
        }
        spent.until.insert(*nonce, until);
        spent.by_time.insert((until, *nonce));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
