//! `sigil status`: sorted lists, for those who keep them and those who look something up.

mod change;
mod directory;
mod elements;
mod find;
mod history;
pub(super) mod inspect;
mod publish;
mod verify;

use super::failure::{Complaint, Failure};
use super::files::io_failure;
use super::report::Report;
use crate::bbs::PublicKey;
use crate::did_key;
use crate::document::{Document, Fault};
use crate::status::file::{FileError, ListFile};
use crate::status::register::{Action, RegisterError};
use crate::status::{Elements, ListKey, StatusError};
use clap::Subcommand;
use directory::Directory;
use rayon::ThreadPool;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Keep, publish and read sorted lists.
///
/// A list is a set of status handles, or of values of a field: private revocation, suspension,
/// sanctions lists and allow lists. Its authority keeps a register of what happened when and why,
/// and publishes epochs of it. A holder finds its own entry in an epoch's file and proves by it
/// that it is absent or present, without saying who it is.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a list, with a key of its own.
    ///
    /// Reads nothing but the system's randomness. Writes a new directory of mode 0700 with
    /// list.secret.json (mode 0600: the key that signs epochs), list.register.jsonl (mode 0600:
    /// every event, to be kept for good), list.published (the last epoch whose files were written)
    /// and list.json (public: address, did:key and elements, to be named in policies).
    ///
    /// Keep the directory whole and in one place: two copies of it would publish two lists under
    /// one name.
    #[command(after_help = "\
Examples:
  sigil status init --list https://issuer.example/revoked --elements handle --out revoked
  sigil status init --list https://treasury.example/sanctions --elements code --out sanctions")]
    Init {
        /// The address of the list, an https IRI: its name in policies.
        #[arg(long, value_name = "IRI")]
        list: String,
        /// What it has: handle, or a type as schemas write it, such as uint(32), date or code.
        #[arg(long, value_name = "KIND")]
        elements: String,
        /// The directory to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Revoke credentials, for good.
    ///
    /// Reads the register. Writes one line a handle at its end, all or none; the next epoch has
    /// them. A revoked handle stays revoked; one that is suspended can be revoked.
    #[command(after_help = "\
Examples:
  sigil status revoke --register revoked --credential alice.credential.json --reason superseded
  sigil status revoke --register revoked --handle 17 --handle 4711
  sigil status revoke --register revoked --file handles.txt --reason cessation-of-operation")]
    Revoke(change::Arguments),
    /// Suspend credentials, for a time.
    ///
    /// Reads the register. Writes one line a handle at its end, all or none. In what is published,
    /// the suspended cannot be told from the revoked.
    #[command(after_help = "Example:\n  sigil status suspend --register revoked --handle 17")]
    Suspend(change::Arguments),
    /// Let suspended credentials be valid again.
    ///
    /// Reads the register. Writes one line a handle at its end, all or none. What is revoked cannot
    /// be resumed.
    #[command(after_help = "Example:\n  sigil status resume --register revoked --handle 17")]
    Resume(change::Arguments),
    /// Put values on a list, or handles on a list of admission.
    ///
    /// Reads the register. Writes one line a value at its end, all or none.
    #[command(after_help = "\
Examples:
  sigil status add --register sanctions --value XX
  sigil status add --register sanctions --file codes.txt
  sigil status add --register members --credential alice.credential.json")]
    Add(change::Arguments),
    /// Take off a list what was put on it.
    ///
    /// Reads the register. Writes one line a value at its end, all or none.
    #[command(after_help = "Example:\n  sigil status remove --register sanctions --value XX")]
    Remove(change::Arguments),
    Publish(publish::Arguments),
    Find(find::Arguments),
    Verify(verify::Arguments),
    History(history::Arguments),
}

impl Command {
    pub(super) fn run(&self, quiet: bool) -> Result<Report, Failure> {
        match self {
            Command::Init { list, elements, out } => {
                Directory::init(list, &elements_of(elements)?, out)
            }
            Command::Revoke(arguments) => arguments.run(Action::Revoke),
            Command::Suspend(arguments) => arguments.run(Action::Suspend),
            Command::Resume(arguments) => arguments.run(Action::Resume),
            Command::Add(arguments) => arguments.run(Action::Add),
            Command::Remove(arguments) => arguments.run(Action::Remove),
            Command::Publish(arguments) => arguments.run(quiet),
            Command::Find(arguments) => arguments.run(),
            Command::Verify(arguments) => arguments.run(quiet),
            Command::History(arguments) => arguments.run(),
        }
    }
}

/// Reads `handle`, or a type: its name, or an enumeration as JSON.
fn elements_of(text: &str) -> Result<Elements, Failure> {
    let document = match text.starts_with('{') {
        true => Document::read_json(text.as_bytes(), &crate::document::Bounds::PUBLISHED)?,
        false => Document::text(text),
    };
    let elements = Elements::parse(&crate::document::Cursor::root(&document));
    elements.map_err(|fault| argument(fault, "--elements"))
}

/// A fault in an argument that is a whole document.
fn argument(fault: Fault, name: &str) -> Failure {
    let place = fault.path().replacen('$', name, 1);
    Failure::input(Complaint::from(fault).at(place))
}

/// A did:key as an argument.
pub(super) fn authority(text: &str) -> Result<PublicKey, String> {
    did_key::decode(text).map_err(|error| error.to_string())
}

/// Opens the file of an epoch, of the authority that was named if one was.
pub(super) fn open(
    path: &Path,
    by: Option<&PublicKey>,
) -> Result<ListFile<BufReader<File>>, Failure> {
    let file = File::open(path).map_err(|error| io_failure("read", path, &error))?;
    let file = ListFile::open(BufReader::new(file)).map_err(|error| file_failure(path, &error))?;
    if by.is_some_and(|by| *by != file.head().key().authority) {
        let complaint = Complaint::new("another authority signed it").in_file(path);
        let remedy = "take the list of the authority that the policy names";
        return Err(Failure::refused(complaint.remedy(remedy)));
    }
    Ok(file)
}

/// A list's file that does not hold up: malformed, or with a signature that is none.
pub(super) fn file_failure(path: &Path, error: &FileError) -> Failure {
    let complaint = Complaint::new(error.to_string()).in_file(path);
    match error {
        FileError::Io(error) => io_failure("read", path, error),
        FileError::Signature { .. }
        | FileError::Digest
        | FileError::Head(StatusError::Signature(_))
        | FileError::SmallShard(_) => {
            let remedy = "get the list from its authority; if this is what it published, tell it";
            Failure::refused(complaint.remedy(remedy))
        }
        FileError::OtherShard { wanted, .. } => {
            Failure::input(complaint.remedy(format!("get the file of shard {wanted}")))
        }
        FileError::BeyondBits(_) => {
            Failure::input(complaint.remedy("check the number, and that it is the list meant"))
        }
        FileError::Version(_) => Failure::input(complaint.remedy("use a newer program")),
        _ => Failure::input(complaint.remedy("get the file again from where it is published")),
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        let text = error.to_string();
        // What has to be done stands after the last semicolon.
        let complaint = match text.rsplit_once("; ") {
            Some((problem, remedy)) => Complaint::new(problem).remedy(remedy),
            None => Complaint::new(text),
        };
        match error {
            RegisterError::Transition { .. } | RegisterError::Backwards { .. } => {
                Failure::refused(complaint)
            }
            _ => Failure::input(complaint),
        }
    }
}

impl From<StatusError> for Failure {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Fault(fault) => fault.into(),
            StatusError::Signature(error) => error.into(),
        }
    }
}

/// So many threads; all by default.
fn pool(threads: Option<u16>) -> Result<ThreadPool, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from)).build();
    pool.map_err(|error| {
        Failure::input(Complaint::new(format!("no threads: {error}")).remedy("ask for fewer"))
    })
}

/// Which list it is, as facts.
pub(super) fn describe(report: Report, key: &ListKey) -> Report {
    let elements = match &key.elements {
        Elements::Handle => "handle".to_owned(),
        Elements::Field(of) => of.to_string(),
    };
    report
        .fact("list", key.list.clone())
        .fact("authority", did_key::encode(&key.authority))
        .fact("elements", elements)
}
