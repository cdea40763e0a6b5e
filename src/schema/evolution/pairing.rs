//! Which field of one schema is which of another.

use super::Unreadable;
use crate::schema::{Field, Schema};
use std::collections::{BTreeSet, HashMap};

/// Two schemas and the names, present and former, that stand for their fields. The relation is
/// symmetric, so that both directions of reading agree on it.
pub(super) struct Pairing<'s> {
    base: Names<'s>,
    actual: Names<'s>,
}

/// A schema's fields with the position that each name stands for.
struct Names<'s> {
    fields: &'s [Field],
    positions: HashMap<&'s str, usize>,
}

impl<'s> Names<'s> {
    fn new(schema: &'s Schema) -> Self {
        let fields = schema.fields();
        let each = fields.iter().enumerate();
        let positions = each.flat_map(|(i, field)| field.names().map(move |name| (name, i)));
        Self { positions: positions.collect(), fields }
    }

    /// The fields here that have a name in common with a field of the other schema.
    fn claimed_by(&self, field: &Field) -> BTreeSet<usize> {
        field.names().filter_map(|name| self.positions.get(name).copied()).collect()
    }

    fn list(&self, positions: &BTreeSet<usize>) -> Vec<String> {
        let named = positions.iter().filter_map(|position| self.fields.get(*position));
        named.map(|field| field.name().to_owned()).collect()
    }
}

impl<'s> Pairing<'s> {
    pub(super) fn new(base: &'s Schema, actual: &'s Schema) -> Self {
        Self { base: Names::new(base), actual: Names::new(actual) }
    }

    /// The position and the field that a base field is in the actual schema, if it has one there.
    pub(super) fn partner(&self, field: &Field) -> Result<Option<(usize, &'s Field)>, Unreadable> {
        let there = self.actual.claimed_by(field);
        let Some(position) = there.first().copied() else { return Ok(None) };
        let Some(actual) = self.actual.fields.get(position) else { return Ok(None) };
        let name = || field.name().to_owned();
        if there.len() > 1 {
            return Err(Unreadable::Split { field: name(), others: self.actual.list(&there) });
        }
        let here = self.base.claimed_by(actual);
        if here.len() > 1 {
            let others = self.base.list(&here);
            return Err(Unreadable::Merged { field: name(), into: actual.name().into(), others });
        }
        let named = field.names().any(|name| name == actual.name())
            || actual.names().any(|name| name == field.name());
        if !named {
            return Err(Unreadable::FormerOnly { field: name(), other: actual.name().into() });
        }
        Ok(Some((position, actual)))
    }
}
