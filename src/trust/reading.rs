//! How a trust list is read, and how it is written.

use super::key::{IssuerKey, LAST_HOUR, SigningWindow};
use super::{
    Content, FORMAT, ListedIssuer, MAX_ISSUER_KEYS, MAX_ISSUERS, MAX_KEYS, MAX_SCHEMAS, TrustHash,
};
use crate::bbs::PublicKey;
use crate::did_key;
use crate::document::{Cursor, Document, Fault, Fields, MAX_SAFE_INTEGER, is_iri};
use crate::schema::SchemaId;
use crate::value::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The fields of a list without a signature.
pub(super) const FIELDS: [&str; 8] =
    ["format", "id", "authority", "sequence", "previous", "issued_at", "next_update", "issuers"];
const KEY_FIELDS: [&str; 6] = ["key", "schemas", "from", "until", "successor", "compromised"];
const NAME: RangeInclusive<usize> = 1..=128;
const PRECEDENCE: RangeInclusive<i128> = 0..=u16::MAX as i128;
const INSTANT: &str = "write YYYY-MM-DDThh:mm:ssZ";

/// Where each key of the list was read.
type Seen = BTreeMap<[u8; 96], String>;

impl Content {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Fault> {
        fields.format(FORMAT)?;
        let (issued_at, next_update) =
            (parsed(fields, "issued_at", INSTANT)?, parsed(fields, "next_update", INSTANT)?);
        if next_update <= issued_at {
            let cursor = fields.required("next_update")?;
            return Err(cursor.invalid("not after issued_at", "write a later time"));
        }
        Ok(Self {
            id: iri(&fields.required("id")?)?,
            authority: parsed(fields, "authority", "write the did:key of `sigil authority id`")?,
            sequence: number(&fields.required("sequence")?, 0..=MAX_SAFE_INTEGER)?,
            previous: match fields.optional("previous") {
                Some(cursor) => Some(text_of::<TrustHash>(&cursor, "copy it whole")?),
                None => None,
            },
            issued_at,
            next_update,
            issuers: issuers(&fields.required("issuers")?)?,
        })
    }

    /// The members of the normal form. A field that says what is the case anyway is left out.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, Document)> {
        let issuers = self.issuers.iter().map(ListedIssuer::to_document).collect();
        let previous = self.previous.map(|hash| ("previous", Document::Text(hash.to_string())));
        let members = [
            ("format", Document::text(FORMAT)),
            ("id", Document::text(&self.id)),
            ("authority", Document::Text(self.authority.to_string())),
            ("sequence", Document::Integer(self.sequence.into())),
            ("issued_at", Document::Text(self.issued_at.to_string())),
            ("next_update", Document::Text(self.next_update.to_string())),
            ("issuers", Document::Array(issuers)),
        ];
        members.into_iter().chain(previous)
    }

    pub(super) fn hash(&self) -> TrustHash {
        TrustHash::from_bytes(Document::object(self.members()).digest())
    }
}

impl ListedIssuer {
    fn read(cursor: &Cursor<'_>, seen: &mut Seen) -> Result<Self, Fault> {
        let fields = cursor.fields(&["name", "precedence", "keys"])?;
        let name = fields.required("name")?.bounded_text(NAME)?.to_owned();
        let precedence = match fields.optional("precedence") {
            Some(cursor) => number(&cursor, PRECEDENCE)?,
            None => 0,
        };
        let mut keys = Vec::new();
        let cursors = items(&fields.required("keys")?, 1..=MAX_ISSUER_KEYS)?;
        for cursor in &cursors {
            if seen.len() >= MAX_KEYS {
                let problem = format!("more than {MAX_KEYS} keys in the list");
                return Err(cursor.invalid(problem, "leave out keys that nothing is shown of"));
            }
            let key = IssuerKey::read(cursor)?;
            if let Some(first) = seen.insert(key.key.to_bytes(), cursor.path().to_owned()) {
                let place = cursor.fields(&KEY_FIELDS)?.required("key")?;
                let problem = format!("this key stands in {first} already");
                return Err(place.invalid(problem, "keep one of the two"));
            }
            keys.push(key);
        }
        successors(&cursors, &keys)?;
        keys.sort_by_key(|key| (key.from, key.key.to_bytes()));
        Ok(Self { name, precedence, keys })
    }

    fn to_document(&self) -> Document {
        let keys = Document::Array(self.keys.iter().map(IssuerKey::to_document).collect());
        let precedence = (self.precedence > 0)
            .then(|| ("precedence", Document::Integer(self.precedence.into())));
        let members = [("name", Document::text(&self.name)), ("keys", keys)];
        Document::object(members.into_iter().chain(precedence))
    }
}

impl IssuerKey {
    fn read(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&KEY_FIELDS)?;
        let hour_of = |key| fields.optional(key).map(|cursor| hour(&cursor)).transpose();
        let key = Self {
            key: did(&fields.required("key")?)?,
            schemas: schemas(&fields.required("schemas")?)?,
            from: hour(&fields.required("from")?)?,
            until: hour_of("until")?,
            successor: fields.optional("successor").map(|cursor| did(&cursor)).transpose()?,
            compromised: hour_of("compromised")?,
        };
        if SigningWindow::new(key.from, key.end()).is_none() {
            let place = fields.optional("until").map_or_else(|| fields.required("from"), Ok)?;
            return Err(place.invalid("the window holds no hour", "let until be after from"));
        }
        if let (Some(place), None) = (fields.optional("successor"), key.until) {
            let remedy = "say with `until` when it takes over for good";
            return Err(place.invalid("a key with a successor has an end", remedy));
        }
        Ok(key)
    }

    fn to_document(&self) -> Document {
        let did = |key: &PublicKey| Document::Text(did_key::encode(key));
        let schemas = self.schemas.iter().map(|id| Document::Text(id.to_string())).collect();
        let members = [
            ("key", Some(did(&self.key))),
            ("schemas", Some(Document::Array(schemas))),
            ("from", Some(instant(self.from))),
            ("until", self.until.map(instant)),
            ("successor", self.successor.as_ref().map(did)),
            ("compromised", self.compromised.map(instant)),
        ];
        Document::object(members.into_iter().filter_map(|(key, value)| Some((key, value?))))
    }
}

fn issuers(cursor: &Cursor<'_>) -> Result<Vec<ListedIssuer>, Fault> {
    let mut seen = Seen::new();
    let mut issuers = BTreeMap::new();
    let mut places = BTreeMap::new();
    for cursor in items(cursor, 1..=MAX_ISSUERS)? {
        let issuer = ListedIssuer::read(&cursor, &mut seen)?;
        if let Some(first) = places.insert(issuer.name.clone(), cursor.path().to_owned()) {
            let name = cursor.fields(&["name", "precedence", "keys"])?.required("name")?;
            let problem = format!("{first} has this name already");
            return Err(name.invalid(problem, "put the keys of one issuer into one entry"));
        }
        issuers.insert(issuer.name.clone(), issuer);
    }
    Ok(issuers.into_values().collect())
}

/// Checks that every successor is another key of the issuer, takes over before the key's end, and
/// that following them comes to an end.
fn successors(cursors: &[Cursor<'_>], keys: &[IssuerKey]) -> Result<(), Fault> {
    let by_octets: BTreeMap<_, _> = keys.iter().map(|key| (key.key.to_bytes(), key)).collect();
    let next = |key: &IssuerKey| {
        key.successor.and_then(|successor| by_octets.get(&successor.to_bytes()).copied())
    };
    for (cursor, key) in cursors.iter().zip(keys) {
        let Some(place) = cursor.fields(&KEY_FIELDS)?.optional("successor") else { continue };
        let Some(successor) = next(key) else {
            let remedy = "list the key that takes over among this issuer's keys";
            return Err(place.invalid("no key of this issuer", remedy));
        };
        // Each step leads to another key, so more steps than keys have come round.
        let chain = std::iter::successors(Some(key), |key| next(key));
        if chain.take(keys.len() + 1).count() > keys.len() {
            let remedy = "let the newest key have none";
            return Err(place.invalid("the successors lead round in a circle", remedy));
        }
        if successor.from > key.end() {
            let remedy = "let the successor's `from` be at or before this key's `until`";
            return Err(place.invalid("the successor leaves a gap after this key", remedy));
        }
    }
    Ok(())
}

fn schemas(cursor: &Cursor<'_>) -> Result<BTreeSet<SchemaId>, Fault> {
    let mut schemas = BTreeSet::new();
    for item in items(cursor, 1..=MAX_SCHEMAS)? {
        if !schemas.insert(text_of(&item, "write the identifier that `sigil schema id` prints")?) {
            return Err(item.invalid("this schema stands twice", "remove one"));
        }
    }
    Ok(schemas)
}

fn items<'a>(cursor: &Cursor<'a>, length: RangeInclusive<usize>) -> Result<Vec<Cursor<'a>>, Fault> {
    let items = cursor.items()?;
    if !length.contains(&items.len()) {
        let remedy = format!("write {} to {} of them", length.start(), length.end());
        return Err(cursor.invalid(format!("{} items", items.len()), remedy));
    }
    Ok(items)
}

fn parsed<T: FromStr>(fields: &Fields<'_>, key: &str, remedy: &str) -> Result<T, Fault>
where
    T::Err: std::fmt::Display,
{
    text_of(&fields.required(key)?, remedy)
}

fn text_of<T: FromStr>(cursor: &Cursor<'_>, remedy: &str) -> Result<T, Fault>
where
    T::Err: std::fmt::Display,
{
    cursor.text()?.parse().map_err(|error: T::Err| cursor.invalid(error.to_string(), remedy))
}

fn number<T: TryFrom<i128>>(cursor: &Cursor<'_>, range: RangeInclusive<i128>) -> Result<T, Fault> {
    let number = Some(cursor.integer()?).filter(|number| range.contains(number));
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let remedy = format!("write {} to {}", range.start(), range.end());
        cursor.invalid("this number is not accepted", remedy)
    })
}

fn iri(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    if is_iri(text) {
        return Ok(text.to_owned());
    }
    Err(cursor.invalid("not an absolute IRI", "write one such as https://example.org/trust/kyc"))
}

fn did(cursor: &Cursor<'_>) -> Result<PublicKey, Fault> {
    did_key::decode(cursor.text()?).map_err(|error| {
        cursor.invalid(error.to_string(), "write the did:key that the issuer publishes")
    })
}

fn hour(cursor: &Cursor<'_>) -> Result<u32, Fault> {
    let time: Timestamp = text_of(cursor, INSTANT)?;
    let hours = u32::try_from(time.hours()).ok().filter(|hours| *hours <= LAST_HOUR);
    hours.filter(|_| time.unix().is_multiple_of(3600)).ok_or_else(|| {
        let remedy = format!("write YYYY-MM-DDThh:00:00Z, at most {}", time_of(LAST_HOUR));
        cursor.invalid("not a whole hour in UTC", remedy)
    })
}

/// An hour as a document has it.
fn instant(hour: u32) -> Document {
    Document::Text(time_of(hour).to_string())
}

fn time_of(hour: u32) -> Timestamp {
    // Timestamps go beyond the last hour by far.
    Timestamp::from_hours(hour.into()).unwrap_or(Timestamp::MAX)
}
