//! The folder of a wallet.
//!
//! | file | content |
//! |---|---|
//! | `wallet.json` | the format and its version |
//! | `wallet.lock` | empty; locked while a command reads or changes the folder |
//! | `LABEL.credential.json` | a credential, under the holder's own name for it |
//! | `DIGITS.schema.json` | a schema, by the first digits of its identifier |
//! | `LABEL.DIGITS.MESSAGE.entry.json` | the entry of a list that was found for a credential: the list by a hash, then `handle` or the field that was looked up |
//! | `DIGITS.trust.json` | the newest edition of a trust list, by a hash of its name and authority |
//! | `heads.json` | hashes of the heads of lists that were seen, so that a rollback shows |
//!
//! All files have mode 0600, the folder 0700: credentials hold values, entries tell nearly the handle
//! that they were found for, and the rest says whose customer the holder is.
//!
//! No file repeats what another says, and each is replaced in one step. So a run that ends anywhere
//! leaves a wallet that is whole, be it with some of the news only; what it did not finish writing has
//! a name of its own and is removed by the next. Whatever else lies in the folder is named and
//! nothing is done: a file that is passed over in silence could be the credential that is missed.

use super::super::artefacts;
use super::super::failure::{Complaint, Failure, InFile};
use super::super::files::{self, Access, Lock, NewDirectory, io_failure};
use crate::credential::Credential;
use crate::did_key;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::schema::Schema;
use crate::status::chain::{KNOWN_HEADS_LEN, KnownHeads};
use crate::status::{Elements, Entry, ListKey};
use crate::trust::TrustList;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The format of a wallet.
pub(in crate::cli) const FORMAT: &str = "sigil-wallet/1";
/// The file that says that a folder is a wallet.
pub(super) const MARK: &str = "wallet.json";

const LOCK: &str = "wallet.lock";
const HEADS: &str = "heads.json";
const CREDENTIAL: &str = ".credential.json";
const SCHEMA: &str = ".schema.json";
const ENTRY: &str = ".entry.json";
const TRUST: &str = ".trust.json";

/// Most files of a wallet.
const MAX_FILES: usize = 1 << 16;
/// Digits that name what has a hash.
const DIGITS: usize = 16;
/// What an entry is named after that was found for a credential's status handle.
const HANDLE: &str = "handle";

/// A credential of a wallet.
pub(super) struct Kept {
    pub(super) label: String,
    pub(super) credential: Credential,
}

/// Whose entry it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) label: String,
    /// The field that was looked up; none for the status handle.
    pub(super) field: Option<String>,
}

/// A wallet, locked and read: every signature in it holds.
pub(super) struct Folder {
    path: PathBuf,
    _lock: Lock,
    pub(super) schemas: Vec<Schema>,
    /// By label.
    pub(super) credentials: Vec<Kept>,
    pub(super) entries: Vec<Entry>,
    /// Whose each entry is.
    pub(super) found: Vec<Found>,
    pub(super) trust: Vec<TrustList>,
    pub(super) heads: KnownHeads,
}

/// Makes an empty wallet.
pub(super) fn init(path: &Path) -> Result<(), Failure> {
    let directory = NewDirectory::begin(path, Access::Secret)?;
    let mark = Document::object([("format", Document::text(FORMAT))]).canonical() + "\n";
    directory.add(MARK, mark.as_bytes(), Access::Secret)?;
    directory.add(LOCK, b"", Access::Secret)?;
    directory.commit()
}

/// Reads the mark of a wallet.
pub(in crate::cli) fn parse_mark(octets: &[u8]) -> Result<(), Fault> {
    let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
    Cursor::root(&document).fields(&["format"])?.format(FORMAT)
}

/// What the files of a wallet are, by their names; the first that is none of them is refused.
pub(super) struct Names {
    pub(super) credentials: Vec<String>,
    pub(super) schemas: Vec<String>,
    pub(super) entries: Vec<String>,
    pub(super) trust: Vec<String>,
    heads: bool,
    /// What a run that ended left unfinished.
    unfinished: Vec<String>,
}

impl Names {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mark = path.join(MARK);
        if !mark.is_file() {
            let complaint = Complaint::new("not a wallet").in_file(path);
            return Err(Failure::input(complaint.remedy("make one with `sigil wallet init`")));
        }
        let octets = files::read(&mark, 1 << 12)?;
        artefacts::document(&mark, &octets, FORMAT, parse_mark(&octets))?;
        let mut names = Names {
            credentials: Vec::new(),
            schemas: Vec::new(),
            entries: Vec::new(),
            trust: Vec::new(),
            heads: false,
            unfinished: Vec::new(),
        };
        let failed = |error: std::io::Error| io_failure("read", path, &error);
        for (count, file) in fs::read_dir(path).map_err(failed)?.enumerate() {
            let name = file.map_err(failed)?.file_name();
            let name = name.to_str().ok_or_else(|| foreign(path, &name.to_string_lossy()))?;
            if count >= MAX_FILES {
                let complaint = Complaint::new(format!("more than {MAX_FILES} files"));
                let remedy = "make a second wallet";
                return Err(Failure::input(complaint.in_file(path).remedy(remedy)));
            }
            names.sort(path, name)?;
        }
        for of in [&mut names.credentials, &mut names.schemas, &mut names.entries, &mut names.trust]
        {
            of.sort_unstable();
        }
        Ok(names)
    }

    fn sort(&mut self, path: &Path, name: &str) -> Result<(), Failure> {
        let of = |suffix: &str| name.strip_suffix(suffix).map(str::to_owned);
        if name.starts_with('.') && name.ends_with(".tmp") {
            self.unfinished.push(name.to_owned());
        } else if name == HEADS {
            self.heads = true;
        } else if let Some(label) = of(CREDENTIAL).filter(|label| is_label(label)) {
            self.credentials.push(label);
        } else if let Some(digits) = of(SCHEMA) {
            self.schemas.push(digits);
        } else if let Some(found) = of(ENTRY) {
            self.entries.push(found);
        } else if let Some(digits) = of(TRUST) {
            self.trust.push(digits);
        } else if ![MARK, LOCK].contains(&name) {
            return Err(foreign(path, name));
        }
        Ok(())
    }
}

/// Whether a name may be a label: of a safe alphabet without the full stop that ends it.
pub(super) fn is_label(text: &str) -> bool {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(safe)
}

fn foreign(path: &Path, name: &str) -> Failure {
    let complaint = Complaint::new("no file of a wallet, or under another name than its own");
    Failure::input(complaint.in_file(&path.join(name)).remedy("move it out of the wallet"))
}

/// The first digits of the hash of what something is called.
fn digits(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize()).chars().take(DIGITS).collect()
}

fn schema_digits(schema: &Schema) -> String {
    schema.id().to_string().chars().take(DIGITS).collect()
}

fn trust_digits(list: &TrustList) -> String {
    digits(&[list.id(), &list.authority().to_string()])
}

fn entry_name(found: &Found, key: &ListKey) -> String {
    let elements = match &key.elements {
        Elements::Handle => HANDLE.to_owned(),
        Elements::Field(of) => of.to_string(),
    };
    let list = digits(&[&key.list, &did_key::encode(&key.authority), &elements]);
    format!("{}.{list}.{}", found.label, found.field.as_deref().unwrap_or(HANDLE))
}

impl Folder {
    /// Waits for the lock, which is held until this is dropped, and reads all of the wallet.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        // Before the lock, which would be made where there is none.
        Names::read(path)?;
        let lock = Lock::take(&path.join(LOCK))?;
        let names = Names::read(path)?;
        for name in &names.unfinished {
            let path = path.join(name);
            fs::remove_file(&path).map_err(|error| io_failure("remove", &path, &error))?;
        }
        let mut folder = Folder {
            path: path.to_owned(),
            _lock: lock,
            schemas: Vec::new(),
            credentials: Vec::new(),
            entries: Vec::new(),
            found: Vec::new(),
            trust: Vec::new(),
            heads: KnownHeads::new(),
        };
        folder.read(names)?;
        Ok(folder)
    }

    fn read(&mut self, names: Names) -> Result<(), Failure> {
        for name in names.schemas {
            let file = name.clone() + SCHEMA;
            let schema = artefacts::schema(&self.path.join(&file))?;
            self.own(schema_digits(&schema) == name, &file)?;
            self.schemas.push(schema);
        }
        for label in names.credentials {
            let path = self.path.join(label.clone() + CREDENTIAL);
            let credential = artefacts::credential(&path, &self.schemas)?;
            self.credentials.push(Kept { label, credential });
        }
        for name in names.entries {
            let file = name.clone() + ENTRY;
            let parts: Vec<&str> = name.split('.').collect();
            let found = match parts[..] {
                [label, _, message] => Found {
                    label: label.to_owned(),
                    field: (message != HANDLE).then(|| message.to_owned()),
                },
                _ => return Err(foreign(&self.path, &file)),
            };
            let entry = artefacts::entry(&self.path.join(&file))?;
            let found = self.check_found(found, &entry, &file)?;
            self.own(entry_name(&found, entry.key()) == name, &file)?;
            self.entries.push(entry);
            self.found.push(found);
        }
        for name in names.trust {
            let file = name.clone() + TRUST;
            let list = artefacts::trust(&self.path.join(&file))?;
            self.own(trust_digits(&list) == name, &file)?;
            self.trust.push(list);
        }
        if names.heads {
            let path = self.path.join(HEADS);
            let octets = files::read(&path, KNOWN_HEADS_LEN)?;
            self.heads = KnownHeads::parse(&octets).in_file(&path)?;
        }
        Ok(())
    }

    /// An entry speaks of the credential that its name says.
    fn check_found(&self, found: Found, entry: &Entry, file: &str) -> Result<Found, Failure> {
        // A field may be called "handle": a list of handles is none of values.
        let field = match entry.key().elements {
            Elements::Handle => None,
            Elements::Field(_) => Some(found.field.unwrap_or_else(|| HANDLE.to_owned())),
        };
        let found = Found { label: found.label, field };
        let kept = self.credentials.iter().find(|kept| kept.label == found.label);
        let element = kept.and_then(|kept| kept.element(found.field.as_deref(), entry.key()));
        let speaks = |element| entry.shows_absence(element) || entry.shows_presence(element);
        self.own(element.is_some_and(speaks), file)?;
        Ok(found)
    }

    fn own(&self, own: bool, file: &str) -> Result<(), Failure> {
        if own { Ok(()) } else { Err(foreign(&self.path, file)) }
    }

    /// Puts a schema in, unless it is there.
    pub(super) fn put_schema(&mut self, schema: Schema) -> Result<(), Failure> {
        if !self.schemas.contains(&schema) {
            let name = schema_digits(&schema) + SCHEMA;
            self.replace(&name, &schema.to_document())?;
            self.schemas.push(schema);
        }
        Ok(())
    }

    /// Puts a credential in under a label that is free.
    pub(super) fn put_credential(&mut self, kept: Kept) -> Result<(), Failure> {
        let path = self.path.join(kept.label.clone() + CREDENTIAL);
        let mut text = kept.credential.to_json()?;
        text.push('\n');
        files::write_new(&path, text.as_bytes(), Access::Secret)?;
        self.credentials.push(kept);
        Ok(())
    }

    /// Puts an entry in the place of the older one of its list.
    pub(super) fn put_entry(&mut self, found: Found, entry: Entry) -> Result<(), Failure> {
        let name = entry_name(&found, entry.key()) + ENTRY;
        self.replace(&name, &entry.to_document())?;
        let mut held = self.found.iter().zip(&self.entries);
        match held.position(|(old, held)| *old == found && held.key() == entry.key()) {
            Some(place) => {
                if let Some(old) = self.entries.get_mut(place) {
                    *old = entry;
                }
            }
            None => {
                self.found.push(found);
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    /// Puts an edition of a trust list in the place of the older one.
    pub(super) fn put_trust(&mut self, list: TrustList) -> Result<(), Failure> {
        self.replace(&(trust_digits(&list) + TRUST), &list.to_document())?;
        self.trust.retain(|old| trust_digits(old) != trust_digits(&list));
        self.trust.push(list);
        Ok(())
    }

    /// Brings the heads that are known to the disk.
    pub(super) fn put_heads(&self) -> Result<(), Failure> {
        let document = self.heads.to_document();
        // What could not be read again would close the wallet.
        if KnownHeads::parse(document.canonical().as_bytes()).is_err() {
            let complaint = Complaint::new("too many lists for one wallet").in_file(&self.path);
            return Err(Failure::input(complaint.remedy("make a second wallet")));
        }
        self.replace(HEADS, &document)
    }

    fn replace(&self, name: &str, document: &Document) -> Result<(), Failure> {
        let mut text = Zeroizing::new(document.canonical());
        text.push('\n');
        files::replace(&self.path.join(name), text.as_bytes(), Access::Secret)
    }
}
