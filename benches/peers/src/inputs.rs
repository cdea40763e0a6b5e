//! What every side is given: the same sixteen messages, the same disclosed half, the same header
//! and nonce, and the same threshold.

use blake2::{Blake2b, Digest, digest::consts::U48};

type Blake2b384 = Blake2b<U48>;

/// Messages in a credential.
pub const MESSAGES: usize = 16;

/// Indexes that are revealed: every second one, so that the hidden eight are not one block.
pub const DISCLOSED: [usize; 8] = [0, 2, 4, 6, 8, 10, 12, 14];

/// The hidden message that the bound is about.
pub const BOUNDED: usize = 5;

/// Its value, and the threshold that it reaches.
pub const VALUE: u64 = 52_340_117_882;
/// The threshold.
pub const THRESHOLD: u64 = 41_000_000_000;

/// Validity, in whole hours since 1970: from, now, until.
pub const HOURS: [u32; 3] = [480_000, 490_000, 500_000];

/// Bound to the signature.
pub const HEADER: &[u8] = b"sigil peers: credential header";

/// Bound to the proof: the verifier's nonce.
pub const PRESENTATION_HEADER: &[u8] = b"sigil peers: nonce 7c1f5d22a90b4e63";

/// The messages as octet strings of 32 octets each.
pub fn octets() -> Vec<Vec<u8>> {
    (0..MESSAGES).map(|i| format!("message {i:02}, padded to 32 octets").into_bytes()).collect()
}

/// The disclosed messages, in order.
pub fn disclosed_octets() -> Vec<Vec<u8>> {
    let all = octets();
    DISCLOSED.iter().map(|&i| all[i].clone()).collect()
}

/// The messages as scalars for those who take nothing else: 48 octets hashed from each message, to
/// be reduced by whoever has the field. Small integers would flatter a multiplication by them.
pub fn wide_octets() -> Vec<[u8; 48]> {
    octets().iter().map(|message| Blake2b384::digest(message).into()).collect()
}
