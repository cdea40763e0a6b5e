//! Checkpoints: what a log signs of its tree (tlog-checkpoint), as a signed note.
//!
//! The note's text is the log's origin, the tree's size and its root, a line each, and whatever
//! lines the log adds; signatures follow, a line each: the log's, and cosignatures of witnesses.
//! Every line of a checkpoint is kept as it came. What [`Checkpoint::parse`] takes has one spelling,
//! so the same octets come out again; signatures of unknown keys are carried along and mean nothing.

use super::key::{ED25519, KeyName, LogKey, key_id};
use super::tree::{EMPTY_ROOT, Hash, MAX_SIZE, hash_to_text};
use crate::authority::AuthorityKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signed_note::{Note, Signature, Verifier, VerifierList};
use std::fmt;
use thiserror::Error;

/// Octets of the longest checkpoint: room for the signatures of many witnesses.
pub const MAX_CHECKPOINT_LEN: usize = 1 << 17;

/// Why a checkpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The text is no checkpoint.
    #[error("no checkpoint: {0}")]
    Malformed(&'static str),
    /// It is of another log.
    #[error("a checkpoint of `{found}`, not of `{expected}`")]
    OtherOrigin {
        /// The log that was expected.
        expected: KeyName,
        /// The log that it is of.
        found: KeyName,
    },
    /// It has no signature by this key, or one that does not verify.
    #[error("the checkpoint is not signed by `{0}`")]
    NotSigned(KeyName),
}

const NO_TREE: CheckpointError = CheckpointError::Malformed("no tree has this size and root");

/// What a log says of its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointBody {
    origin: KeyName,
    size: u64,
    root: Hash,
}

impl CheckpointBody {
    /// The body of a checkpoint. None if the size is beyond [`MAX_SIZE`], or if it is zero and the
    /// root another than [`EMPTY_ROOT`].
    pub fn new(origin: KeyName, size: u64, root: Hash) -> Option<Self> {
        let sound = size <= MAX_SIZE && (size > 0 || root == EMPTY_ROOT);
        sound.then_some(Self { origin, size, root })
    }

    /// The log.
    pub fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// Leaves of its tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root.
    pub fn root(&self) -> &Hash {
        &self.root
    }
}

impl fmt::Display for CheckpointBody {
    /// The three lines that are signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, hash_to_text(&self.root))
    }
}

/// A checkpoint with its signatures, none of which is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    body: CheckpointBody,
    /// The note's text: the body, and lines that the log added.
    signed: String,
    /// The lines of signatures.
    signatures: String,
}

/// Signs a checkpoint: the tree of `size` leaves has this root. Its text is what `Display` writes.
pub fn sign_checkpoint(
    origin: &KeyName,
    size: u64,
    root: &Hash,
    key: &AuthorityKey,
) -> Result<Checkpoint, CheckpointError> {
    let body = CheckpointBody::new(origin.clone(), size, *root).ok_or(NO_TREE)?;
    let signed = body.to_string();
    let id = key_id(origin, ED25519, &key.authority());
    let signatures = signature_line(origin, id, &key.sign(signed.as_bytes()));
    Ok(Checkpoint { body, signed, signatures })
}

/// A line of a signed note.
pub(super) fn signature_line(name: &KeyName, id: u32, signature: &[u8]) -> String {
    format!("\u{2014} {name} {}\n", STANDARD.encode([&id.to_be_bytes(), signature].concat()))
}

impl Checkpoint {
    /// Reads a checkpoint, in its one spelling.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        if text.len() > MAX_CHECKPOINT_LEN {
            return Err(malformed("it is longer than 131,072 octets"));
        }
        let note = Note::from_bytes(text.as_bytes()).map_err(|_| malformed("no signed note"))?;
        // The text is cut below where the note says.
        if note.to_bytes() != text.as_bytes() {
            return Err(malformed("another spelling of a note"));
        }
        let parsed = tlog_tiles::Checkpoint::from_bytes(note.text());
        let parsed = parsed.map_err(|_| malformed("expected origin, size and root"))?;
        let origin: KeyName =
            parsed.origin().parse().map_err(|_| malformed("the origin is no name"))?;
        let body = CheckpointBody::new(origin, parsed.size(), parsed.hash().0);
        let body = body.ok_or(NO_TREE)?;
        // A blank line parts text and signatures: the library split at the same place.
        let (signed, rest) = text.split_at(note.text().len());
        let signatures = rest.strip_prefix('\n').unwrap_or_default();
        Ok(Self { body, signed: signed.to_owned(), signatures: signatures.to_owned() })
    }

    /// What it says, signed by whom it may.
    pub fn body(&self) -> &CheckpointBody {
        &self.body
    }

    /// The octets that are signed: the body, and lines that the log added.
    pub fn signed(&self) -> &str {
        &self.signed
    }

    /// Names and key ids of the signatures, in their order.
    pub fn signers(&self) -> Vec<(String, u32)> {
        self.lines().map(|line| (line.name().to_owned(), line.id())).collect()
    }

    /// Checks that it is this log's and that the log signed it.
    pub fn verify(&self, log: &LogKey) -> Result<&CheckpointBody, CheckpointError> {
        if self.body.origin != *log.origin() {
            let (expected, found) = (log.origin().clone(), self.body.origin.clone());
            return Err(CheckpointError::OtherOrigin { expected, found });
        }
        self.signature_by(log.clone(), log.origin())?;
        Ok(&self.body)
    }

    /// The signature by a key, checked. As signed-note says, one by this key that does not verify
    /// spoils the note, even beside one that does.
    pub(super) fn signature_by(
        &self,
        key: impl Verifier + 'static,
        name: &KeyName,
    ) -> Result<Vec<u8>, CheckpointError> {
        let not_signed = || CheckpointError::NotSigned(name.clone());
        let lines: Vec<_> = self.lines().collect();
        let note = Note::new(self.signed.as_bytes(), &lines).map_err(|_| not_signed())?;
        let verified = note.verify(&VerifierList::new(vec![Box::new(key)]));
        let (verified, _) = verified.map_err(|_| not_signed())?;
        verified.first().map(|line| line.signature().to_vec()).ok_or_else(not_signed)
    }

    /// The same checkpoint with one more signature, instead of any that this key made before.
    pub(super) fn with_signature(&self, name: &KeyName, id: u32, signature: &[u8]) -> Self {
        let kept = self.lines().filter(|line| line.name() != name.as_str() || line.id() != id);
        let kept = kept.flat_map(|line| line.to_bytes()).collect();
        // Lines of a note are UTF-8, since the note is.
        let mut signatures = String::from_utf8(kept).unwrap_or_default();
        signatures.push_str(&signature_line(name, id, signature));
        Self { signatures, ..self.clone() }
    }

    fn lines(&self) -> impl Iterator<Item = Signature> {
        self.signatures.lines().filter_map(|line| Signature::from_bytes(line.as_bytes()).ok())
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.signed, self.signatures)
    }
}
