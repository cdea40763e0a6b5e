//! Credentials in a wallet: what of them lists can be asked for, how long they are valid, and which
//! renews which.

use super::folder::{Folder, Kept};
use crate::credential::Validity;
use crate::did_key;
use crate::status::{Elements, ListKey};
use crate::trust::TrustList;
use crate::value::{FieldType, Timestamp};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Whether values of one type are elements of a list of the other: the same numbers of the same thing,
/// of whatever width.
fn comparable(value: &FieldType, element: &FieldType) -> bool {
    match (value, element) {
        (FieldType::Uint(_), FieldType::Uint(_)) | (FieldType::Int(_), FieldType::Int(_)) => true,
        (FieldType::Decimal(a, _), FieldType::Decimal(b, _)) => a == b,
        _ => value == element,
    }
}

impl Kept {
    /// What of it a list can be asked for: its status handle, or fields of the list's type.
    pub(super) fn subjects(&self, of: &Elements) -> Vec<Option<String>> {
        let Elements::Field(element) = of else { return vec![None] };
        let fields = self.credential.schema().fields().iter();
        let fields = fields.filter(|field| comparable(field.field_type(), element));
        fields.map(|field| Some(field.name().to_owned())).collect()
    }

    /// The integer by which it is looked up in a list; none if it has none there.
    pub(super) fn element(&self, field: Option<&str>, key: &ListKey) -> Option<u64> {
        match (field, &key.elements) {
            (None, Elements::Handle) => Some(self.credential.status_handle()),
            (Some(name), Elements::Field(element)) => {
                let schema = self.credential.schema();
                let (message, field) = schema.field(name)?;
                let value = schema.record_value(self.credential.record(), message)?;
                let same = comparable(field.field_type(), element);
                same.then(|| element.integer(value).ok().flatten()).flatten()
            }
            _ => None,
        }
    }

    /// When it is valid, seen from now.
    pub(super) fn standing(&self, now: Timestamp) -> Standing {
        Standing::of(self.credential.validity(), now)
    }
}

/// How a window of validity lies to the clock. Days are whole ones, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Valid, and for how many hours yet.
    Valid { left: u64 },
    /// To be valid in so many hours.
    NotYet { ahead: u64 },
    /// Expired so many hours ago.
    Expired { since: u64 },
}

impl Standing {
    pub(super) fn of(validity: Validity, now: Timestamp) -> Self {
        let (from, until) = (u64::from(validity.from()), u64::from(validity.until()));
        let now = now.hours();
        if now < from {
            Standing::NotYet { ahead: from - now }
        } else if now < until {
            Standing::Valid { left: until - now }
        } else {
            Standing::Expired { since: now - until }
        }
    }

    /// The spelling for programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Standing::Valid { .. } => "valid",
            Standing::NotYet { .. } => "not-yet-valid",
            Standing::Expired { .. } => "expired",
        }
    }

    /// The same for people.
    pub(super) fn text(self) -> String {
        match self {
            Standing::Valid { left } => format!("valid, expires in {}", span(left)),
            Standing::NotYet { ahead } => format!("not valid yet, begins in {}", span(ahead)),
            Standing::Expired { since: 0 } => "expired within this hour".to_owned(),
            Standing::Expired { since } => format!("expired {} ago", span(since)),
        }
    }
}

/// Hours, in days from the second one on.
pub(super) fn span(hours: u64) -> String {
    match hours {
        1 => "1 hour".to_owned(),
        0..48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

/// What a credential and those that renew it have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Lineage {
    schema: String,
    suite: &'static str,
    issuer: String,
    fields: [u8; 32],
}

impl Folder {
    /// Who issued a credential: by the name that a trust list has for the key, so that a key may be
    /// rotated between a credential and its renewal; else the key.
    fn issuer(&self, kept: &Kept) -> String {
        let key = kept.credential.issuer();
        let name = |list: &TrustList| Some(format!("{} {}", list.id(), list.issuer(key)?.issuer));
        self.trust.iter().find_map(name).unwrap_or_else(|| did_key::encode(key))
    }

    fn lineage(&self, kept: &Kept) -> Lineage {
        let (credential, schema) = (&kept.credential, kept.credential.schema());
        let fields = schema.record_to_document(credential.record());
        Lineage {
            schema: schema.name().to_owned(),
            suite: credential.suite().id(),
            issuer: self.issuer(kept),
            // A record checks its values when it is made, so there is always a document.
            fields: fields.map(|fields| Zeroizing::new(fields).digest()).unwrap_or_default(),
        }
    }

    /// The credentials that renew each other, by their places, the newest first: of one schema, issuer
    /// and all the same fields, each of a later validity than the next.
    pub(super) fn renewals(&self) -> Vec<Vec<usize>> {
        let mut lines: BTreeMap<Lineage, Vec<usize>> = BTreeMap::new();
        for (place, kept) in self.credentials.iter().enumerate() {
            lines.entry(self.lineage(kept)).or_default().push(place);
        }
        let mut lines: Vec<Vec<usize>> = lines.into_values().collect();
        for line in &mut lines {
            line.sort_by_key(|place| std::cmp::Reverse(self.newness(*place)));
        }
        // As their first labels stand, whatever the values hash to.
        lines.sort_by_key(|line| line.iter().min().copied());
        lines
    }

    fn newness(&self, place: usize) -> (u32, u32) {
        let validity = self.credentials.get(place).map(|kept| kept.credential.validity());
        validity.map_or((0, 0), |validity| (validity.until(), validity.from()))
    }

    /// For each credential, the newest one that renews it.
    pub(super) fn superseded(&self) -> Vec<Option<usize>> {
        let mut by = vec![None; self.credentials.len()];
        for line in self.renewals() {
            let Some((newest, older)) = line.split_first() else { continue };
            for place in older.iter().filter(|old| self.newness(**old) < self.newness(*newest)) {
                if let Some(by) = by.get_mut(*place) {
                    *by = Some(*newest);
                }
            }
        }
        by
    }

    /// The credentials in the order in which a plan is to take them: of those that renew each other, the
    /// valid ones before the others, and the newest first.
    pub(super) fn in_order(&self, at: Timestamp) -> Vec<&Kept> {
        let mut order = Vec::new();
        for line in self.renewals() {
            let kept = line.iter().filter_map(|place| self.credentials.get(*place));
            let valid = |kept: &&Kept| matches!(kept.standing(at), Standing::Valid { .. });
            let (valid, others): (Vec<&Kept>, Vec<&Kept>) = kept.partition(valid);
            order.extend(valid.into_iter().chain(others));
        }
        order
    }

    /// The name that a trust list of the wallet has for a credential's issuer.
    pub(super) fn issuer_name(&self, kept: &Kept) -> Option<&str> {
        let key = kept.credential.issuer();
        self.trust.iter().find_map(|list| Some(list.issuer(key)?.issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_said_in_hours_and_days() {
        let window = Validity::from_hours(1000, 2000).unwrap();
        for (hour, word, text) in [
            (999, "not-yet-valid", "not valid yet, begins in 1 hour"),
            (900, "not-yet-valid", "not valid yet, begins in 4 days"),
            (1000, "valid", "valid, expires in 41 days"),
            (1952, "valid", "valid, expires in 2 days"),
            (1953, "valid", "valid, expires in 47 hours"),
            (1999, "valid", "valid, expires in 1 hour"),
            (2000, "expired", "expired within this hour"),
            (2001, "expired", "expired 1 hour ago"),
            (2048, "expired", "expired 2 days ago"),
        ] {
            let standing = Standing::of(window, Timestamp::from_hours(hour).unwrap());
            assert_eq!((standing.word(), &standing.text()[..]), (word, text), "hour {hour}");
        }
    }
}
