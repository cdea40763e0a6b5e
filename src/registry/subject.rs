//! Subjects: about whom, or what, an attestation is.
//!
//! A subject is an identifier of somebody else's making, an absolute IRI in ASCII: a DID, a URN, an
//! account on a chain (CAIP-10, `eip155:1:0x…`), a page. Or it is a digest, `sha256:` and 64
//! digits, where the identifier itself should not be public; whoever makes one hashes a salt along
//! with it, as identifiers can be guessed.
//!
//! # One spelling each
//!
//! All attestations about one subject are found by its text, octet for octet. Two spellings of one
//! subject would split them: a revocation, or a contradiction, filed under the one would be missing
//! under the other, and whoever attests could choose that. So where a scheme has several spellings
//! of one thing, only one is read, and the fault says which; nothing is rewritten silently, since
//! what is signed is the text that was written.
//!
//! - `eip155:`, and the same within `did:pkh:`: `0x` and 40 lower-case digits, the chain without
//!   leading zeros (CAIP-2, CAIP-10). The mixed case of EIP-55 is a checksum of the same address.
//! - `did:`: the identifier alone, without path, query or fragment (DID Core, §3.1); the
//!   hexadecimal identifiers of `did:ethr` and the host of `did:web` in lower case.
//! - `urn:`: the name space in lower case (RFC 8141, §3.1), and the whole of `urn:uuid:` (RFC 9562,
//!   §4).
//! - `https:` and `http:`, by RFC 3986, §6.2.2 and §6.2.3: the host in lower case, no user, no port
//!   that is the scheme's own, a path, and no steps of dots in it.
//! - all: percent-encodings in upper case, and none of unreserved characters.
//!
//! Any other scheme is taken as it is. That two identifiers are of one person is not for spelling
//! to decide, and not decided here.

use crate::digest::from_hex;
use crate::document::{Cursor, Fault, is_iri};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Greatest length of a subject in octets.
pub const MAX_LEN: usize = 256;

const DIGEST: &str = "sha256:";

/// Why a text is no subject.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}; {remedy}")]
pub struct SubjectError {
    problem: &'static str,
    remedy: String,
}

impl SubjectError {
    fn new(problem: &'static str, remedy: impl Into<String>) -> Self {
        Self { problem, remedy: remedy.into() }
    }

    /// What is wrong.
    pub fn problem(&self) -> &'static str {
        self.problem
    }

    /// How to put it right.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

/// A reference to whom an attestation is about, in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    /// A subject of which only a digest is public.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(format!("{DIGEST}{}", hex::encode(digest)))
    }

    /// The digest, where it is one.
    pub fn digest(&self) -> Option<[u8; 32]> {
        from_hex(self.0.strip_prefix(DIGEST)?).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a subject at a place of a document.
    pub fn read(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let subject = cursor.text()?.parse();
        subject.map_err(|error: SubjectError| cursor.invalid(error.problem, error.remedy))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        if text.len() > MAX_LEN || !is_iri(text) {
            let problem = "not an absolute IRI of at most 256 octets of ASCII";
            let remedy = "write did:.., urn:.., eip155:.., https://.. or sha256: and 64 digits";
            return Err(SubjectError::new(problem, remedy));
        }
        escapes(text)?;
        match text.split_once(':').unwrap_or_default() {
            ("sha256", digits) => digest(digits)?,
            ("eip155", account) => self::account(text, account)?,
            ("did", did) => self::did(text, did)?,
            ("urn", urn) => self::urn(text, urn)?,
            ("https", rest) => page(rest, "443")?,
            ("http", rest) => page(rest, "80")?,
            _ => {}
        }
        Ok(Self(text.to_owned()))
    }
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_uppercase())
}

/// The text with one part of it, which stands at its end, in lower case.
fn lowered(text: &str, part: &str) -> String {
    let head = text.strip_suffix(part).unwrap_or_default();
    format!("write {head}{}", part.to_ascii_lowercase())
}

fn digest(digits: &str) -> Result<(), SubjectError> {
    let read = from_hex::<32>(digits);
    read.map(drop).map_err(|_| {
        SubjectError::new("not a digest", "write sha256: and 64 lower-case hexadecimal digits")
    })
}

/// Percent-encodings: whole, in upper case, and of nothing that needs none.
fn escapes(text: &str) -> Result<(), SubjectError> {
    for part in text.split('%').skip(1) {
        let read = part.get(..2).map(|digits| (digits, hex::decode(digits)));
        let Some((digits, Ok(octet))) = read else {
            let problem = "a percent sign without two hexadecimal digits";
            return Err(SubjectError::new(problem, "write a percent sign itself as %25"));
        };
        if digits.bytes().any(|b| b.is_ascii_lowercase()) {
            let problem = "a percent-encoding in lower case";
            return Err(SubjectError::new(problem, format!("write %{}", digits.to_uppercase())));
        }
        if let [b] = octet[..]
            && (b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        {
            let problem = "a percent-encoding of a character that needs none";
            let remedy = format!("write {} for %{digits}", char::from(b));
            return Err(SubjectError::new(problem, remedy));
        }
    }
    Ok(())
}

/// `<chain>:0x<address>`, with which a text ends.
fn account(text: &str, account: &str) -> Result<(), SubjectError> {
    let (chain, address) = account.split_once(':').unwrap_or_default();
    let digits = address.strip_prefix("0x").unwrap_or_default();
    let number = (1..=32).contains(&chain.len())
        && chain.bytes().all(|b| b.is_ascii_digit())
        && !(chain.starts_with('0') && chain.len() > 1);
    let hexadecimal = digits.len() == 40 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !number || !hexadecimal {
        let problem = "not an account of an Ethereum chain";
        return Err(SubjectError::new(problem, "write eip155:1:0x and 40 digits, for example"));
    }
    if has_upper(digits) {
        let problem = "an address with capitals, which is a second spelling of the same one";
        return Err(SubjectError::new(problem, lowered(text, address)));
    }
    Ok(())
}

fn did(text: &str, did: &str) -> Result<(), SubjectError> {
    let (method, id) = did.split_once(':').unwrap_or_default();
    let named = method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let mark = |b: u8| b.is_ascii_alphanumeric() || b"-._:%".contains(&b);
    if method.is_empty() || !named || id.is_empty() || id.ends_with(':') || !id.bytes().all(mark) {
        let remedy = "write did:method:identifier alone, without path, query or fragment";
        return Err(SubjectError::new("not a DID", remedy));
    }
    match (method, id.split_once(':')) {
        ("pkh", Some(("eip155", account))) => return self::account(text, account),
        ("ethr", _) if has_upper(id) => {}
        // Its port follows as %3A, which is a capital, and rightly so.
        ("web", _) if has_upper(id.split([':', '%']).next().unwrap_or_default()) => {
            let remedy = "write its host in lower case";
            return Err(SubjectError::new("a host with capitals", remedy));
        }
        _ => return Ok(()),
    }
    let problem = "an identifier with capitals, which is a second spelling of the same one";
    Err(SubjectError::new(problem, lowered(text, id)))
}

fn urn(text: &str, urn: &str) -> Result<(), SubjectError> {
    let (space, name) = urn.split_once(':').unwrap_or_default();
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let named = (2..=32).contains(&space.len())
        && space.bytes().all(letters)
        && !space.starts_with('-')
        && !space.ends_with('-');
    if !named || name.is_empty() {
        return Err(SubjectError::new("not a URN", "write urn:namespace:name"));
    }
    if has_upper(space) {
        let problem = "a name space with capitals";
        let remedy = format!("write urn:{}:{name}", space.to_ascii_lowercase());
        return Err(SubjectError::new(problem, remedy));
    }
    if space == "uuid" && has_upper(name) {
        return Err(SubjectError::new("a UUID with capitals", lowered(text, name)));
    }
    Ok(())
}

/// What comes after `https:` or `http:`.
fn page(rest: &str, own_port: &str) -> Result<(), SubjectError> {
    let refuse = |problem, remedy: &str| Err(SubjectError::new(problem, remedy));
    let end = |text: &str, marks: &[char]| text.find(marks).unwrap_or(text.len());
    let Some(rest) = rest.strip_prefix("//") else {
        return refuse("not an address", "write https://host/path");
    };
    let (authority, rest) = rest.split_at(end(rest, &['/', '?', '#']));
    let (path, _) = rest.split_at(end(rest, &['?', '#']));
    // An address of IPv6 has colons within brackets.
    let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if authority.contains('@') {
        return refuse("an address with a user", "leave out what goes before the at sign");
    }
    if host.is_empty() || has_upper(host) || host.contains('%') {
        return refuse("not a host in lower case", "write it in lower case, without escapes");
    }
    let odd = |port: &str| {
        port == own_port
            || port.is_empty()
            || port.starts_with('0')
            || !port.bytes().all(|b| b.is_ascii_digit())
    };
    if port.is_some_and(odd) {
        return refuse("a port that says nothing", "leave it out, or write another as a number");
    }
    if !path.starts_with('/') {
        return refuse("an address without a path", "end the host with a slash");
    }
    if path.split('/').any(|step| step == "." || step == "..") {
        return refuse("a path with steps of dots", "write where it leads");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    const ADDRESS: &str = "0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb";

    #[test]
    fn subjects_are_kept_as_they_are_written() {
        for text in [
            "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            "did:web:example.com:users:Alice",
            "did:web:example.com%3A3000",
            &format!("did:pkh:eip155:1:{ADDRESS}"),
            &format!("did:ethr:0x5:{ADDRESS}"),
            &format!("eip155:1:{ADDRESS}"),
            &format!("eip155:11155111:{ADDRESS}"),
            "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1Jqtmx",
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "urn:isbn:080442957X",
            "https://example.org/",
            "https://example.org:8443/a%20b/%C3%A9?Q=1#Me",
            "https://[2001:db8::1]/",
            "https://[2001:db8::1]:8443/",
            "http://example.org:443/..a/b..",
            "mailto:Alice@example.org",
            &format!("sha256:{}", "0f".repeat(32)),
        ] {
            let subject: Subject = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((subject.to_string().as_str(), subject.as_str()), (text, text));
            let document = Document::text(text);
            assert_eq!(Subject::read(&Cursor::root(&document)).unwrap(), subject);
        }
    }

    #[test]
    fn digests_are_subjects() {
        let subject = Subject::from_digest([0xab; 32]);
        assert_eq!(subject.as_str().parse(), Ok(subject.clone()));
        assert_eq!(subject.digest(), Some([0xab; 32]));
        assert_eq!("did:key:z6Mk".parse::<Subject>().unwrap().digest(), None);
    }

    #[test]
    fn reject_second_spellings() {
        let mixed = "0xaB16a96d359eC26a11e2C2b3d8f8B8942d5BfcDB";
        let remedy = |text: &str| text.parse::<Subject>().unwrap_err().remedy().to_owned();
        for head in ["eip155:1:", "did:pkh:eip155:1:", "did:ethr:", "did:ethr:0x5:"] {
            let fault = format!("{head}{mixed}").parse::<Subject>().unwrap_err();
            assert_eq!(fault.remedy(), format!("write {head}{ADDRESS}"));
            let document = Document::text(format!("{head}{mixed}"));
            let fault = Subject::read(&Cursor::root(&document)).unwrap_err();
            assert_eq!((fault.path(), fault.remedy()), ("$", &*format!("write {head}{ADDRESS}")));
        }
        assert_eq!(remedy("urn:UUID:f81d4fae"), "write urn:uuid:f81d4fae");
        assert_eq!(remedy("urn:uuid:F81D4FAE"), "write urn:uuid:f81d4fae");
        assert_eq!(remedy("urn:x-a:%c3%A9"), "write %C3");
        assert_eq!(remedy("urn:x-a:%41"), "write A for %41");
        for text in [
            "eip155:01:0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
            "eip155:1:0Xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
            "did:web:Example.com",
            "did:web:Example.com:users:alice",
            "did:key:z6Mk#z6Mk",
            "did:key:z6Mk?x=1",
            "did:key:z6Mk/x",
            "https://Example.org/",
            "https://example.org",
            "https://example.org?q",
            "https://example.org:443/",
            "http://example.org:80/",
            "https://example.org:08443/",
            "https://example.org:/",
            "https://user@example.org/",
            "https://example%2Eorg/",
            "https://example.org/a/../b",
            "https://example.org/./a",
            "https://example.org/a/..?q",
            "HTTPS://example.org/",
            "DID:key:z6Mk",
        ] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }

    #[test]
    fn reject_texts_that_are_no_subject() {
        let digits = "0f".repeat(32);
        let long = format!("urn:x-a:{}", "x".repeat(MAX_LEN));
        for text in [
            "",
            "alice",
            ":x",
            "did:",
            "did:key",
            "did:key:",
            "did::x",
            "did:Key:x",
            "did:key:x:",
            "urn:uuid",
            "urn:a:x",
            "urn:-ab:x",
            "urn:ab:",
            "eip155:1",
            "eip155:1:",
            "eip155::0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
            "eip155:1:ab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
            "eip155:1:0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcd",
            "eip155:1:0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb0",
            "eip155:1:0xgb16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
            "https:example.org/",
            "https:///path",
            "https://:8443/",
            "https://example.org:port/",
            "urn:x-a:%",
            "urn:x-a:%4",
            "urn:x-a:%zz",
            "urn:x-a:a b",
            "urn:x-a:é",
            "urn:x-a:a\nb",
            "sha256:",
            &format!("sha256:{}", &digits[1..]),
            &format!("sha256:{digits}0"),
            &format!("sha256:{}", digits.to_uppercase()),
            &format!("sha256: {}", &digits[1..]),
            &long,
        ] {
            let refused = text.parse::<Subject>().unwrap_err();
            assert!(!refused.problem().is_empty() && !refused.remedy().is_empty(), "{text}");
        }
        assert!(Subject::read(&Cursor::root(&Document::Null)).is_err());
        // The longest that there is.
        let longest = &long[..MAX_LEN];
        assert_eq!(longest.parse::<Subject>().unwrap().as_str(), longest);
    }
}
