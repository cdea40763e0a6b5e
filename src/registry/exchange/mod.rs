//! Records of other registries: read, checked, written back.
//!
//! Three registries' shapes are understood: the Ethereum Attestation Service (signed off-chain
//! packages of its three versions and their URLs, attestations as its contract and indexers give
//! them, private data with its Merkle proofs) and Sign Protocol's two interfaces. A record becomes
//! a [`Foreign`]: its envelope in common terms, with what was checked and what could not be. A
//! [`ForeignSchema`] says what its data mean, [`carry`] brings both over into a
//! [`Schema`](crate::schema::Schema) and a record of it, [`give_back`] undoes that, and every step
//! names what it loses.
//!
//! # What a reader may conclude
//!
//! | record | from its octets alone | not known |
//! |---|---|---|
//! | off-chain package | [`signer`](Foreign::signer) signed these fields; the uid is theirs | whether it was revoked |
//! | on-chain attestation | nothing: an indexer says so | everything: the chain was not asked |
//! | Sign Protocol | nothing: the interface says so | everything |
//! | private data | leaves and root belong together | whose root it is: see [`open`] |
//!
//! A uid never proves who signed: EAS hashes the zero address where the attester would stand, so
//! anybody can sign the same fields under the same uid. Here the signature decides, and a package
//! that states another signer is refused.
//!
//! # Times
//!
//! EAS counts seconds; 0 is "never" for expiry and "not" for revocation, and an issue time of 0 is
//! refused. Sign Protocol's interfaces gave seconds in 2023 and milliseconds since; they are told
//! apart by size: 10^11 is the year 5138 in seconds and 1973 in milliseconds. Milliseconds are cut
//! to the second before, which is reported. Nothing here reads a clock.
//!
//! Sources: EAS contracts and TypeScript SDK (typed data, uid formulas, URL form, private data),
//! OpenZeppelin merkle-tree (standard-v1), EIP-712, EIP-55, docs.sign.global (REST, GraphQL).

mod abi;
mod carry;
mod claims;
mod json;
mod onchain;
mod package;
mod place;
mod private;
mod schema;
mod sign;
mod table;
mod url;

pub use abi::Layout;
pub use carry::{Carried, carry, give_back, give_back_as, open};
pub use json::MAX_OCTETS;
pub use private::{Leaf, PrivateData};
pub use schema::{ForeignSchema, eas_schema_uid};
pub use table::{Cells, Envelope, to_csv};

pub use alloy_primitives::Address;

use crate::document::Fault;
use crate::value::Timestamp;
use json::Json;
use place::Place;
use std::fmt;

/// Why something of another registry is refused: place, problem and remedy.
pub type ExchangeError = Fault;

/// Greatest number of records in one import.
pub const MAX_RECORDS: usize = 10_000;

/// The shapes that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A signed package of EAS without a version.
    EasOffchain0,
    /// A signed package of EAS whose version, 1, is signed.
    EasOffchain1,
    /// A signed package of EAS of version 2, with a salt.
    EasOffchain2,
    /// An attestation of EAS as its contract or an indexer gives it.
    EasOnchain,
    /// Private data of EAS: a tree, or a proof for some of its leaves.
    EasPrivate,
    /// An attestation of Sign Protocol as its REST interface gives it.
    SignRest,
    /// An attestation of Sign Protocol as its GraphQL interface gives it.
    SignGraphql,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EasOffchain0,
        Self::EasOffchain1,
        Self::EasOffchain2,
        Self::EasOnchain,
        Self::EasPrivate,
        Self::SignRest,
        Self::SignGraphql,
    ];

    /// The name in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::EasOffchain0 => "eas-offchain-0",
            Self::EasOffchain1 => "eas-offchain-1",
            Self::EasOffchain2 => "eas-offchain-2",
            Self::EasOnchain => "eas-onchain",
            Self::EasPrivate => "eas-private",
            Self::SignRest => "sign-rest",
            Self::SignGraphql => "sign-graphql",
        }
    }

    fn is_eas(self) -> bool {
        !matches!(self, Self::SignRest | Self::SignGraphql)
    }

    /// Whether records of it are signed packages, with a URL form.
    pub fn is_package(self) -> bool {
        matches!(self, Self::EasOffchain0 | Self::EasOffchain1 | Self::EasOffchain2)
    }
}

/// What could not be carried over, or not be known, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// The field, by the name that the foreign record or schema gives to it.
    pub field: String,
    /// What is lost, and what to do about it if something can be done.
    pub why: String,
}

impl Loss {
    fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { field: field.into(), why: why.into() }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

/// What the octets of [`Foreign::data`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Abi,
    Json,
    /// They say where the claims are.
    Elsewhere,
}

/// A record of another registry, checked as far as its octets go.
///
/// `Debug` shows format and id: the data may be a person's.
#[derive(Clone, PartialEq, Eq)]
pub struct Foreign {
    format: Format,
    source: Json,
    id: String,
    schema_id: String,
    schema: Option<ForeignSchema>,
    chain: Option<u64>,
    attester: Option<Address>,
    signature_checked: bool,
    recipients: Vec<String>,
    issued_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    revoked: bool,
    revoked_at: Option<Timestamp>,
    revocable: Option<bool>,
    reference: Option<String>,
    data: Vec<u8>,
    encoding: Encoding,
    private: Option<PrivateData>,
    losses: Vec<Loss>,
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign")
            .field("format", &self.format)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Foreign {
    /// A record of which only its identity is known so far.
    fn new(format: Format, source: &Json, id: String, schema_id: String) -> Self {
        Self {
            format,
            source: source.clone(),
            id,
            schema_id,
            schema: None,
            chain: None,
            attester: None,
            signature_checked: false,
            recipients: Vec::new(),
            issued_at: None,
            valid_until: None,
            revoked: false,
            revoked_at: None,
            revocable: None,
            reference: None,
            data: Vec::new(),
            encoding: Encoding::Abi,
            private: None,
            losses: Vec::new(),
        }
    }

    /// Reads what another registry wrote: a record, an array or a page of them, or a URL with a
    /// package behind `#attestation=`. The shape is found out. One record that is refused refuses
    /// all: its path says which one.
    pub fn parse(octets: &[u8]) -> Result<Vec<Self>, ExchangeError> {
        if let Some(fragment) = url::fragment(octets) {
            return url::read(fragment).map(|record| vec![record]);
        }
        let json = Json::read(octets)?;
        let places = records(Place::root(&json))?;
        if places.len() > MAX_RECORDS {
            let problem = crate::document::Problem::TooMany { limit: MAX_RECORDS };
            return Err(Fault::new("$", problem, "split it into pages"));
        }
        places.iter().map(record).collect()
    }

    /// The record as it came, as JSON: the same keys in their order with the same values, without
    /// spaces. A record that came as a URL is the package that it stands for.
    pub fn to_json(&self) -> String {
        self.source.compact()
    }

    /// The package as the fragment of a URL, `#attestation=..`. Compressors differ in their octets;
    /// what comes out of it is the same.
    pub fn to_url(&self) -> Result<String, ExchangeError> {
        url::write(self)
    }

    /// The shape that it came in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The id in its registry: a uid of EAS in lower case, an id of Sign Protocol, the root of
    /// private data.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who attests: of a package the address that signed it, of anything else the one that its
    /// source states. Only [`signer`](Self::signer) is evidence.
    pub fn attester(&self) -> Option<Address> {
        self.attester
    }

    /// The address whose signature was checked; none where there is nothing to check.
    pub fn signer(&self) -> Option<Address> {
        self.attester.filter(|_| self.signature_checked)
    }

    /// Whether a signature of the attester over the record was checked.
    pub fn signature_checked(&self) -> bool {
        self.signature_checked
    }

    /// The id of the schema.
    pub fn schema_id(&self) -> &str {
        &self.schema_id
    }

    /// The schema, where the record brings it along. Its registry has not confirmed it.
    pub fn schema(&self) -> Option<&ForeignSchema> {
        self.schema.as_ref()
    }

    /// The chain that the record is of, by the number of EIP-155.
    pub fn chain(&self) -> Option<u64> {
        self.chain
    }

    /// The record as one of a chain. What a contract or an indexer of EAS gives does not name its
    /// chain; who asked it knows.
    pub fn on_chain(mut self, chain: u64) -> Result<Self, ExchangeError> {
        let fault = |problem: String, remedy: &str| {
            Fault::new("$", crate::document::Problem::Invalid(problem), remedy)
        };
        match self.chain {
            _ if chain == 0 => Err(fault("no chain has the number 0".to_owned(), "name its chain")),
            Some(own) if own != chain => {
                Err(fault(format!("the record is of chain {own}"), "leave the chain to the record"))
            }
            _ => {
                self.chain = Some(chain);
                Ok(self)
            }
        }
    }

    /// Whom it is about, as CAIP-10 (`eip155:1:0x..`, checksummed): where there is one recipient,
    /// it is an address, and the chain is known.
    pub fn recipient(&self) -> Option<String> {
        let [only] = self.recipients.as_slice() else { return None };
        let address: Address = only.parse().ok()?;
        Some(format!("eip155:{}:{}", self.chain?, address.to_checksum(None)))
    }

    /// All recipients, as the record has them.
    pub fn recipients(&self) -> &[String] {
        &self.recipients
    }

    /// When it was attested; private data say nothing of it.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// The end of its validity; none if it has none.
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// Whether its source says that it was revoked. A package can't know.
    pub fn revoked(&self) -> bool {
        self.revoked
    }

    /// When it was revoked, if its source says so.
    pub fn revoked_at(&self) -> Option<Timestamp> {
        self.revoked_at
    }

    /// Whether it may be revoked, where the record says.
    pub fn revocable(&self) -> Option<bool> {
        self.revocable
    }

    /// The id of the record that it refers to.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The data: ABI-encoded, or the JSON of an off-chain record of Sign Protocol, or a root.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The opened private data.
    pub fn private(&self) -> Option<&PrivateData> {
        self.private.as_ref()
    }

    /// What the record leaves open or says in a way that is not carried over.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    fn lose(&mut self, field: &str, why: impl Into<String>) {
        self.losses.push(Loss::new(field, why));
    }
}

/// The records of an array, a page, or an answer around one.
fn records(place: Place<'_>) -> Result<Vec<Place<'_>>, Fault> {
    if let Json::Array(_) = place.json {
        return place.items();
    }
    for key in ["rows", "attestations", "pagedAttestations", "attestation", "data"] {
        // The data of a record are text; those of an answer are what was asked for.
        let inner = place.find(key).filter(|inner| {
            matches!(inner.json, Json::Array(_))
                || matches!(inner.json, Json::Object(_)) && place.json.get("sig").is_none()
        });
        if let Some(inner) = inner {
            return records(inner);
        }
    }
    Ok(vec![place])
}

/// Reads one record in whatever shape it has.
fn record(place: &Place<'_>) -> Result<Foreign, Fault> {
    let has = |keys: &[&str]| keys.iter().all(|key| place.find(key).is_some());
    if has(&["sig"]) || has(&["domain", "message"]) {
        return package::read(place);
    }
    if has(&["leaves"]) || has(&["root", "values"]) || has(&["root", "proof"]) {
        return private::read(place);
    }
    if has(&["attestTimestamp"]) || has(&["attestationId"]) {
        return sign::read(place);
    }
    if (has(&["uid"]) || has(&["id"])) && has(&["attester"]) {
        return onchain::read(place);
    }
    let remedy = "give a package or an attestation of EAS, its private data, or an attestation of \
                  Sign Protocol, as their interfaces write them";
    Err(place.invalid("no record of a registry that is known here", remedy))
}

/// A time in seconds that must be there.
fn issue_time(place: &Place<'_>, seconds: u64) -> Result<Timestamp, Fault> {
    let remedy = "ask its source for the time: without one nothing can be said of validity";
    let time = Timestamp::from_unix(seconds).filter(|_| seconds > 0);
    time.ok_or_else(|| place.invalid("not a time of the years 1970 to 9999", remedy))
}

/// The end of validity in seconds, 0 for none. One beyond the year 9999 is that year's end, which
/// is earlier, and reported.
fn expiry(record: &mut Foreign, field: &str, seconds: u64) {
    record.valid_until = match seconds {
        0 => None,
        _ => Timestamp::from_unix(seconds).or_else(|| {
            record.lose(field, "beyond the year 9999: carried as the end of that year");
            Some(Timestamp::MAX)
        }),
    };
    if record.valid_until.is_some() && record.valid_until <= record.issued_at {
        record.lose(field, "ends before it begins: it was never valid");
    }
}

#[cfg(test)]
mod tests;
