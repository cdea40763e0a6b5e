//! Our side.

use crate::contest::Side;

/// Our entries.
pub fn side() -> Side {
    Side { name: "sigil", entries: vec![] }
}
