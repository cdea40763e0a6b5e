//! `sigil issuer`, and the files of an issuer.
//!
//! | file | content | mode |
//! |---|---|---|
//! | `issuer.secret.json` | signing key, key of the status handles | 0600 |
//! | `issuer.counter` | the next number that a status handle is made of | 0600 |
//! | `issuer.lock` | empty; locked while the counter moves | 0600 |
//! | `issuer.json` | the public key as did:key | 0644 |
//!
//! A number must never be used twice: two credentials would have one status handle. So the counter is
//! advanced, on the disk, before any signature of its numbers leaves, and never goes back. A run that
//! fails after that leaves a gap.

use super::failure::{Complaint, Failure, InFile};
use super::files::{self, Access, Lock, NewDirectory};
use super::report::Report;
use crate::bbs::{PublicKey, SecretKey, Suite};
use crate::credential::{Issuer, StatusHandles};
use crate::did_key;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::schema::{STATUS_HANDLE_BITS, Schema};
use clap::{Subcommand, ValueEnum};
use rand_core::{CryptoRngCore, OsRng};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// The format of the secret file.
pub(super) const SECRET_FORMAT: &str = "sigil-issuer-secret/1";
/// The format of the public file.
pub(super) const PUBLIC_FORMAT: &str = "sigil-issuer/1";

const SECRET: &str = "issuer.secret.json";
const PUBLIC: &str = "issuer.json";
const COUNTER: &str = "issuer.counter";
const LOCK: &str = "issuer.lock";

/// Make issuers.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an issuer's keys.
    ///
    /// Reads nothing but the system's randomness. Writes a new directory of mode 0700 with
    /// issuer.secret.json (mode 0600: the signing key and the key of the status handles),
    /// issuer.counter (the next status handle's number) and issuer.json (the public did:key, to be named
    /// in policies).
    ///
    /// Keep the directory whole and in one place: with a copy of it two machines would give out the
    /// same status handles.
    #[command(after_help = "Example:\n  sigil issuer init --out issuer")]
    Init {
        /// The directory to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The ciphersuite.
        #[arg(long, value_enum, default_value = "sha-256")]
        suite: SuiteName,
    },
}

/// The ciphersuites by their hash.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SuiteName {
    /// BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_.
    #[value(name = "sha-256")]
    Sha256,
    /// BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_.
    #[value(name = "shake-256")]
    Shake256,
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let Command::Init { out, suite } = self;
        let suite = match suite {
            SuiteName::Sha256 => Suite::Sha256,
            SuiteName::Shake256 => Suite::Shake256,
        };
        let secret = IssuerSecret::generate(suite, &mut OsRng);
        let directory = NewDirectory::begin(out, Access::Secret)?;
        directory.add(SECRET, secret.to_json().as_bytes(), Access::Secret)?;
        directory.add(COUNTER, counter_line(0).as_bytes(), Access::Secret)?;
        directory.add(LOCK, b"", Access::Secret)?;
        directory.add(PUBLIC, secret.public_json().as_bytes(), Access::Public)?;
        directory.commit()?;
        let did = did_key::encode(secret.key.public_key());
        Ok(Report::new()
            .line(format!("Issuer made in {}", out.display()))
            .fact("issuer", did)
            .fact("suite", suite.id())
            .row("secret", out.join(SECRET).display())
            .json("directory", out.display().to_string()))
    }
}

/// What an issuer keeps to itself.
pub(super) struct IssuerSecret {
    suite: Suite,
    key: SecretKey,
    handles: StatusHandles,
}

/// A document whose texts are wiped when it is dropped.
pub(super) struct SecretDocument(pub(super) Document);

impl Drop for SecretDocument {
    fn drop(&mut self) {
        if let Document::Object(entries) = &mut self.0 {
            for value in entries.values_mut() {
                if let Document::Text(text) = value {
                    text.zeroize();
                }
            }
        }
    }
}

impl IssuerSecret {
    pub(super) fn generate(suite: Suite, rng: &mut impl CryptoRngCore) -> Self {
        let mut handles = Zeroizing::new([0; 32]);
        rng.fill_bytes(handles.as_mut_slice());
        let handles = StatusHandles::new(*handles);
        IssuerSecret { suite, key: SecretKey::random(rng), handles }
    }

    /// The secret key.
    pub(super) fn key(&self) -> &SecretKey {
        &self.key
    }

    /// The public key.
    pub(super) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// The ciphersuite.
    pub(super) fn suite(&self) -> Suite {
        self.suite
    }

    /// Prepares to sign credentials of a schema.
    pub(super) fn issuer(self, schema: Arc<Schema>) -> Result<Issuer, Failure> {
        Ok(Issuer::new(self.key, self.suite, self.handles, schema)?)
    }

    fn to_json(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(hex::encode(self.key.to_bytes().as_slice()));
        let handles = Zeroizing::new(hex::encode(self.handles.key()));
        let suite = self.suite.id();
        // Hexadecimal digits and the suite's name need no escaping.
        Zeroizing::new(format!(
            "{{\n  \"format\": \"{SECRET_FORMAT}\",\n  \"suite\": \"{suite}\",\n  \
             \"secret_key\": \"{}\",\n  \"status_handle_key\": \"{}\"\n}}\n",
            *key, *handles
        ))
    }

    fn public_json(&self) -> String {
        let document = Document::object([
            ("format", Document::text(PUBLIC_FORMAT)),
            ("issuer", Document::text(did_key::encode(self.public_key()))),
            ("suite", Document::text(self.suite.id())),
        ]);
        document.canonical() + "\n"
    }

    /// Reads the secret of an issuer's directory.
    pub(super) fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(SECRET);
        let octets = files::read(&path, 1 << 12)?;
        Self::parse(&octets).in_file(&path)
    }

    /// Reads the secret file's content.
    pub(super) fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = SecretDocument(Document::read_json(octets, &Bounds::RECORD)?);
        let root = Cursor::root(&document.0);
        let fields = root.fields(&["format", "suite", "secret_key", "status_handle_key"])?;
        fields.format(SECRET_FORMAT)?;
        let suite = read_suite(&fields.required("suite")?)?;
        let octets = |key| {
            let cursor = fields.required(key)?;
            let wrong = || cursor.invalid("not 32 octets", "restore the file from its backup");
            let octets = Zeroizing::new(hex::decode(cursor.text()?).map_err(|_| wrong())?);
            <[u8; 32]>::try_from(octets.as_slice()).map(Zeroizing::new).map_err(|_| wrong())
        };
        let key = SecretKey::from_bytes(octets("secret_key")?.as_slice()).map_err(|_| {
            let remedy = "restore the file from its backup";
            Fault::new(
                "$.secret_key",
                crate::document::Problem::Invalid("not a secret key".to_owned()),
                remedy,
            )
        })?;
        let handles = StatusHandles::new(*octets("status_handle_key")?);
        Ok(IssuerSecret { suite, key, handles })
    }
}

/// A public issuer file: the key and its suite.
pub(super) fn parse_public(octets: &[u8]) -> Result<(PublicKey, Suite), Fault> {
    let document = Document::read_json(octets, &Bounds::RECORD)?;
    let fields = Cursor::root(&document).fields(&["format", "issuer", "suite"])?;
    fields.format(PUBLIC_FORMAT)?;
    let suite = read_suite(&fields.required("suite")?)?;
    let cursor = fields.required("issuer")?;
    let key = did_key::decode(cursor.text()?);
    let key =
        key.map_err(|error| cursor.invalid(error.to_string(), "copy the issuer's did:key"))?;
    Ok((key, suite))
}

fn read_suite(cursor: &Cursor<'_>) -> Result<Suite, Fault> {
    Suite::from_id(cursor.text()?).ok_or_else(|| {
        let known = Suite::ALL.map(Suite::id).join(" or ");
        cursor.invalid("an unknown ciphersuite", format!("write {known}"))
    })
}

fn counter_line(next: u64) -> String {
    format!("{next:013}\n")
}

/// Takes `count` numbers of an issuer's directory for good, before anything is signed with them.
pub(super) fn reserve(directory: &Path, count: usize) -> Result<Range<u64>, Failure> {
    let _lock = Lock::take(&directory.join(LOCK))?;
    let path = directory.join(COUNTER);
    let damaged = |problem: &str| {
        let remedy = "restore it, or begin a new issuer: a number used twice identifies holders";
        Failure::input(Complaint::new(problem).in_file(&path).remedy(remedy))
    };
    // The remedy for other files that are not there, to make one, would begin again from zero.
    if path.symlink_metadata().is_err() {
        return Err(damaged("the counter cannot be found"));
    }
    let text = files::read_text(&path, 64)?;
    let digits =
        text.strip_suffix('\n').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let next: u64 =
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| damaged("not a counter"))?;
    let end = next.checked_add(count as u64).filter(|end| *end <= 1 << STATUS_HANDLE_BITS);
    let end = end.ok_or_else(|| {
        let complaint = Complaint::new("fewer status handles are left than credentials asked for");
        Failure::input(complaint.in_file(&path).remedy("begin a new issuer"))
    })?;
    files::replace(&path, counter_line(end).as_bytes(), Access::Secret)?;
    Ok(next..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("sigil-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn secret_file_round_trips_and_faults_have_paths() {
        let secret = IssuerSecret::generate(Suite::Shake256, &mut ChaCha20Rng::from_seed([1; 32]));
        let text = secret.to_json();
        let back = IssuerSecret::parse(text.as_bytes()).unwrap();
        assert_eq!(back.to_json(), text);
        let (key, suite) = parse_public(secret.public_json().as_bytes()).unwrap();
        assert_eq!((&key, suite), (secret.public_key(), Suite::Shake256));
        let key = hex::encode(secret.key.to_bytes().as_slice());
        for (wrong, path) in [
            (text.replace(&key, &key[2..]), "$.secret_key"),
            (text.replace(&key, &"0".repeat(64)), "$.secret_key"),
            (text.replace(&key, &"f".repeat(64)), "$.secret_key"),
            (text.replace("SHAKE", "SHARK"), "$.suite"),
            (text.replace("secret/1", "secret/2"), "$.format"),
        ] {
            let fault = IssuerSecret::parse(wrong.as_bytes()).err().unwrap();
            assert_eq!(fault.path(), path);
            assert!(!fault.to_string().contains(&key[..8]), "{fault}");
        }
    }

    #[test]
    fn numbers_are_given_out_once_between_threads() {
        let directory = directory("counter");
        files::write_new(&directory.join(COUNTER), b"0000000000005\n", Access::Secret).unwrap();
        let mut all: Vec<u64> = std::thread::scope(|scope| {
            let take = || (0..5).flat_map(|_| reserve(&directory, 3).unwrap()).collect::<Vec<_>>();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort_unstable();
        assert_eq!(all, (5..125).collect::<Vec<u64>>());
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn reject_counters_that_are_damaged_or_spent() {
        let directory = directory("damaged");
        let path = directory.join(COUNTER);
        let missing = reserve(&directory, 1).expect_err("no counter: never from zero again");
        assert!(missing.to_string().contains("restore it, or begin a new issuer"), "{missing}");
        for text in ["", "\n", "12", "x\n", "-1\n", "+1\n", "99999999999999999999999\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(reserve(&directory, 1).is_err(), "{text:?}");
        }
        std::fs::write(&path, counter_line((1 << 40) - 2)).unwrap();
        assert!(reserve(&directory, 3).is_err());
        assert_eq!(reserve(&directory, 2).unwrap(), (1 << 40) - 2..1 << 40);
        assert!(reserve(&directory, 1).is_err());
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
