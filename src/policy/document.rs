//! The policy document, as it is written.

use super::expression::{Expression, Literal};
use crate::bbs::{PublicKey, Suite};
use crate::did_key;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::schema::{SchemaId, Version};
use crate::value::{NAME_REMEDY, is_name};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The format's name and version.
pub const FORMAT: &str = "sigil-policy/1";

const ROLES: RangeInclusive<usize> = 1..=16;
const ISSUERS: RangeInclusive<usize> = 1..=256;
const CLAIMS: RangeInclusive<usize> = 0..=1024;
const ALLOWED: RangeInclusive<usize> = 1..=1024;
const PARAMS: RangeInclusive<usize> = 0..=256;
const PREDICATES: RangeInclusive<usize> = 0..=64;
const EQUALITIES: RangeInclusive<usize> = 0..=64;

/// How a presentation shows that a credential is valid at the time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Validity {
    /// Proven; the window stays hidden.
    Hidden,
    /// The window is revealed.
    Reveal,
    /// Not shown at all: an expired credential passes.
    Skip,
}

impl Validity {
    const ALL: [Self; 3] = [Self::Hidden, Self::Reveal, Self::Skip];

    fn word(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Reveal => "reveal",
            Self::Skip => "skip",
        }
    }
}

/// What a policy says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimRule {
    /// Revealed in every presentation.
    Must,
    /// Revealed if the holder wishes.
    May,
    /// Never revealed.
    Never,
}

impl ClaimRule {
    const ALL: [Self; 3] = [Self::Must, Self::May, Self::Never];

    fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::May => "may",
            Self::Never => "never",
        }
    }
}

/// The part that one credential plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleRule {
    pub(super) name: String,
    pub(super) schema: SchemaId,
    pub(super) suite: Suite,
    pub(super) issuers: Vec<PublicKey>,
    pub(super) validity: Validity,
}

/// A field of a role's credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClaimPath {
    pub(super) role: String,
    pub(super) field: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) path: ClaimPath,
    pub(super) rule: ClaimRule,
    pub(super) one_of: Option<Vec<Document>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Predicate {
    pub(super) name: String,
    pub(super) expression: Expression,
}

/// A disclosure policy as written: well formed, its expressions parsed, not yet held against
/// schemas. [`compile`](Self::compile) does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) id: String,
    pub(super) version: Version,
    pub(super) title: Option<String>,
    pub(super) roles: Vec<RoleRule>,
    pub(super) claims: Vec<Claim>,
    pub(super) params: BTreeMap<String, Literal>,
    pub(super) predicates: Vec<Predicate>,
    pub(super) equal: Vec<(ClaimPath, ClaimPath)>,
}

impl Policy {
    /// Reads a policy from TOML or JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &Bounds::PUBLISHED)?)
    }

    /// Reads a policy from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        Self::from_cursor(&Cursor::root(document))
    }

    pub(super) fn from_cursor(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let root = cursor.fields(&[
            "format",
            "id",
            "version",
            "title",
            "roles",
            "claims",
            "params",
            "predicates",
            "equal",
        ])?;
        root.format(FORMAT)?;
        let title = root.optional("title").map(|title| title.bounded_text(1..=256));
        let policy = Self {
            id: root.required("id")?.bounded_text(1..=256)?.to_owned(),
            version: Version::parse(&root.required("version")?)?,
            title: title.transpose()?.map(str::to_owned),
            roles: list(Some(root.required("roles")?), ROLES, RoleRule::parse)?,
            claims: list(root.optional("claims"), CLAIMS, Claim::parse)?,
            params: params(root.optional("params"))?,
            predicates: list(root.optional("predicates"), PREDICATES, Predicate::parse)?,
            equal: list(root.optional("equal"), EQUALITIES, equality)?,
        };
        let names = policy.roles.iter().map(|role| role.name.as_str());
        unique("roles", "name", names)?;
        let paths: Vec<String> = policy.claims.iter().map(|claim| claim.path.text()).collect();
        unique("claims", "path", paths.iter().map(String::as_str))?;
        unique("predicates", "name", policy.predicates.iter().map(|p| p.name.as_str()))?;
        Ok(policy)
    }

    /// The policy's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The title for people.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The schemas of the roles, in order.
    pub fn schemas(&self) -> impl Iterator<Item = (&str, SchemaId)> {
        self.roles.iter().map(|role| (role.name.as_str(), role.schema))
    }

    /// The policy as a document in normal form: defaults written out.
    pub fn to_document(&self) -> Document {
        let mut entries = vec![
            ("format", Document::text(FORMAT)),
            ("id", Document::text(&self.id)),
            ("version", Document::text(self.version.to_string())),
            ("roles", array(&self.roles, RoleRule::to_document)),
            ("claims", array(&self.claims, Claim::to_document)),
            ("predicates", array(&self.predicates, Predicate::to_document)),
        ];
        entries.extend(self.title.as_ref().map(|title| ("title", Document::text(title))));
        let params = self.params.iter().map(|(name, value)| (name.as_str(), value.to_document()));
        entries.push(("params", Document::object(params)));
        let equal = array(&self.equal, |(a, b)| {
            Document::Array(vec![Document::Text(a.text()), Document::Text(b.text())])
        });
        entries.push(("equal", equal));
        Document::object(entries)
    }
}

fn array<T>(items: &[T], write: impl Fn(&T) -> Document) -> Document {
    Document::Array(items.iter().map(write).collect())
}

/// Reads a list whose length is bounded; a list that is not there is empty.
fn list<T>(
    cursor: Option<Cursor<'_>>,
    length: RangeInclusive<usize>,
    read: impl Fn(&Cursor<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let Some(cursor) = cursor else { return Ok(Vec::new()) };
    let items = cursor.items()?;
    if !length.contains(&items.len()) {
        let remedy = format!("write {} to {} of them", length.start(), length.end());
        return Err(cursor.invalid(format!("{} items", items.len()), remedy));
    }
    items.iter().map(read).collect()
}

fn unique<'a>(list: &str, key: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let mut seen = BTreeMap::new();
    for (i, name) in names.enumerate() {
        if let Some(first) = seen.insert(name, i) {
            let problem = format!("\"{name}\" stands in {list}[{first}] already");
            let problem = crate::document::Problem::Invalid(problem);
            return Err(Fault::new(format!("$.{list}[{i}].{key}"), problem, "keep one of the two"));
        }
    }
    Ok(())
}

fn params(cursor: Option<Cursor<'_>>) -> Result<BTreeMap<String, Literal>, Fault> {
    let Some(cursor) = cursor else { return Ok(BTreeMap::new()) };
    let entries = cursor.entries()?;
    if !PARAMS.contains(&entries.len()) {
        let remedy = format!("write at most {}", PARAMS.end());
        return Err(cursor.invalid(format!("{} parameters", entries.len()), remedy));
    }
    let read = |(name, value): &(&str, Cursor<'_>)| {
        if !is_name(name) {
            return Err(value.invalid("not a name for a parameter", NAME_REMEDY));
        }
        Ok(((*name).to_owned(), Literal::parse(value)?))
    };
    entries.iter().map(read).collect()
}

/// Reads one of a few words; without it, the default.
fn word<T: Copy>(
    cursor: Option<Cursor<'_>>,
    known: &[T],
    spelling: fn(T) -> &'static str,
    default: T,
) -> Result<T, Fault> {
    let Some(cursor) = cursor else { return Ok(default) };
    let text = cursor.text()?;
    known.iter().copied().find(|known| spelling(*known) == text).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|known| spelling(*known)).collect();
        cursor
            .invalid("not one of the words of this field", format!("write {}", words.join(" or ")))
    })
}

fn name(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(cursor.invalid("not a name", NAME_REMEDY)),
    }
}

impl RoleRule {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["name", "schema", "suite", "issuers", "validity"])?;
        let schema = fields.required("schema")?;
        let issuers = fields.required("issuers")?;
        let keys = list(Some(issuers.clone()), ISSUERS, |issuer| {
            let key = did_key::decode(issuer.text()?);
            key.map_err(|error| issuer.invalid(error.to_string(), "copy the issuer's did:key"))
        })?;
        if let Some(i) =
            (1..keys.len()).find(|i| keys.iter().take(*i).any(|k| Some(k) == keys.get(*i)))
        {
            return Err(issuers.invalid(format!("issuer {i} stands twice"), "remove one"));
        }
        Ok(Self {
            name: name(&fields.required("name")?)?,
            schema: schema.text()?.parse().map_err(|error: crate::digest::DigestError| {
                schema.invalid(error.to_string(), "copy the id that `schema id` prints")
            })?,
            suite: word(fields.optional("suite"), &Suite::ALL, Suite::id, Suite::Sha256)?,
            issuers: keys,
            validity: word(
                fields.optional("validity"),
                &Validity::ALL,
                Validity::word,
                Validity::Hidden,
            )?,
        })
    }

    fn to_document(&self) -> Document {
        let issuers = array(&self.issuers, |key| Document::Text(did_key::encode(key)));
        Document::object([
            ("name", Document::text(&self.name)),
            ("schema", Document::text(self.schema.to_string())),
            ("suite", Document::text(self.suite.id())),
            ("issuers", issuers),
            ("validity", Document::text(self.validity.word())),
        ])
    }
}

impl ClaimPath {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let parts = cursor.text()?.split_once('.');
        match parts.filter(|(role, field)| is_name(role) && is_name(field)) {
            Some((role, field)) => Ok(Self { role: role.to_owned(), field: field.to_owned() }),
            None => Err(cursor.invalid("not the path of a claim", "write \"role.field\"")),
        }
    }

    pub(super) fn text(&self) -> String {
        format!("{}.{}", self.role, self.field)
    }
}

impl Claim {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["path", "disclosure", "one_of"])?;
        let disclosure = fields.required("disclosure")?;
        let rule =
            word(Some(disclosure.clone()), &ClaimRule::ALL, ClaimRule::word, ClaimRule::Never)?;
        let one_of = match fields.optional("one_of") {
            None => None,
            Some(values) if rule == ClaimRule::Never => {
                let remedy = "reveal the claim, or write a predicate";
                return Err(values.invalid("a claim that is never revealed has no one_of", remedy));
            }
            Some(values) => {
                Some(list(Some(values), ALLOWED, |value| Ok(value.document().clone()))?)
            }
        };
        Ok(Self { path: ClaimPath::parse(&fields.required("path")?)?, rule, one_of })
    }

    fn to_document(&self) -> Document {
        let one_of = self.one_of.clone().map(|values| ("one_of", Document::Array(values)));
        let entries = [
            ("path", Document::Text(self.path.text())),
            ("disclosure", Document::text(self.rule.word())),
        ];
        Document::object(entries.into_iter().chain(one_of))
    }
}

impl Predicate {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["name", "expr"])?;
        Ok(Self {
            name: name(&fields.required("name")?)?,
            expression: Expression::parse(&fields.required("expr")?)?,
        })
    }

    fn to_document(&self) -> Document {
        Document::object([
            ("name", Document::text(&self.name)),
            ("expr", Document::text(&self.expression.source)),
        ])
    }
}

fn equality(cursor: &Cursor<'_>) -> Result<(ClaimPath, ClaimPath), Fault> {
    let items = cursor.items()?;
    let [a, b] = items.as_slice() else {
        return Err(cursor.invalid("not a pair", "write [\"role.field\", \"role.field\"]"));
    };
    Ok((ClaimPath::parse(a)?, ClaimPath::parse(b)?))
}

/// The JSON Schema (draft 2020-12) of the policy document.
///
/// It says what a document can say by its form; expressions, references between parts and whatever
/// needs the credentials' schemas are checked by [`Policy::parse`] and [`Policy::compile`].
pub fn json_schema() -> &'static str {
    include_str!("json_schema.json")
}
