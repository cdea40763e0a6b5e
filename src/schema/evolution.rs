//! Evolution: how the credentials of one version of a schema are read by rules written against
//! another, and what a change of the schema means for both.
//!
//! Everything that is said here about two versions comes from one place, [`Reading`]. It takes the
//! schema that rules are written against, the *base*, and the one that a credential was issued
//! under, the *actual* one, in either order of versions, and says for every message of the base
//! which message of the credential it is, or which constant, or why it is neither. The demand on it
//! is a single one: **no field is ever reread with another meaning**. Where two meanings are
//! possible the field is unreadable; nothing is ever guessed.
//!
//! # Which field is which
//!
//! A field stands for its name and for its former names (`aliases`). Inside one schema a name
//! stands for one field, or the schema is refused. Between two schemas, two fields *claim* each
//! other if they have a name in common, present or former. A base field is read from the actual
//! field that it claims if
//!
//! - it claims no other, and no other base field claims that one; and
//! - the present name of one is a name of the other. Two former names in common are history that
//!   neither schema tells whole: reason enough not to take the field for missing, and none to read
//!   it.
//!
//! So a field that changes its name is found by an explicit alias only, an alias of the newer
//! version serves both directions, and these are not read: a field renamed to the name of one that
//! was dropped, two fields merged into one, a name that was handed on. A name that was dropped and
//! comes back *without* any alias, with the same type, can't be told from one that stayed: a
//! schema's author must not reuse names.
//!
//! # Which values are which
//!
//! With v the value, and integers as in [`schema`](super): v for a natural number, 1 + v if
//! optional and present, 0 if absent.
//!
//! | base | actual | read as | because |
//! |---|---|---|---|
//! | T | the same T | itself | one mapping, one meaning |
//! | `uint(n)` | `uint(m)` | itself | the integer is v at any width |
//! | `decimal(s,n)` | `decimal(s,m)` | itself | the integer is v·10^s at any width |
//! | `decimal(s,n)` | `decimal(t,m)` | – | one integer would be two amounts |
//! | `int(n)` | `int(m)` | + 2^(m−1) − 2^(n−1) | v + 2^(m−1) is signed, v + 2^(n−1) meant |
//! | `int(n)` | `int(m)`, either optional | – | absence is 0 in both and does not shift |
//! | `enum` | `enum` | itself | if no code has two names and no name two codes |
//! | required | optional | – | absence would be read as a value |
//! | optional | required | − 1 | always present: 1 + v is meant, v signed |
//! | optional text, bytes | required | itself | the hash of a present value is the same for both |
//! | T | another T | – | |
//!
//! And where the actual schema has no such field: the base's default if it has one, else absence if
//! the field is optional there, else the field is unreadable.
//!
//! The truth of a predicate on facts depends on v (or its absence) alone. As the integer that a
//! rule of the base computes with is, by this table, the one that the base itself would give to the
//! same v, the predicate has the same truth under both, provided that it is computed over the
//! integers: a circuit takes the wider of the two ranges.
//!
//! # Whose data, whose rules
//!
//! [`diff`] gives classes in the words of schema registries. *Backward*: who knows the new version
//! reads what was issued under the old one; *forward*: who knows the old version reads what is
//! issued under the new one. Knowing a version means having its rules; the other schema document is
//! at hand, as the credential's header names it.
//!
//! A class is about *all data*: every value that can be signed under the one has to be a value of
//! the other. A *predicate* asks for less. `uint(8)` read from `uint(16)` is readable, as comparing
//! 300 with 18 needs no type of 8 bits, but 300 is no value of `uint(8)`: a reader that has it
//! revealed has no place for it. So widening is backward only, narrowing forward only, and rules
//! over hidden values hold both ways. [`Reading::covers`] is that difference, and the only one. An
//! enumeration with names added and removed is its extreme: breaking for data, readable for rules.
//!
//! Rules also say what is revealed, and the issuer limits that. A rule that the base's limit lets
//! be written has to be one that the actual limit lets stand:
//! [`Disclosure::admits`](super::Disclosure::admits). A field that its issuer has always revealed
//! stops rules that do not know it: [`Reading::unasked`].
//!
//! Classes do not chain: from v1 to v2 and from v2 to v3 both full, v1 to v3 may be breaking, for
//! example where v3 no longer names the alias that v2 named. Compare with every version whose
//! credentials are still held.

mod change;
mod diff;
mod pairing;
mod reading;

pub use change::{Bump, Change, Class, Kind, Side};
pub use diff::{SchemaDiff, diff};
pub use reading::{Read, Reading, Unreadable, Unrelated};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
