//! Cursors: where a walk through a listing goes on.
//!
//! A walk is of one snapshot. Its first page pins the size of the log, and a registry only grows: the
//! entries below that size are the same for ever, so the pages after it leave nothing out and show
//! nothing twice, whatever is appended meanwhile. The cursor has the size, the order, the last index
//! that was looked at, and a digest of the registry's origin and the filter, so that it goes on with
//! no other walk. It is a place and not a right: nothing in it is secret, and whoever makes one up gets
//! a page that they could have asked for.
//!
//! ```text
//! cursor = version 1 u8 · order u8 · size u64 · last index u64 · digest 16, in base64url
//! ```

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

const VERSION: u8 = 1;
const LEN: usize = 34;
/// Characters of its text.
const TEXT_LEN: usize = 46;
/// Octets of the digest of a walk.
pub(super) const WALK_LEN: usize = 16;

/// In which order entries are listed: that of their indexes, which is that of recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// The oldest first.
    #[default]
    Oldest,
    /// The newest first.
    Newest,
}

/// Why a cursor is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CursorError {
    /// No cursor at all.
    #[error("not a cursor: copy the whole of it, as the page before wrote it")]
    Malformed,
    /// It goes on with a listing of something else.
    #[error("the cursor is of a listing with another filter, or of another registry")]
    OtherFilter,
    /// It goes on in the other direction.
    #[error("the cursor is of a listing in the other order")]
    OtherOrder,
    /// The registry has never been of the size that it names.
    #[error("the cursor names {0} entries, and the registry has no checkpoint of that size")]
    Size(u64),
}

/// Where a walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The size of the log at the first page.
    pub(super) size: u64,
    /// The last index that was looked at.
    pub(super) last: u64,
    /// In which order.
    pub(super) order: Order,
    /// Of which listing, in which registry.
    pub(super) walk: [u8; WALK_LEN],
}

impl Cursor {
    /// How many entries the listing is of.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it goes on with this walk.
    pub(super) fn check(&self, walk: [u8; WALK_LEN], order: Order) -> Result<(), CursorError> {
        match (self.walk == walk, self.order == order) {
            (false, _) => Err(CursorError::OtherFilter),
            (_, false) => Err(CursorError::OtherOrder),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Oldest => 0,
            Order::Newest => 1,
        };
        let parts: [&[u8]; 4] =
            [&[VERSION, order], &self.size.to_be_bytes(), &self.last.to_be_bytes(), &self.walk];
        f.write_str(&URL_SAFE_NO_PAD.encode(parts.concat()))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let read = || {
            let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
            let octets: [u8; LEN] = octets.try_into().ok()?;
            let (head, rest) = octets.split_at(2);
            let (size, rest) = rest.split_at(8);
            let (last, walk) = rest.split_at(8);
            let order = match head {
                [VERSION, 0] => Order::Oldest,
                [VERSION, 1] => Order::Newest,
                _ => return None,
            };
            let size = u64::from_be_bytes(size.try_into().ok()?);
            let last = u64::from_be_bytes(last.try_into().ok()?);
            // An index that the listing cannot have had is no place in it.
            (last < size).then_some(Self { size, last, order, walk: walk.try_into().ok()? })
        };
        let cursor = (text.len() == TEXT_LEN).then(read).flatten();
        cursor.ok_or(CursorError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

    use super::*;

    fn cursor() -> Cursor {
        Cursor { size: 1 << 40, last: 77, order: Order::Newest, walk: [9; WALK_LEN] }
    }

    #[test]
    fn a_cursor_is_read_back() {
        for order in [Order::Oldest, Order::Newest] {
            let cursor = Cursor { order, ..cursor() };
            let text = cursor.to_string();
            assert_eq!(text.len(), TEXT_LEN);
            assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
        }
    }

    #[test]
    fn reject_text_that_is_no_cursor() {
        let text = cursor().to_string();
        let last = Cursor { last: 1 << 40, ..cursor() }.to_string();
        let (short, long, padded) = (&text[1..], format!("{text}A"), format!("{text}=="));
        let other = URL_SAFE_NO_PAD.encode([2; LEN]);
        let order = URL_SAFE_NO_PAD.encode([[1, 2].as_slice(), &[0; LEN - 2]].concat());
        // The unused bits of the last character are nothing that may vary.
        let loose = format!("{}B", &text[..TEXT_LEN - 1]);
        for text in ["", short, &long, &padded, &other, &order, &loose, &last, "é", "?"] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError::Malformed), "{text}");
        }
    }

    #[test]
    fn reject_another_walk() {
        let (cursor, walk) = (cursor(), [9; WALK_LEN]);
        assert_eq!(cursor.check(walk, Order::Newest), Ok(()));
        assert_eq!(cursor.check(walk, Order::Oldest), Err(CursorError::OtherOrder));
        assert_eq!(cursor.check([8; WALK_LEN], Order::Newest), Err(CursorError::OtherFilter));
    }
}
