//! From a record of another registry to claims here, and back.

use super::claims;
use super::json::Json;
use super::place::Place;
use super::schema::ForeignField;
use super::{Encoding, ExchangeError, Foreign, ForeignSchema, Format, Layout, Loss, abi};
use crate::document::{Document, Fault, Problem};
use crate::schema::{Schema, Version};
use crate::value::Timestamp;
use std::fmt;

/// The version that a schema of another registry has here: theirs never change.
const VERSION: Version = Version { major: 1, minor: 0, patch: 0 };

/// What was carried over.
///
/// `Debug` shows the schema only.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// The schema, named after its registry and its id there.
    pub schema: Schema,
    /// The claims: a record of the schema.
    pub claims: Document,
    /// Whom they are about, as CAIP-10.
    pub subject: Option<String>,
    /// When they were attested.
    pub issued_at: Timestamp,
    /// The end of their validity.
    pub valid_until: Option<Timestamp>,
    /// When they were revoked. Whether they were at all says [`Foreign::revoked`].
    pub revoked_at: Option<Timestamp>,
    /// The id of the record that they refer to, in its registry.
    pub reference: Option<String>,
    /// How the data were laid out.
    pub layout: Layout,
    /// What was not carried over, or is not known.
    pub losses: Vec<Loss>,
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried").field("schema", &self.schema.id()).finish_non_exhaustive()
    }
}

fn fault(path: &str, problem: impl Into<String>, remedy: &str) -> Fault {
    Fault::new(path, Problem::Invalid(problem.into()), remedy)
}

/// Brings a record over, read by its schema.
pub fn carry(foreign: &Foreign, schema: &ForeignSchema) -> Result<Carried, ExchangeError> {
    if foreign.format == Format::EasPrivate {
        let remedy = "open them together with the attestation that holds their root";
        return Err(fault("$", "private data are no attestation", remedy));
    }
    let mut losses = Vec::new();
    match schema.is(&foreign.schema_id) {
        Some(true) => {}
        Some(false) => {
            let problem = format!("the schema of the record is {}", foreign.schema_id);
            return Err(fault("$", problem, "read it with that schema"));
        }
        None => losses.push(Loss::new(
            "schema",
            "whether it is the record's own can't be told: give resolver and revocability, or id",
        )),
    }
    let (names, _) = schema.names();
    let fields = schema.fields().iter().zip(&names);
    let mut claimed = Vec::new();
    let mut layout = schema.layout();
    match foreign.encoding {
        Encoding::Elsewhere => {
            let remedy = "fetch them from where the data say, and give the record with them";
            return Err(fault("$.data", "the claims are stored elsewhere", remedy));
        }
        Encoding::Abi => {
            let kinds = schema.kinds().ok_or_else(|| {
                let remedy = "its schema is of off-chain records: give the one of the chain";
                fault("$.data", "a field has no type of the ABI", remedy)
            })?;
            let remedy = "compare the schema with the record's: types and their order decide";
            let decoded = abi::decode_fields(&kinds, &foreign.data, layout)
                .map_err(|problem| fault("$.data", problem, remedy))?;
            losses.extend(remarks(&decoded, layout));
            layout = decoded.layout;
            for ((field, name), value) in fields.zip(&decoded.values) {
                claimed.push((field, name, claims::to_claim(field, name, value)?));
            }
        }
        Encoding::Json => {
            let json = Json::read(&foreign.data).map_err(|fault| fault.under("$.data"))?;
            let root = Place::root(&json);
            let known: Vec<_> = schema.fields().iter().filter_map(|f| f.name.as_deref()).collect();
            for (key, _) in root.entries()? {
                if !known.contains(&key) {
                    losses.push(Loss::new(key, "the schema has no such field: not carried over"));
                }
            }
            for (field, name) in fields {
                let place = root.need(field.name.as_deref().unwrap_or_default());
                let claim = place.and_then(|place| claims::from_record(field, name, &place));
                claimed.push((field, name, claim.map_err(|fault| fault.under("$.data"))?));
            }
        }
    }
    finish(foreign, schema, claimed, (layout, losses))
}

/// Brings over the claims of private data: the leaves that are open, under the attestation that
/// holds their root.
pub fn open(attestation: &Foreign, private: &Foreign) -> Result<Carried, ExchangeError> {
    let Some(opened) = &private.private else {
        return Err(fault("$", "no private data", "give the tree, or a proof of some leaves"));
    };
    if attestation.encoding != Encoding::Abi || attestation.data != opened.root() {
        let remedy = "give the attestation whose data are the root of these leaves";
        return Err(fault("$.data", "another root than the leaves have", remedy));
    }
    let schema = opened.schema();
    let (names, _) = schema.names();
    let mut claimed = Vec::new();
    for ((field, name), leaf) in schema.fields().iter().zip(&names).zip(opened.leaves()) {
        claimed.push((field, name, claims::to_claim(field, name, leaf.value())?));
    }
    let mut losses = private.losses.clone();
    losses.retain(|loss| loss.field == "salt");
    if !opened.is_whole() {
        losses.push(Loss::new("leaves", "only those that the proof opens are known"));
    }
    finish(attestation, &schema, claimed, (Layout::Parameters, losses))
}

type Claimed<'a> = (&'a ForeignField, &'a String, (Document, Option<&'static str>));

fn finish(
    foreign: &Foreign,
    schema: &ForeignSchema,
    claimed: Vec<Claimed<'_>>,
    (layout, mut losses): (Layout, Vec<Loss>),
) -> Result<Carried, ExchangeError> {
    let registry = if foreign.format.is_eas() { "eas" } else { "sign" };
    let (schema, lost) = schema.to_schema(&format!("{registry}:{}", foreign.schema_id), VERSION)?;
    losses.splice(0..0, foreign.losses.iter().cloned());
    losses.extend(lost);
    let mut entries = Vec::new();
    for (_, name, (claim, why)) in claimed {
        losses.extend(why.map(|why| Loss::new(name, why)));
        entries.push((name.clone(), claim));
    }
    let claims = Document::object(entries);
    // The one check of claims: what it accepts is what a record may hold.
    schema.record_from_document(&claims)?;
    let subject = foreign.recipient();
    if subject.is_none() && !foreign.recipients.is_empty() {
        let why = match (foreign.recipients.len(), foreign.chain) {
            (1, None) => "no subject: an address is of a chain, and the record names none; name it",
            (1, _) => "no subject: the recipient is no address of its chain",
            _ => "no subject: there are several; issue one attestation for each",
        };
        losses.push(Loss::new("recipient", why));
    }
    let issued_at = foreign.issued_at.ok_or_else(|| fault("$", "no time of issue", "add it"))?;
    Ok(Carried {
        schema,
        claims,
        subject,
        issued_at,
        valid_until: foreign.valid_until,
        revoked_at: foreign.revoked_at,
        reference: foreign.reference.clone(),
        layout,
        losses,
    })
}

/// What is to be said of the way in which data are encoded.
fn remarks(decoded: &abi::Decoded, usual: Layout) -> Vec<Loss> {
    let mut losses = Vec::new();
    let mut lose = |said: bool, why| losses.extend(said.then(|| Loss::new("data", why)));
    lose(
        decoded.ambiguous && decoded.canonical,
        "as parameters they say one thing and as a struct another: read as their registry's tools \
         write them; compare with the source",
    );
    lose(!decoded.canonical, "not the canonical encoding: given back, it differs");
    lose(
        decoded.layout != usual,
        "laid out in another way than their registry's tools do: give back with this layout",
    );
    losses
}

/// The data that claims were carried from, in the layout that the tools of the schema's registry
/// write. Equal octets, if no loss was reported for the data or a claim.
pub fn give_back(claims: &Document, schema: &ForeignSchema) -> Result<Vec<u8>, ExchangeError> {
    give_back_as(claims, schema, schema.layout())
}

/// The data that claims were carried from: ABI-encoded in a layout or, where the schema has types
/// that only off-chain records know, their JSON.
pub fn give_back_as(
    claims: &Document,
    schema: &ForeignSchema,
    layout: Layout,
) -> Result<Vec<u8>, ExchangeError> {
    let (names, _) = schema.names();
    let Document::Object(entries) = claims else {
        return Err(fault("$", "not a record", "give the claims as they were carried over"));
    };
    if let Some(unknown) = entries.keys().find(|key| !names.contains(key)) {
        let path = format!("${}", crate::document::key_step(unknown));
        return Err(Fault::new(path, Problem::UnknownKey, "take it out: the schema has no place"));
    }
    let claim = |name: &String| {
        let path = format!("${}", crate::document::key_step(name));
        let missing = || Fault::new(path, Problem::MissingKey, "every field has a value there");
        entries.get(name).ok_or_else(missing)
    };
    if let Some(kinds) = schema.kinds() {
        let mut values = Vec::new();
        for (kind, name) in kinds.iter().zip(&names) {
            values.push(claims::from_claim(kind, name, claim(name)?)?);
        }
        return Ok(abi::encode_fields(&values, layout));
    }
    let mut record = Vec::new();
    for (field, name) in schema.fields().iter().zip(&names) {
        let key = field.name.clone().unwrap_or_default();
        record.push((key, claims::to_record(&field.kind, name, claim(name)?)?));
    }
    Ok(Json::Object(record).compact().into_bytes())
}
