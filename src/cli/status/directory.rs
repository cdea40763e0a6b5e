//! The directory of a list's authority.
//!
//! | file | content | mode |
//! |---|---|---|
//! | `list.secret.json` | the key that signs epochs | 0600 |
//! | `list.register.jsonl` | the register: every event | 0600 |
//! | `list.lock` | empty; locked while any of this changes | 0600 |
//! | `list.published` | how many epochs have been written whole | 0600 |
//! | `list.json` | address, did:key and elements | 0644 |
//! | `epoch-N.head.json` | the signed head of each epoch | 0644 |
//!
//! There must never be two heads under one number. So a head is on the disk under its name, which
//! can be taken once only, before anything of its epoch leaves the directory; and a run that ended
//! before `list.published` counted its epoch is completed, with that very head, before there is
//! another.

use super::super::failure::{Complaint, Failure, InFile};
use super::super::files::{self, Access, Lock, NewDirectory, io_failure};
use super::super::issuer::SecretDocument;
use super::super::report::Report;
use super::super::time;
use super::argument;
use super::elements::named;
use crate::bbs::SecretKey;
use crate::did_key;
use crate::document::{Bounds, Cursor, Document, Fault, address};
use crate::status::register::{Event, Register, RegisterError};
use crate::status::{Elements, ListKey, SignedHead};
use crate::value::Timestamp;
use rand_core::OsRng;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// The format of the secret file.
pub(super) const SECRET_FORMAT: &str = "sigil-list-secret/1";
/// The format of the public file.
pub(super) const PUBLIC_FORMAT: &str = "sigil-list/1";

const SECRET: &str = "list.secret.json";
const PUBLIC: &str = "list.json";
const REGISTER: &str = "list.register.jsonl";
const PUBLISHED: &str = "list.published";
const LOCK: &str = "list.lock";

/// Most octets of a register: some twenty million events.
const MAX_REGISTER: usize = 1 << 31;

/// An authority's directory, locked.
pub(super) struct Directory {
    path: PathBuf,
    _lock: Lock,
    pub(super) register: Register,
    /// The newest head, whether its epoch was written whole or not.
    pub(super) newest: Option<SignedHead>,
    /// How many epochs were written whole.
    published: u64,
}

/// The file of an epoch's head, in the directory and where it is published.
pub(super) fn head_name(epoch: u64) -> String {
    format!("epoch-{epoch}.head.json")
}

impl Directory {
    pub(super) fn init(list: &str, elements: &Elements, out: &Path) -> Result<Report, Failure> {
        let name = Document::text(list);
        let list = address(&Cursor::root(&name));
        let list = list.map_err(|fault| argument(fault, "--list"))?;
        let key = SecretKey::random(&mut OsRng);
        let list = ListKey { list, authority: *key.public_key(), elements: elements.clone() };
        let directory = NewDirectory::begin(out, Access::Secret)?;
        let secret = Zeroizing::new(hex::encode(key.to_bytes().as_slice()));
        // Hexadecimal digits need no escaping.
        let secret = Zeroizing::new(format!(
            "{{\n  \"format\": \"{SECRET_FORMAT}\",\n  \"secret_key\": \"{}\"\n}}\n",
            *secret
        ));
        let public = Document::object([
            ("format", Document::text(PUBLIC_FORMAT)),
            ("list", Document::text(&list.list)),
            ("authority", Document::Text(did_key::encode(&list.authority))),
            ("elements", elements_document(&list.elements)),
        ]);
        let register = Register::new(list);
        directory.add(SECRET, secret.as_bytes(), Access::Secret)?;
        directory.add(REGISTER, register.heading().as_bytes(), Access::Secret)?;
        directory.add(PUBLISHED, b"0\n", Access::Secret)?;
        directory.add(LOCK, b"", Access::Secret)?;
        directory.add(PUBLIC, (public.canonical() + "\n").as_bytes(), Access::Public)?;
        directory.commit()?;
        let report = Report::new().line(format!("List made in {}", out.display()));
        let report = super::describe(report, register.key());
        Ok(report
            .row("secret", out.join(SECRET).display())
            .json("directory", out.display().to_string()))
    }

    /// Waits for the lock, which is held until this is dropped, and reads the register.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let register_path = path.join(REGISTER);
        if !register_path.is_file() {
            let complaint = Complaint::new("not the directory of a list").in_file(path);
            return Err(Failure::input(complaint.remedy("make one with `sigil status init`")));
        }
        let lock = Lock::take(&path.join(LOCK))?;
        let octets = files::read(&register_path, MAX_REGISTER)?;
        let register = Register::parse(&octets).in_file(&register_path)?;
        let published = read_published(&path.join(PUBLISHED))?;
        let mut directory =
            Directory { path: path.to_owned(), _lock: lock, register, newest: None, published };
        // The head of the next epoch, if a run ended after it was signed.
        directory.newest = match directory.head(published)? {
            Some(begun) => Some(begun),
            None => published.checked_sub(1).map(|last| directory.expect(last)).transpose()?,
        };
        Ok(directory)
    }

    /// The head of an epoch that was signed but not written whole.
    pub(super) fn begun(&self) -> Option<&SignedHead> {
        self.newest.as_ref().filter(|head| head.stamp().epoch == self.published)
    }

    /// How many heads there are.
    pub(super) fn epochs(&self) -> u64 {
        self.newest.as_ref().map_or(0, |head| head.stamp().epoch + 1)
    }

    /// The head of an epoch that must be there.
    pub(super) fn expect(&self, epoch: u64) -> Result<SignedHead, Failure> {
        self.head(epoch)?.ok_or_else(|| {
            let path = self.path.join(head_name(epoch));
            let complaint = Complaint::new("the head of a published epoch is missing");
            Failure::input(complaint.in_file(&path).remedy("restore it from where it is published"))
        })
    }

    fn head(&self, epoch: u64) -> Result<Option<SignedHead>, Failure> {
        let path = self.path.join(head_name(epoch));
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let head = SignedHead::parse(&files::read(&path, Bounds::PUBLISHED.octets)?);
        let head = head.in_file(&path)?;
        match head.key() == self.register.key() && head.stamp().epoch == epoch {
            true => Ok(Some(head)),
            false => {
                let complaint = Complaint::new("the head of another list or epoch");
                Err(Failure::input(complaint.in_file(&path).remedy("restore it from its backup")))
            }
        }
    }

    /// The key that signs.
    pub(super) fn secret(&self) -> Result<SecretKey, Failure> {
        let path = self.path.join(SECRET);
        let key = parse_secret(&files::read(&path, 1 << 12)?).in_file(&path)?;
        if *key.public_key() != self.register.key().authority {
            let complaint = Complaint::new("not the key of this list").in_file(&path);
            return Err(Failure::input(complaint.remedy("restore it from its backup")));
        }
        Ok(key)
    }

    /// The time of what happens now: that which was said, or the clock's. It has to be after the
    /// newest epoch, so that what an epoch has follows from its time.
    pub(super) fn time(&self, said: Option<Timestamp>) -> Result<Timestamp, Failure> {
        let last = self.newest.as_ref().map(|head| head.stamp().issued_at);
        let mut now = said.map_or_else(time::now, Ok)?;
        if said.is_none() && last == Some(now) {
            // Of the same second: the next one is near.
            std::thread::sleep(Duration::from_millis(1050));
            now = time::now()?;
        }
        match last {
            Some(last) if now <= last => {
                let problem = format!("{now} is not after {last}, when the last epoch was issued");
                let complaint = Complaint::new(problem).in_file(&self.path);
                Err(Failure::refused(complaint.remedy("set the clock, or name a later time")))
            }
            _ => Ok(now),
        }
    }

    /// What to say of a time well ahead of the clock: nothing can be recorded before it any more.
    pub(super) fn ahead(at: Timestamp) -> Option<String> {
        let now = time::now().ok()?;
        let ahead = at.unix() > now.unix().saturating_add(86_400);
        ahead.then(|| {
            format!(
                "note: {at} is ahead of the clock; until then this list takes no event and no epoch"
            )
        })
    }

    /// Records events: all, or none. Returns when they are on the disk.
    pub(super) fn record(&mut self, events: &[Event]) -> Result<(), Failure> {
        let path = self.path.join(REGISTER);
        let mut refused = Vec::new();
        for event in events {
            match self.register.record(*event) {
                Ok(()) => {}
                Err(RegisterError::Transition { element, action, state }) => {
                    let element = named(element, &self.register.key().elements);
                    let problem = format!("cannot {action} {element}: it is {state}");
                    let remedy = format!("{}; nothing was recorded", state.remedy(action));
                    refused.push(Complaint::new(problem).remedy(remedy).in_file(&path));
                }
                Err(error) => return Err(Failure::from(error).in_file(&path)),
            }
        }
        if !refused.is_empty() {
            return Err(Failure::refusals(refused));
        }
        let lines: String = events.iter().map(Event::line).collect();
        let failed = |error: std::io::Error| io_failure("write", &path, &error);
        let mut file = OpenOptions::new().append(true).open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| {
            // What was not written whole was not recorded.
            let _ = file.set_len(length);
            failed(error)
        })
    }

    /// Puts a head on the disk, under a number that no other head can have then.
    pub(super) fn keep(&mut self, head: &SignedHead) -> Result<(), Failure> {
        let text = head.to_document().canonical() + "\n";
        let path = self.path.join(head_name(head.stamp().epoch));
        files::write_new(&path, text.as_bytes(), Access::Public)?;
        self.newest = Some(head.clone());
        Ok(())
    }

    /// Counts the newest epoch as written whole.
    pub(super) fn count_published(&mut self) -> Result<(), Failure> {
        self.published = self.epochs();
        let text = format!("{}\n", self.published);
        files::replace(&self.path.join(PUBLISHED), text.as_bytes(), Access::Secret)
    }
}

fn elements_document(elements: &Elements) -> Document {
    match elements {
        Elements::Handle => Document::text("handle"),
        Elements::Field(of) => of.to_document(),
    }
}

fn read_published(path: &Path) -> Result<u64, Failure> {
    let text = files::read_text(path, 64)?;
    let digits = text.strip_suffix('\n').filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        let complaint = Complaint::new("not a number of epochs").in_file(path);
        Failure::input(complaint.remedy("write how many epochs have been published"))
    })
}

/// Reads the secret file's content.
pub(super) fn parse_secret(octets: &[u8]) -> Result<SecretKey, Fault> {
    let document = SecretDocument(Document::read_json(octets, &Bounds::RECORD)?);
    let fields = Cursor::root(&document.0).fields(&["format", "secret_key"])?;
    fields.format(SECRET_FORMAT)?;
    let cursor = fields.required("secret_key")?;
    let octets = hex::decode(cursor.text()?).ok().map(Zeroizing::new);
    let key = octets.and_then(|octets| SecretKey::from_bytes(&octets).ok());
    key.ok_or_else(|| cursor.invalid("not a secret key", "restore the file from its backup"))
}

/// Reads the public file's content.
pub(super) fn parse_public(octets: &[u8]) -> Result<ListKey, Fault> {
    let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
    let fields = Cursor::root(&document).fields(&["format", "list", "authority", "elements"])?;
    fields.format(PUBLIC_FORMAT)?;
    let authority = fields.required("authority")?;
    Ok(ListKey {
        list: address(&fields.required("list")?)?,
        authority: did_key::decode(authority.text()?)
            .map_err(|error| authority.invalid(error.to_string(), "copy the did:key whole"))?,
        elements: Elements::parse(&fields.required("elements")?)?,
    })
}
