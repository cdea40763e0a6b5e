//! Hybrid storage: payloads of attestations in a folder or in an S3-compatible bucket.
//!
//! An attestation that is too large for the registry, or too private, keeps its payload elsewhere
//! and signs its digest and length ([`crate::registry::payload`]). A place is a folder
//! (`file:///srv/payloads` or a plain path) or a prefix of a bucket (`s3://bucket/prefix`). A
//! payload has one name in it, that of its SHA-256:
//!
//! ```text
//! <location>/sha256/ab/cd/abcd…          64 hexadecimal digits; the two levels keep folders small
//! ```
//!
//! and its URI is exactly that text. A URI is compared with this form, never resolved: there are no
//! dots, no escapes and no other bucket to get out by. In a folder each step of the name must be
//! what it seems, a folder or a file; a symbolic link is refused, and so is a pipe, at which a
//! reader would wait for ever. (Between that look and the opening there is a moment; but whoever
//! can use it can write into the folder anyway, and what is read still has to have the digest.)
//!
//! # Three answers, and none
//!
//! A place answers that the payload is there, missing or altered ([`PayloadState`]): each is a
//! reason of a verdict. Everything else is no answer but an error, since a network that is down
//! says nothing about a payload. So a folder that has gone is [`PayloadError::Unreachable`], and a
//! bucket counts as asked only if it says `NoSuchKey`: any other 404 (no such bucket, a proxy's
//! page) is an error.
//!
//! # Writing
//!
//! Written is what is not there yet: the object is made under the condition that there is none
//! (`If-None-Match: *`, or a hard link in a folder), after a look that also serves stores that
//! ignore the condition. What is there already must be the payload, or the writing is refused:
//! nothing is ever overwritten. In a folder a payload is on the disk when [`Payloads::put`]
//! returns. `object_store` 0.14 does that only with `with_fsync(true)`, for the file before it gets
//! its name and for the folders that it makes itself; it does not for a file or folder that another
//! writer has just made and not yet synchronised. So every `put` ends by synchronising the file and
//! the folders from it up to the location.
//!
//! # Bounds
//!
//! Payloads have at most [`MAX_PAYLOAD`] octets; one octet more than the payload's length is the
//! most that is hashed or kept of any answer. A connection takes at most 3 s, a pause within an
//! answer 5 s, a request 20 s; it is made again at most twice, within 5 s after the first.
//!
//! Libraries: `object_store` 0.14 (features `fs` and, for our feature `s3`, `aws`). The tests start
//! an S3 server of their own, from the crates `s3s` 0.14 and `s3s-fs` 0.14, over `hyper-util` 0.1.
//! Every function needs a tokio runtime with I/O and time enabled.

mod place;
#[cfg(feature = "s3")]
mod s3;

use crate::registry::payload::{MAX_PAYLOAD, Measure, PayloadState};
use futures_util::StreamExt;
use object_store::{
    GetOptions, GetResultPayload, ObjectStore, PutMode, PutOptions, PutPayload, path::Path as Key,
};
use place::Place;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The options of a bucket, named as the environment names them; any case, and `AWS_` may be left
/// out. A key and its secret are required, or `AWS_SKIP_SIGNATURE=true` for a bucket that is
/// public.
pub const OPTIONS: [&str; 9] = [
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_SKIP_SIGNATURE",
];

/// Octets read from a file at a time.
const PART: usize = 1 << 16;
/// How often a write is tried while others write, or take away, the same payload.
const ATTEMPTS: usize = 4;

/// Why a place of payloads could not be opened, or gave no answer.
#[derive(Debug, Error)]
pub enum PayloadError {
    /// The text names no place.
    #[error("{location} is no place for payloads: {problem}")]
    Location {
        /// The text.
        location: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An option of a place.
    #[error("the option {name}: {problem}")]
    Option {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The URI is of no payload of this place.
    #[error("{uri} is no payload of {location}: name the place that it is in")]
    Outside {
        /// The URI.
        uri: String,
        /// The place.
        location: String,
    },
    /// A step of a payload's name in a folder is a link, or neither a file nor a folder.
    #[error("{path} is not what a payload's name leads over: remove what was put there")]
    Foreign {
        /// The step.
        path: PathBuf,
    },
    /// The payload is longer than is kept.
    #[error("a payload of {octets} octets is more than {MAX_PAYLOAD}")]
    TooLarge {
        /// Its length.
        octets: u64,
    },
    /// Another object has the payload's name.
    #[error("{uri} is there already and altered: it is not overwritten; remove or restore it")]
    Occupied {
        /// The payload's URI.
        uri: String,
    },
    /// The place does not let these credentials in.
    #[error("{location} refuses access: {cause}")]
    Denied {
        /// The place.
        location: String,
        /// What it says.
        cause: String,
    },
    /// The place could not be asked, or could not do it. This says nothing about the payload.
    #[error("{location} could not be read or written: {cause}")]
    Unreachable {
        /// The place.
        location: String,
        /// What happened.
        cause: String,
    },
}

/// What went wrong with a library or a server, as one short line.
fn cause(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

/// The name of a payload in its place.
fn name(digest: &str) -> Option<String> {
    Some(format!("sha256/{}/{}/{digest}", digest.get(..2)?, digest.get(2..4)?))
}

/// One place for payloads. `Debug` shows where it is, and no credentials.
#[derive(Clone)]
pub struct Payloads(std::sync::Arc<Place>);

impl Payloads {
    /// Opens `file:///folder`, the path of a folder, or `s3://bucket/prefix`; [`OPTIONS`] are for
    /// buckets only, and nothing is read from the environment here but the proxies of HTTP.
    ///
    /// A folder must exist. A bucket is not asked for anything yet. Plain HTTP is spoken only to an
    /// endpoint that begins with `http://`.
    ///
    /// # Errors
    /// [`PayloadError::Location`] and [`PayloadError::Option`].
    pub fn open(location: &str, options: &[(String, String)]) -> Result<Self, PayloadError> {
        Place::open(location, options).map(|place| Self(std::sync::Arc::new(place)))
    }

    /// Where it is, in its one spelling.
    pub fn location(&self) -> &str {
        &self.0.location
    }

    /// Stores a payload, unless it is there already, and gives its URI.
    ///
    /// # Errors
    /// [`PayloadError::Occupied`] if something else has its name; errors of the place.
    pub async fn put(&self, octets: &[u8]) -> Result<String, PayloadError> {
        let len = octets.len() as u64;
        bounded(len)?;
        let digest: [u8; 32] = Sha256::digest(octets).into();
        // 64 digits have the parts that a name is made of.
        let name = name(&hex::encode(digest)).unwrap_or_default();
        let uri = format!("{}/{name}", self.0.location);
        let payload = PutPayload::from(octets.to_vec());
        for _ in 0..ATTEMPTS {
            match self.fetch(&name, &digest, len, None).await? {
                PayloadState::Present => return self.settle(name).await.map(|()| uri),
                PayloadState::Altered { .. } => return Err(PayloadError::Occupied { uri }),
                PayloadState::Missing => {}
            }
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            match self.0.store.put_opts(&self.key(&name), payload.clone(), options).await {
                Ok(_) => return self.settle(name).await.map(|()| uri),
                // Somebody was faster; what it is that they wrote is looked at again.
                Err(object_store::Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Err(self.unreachable("others write and remove the same payload"))
    }

    /// The payload of this URI, digest and length, or what is there instead of it.
    ///
    /// # Errors
    /// [`PayloadError::Outside`] if the URI is not of this place; errors of the place.
    pub async fn read(
        &self,
        uri: &str,
        digest: &[u8; 32],
        len: u64,
    ) -> Result<Result<Vec<u8>, PayloadState>, PayloadError> {
        bounded(len)?;
        let mut octets = Vec::new();
        let state = self.fetch(self.named(uri)?, digest, len, Some(&mut octets)).await?;
        Ok(match state {
            PayloadState::Present => Ok(octets),
            state => Err(state),
        })
    }

    /// What is at this URI, where a payload of this digest and length should be.
    ///
    /// # Errors
    /// As [`Payloads::read`].
    pub async fn state(
        &self,
        uri: &str,
        digest: &[u8; 32],
        len: u64,
    ) -> Result<PayloadState, PayloadError> {
        bounded(len)?;
        self.fetch(self.named(uri)?, digest, len, None).await
    }

    /// The name of a URI of this place.
    fn named<'a>(&self, uri: &'a str) -> Result<&'a str, PayloadError> {
        let found = uri.strip_prefix(self.location()).and_then(|rest| rest.strip_prefix('/'));
        let sound = |found: &&str| {
            let digest = found.rsplit('/').next().unwrap_or_default();
            let digits = digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            digest.len() == 64 && digits && name(digest).as_deref() == Some(*found)
        };
        found.filter(sound).ok_or_else(|| PayloadError::Outside {
            uri: uri.chars().take(512).collect(),
            location: self.location().to_owned(),
        })
    }

    fn key(&self, name: &str) -> Key {
        Key::from(format!("{}{name}", self.0.prefix))
    }

    /// Reads what has a name, and keeps it if there is something to keep it in.
    async fn fetch(
        &self,
        name: &str,
        digest: &[u8; 32],
        len: u64,
        mut kept: Option<&mut Vec<u8>>,
    ) -> Result<PayloadState, PayloadError> {
        if let Some(root) = self.0.root.clone() {
            let name = name.to_owned();
            self.blocking(move || inspect(&root, &name)).await??;
        }
        let found = match self.0.store.get_opts(&self.key(name), GetOptions::default()).await {
            Ok(found) => found,
            Err(error) if self.says_missing(&error) => return Ok(PayloadState::Missing),
            Err(error) => return Err(self.failed(&error)),
        };
        let mut measure = Measure::new(len);
        match found.payload {
            GetResultPayload::File(file, _) => {
                let keep = kept.is_some();
                let read = self.blocking(move || read_file(&file, measure, keep)).await?;
                let (read, octets) = read.map_err(|error| self.unreachable(&cause(&error)))?;
                measure = read;
                if let Some(kept) = kept {
                    *kept = octets;
                }
            }
            GetResultPayload::Stream(mut parts) => {
                while measure.wanted() > 0 {
                    let Some(part) = parts.next().await else { break };
                    let part = part.map_err(|error| self.failed(&error))?;
                    let taken = measure.take(&part);
                    if let Some(kept) = kept.as_deref_mut() {
                        kept.extend_from_slice(taken);
                    }
                }
            }
        }
        Ok(measure.state(digest))
    }

    /// Whether the place itself says that there is no such object.
    fn says_missing(&self, error: &object_store::Error) -> bool {
        let object_store::Error::NotFound { source, .. } = error else { return false };
        self.0.root.is_some() || source.to_string().contains("<Code>NoSuchKey</Code>")
    }

    /// Has the disk keep a payload and the names that lead to it.
    async fn settle(&self, name: String) -> Result<(), PayloadError> {
        let Some(root) = self.0.root.clone() else { return Ok(()) };
        let synced = self.blocking(move || settle(&root, &name)).await?;
        synced.map_err(|error| self.unreachable(&cause(&error)))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PayloadError> {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| self.unreachable(&cause(&error)))
    }

    fn unreachable(&self, cause: &str) -> PayloadError {
        PayloadError::Unreachable { location: self.location().to_owned(), cause: cause.to_owned() }
    }

    fn failed(&self, error: &object_store::Error) -> PayloadError {
        use object_store::Error::{PermissionDenied, Unauthenticated};
        let (location, cause) = (self.location().to_owned(), cause(error));
        match error {
            PermissionDenied { .. } | Unauthenticated { .. } => {
                PayloadError::Denied { location, cause }
            }
            _ => PayloadError::Unreachable { location, cause },
        }
    }
}

impl fmt::Debug for Payloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payloads({})", self.location())
    }
}

fn bounded(octets: u64) -> Result<(), PayloadError> {
    if octets > MAX_PAYLOAD { Err(PayloadError::TooLarge { octets }) } else { Ok(()) }
}

/// Checks that the folder is there, and that nothing on the way of a name is other than it seems.
fn inspect(root: &Path, name: &str) -> Result<(), PayloadError> {
    let unreachable = |path: &Path, error: io::Error| PayloadError::Unreachable {
        location: path.display().to_string(),
        cause: error.to_string(),
    };
    let mut path = root.to_owned();
    let found = root.symlink_metadata().map_err(|error| unreachable(&path, error))?;
    if !found.is_dir() {
        return Err(PayloadError::Foreign { path });
    }
    let mut steps = name.split('/').peekable();
    while let Some(step) = steps.next() {
        path.push(step);
        let found = match path.symlink_metadata() {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreachable(&path, error)),
        };
        let sound = if steps.peek().is_some() { found.is_dir() } else { found.is_file() };
        if !sound {
            return Err(PayloadError::Foreign { path });
        }
    }
    Ok(())
}

fn read_file(file: &File, mut measure: Measure, keep: bool) -> io::Result<(Measure, Vec<u8>)> {
    let (mut part, mut kept) = (vec![0; PART], Vec::new());
    let mut file = file.take(measure.wanted());
    loop {
        let count = match file.read(&mut part) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let taken = measure.take(part.get(..count).unwrap_or_default());
        if taken.is_empty() {
            return Ok((measure, kept));
        }
        if keep {
            kept.extend_from_slice(taken);
        }
    }
}

/// Synchronises the file, then the folders from the one that it is in up to the root.
fn settle(root: &Path, name: &str) -> io::Result<()> {
    let path = root.join(name);
    for step in path.ancestors().take_while(|step| step.starts_with(root)) {
        File::open(step)?.sync_all()?;
    }
    Ok(())
}
