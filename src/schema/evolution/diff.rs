//! The changes from one version of a schema to the next.

use super::change::{Bump, Change, Class, Kind, Side};
use super::pairing::Pairing;
use super::reading::{Read, Reading, Unreadable, covers, shift};
use crate::document::Document;
use crate::schema::{Disclosure, FIRST_FIELD, Field, Schema, Version};
use crate::value::{Encoded, FieldType, Variants};
use std::cmp::Ordering;

/// All changes from one version to another, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaDiff {
    changes: Vec<Change>,
    class: Class,
    bump: Bump,
    finding: Option<String>,
}

impl SchemaDiff {
    /// The changes: of the whole schema, then of fields in the new order, then what is gone.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The meet of the changes' classes; full if nothing changed.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The part of the version number that has to be raised for it.
    pub fn bump(&self) -> Bump {
        self.bump
    }

    /// What is wrong with the new version number, and how to put it right.
    pub fn finding(&self) -> Option<&str> {
        self.finding.as_deref()
    }

    /// The comparison as an object.
    pub fn to_document(&self) -> Document {
        let changes = self.changes.iter().map(Change::to_document).collect();
        let finding = self.finding.as_ref().map_or(Document::Null, Document::text);
        Document::object([
            ("class", Document::text(self.class.word())),
            ("bump", Document::text(self.bump.to_string())),
            ("finding", finding),
            ("changes", Document::Array(changes)),
        ])
    }
}

/// Compares a schema with the version that is to follow it.
pub fn diff(old: &Schema, new: &Schema) -> SchemaDiff {
    let changes = match (Reading::new(new, old), Reading::new(old, new)) {
        (Ok(backward), Ok(forward)) => {
            let pairing = Pairing::new(new, old);
            Comparison { old, new, backward, forward, pairing }.changes()
        }
        (Err(unrelated), _) | (_, Err(unrelated)) => vec![Change {
            kind: Kind::OtherName,
            field: None,
            side: Side::New,
            place: "$.name".to_owned(),
            what: moved(old.name(), new.name()),
            class: Class::Breaking,
            reason: unrelated.to_string(),
        }],
    };
    let class = changes.iter().fold(Class::Full, |class, change| class.meet(change.class));
    let least = changes.iter().map(|change| change.kind.bump()).max().unwrap_or(Bump::None);
    // Versions are counted within one name.
    let one_name = old.name() == new.name();
    let bump = if class == Class::Breaking && one_name { Bump::Major } else { least };
    let finding = one_name.then(|| finding(old.version(), new.version(), bump)).flatten();
    SchemaDiff { changes, class, bump, finding }
}

/// Whether the new version number says what the changes are.
fn finding(old: Version, new: Version, bump: Bump) -> Option<String> {
    // A greatest number can't be raised; no version is beyond it, and the finding names it.
    let least = match bump {
        Bump::None => old,
        Bump::Patch => Version { patch: old.patch.saturating_add(1), ..old },
        Bump::Minor => Version { minor: old.minor.saturating_add(1), patch: 0, ..old },
        Bump::Major => Version { major: old.major.saturating_add(1), minor: 0, patch: 0 },
    };
    let problem = match new.cmp(&old) {
        Ordering::Less => format!("version {new} comes before {old}"),
        _ if new < least => format!("version {new} does not say that the changes are {bump} ones"),
        _ => return None,
    };
    let least = if least == old { format!("{old}") } else { format!("{least} or later") };
    Some(format!("{problem}; write {least}"))
}

/// What was and what is.
fn moved(old: impl std::fmt::Display, new: impl std::fmt::Display) -> String {
    format!("{old} → {new}")
}

/// Who reads whose values of a field, with the reason each way.
struct Verdict {
    backward: (bool, String),
    forward: (bool, String),
}

impl Verdict {
    fn class(&self) -> Class {
        Class::of(self.backward.0, self.forward.0)
    }

    fn reason(&self) -> String {
        let (backward, forward) = (&self.backward.1, &self.forward.1);
        format!("new rules over old credentials: {backward}; old rules over new ones: {forward}")
    }

    /// The verdict on two fields as if they were all there is.
    fn between(old: &Field, new: &Field) -> Self {
        let one_way = |base: &Field, actual: &Field| match shift(base, actual) {
            Err(unreadable) => (false, unreadable.to_string()),
            Ok(_) => signed(covers(base.field_type(), actual.field_type())),
        };
        Self { backward: one_way(new, old), forward: one_way(old, new) }
    }
}

/// What is read of a signed value.
fn signed(covers: bool) -> (bool, String) {
    let text = match covers {
        true => "read with its meaning",
        false => "predicates hold, but a value may have no place in the type of the rules",
    };
    (covers, text.to_owned())
}

/// What a reading says of a message of its base.
fn read(reading: &Reading, message: usize) -> (bool, String) {
    match reading.message(message) {
        Err(unreadable) => (false, unreadable.to_string()),
        Ok(Read::Signed { .. }) => signed(reading.covers(message)),
        Ok(Read::Constant { encoded: Encoded::Absent, .. }) => (true, "read as absent".to_owned()),
        Ok(Read::Constant { .. }) => (true, "read as its default".to_owned()),
    }
}

/// What rules of the base make of a field that they do not know.
fn unknown(reading: &Reading, message: usize) -> (bool, String) {
    match reading.unasked().contains(&message) {
        true => (false, "its issuer has it always revealed, and they do not ask for it".to_owned()),
        false => (true, "they do not ask for it".to_owned()),
    }
}

/// Two versions of one schema.
struct Comparison<'s> {
    old: &'s Schema,
    new: &'s Schema,
    /// New rules over old credentials.
    backward: Reading,
    /// Old rules over new credentials.
    forward: Reading,
    /// Base new, actual old.
    pairing: Pairing<'s>,
}

/// A field that both versions have.
struct Pair<'s> {
    old: (usize, &'s Field),
    new: (usize, &'s Field),
}

impl Pair<'_> {
    fn change(&self, kind: Kind, key: &str, what: String, verdict: (Class, String)) -> Change {
        let (position, field) = self.new;
        change(kind, Side::New, (position, field), key, what, verdict)
    }
}

fn change(
    kind: Kind,
    side: Side,
    (position, field): (usize, &Field),
    key: &str,
    what: String,
    (class, reason): (Class, String),
) -> Change {
    let place = format!("$.fields[{position}]{key}");
    Change { kind, field: Some(field.name().to_owned()), side, place, what, class, reason }
}

impl<'s> Comparison<'s> {
    fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = self.version().into_iter().collect();
        let mut pairs: Vec<Pair<'s>> = Vec::new();
        for new in self.new.fields().iter().enumerate() {
            if let Ok(Some(old)) = self.pairing.partner(new.1) {
                pairs.push(Pair { old, new });
            }
        }
        let mut order: Vec<usize> = pairs.iter().map(|pair| pair.old.0).collect();
        order.sort_unstable();
        for (position, field) in self.new.fields().iter().enumerate() {
            let rank = pairs.iter().position(|pair| pair.new.0 == position);
            match rank.and_then(|rank| Some((rank, pairs.get(rank)?))) {
                Some((rank, pair)) => {
                    let former = order.iter().position(|old| *old == pair.old.0).unwrap_or(rank);
                    self.pair(pair, (former, rank), &mut changes);
                }
                None => changes.push(self.lone(Side::New, position, field)),
            }
        }
        for (position, field) in self.old.fields().iter().enumerate() {
            if pairs.iter().all(|pair| pair.old.0 != position) {
                changes.push(self.lone(Side::Old, position, field));
            }
        }
        changes
    }

    fn version(&self) -> Option<Change> {
        let (old, new) = (self.old.version(), self.new.version());
        let kind = match new.cmp(&old) {
            Ordering::Greater => Kind::VersionRaised,
            Ordering::Less => Kind::VersionLowered,
            Ordering::Equal if self.old.id() == self.new.id() => return None,
            Ordering::Equal => Kind::VersionKept,
        };
        Some(Change {
            kind,
            field: None,
            side: Side::New,
            place: "$.version".to_owned(),
            what: moved(old, new),
            class: Class::Full,
            reason: "what is signed and read does not depend on the version's number".to_owned(),
        })
    }

    /// A field that is not one of the other version's, or not known to be which.
    fn lone(&self, side: Side, position: usize, field: &Field) -> Change {
        let (knows, others, kind) = match side {
            Side::New => (&self.backward, &self.forward, Kind::FieldAdded),
            Side::Old => (&self.forward, &self.backward, Kind::FieldRemoved),
        };
        let message = FIRST_FIELD + position;
        let what = format!("{}{}", field.field_type(), suffix(field));
        let (known, unknown) = (read(knows, message), unknown(others, message));
        if knows.message(message).is_err_and(Unreadable::is_ambiguous) {
            // The relation is symmetric: what is ambiguous one way is so the other way.
            let verdict = (Class::Breaking, known.1);
            return change(Kind::FieldAmbiguous, side, (position, field), "", what, verdict);
        }
        let verdict = match side {
            Side::New => Verdict { backward: known, forward: unknown },
            Side::Old => Verdict { backward: unknown, forward: known },
        };
        change(kind, side, (position, field), "", what, (verdict.class(), verdict.reason()))
    }

    /// The changes of a field that both versions have, which is at ranks among those.
    fn pair(&self, pair: &Pair<'_>, ranks: (usize, usize), changes: &mut Vec<Change>) {
        let (old, new) = (pair.old.1, pair.new.1);
        let harmless = |reason: &str| (Class::Full, reason.to_owned());
        if old.name() != new.name() {
            let reason = "one field by its former name, in both directions";
            let what = moved(old.name(), new.name());
            changes.push(pair.change(Kind::FieldRenamed, ".name", what, harmless(reason)));
        }
        if ranks.0 != ranks.1 {
            let reason = "fields are found by name, not by place";
            let what = format!("place {}", moved(ranks.0 + 1, ranks.1 + 1));
            changes.push(pair.change(Kind::FieldMoved, "", what, harmless(reason)));
        }
        self.values(pair, changes);
        changes.extend(disclosure(pair));
        changes.extend(default(pair));
        for (kind, name) in renamings(old, new) {
            let reason = "it speaks of versions that have the field by that name, not of these two";
            changes.push(pair.change(kind, ".aliases", name.to_owned(), harmless(reason)));
        }
    }

    /// What changed of type and presence. Each is judged as if it were alone; where they do more
    /// together than each by itself, all are judged together.
    fn values(&self, pair: &Pair<'_>, changes: &mut Vec<Change>) {
        let (old, new) = (pair.old.1, pair.new.1);
        let whole = Verdict {
            backward: read(&self.backward, FIRST_FIELD + pair.new.0),
            forward: read(&self.forward, FIRST_FIELD + pair.old.0),
        };
        let renamed = Field { name: new.name().to_owned(), ..old.clone() };
        let retyped = Field { field_type: new.field_type().clone(), ..renamed.clone() };
        let mut found: Vec<(Kind, &str, String, Verdict)> = Vec::new();
        for (kind, what) in type_changes(old.field_type(), new.field_type()) {
            found.push((kind, ".type", what, type_verdict(kind, old, &retyped)));
        }
        if old.optional() != new.optional() {
            let kind = if new.optional() { Kind::MadeOptional } else { Kind::MadeRequired };
            let present = Field { optional: new.optional(), ..renamed.clone() };
            let word = |field: &Field| if field.optional() { "optional" } else { "required" };
            let what = moved(word(old), word(new));
            found.push((kind, ".optional", what, Verdict::between(old, &present)));
        }
        let met = found.iter().fold(Class::Full, |class, one| class.meet(one.3.class()));
        for (kind, key, what, alone) in found {
            let verdict = if met == whole.class() { &alone } else { &whole };
            changes.push(pair.change(kind, key, what, (verdict.class(), verdict.reason())));
        }
    }
}

/// Names that an enumeration gains are beyond the old rules only, names that it loses beyond the
/// new rules only; any other change of type is as the two types are.
fn type_verdict(kind: Kind, old: &Field, new: &Field) -> Verdict {
    let both = Verdict::between(old, new);
    let readable = |base: &Field, actual: &Field| match shift(base, actual) {
        Ok(_) => signed(true),
        Err(unreadable) => (false, unreadable.to_string()),
    };
    match kind {
        Kind::NamesAdded => Verdict { backward: readable(new, old), ..both },
        Kind::NamesRemoved => Verdict { forward: readable(old, new), ..both },
        _ => both,
    }
}

/// What became of a type.
fn type_changes(old: &FieldType, new: &FieldType) -> Vec<(Kind, String)> {
    if old == new {
        return Vec::new();
    }
    let kind = match (old, new) {
        (FieldType::Enum(old), FieldType::Enum(new)) => return name_changes(old, new),
        (FieldType::Decimal(scale, _), FieldType::Decimal(other, _)) if scale != other => {
            Kind::ScaleChanged
        }
        (FieldType::Uint(_), FieldType::Uint(_))
        | (FieldType::Int(_), FieldType::Int(_))
        | (FieldType::Decimal(..), FieldType::Decimal(..)) => match new.bits() > old.bits() {
            true => Kind::TypeWidened,
            false => Kind::TypeNarrowed,
        },
        _ => Kind::TypeChanged,
    };
    vec![(kind, moved(old, new))]
}

/// What became of an enumeration. A name that takes over another's code is recoded, not added.
fn name_changes(old: &Variants, new: &Variants) -> Vec<(Kind, String)> {
    let missing = |of: &Variants, from: &Variants| -> Vec<String> {
        let fresh = of
            .iter()
            .filter(|(name, code)| from.code(name).is_none() && from.name(*code).is_none());
        fresh.map(|(name, code)| format!("{name} = {code}")).collect()
    };
    let recoded = old.iter().filter_map(|(name, code)| match (new.code(name), new.name(code)) {
        (Some(other), _) if other != code => Some(format!("{name} = {code} → {other}")),
        (None, Some(other)) => Some(format!("{code} = {name} → {other}")),
        _ => None,
    });
    let lists = [
        (Kind::NamesAdded, missing(new, old)),
        (Kind::NamesRemoved, missing(old, new)),
        (Kind::NamesRecoded, recoded.collect()),
    ];
    let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
    lists.map(|(kind, names)| (kind, names.join(", "))).collect()
}

fn disclosure(pair: &Pair<'_>) -> Option<Change> {
    let (old, new) = (pair.old.1.disclosure(), pair.new.1.disclosure());
    let kind = match (old, new) {
        (old, new) if old == new => return None,
        (Disclosure::Allowed, _) => Kind::DisclosureTightened,
        (_, Disclosure::Allowed) => Kind::DisclosureLoosened,
        _ => Kind::DisclosureReversed,
    };
    let one_way = |limit: Disclosure, rules: Disclosure| match limit.admits(rules) {
        true => (true, "what they may ask is allowed".to_owned()),
        false => {
            let word = match limit {
                Disclosure::Always => "hide it, which the issuer does not allow",
                _ => "ask for it to be revealed, which the issuer does not allow",
            };
            (false, format!("they may {word}"))
        }
    };
    let verdict = Verdict { backward: one_way(old, new), forward: one_way(new, old) };
    let what = moved(old.word(), new.word());
    Some(pair.change(kind, ".disclosure", what, (verdict.class(), verdict.reason())))
}

fn default(pair: &Pair<'_>) -> Option<Change> {
    let text = |field: &Field| {
        let value = field.default()?;
        field.field_type().render(value).ok()
    };
    let (kind, what) = match (text(pair.old.1), text(pair.new.1)) {
        (None, Some(new)) => (Kind::DefaultAdded, new),
        (Some(old), None) => (Kind::DefaultRemoved, old),
        (Some(old), Some(new)) if old != new => (Kind::DefaultChanged, moved(old, new)),
        _ => return None,
    };
    let reason = "both versions sign the field: it speaks of versions that have none";
    Some(pair.change(kind, ".default", what, (Class::Full, reason.to_owned())))
}

/// Former names that came and went, but for those that the renaming itself explains.
fn renamings<'f>(old: &'f Field, new: &'f Field) -> impl Iterator<Item = (Kind, &'f str)> {
    let only = |of: &'f Field, other: &'f Field| {
        of.aliases().iter().map(String::as_str).filter(|name| other.names().all(|own| own != *name))
    };
    let added = only(new, old).map(|name| (Kind::AliasAdded, name));
    added.chain(only(old, new).map(|name| (Kind::AliasRemoved, name)))
}

/// What is said of a field besides its type.
fn suffix(field: &Field) -> String {
    let mut text = String::new();
    if field.optional() {
        text.push_str(", optional");
    }
    if field.disclosure() != Disclosure::Allowed {
        text.push_str(&format!(", disclosure {}", field.disclosure().word()));
    }
    text
}
