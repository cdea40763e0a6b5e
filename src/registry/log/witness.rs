//! Witnesses: who cosigns a log's checkpoints, and only such as go on from the last one.
//!
//! A cosignature (`cosignature/v1`) says: as of this time, the largest tree of this log that I have
//! seen, and that goes on from all I saw before, has this size and root. It is Ed25519 over a tag,
//! the time and the checkpoint's text. A witness that kept its word never signs two histories of
//! one log: a log that forks has to show one side of the fork to nobody who asks for that witness.
//!
//! All that a witness has to remember of a log is the last checkpoint that it cosigned, and when.
//! Both are in the cosigned checkpoint itself, which is therefore the text of the state, and which
//! nobody can change unnoticed: [`Witness::parse`] checks the log's signature and its own. What it
//! cannot notice is an older state in its place; to keep the file is the caller's part, as is to
//! hold a lock from reading the state to writing the new one, before the cosignature is given away.
//!
//! The first checkpoint of a log has nothing to go on from: it is trusted on first use, which
//! [`Witness::trust_first`] says by its name. A lost state never means that by itself.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::key::{COSIGNATURE, KeyError, KeyName, LogKey, key_id, parse_vkey, write_vkey};
use super::proof::ConsistencyProof;
use super::tree::{EMPTY_ROOT, Hash};
use crate::authority::{Authority, AuthorityKey, SIGNATURE_LEN};
use crate::transcript;
use crate::value::Timestamp;
use signed_note::Verifier;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Octets of the time in a cosignature.
const TIME_LEN: usize = 8;

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WitnessRefusal {
    /// The text is no checkpoint.
    #[error("no checkpoint: {0}")]
    Malformed(&'static str),
    /// It is of another log than the one that is watched.
    #[error("a checkpoint of `{found}`, not of `{expected}`")]
    OtherOrigin {
        /// The log that is watched.
        expected: KeyName,
        /// The log that it is of.
        found: KeyName,
    },
    /// The log did not sign it.
    #[error("the checkpoint is not signed by `{0}`")]
    NotSigned(KeyName),
    /// Its tree is smaller than the one that was seen.
    #[error("a rollback: a tree of {found} after one of {seen}")]
    Rollback {
        /// Leaves that were seen.
        seen: u64,
        /// Leaves of its tree.
        found: u64,
    },
    /// Two roots of one size, both signed by the log.
    #[error("a fork: another root for the tree of {size} was seen")]
    ForkAtSameSize {
        /// The size that has two roots.
        size: u64,
    },
    /// The proof is of other trees: it would have to lead from what was seen to the checkpoint.
    #[error("the proof leads from {old} to {new}: needed is one from {seen} to {found}")]
    OtherProof {
        /// Where the proof begins.
        old: u64,
        /// Where it ends.
        new: u64,
        /// Leaves that were seen.
        seen: u64,
        /// Leaves of the checkpoint's tree.
        found: u64,
    },
    /// The tree does not go on from the one that was seen, as far as the proof shows.
    #[error("a fork: the tree of {found} does not go on from the tree of {seen} that was seen")]
    Fork {
        /// Leaves that were seen.
        seen: u64,
        /// Leaves of the checkpoint's tree.
        found: u64,
    },
    /// It is earlier than when the last checkpoint was cosigned.
    #[error("the clock went back: it is {now}, and the last cosignature is of {seen}")]
    Clock {
        /// When the last checkpoint was cosigned.
        seen: Timestamp,
        /// The time that it is said to be.
        now: Timestamp,
    },
}

impl From<CheckpointError> for WitnessRefusal {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Malformed(why) => Self::Malformed(why),
            CheckpointError::OtherOrigin { expected, found } => {
                Self::OtherOrigin { expected, found }
            }
            CheckpointError::NotSigned(name) => Self::NotSigned(name),
        }
    }
}

/// A witness by its name and public key. Written as a vkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: KeyName,
    key: Authority,
    id: u32,
}

impl WitnessKey {
    /// The witness of this name and key.
    pub fn new(name: KeyName, key: Authority) -> Self {
        let id = key_id(&name, COSIGNATURE, &key);
        Self { name, key, id }
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Its public key.
    pub fn authority(&self) -> &Authority {
        &self.key
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_vkey(f, &self.name, COSIGNATURE, &self.key)
    }
}

impl FromStr for WitnessKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, key) = parse_vkey(text, COSIGNATURE)?;
        Ok(Self::new(name, key))
    }
}

impl Verifier for WitnessKey {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], cosignature: &[u8]) -> bool {
        let Some((time, signature)) = parts(cosignature) else { return false };
        self.key.verify(&cosigned(time.unix(), message), signature).is_ok()
    }
}

/// The time and the signature of a cosignature.
fn parts(cosignature: &[u8]) -> Option<(Timestamp, &[u8; SIGNATURE_LEN])> {
    let (time, signature) = cosignature.split_first_chunk::<TIME_LEN>()?;
    let time = Timestamp::from_unix(u64::from_be_bytes(*time))?;
    Some((time, signature.try_into().ok()?))
}

/// What a witness signs of a checkpoint.
fn cosigned(time: u64, signed: &[u8]) -> Vec<u8> {
    [transcript::COSIGNATURE, format!("time {time}\n").as_bytes(), signed].concat()
}

/// A witness's name and secret key.
#[derive(Clone, Debug)]
pub struct WitnessSigner {
    name: KeyName,
    key: AuthorityKey,
}

impl WitnessSigner {
    /// The witness of this name and key. The key signs for no other name, since the name is not in
    /// what it signs.
    pub fn new(name: KeyName, key: AuthorityKey) -> Self {
        Self { name, key }
    }

    /// What its cosignatures are checked by.
    pub fn public(&self) -> WitnessKey {
        WitnessKey::new(self.name.clone(), self.key.authority())
    }

    fn cosign(&self, checkpoint: &Checkpoint, now: Timestamp) -> Checkpoint {
        let time = now.unix();
        let signature = self.key.sign(&cosigned(time, checkpoint.signed().as_bytes()));
        let cosignature = [&time.to_be_bytes()[..], &signature[..]].concat();
        checkpoint.with_signature(&self.name, self.public().id, &cosignature)
    }
}

/// Checks a witness's cosignature of a checkpoint, and says when it was made.
///
/// That the log signed it too is not checked: see [`Checkpoint::verify`].
pub fn verify_cosignature(
    checkpoint: &Checkpoint,
    witness: &WitnessKey,
) -> Result<Timestamp, CheckpointError> {
    let cosignature = checkpoint.signature_by(witness.clone(), witness.name())?;
    let not_signed = || CheckpointError::NotSigned(witness.name.clone());
    parts(&cosignature).map(|(time, _)| time).ok_or_else(not_signed)
}

/// What a witness knows of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    log: KeyName,
    seen: Option<Seen>,
}

/// The last checkpoint that a witness cosigned, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    checkpoint: Checkpoint,
    time: Timestamp,
}

impl Witness {
    /// Knows nothing of a log yet: the first checkpoint that the log signed will be taken as it is.
    pub fn trust_first(log: &LogKey) -> Self {
        Self { log: log.origin().clone(), seen: None }
    }

    /// What the witness remembers, from the checkpoint that it cosigned last. Refused unless both
    /// the log and the witness signed it.
    pub fn parse(text: &str, log: &LogKey, witness: &WitnessKey) -> Result<Self, CheckpointError> {
        let checkpoint = Checkpoint::parse(text)?;
        checkpoint.verify(log)?;
        let time = verify_cosignature(&checkpoint, witness)?;
        Ok(Self { log: log.origin().clone(), seen: Some(Seen { checkpoint, time }) })
    }

    /// The checkpoint that it cosigned last, which is the text of this state. None before the first.
    pub fn cosigned(&self) -> Option<&Checkpoint> {
        self.seen.as_ref().map(|seen| &seen.checkpoint)
    }

    /// The log that it watches.
    pub fn log(&self) -> &KeyName {
        &self.log
    }

    /// Leaves of the largest tree that it saw: zero before the first.
    pub fn size(&self) -> u64 {
        self.cosigned().map_or(0, |checkpoint| checkpoint.body().size())
    }

    /// The root of that tree.
    pub fn root(&self) -> Hash {
        self.cosigned().map_or(EMPTY_ROOT, |checkpoint| *checkpoint.body().root())
    }

    /// When it cosigned last.
    pub fn time(&self) -> Option<Timestamp> {
        self.seen.as_ref().map(|seen| seen.time)
    }

    /// Cosigns a checkpoint that goes on from the last one, or the last one again. Keep the new
    /// state before the cosigned checkpoint, which it has, is given to anyone.
    pub fn cosign(
        &self,
        signer: &WitnessSigner,
        log: &LogKey,
        checkpoint: &Checkpoint,
        proof: &ConsistencyProof,
        now: Timestamp,
    ) -> Result<(Self, Checkpoint), WitnessRefusal> {
        if self.log != *log.origin() {
            let (expected, found) = (self.log.clone(), log.origin().clone());
            return Err(WitnessRefusal::OtherOrigin { expected, found });
        }
        let body = checkpoint.verify(log)?;
        let (seen, found) = (self.size(), body.size());
        if found < seen {
            return Err(WitnessRefusal::Rollback { seen, found });
        }
        if found == seen && self.root() != *body.root() {
            return Err(WitnessRefusal::ForkAtSameSize { size: seen });
        }
        let (old, new) = (proof.old_size(), proof.new_size());
        if (old, new) != (seen, found) {
            return Err(WitnessRefusal::OtherProof { old, new, seen, found });
        }
        if proof.check(&self.root(), body.root()).is_err() {
            return Err(WitnessRefusal::Fork { seen, found });
        }
        if let Some(seen) = self.time().filter(|seen| now < *seen) {
            return Err(WitnessRefusal::Clock { seen, now });
        }
        // Whoever fills a checkpoint with lines must not make a state that is too long to read.
        let cosigned = Checkpoint::parse(&signer.cosign(checkpoint, now).to_string())?;
        let seen = Some(Seen { checkpoint: cosigned.clone(), time: now });
        Ok((Self { log: self.log.clone(), seen }, cosigned))
    }
}
