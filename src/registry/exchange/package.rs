//! Signed off-chain attestations of EAS.
//!
//! What is signed is EIP-712 typed data: with the domain of the contract and chain that would hold
//! the attestation, and a struct `s` of the version's fields in their order,
//!
//! keccak(0x1901 ‖ keccak(typeHash(domain) ‖ ..) ‖ keccak(typeHash(s) ‖ word(field) ‖ ..)).
//!
//! | version | fields | uid = keccak of, packed |
//! |---|---|---|
//! | 0 | schema, recipient, time, expirationTime, revocable, refUID, data | schema*, recipient, 0²⁰, time, expirationTime, revocable, refUID, data, 0⁴ |
//! | 1 | version, then as 0 | version (2 octets), then as 0 |
//! | 2 | as 1, then salt | as 1, with salt before the last 0⁴ |
//!
//! schema* is the text of the schema's id, `0x` and digits, in UTF-8: their formula, and their
//! reason why letters of that id keep their case here. 0²⁰ stands where an attester would.
//!
//! The struct's name is `Attest`; the oldest packages have `Attestation`, or have `Attestation` as
//! `primaryType` over a struct `Attest`. Signers derive the name from the types, so those decide.
//! Whatever a message holds besides the struct's fields (`nonce` often) is not signed: it stays in
//! the record as it came, and is reported.

use super::json::Json;
use super::place::Place;
use super::{Foreign, Format, expiry, issue_time};
use crate::document::Fault;
use alloy_primitives::{Address, B256, Signature, U256, keccak256};

const DOMAIN_NAME: &str = "EAS Attestation";
const DOMAIN: [(&str, &str); 4] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
];
/// The fields of version 2; the others are parts of it.
const FIELDS: [(&str, &str); 9] = [
    ("version", "uint16"),
    ("schema", "bytes32"),
    ("recipient", "address"),
    ("time", "uint64"),
    ("expirationTime", "uint64"),
    ("revocable", "bool"),
    ("refUID", "bytes32"),
    ("data", "bytes"),
    ("salt", "bytes32"),
];

/// The fields of a version's struct.
fn fields(version: u64) -> Option<&'static [(&'static str, &'static str)]> {
    match version {
        0 => FIELDS.get(1..8),
        1 => FIELDS.get(..8),
        2 => FIELDS.get(..),
        _ => None,
    }
}

/// What is signed, its types aside.
pub(super) struct Message {
    version: u64,
    schema: B256,
    schema_text: String,
    recipient: Address,
    time: u64,
    expiration: u64,
    revocable: bool,
    reference: B256,
    data: Vec<u8>,
    salt: Option<B256>,
}

/// The contract, on its chain.
pub(super) struct Domain {
    version: String,
    chain: u64,
    contract: Address,
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

fn type_text(name: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, kind)| format!("{kind} {name}")).collect();
    format!("{name}({})", fields.join(","))
}

impl Domain {
    fn separator(&self) -> B256 {
        let words = [
            keccak256(type_text("EIP712Domain", &DOMAIN)),
            keccak256(DOMAIN_NAME),
            keccak256(&self.version),
            word(self.chain).into(),
            self.contract.into_word(),
        ];
        keccak256(words.concat())
    }
}

impl Message {
    /// The hash that is signed, with the struct under a name.
    pub(super) fn signing_hash(&self, domain: &Domain, name: &str) -> B256 {
        let fields = fields(self.version).unwrap_or_default();
        let mut words = vec![keccak256(type_text(name, fields))];
        words.extend((self.version > 0).then(|| B256::from(word(self.version))));
        words.extend([
            self.schema,
            self.recipient.into_word(),
            word(self.time).into(),
            word(self.expiration).into(),
            word(self.revocable.into()).into(),
            self.reference,
            keccak256(&self.data),
        ]);
        words.extend(self.salt);
        let message = keccak256(words.concat());
        keccak256([&[0x19, 0x01], domain.separator().as_slice(), message.as_slice()].concat())
    }

    /// The uid by the version's formula.
    pub(super) fn uid(&self) -> B256 {
        let version = u16::try_from(self.version).unwrap_or(u16::MAX).to_be_bytes();
        let mut packed = Vec::new();
        if self.version > 0 {
            packed.extend(version);
        }
        packed.extend(self.schema_text.as_bytes());
        packed.extend(self.recipient);
        packed.extend(Address::ZERO);
        packed.extend(self.time.to_be_bytes());
        packed.extend(self.expiration.to_be_bytes());
        packed.push(self.revocable.into());
        packed.extend(self.reference);
        packed.extend(&self.data);
        packed.extend(self.salt.iter().flatten());
        packed.extend([0; 4]);
        keccak256(packed)
    }
}

/// Where the parts of a package are: everything in `sig`, or all on one level; the signature's
/// three figures in `signature`, or beside it.
pub(super) struct Parts<'a> {
    pub(super) sig: Place<'a>,
    pub(super) signature: Place<'a>,
    pub(super) signer: Option<Place<'a>>,
}

pub(super) fn parts<'a>(place: &Place<'a>) -> Result<Parts<'a>, Fault> {
    let sig = place.find("sig").unwrap_or_else(|| place.clone());
    let signature = match (sig.find("signature"), sig.find("r")) {
        (None, Some(_)) => sig.clone(),
        _ => sig.need("signature")?,
    };
    if let Json::Text(_) = signature.json {
        let remedy = "give r, s and v; a contract's signature can only be checked on its chain";
        return Err(signature.invalid("a signature in one piece", remedy));
    }
    let signer = place.find("signer").or_else(|| place.find("account"));
    Ok(Parts { sig, signature, signer })
}

fn domain(sig: &Place<'_>) -> Result<Domain, Fault> {
    let domain = sig.need("domain")?;
    let name = domain.need("name")?;
    if name.text()? != DOMAIN_NAME {
        let remedy = format!("only \"{DOMAIN_NAME}\" is understood here");
        return Err(name.invalid("signed for another protocol", remedy));
    }
    let chain = domain.need("chainId")?;
    let number = chain.uint()?;
    if number == 0 {
        let remedy = "ask for one that names its chain: this one would hold on any";
        return Err(chain.invalid("no chain has the number 0", remedy));
    }
    let contract = domain.need("verifyingContract")?;
    let address = contract.address()?;
    if address.is_zero() {
        let remedy = "ask for one that names its contract: this one would hold with any";
        return Err(contract.invalid("no contract has the address 0", remedy));
    }
    let version = domain.need("version")?.text()?.to_owned();
    Ok(Domain { version, chain: number, contract: address })
}

/// The struct's name and the version that its fields are of.
fn types(sig: &Place<'_>) -> Result<(String, u64), Fault> {
    let types = sig.need("types")?;
    let mut found = None;
    for (name, fields) in types.entries()? {
        let mut listed = Vec::new();
        for field in fields.items()? {
            listed.push((field.need("name")?.text()?, field.need("type")?.text()?));
        }
        if name == "EIP712Domain" {
            if listed != DOMAIN {
                return Err(fields.invalid("another domain than EAS has", "list its four fields"));
            }
        } else if found.replace((name, listed, fields)).is_some() {
            return Err(types.invalid("more than one struct", "keep the one that is signed"));
        }
    }
    let nothing = || types.invalid("no struct", "list the fields that are signed");
    let (name, listed, place) = found.ok_or_else(nothing)?;
    let version = (0..=2).find(|version| fields(*version).is_some_and(|known| known == listed));
    let remedy = "list a version's fields in their order: another order is another hash";
    let version = version.ok_or_else(|| place.invalid("fields of no version of EAS", remedy))?;
    let names: &[&str] = if version == 0 { &["Attest", "Attestation"] } else { &["Attest"] };
    let primary = sig.need("primaryType")?;
    for (found, place) in [(name, &place), (primary.text()?, &primary)] {
        if !names.contains(&found) {
            let remedy = format!("version {version} has {}", names.join(" or "));
            return Err(place.invalid("a struct of another name", remedy));
        }
    }
    Ok((name.to_owned(), version))
}

fn message(sig: &Place<'_>, version: u64) -> Result<Message, Fault> {
    let message = sig.need("message")?;
    let stated = [message.find("version"), sig.find("version")];
    for stated in stated.into_iter().flatten() {
        if stated.uint()? != version {
            let remedy = format!("the types are those of version {version}: write it here");
            return Err(stated.invalid("another version than the types have", remedy));
        }
    }
    if version > 0 {
        message.need("version")?;
    }
    let schema = message.need("schema")?;
    if schema.word()?.is_zero() {
        return Err(schema.invalid("no schema has the id 0", "name the schema"));
    }
    let read = Message {
        version,
        schema: schema.word()?,
        schema_text: schema.text()?.to_owned(),
        recipient: message.need("recipient")?.address()?,
        time: message.need("time")?.uint()?,
        expiration: message.need("expirationTime")?.uint()?,
        revocable: message.need("revocable")?.boolean()?,
        reference: message.need("refUID")?.word()?,
        data: message.need("data")?.hex()?,
        salt: (version == 2).then(|| message.need("salt")?.word()).transpose()?,
    };
    Ok(read)
}

/// The signature as its one form: low s, and the parity that v says in either way.
fn signature(place: &Place<'_>) -> Result<Signature, Fault> {
    let v = place.need("v")?;
    let parity = match v.uint()? {
        0 | 27 => false,
        1 | 28 => true,
        _ => return Err(v.invalid("no such parity", "write 27 or 28")),
    };
    let (r, s) = (place.need("r")?.word()?, place.need("s")?);
    let signature = Signature::new(r.into(), s.word()?.into(), parity);
    if signature.normalize_s().is_some() {
        let remedy = "ask its signer for s in the lower half: each signature has one form here";
        return Err(s.invalid("s is in the upper half", remedy));
    }
    Ok(signature)
}

/// Reads a package and checks its signature and its uid.
pub(super) fn read(place: &Place<'_>) -> Result<Foreign, Fault> {
    let parts = parts(place)?;
    let sig = &parts.sig;
    let domain = domain(sig)?;
    let (name, version) = types(sig)?;
    let message = message(sig, version)?;
    let uid = sig.need("uid")?;
    if uid.word()? != message.uid() {
        let remedy = "fetch it again: the uid is a hash of the message, and this is another's";
        return Err(uid.invalid("not the uid of this message", remedy));
    }
    let signature = signature(&parts.signature)?;
    let recovered = signature.recover_address_from_prehash(&message.signing_hash(&domain, &name));
    let recovered = recovered.map_err(|_| {
        parts.signature.invalid("no signature of any key", "fetch the package again")
    })?;
    if let Some(signer) = &parts.signer
        && signer.address()? != recovered
    {
        let remedy = "fetch it again; if it stays so, it is forged, whatever its uid says";
        return Err(signer.invalid("the signature is of another address", remedy));
    }
    let format = match version {
        0 => Format::EasOffchain0,
        1 => Format::EasOffchain1,
        _ => Format::EasOffchain2,
    };
    let id = message.uid().to_string();
    let mut record = Foreign::new(format, place.json, id, message.schema.to_string());
    record.chain = Some(domain.chain);
    record.attester = Some(recovered);
    record.signature_checked = true;
    if parts.signer.is_none() {
        record.lose("signer", "not stated: the address is the one that the signature gives");
    }
    let at = sig.need("message")?;
    record.issued_at = Some(issue_time(&at.need("time")?, message.time)?);
    expiry(&mut record, "expirationTime", message.expiration);
    record.revocable = Some(message.revocable);
    if message.revocable {
        record.lose("revocable", "a package can't say whether it was revoked: ask its chain");
    }
    record.reference = (!message.reference.is_zero()).then(|| message.reference.to_string());
    if !message.recipient.is_zero() {
        record.recipients.push(message.recipient.to_checksum(None));
    }
    let signed = fields(version).unwrap_or_default();
    for (key, _) in at.entries()? {
        if key != "version" && !signed.iter().any(|(name, _)| *name == key) {
            record.lose(key, "not signed, so not carried over");
        }
    }
    record.data = message.data;
    Ok(record)
}

/// The types of a version, as the SDK lists them.
pub(super) fn listed(version: u64) -> Json {
    let fields = fields(version).unwrap_or_default().iter().map(|(name, kind)| {
        Json::object(vec![("name", Json::text(*name)), ("type", Json::text(*kind))])
    });
    Json::Array(fields.collect())
}
