//! `sigil wallet refresh`: the newest entries of lists, and editions of trust lists.
//!
//! Files that cannot be read as what they should be are named before anything is changed. After that,
//! what is refused (a fork, a rollback, a shard that does not hold) is named and left out, and the
//! rest is refreshed: one authority's trouble is no reason to rest on old epochs of the others.

use super::super::failure::{Complaint, Failure};
use super::super::report::Report;
use super::super::status::{authority, open};
use super::super::{Exit, artefacts};
use super::folder::{Folder, Found};
use super::list::is_present;
use crate::bbs::PublicKey;
use crate::policy::Presence;
use crate::status::file::{FileError, ListFile};
use crate::status::{Elements, Entry, ListKey};
use crate::trust::{ChainBreak, SigningWindow, TrustList, TrustRefusal};
use clap::Args;
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Take over what is new in lists and trust lists.
///
/// For each credential, its status handle (or the value of each field of the list's type) is looked up
/// in each list's file, or in the file of the shard that has it; the entry's signature is verified, and
/// it takes the place of the one of an older epoch. An epoch that does not follow what the wallet has seen
/// of the list, a fork or a rollback, is named and refused, and so is such an edition of a trust list.
/// Whoever serves the files learns from a shard nearly which handle it is for, from a whole list nothing.
///
/// Credentials that are revoked or suspended are named, and those whose issuer's key no longer counts by
/// a trust list. One that another one renews may be; else the exit code is 1, and the rest is refreshed.
///
/// Reads the wallet, files of lists and trust lists. Writes entries, heads and trust lists into the
/// wallet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil wallet refresh --wallet wallet --list public/epoch-7.list --trust kyc.trust.json
  sigil wallet refresh --wallet wallet --list 12.list --list 40.list --only person-1
  sigil wallet refresh --wallet wallet --admission members.list")]
pub(in crate::cli) struct Arguments {
    /// The wallet.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// The file of an epoch of a list, or of one of its shards; repeat it for others.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["admission", "trust"])]
    list: Vec<PathBuf>,
    /// The same, of a list that credentials have to be on; repeat it for others.
    #[arg(long, value_name = "FILE")]
    admission: Vec<PathBuf>,
    /// A signed trust list; repeat it for others.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// The label of a credential to refresh; all by default, repeat it for others.
    #[arg(long, value_name = "LABEL")]
    only: Vec<String>,
    /// The authority whose lists they have to be.
    #[arg(long, value_name = "DID", value_parser = authority)]
    authority: Option<PublicKey>,
}

/// The file of a list.
struct Source {
    path: PathBuf,
    file: ListFile<BufReader<File>>,
    /// Where handles should stand.
    expected: Presence,
}

/// What was found for one credential in one list.
struct Looked {
    found: Found,
    key: ListKey,
    epoch: u64,
    present: bool,
    /// Whether it was on the list in the epoch before.
    was_present: bool,
    /// Whether it does not stand where it should.
    against: bool,
}

/// All that a refresh has to say.
#[derive(Default)]
struct News {
    lists: Vec<(ListKey, u64, String)>,
    looked: Vec<Looked>,
    /// Labels, with the list and the shard that they need.
    missing: Vec<(String, String, u32)>,
    /// Files, and why they were refused.
    refused: Vec<(PathBuf, String)>,
    trust: Vec<(String, u64)>,
    /// Labels, with the trust list that no longer counts them.
    untrusted: Vec<(String, String, TrustRefusal)>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let mut sources = self.sources()?;
        let trust = artefacts::trusts(&self.trust)?;
        let mut folder = Folder::open(&self.wallet)?;
        self.check_labels(&folder)?;
        let mut news = News::default();
        admit(&mut folder, &mut sources, &mut news)?;
        let labels: Vec<String> =
            folder.credentials.iter().map(|kept| kept.label.clone()).collect();
        let mut done: Vec<(ListKey, u64)> = Vec::new();
        for source in &sources {
            let head = source.file.head();
            let list = (head.key().clone(), head.stamp().epoch);
            if !done.contains(&list) {
                news.lists.push((list.0.clone(), list.1, head.hash().to_string()));
                done.push(list);
            }
        }
        for (key, _) in done {
            for label in labels.iter().filter(|label| self.is_meant(label)) {
                look_up(&mut folder, &mut sources, (label, &key), &mut news)?;
            }
        }
        for (path, list) in self.trust.iter().zip(trust) {
            admit_edition(&mut folder, path, list, &mut news)?;
        }
        judge(&folder, &mut news);
        Ok(report(&folder, &news))
    }

    fn is_meant(&self, label: &String) -> bool {
        self.only.is_empty() || self.only.contains(label)
    }

    fn sources(&self) -> Result<Vec<Source>, Failure> {
        let lists = self.list.iter().map(|path| (path, Presence::Absent));
        let lists = lists.chain(self.admission.iter().map(|path| (path, Presence::Present)));
        let source = |(path, expected): (&PathBuf, Presence)| {
            let file = open(path, self.authority.as_ref())?;
            Ok(Source { path: path.clone(), file, expected })
        };
        lists.map(source).collect()
    }

    fn check_labels(&self, folder: &Folder) -> Result<(), Failure> {
        let known = |label: &&String| folder.credentials.iter().any(|kept| kept.label == **label);
        match self.only.iter().find(|label| !known(label)) {
            None => Ok(()),
            Some(label) => {
                let complaint = Complaint::new(format!("no credential is called {label}"));
                let remedy = "see `sigil wallet list`";
                Err(Failure::input(complaint.in_file(&self.wallet).remedy(remedy)))
            }
        }
    }
}

/// Keeps the files of each list's newest epoch, if it follows what is known of the list. Its head is on
/// the disk before any entry of it is.
fn admit(folder: &mut Folder, sources: &mut Vec<Source>, news: &mut News) -> Result<(), Failure> {
    // In order, so that an epoch which comes along with its successor is no rollback.
    sources.sort_by_key(|source| source.file.head().stamp().epoch);
    let before = folder.heads.clone();
    sources.retain(|source| match folder.heads.admit_head(source.file.head()) {
        Ok(()) => true,
        Err(broken) => {
            news.refused.push((source.path.clone(), broken.to_string()));
            false
        }
    });
    sources.retain(|source| {
        let head = source.file.head();
        folder.heads.newest(head.key()) == Some(head.stamp().epoch)
    });
    if folder.heads == before { Ok(()) } else { folder.put_heads() }
}

/// Looks up all that a list can be asked for of a credential.
fn look_up(
    folder: &mut Folder,
    sources: &mut [Source],
    (label, key): (&String, &ListKey),
    news: &mut News,
) -> Result<(), Failure> {
    let Some(kept) = folder.credentials.iter().find(|kept| kept.label == *label) else {
        return Ok(());
    };
    let subjects = kept.subjects(&key.elements).into_iter();
    let elements: Vec<(Option<String>, u64)> = subjects
        .filter_map(|field| Some((field.clone(), kept.element(field.as_deref(), key)?)))
        .collect();
    for (field, element) in elements {
        let found = Found { label: label.clone(), field };
        let Some((entry, expected)) = find(sources, key, element, &found, news) else { continue };
        let present = entry.shows_presence(element);
        let against = match (&key.elements, expected) {
            (Elements::Handle, Presence::Absent) => present,
            (Elements::Handle, Presence::Present) => !present,
            (Elements::Field(_), _) => false,
        };
        let (epoch, key) = (entry.stamp().epoch, key.clone());
        let was_present = was_present(folder, &found, &key, epoch);
        folder.put_entry(found.clone(), entry)?;
        news.looked.push(Looked { found, key, epoch, present, was_present, against });
    }
    Ok(())
}

/// Whether the entry of an older epoch shows it on the list.
fn was_present(folder: &Folder, found: &Found, key: &ListKey, epoch: u64) -> bool {
    let mut held = folder.found.iter().zip(&folder.entries);
    let old = held.find(|(old, entry)| *old == found && entry.key() == key);
    let kept = folder.credentials.iter().find(|kept| kept.label == found.label);
    let older = old.filter(|(_, entry)| entry.stamp().epoch < epoch);
    kept.zip(older).is_some_and(|(kept, (_, entry))| is_present(kept, found, entry))
}

/// The entry for an element, from whichever file of the list has it.
fn find(
    sources: &mut [Source],
    key: &ListKey,
    element: u64,
    found: &Found,
    news: &mut News,
) -> Option<(Entry, Presence)> {
    let mut missing = None;
    for source in sources.iter_mut().filter(|source| source.file.head().key() == key) {
        match source.file.find(element) {
            Ok(entry) => return Some((entry, source.expected)),
            Err(FileError::OtherShard { wanted, .. }) => missing = Some(wanted),
            Err(error) => {
                let problem = error.to_string();
                if !news.refused.iter().any(|(path, _)| *path == source.path) {
                    news.refused.push((source.path.clone(), problem));
                }
            }
        }
    }
    if let Some(shard) = missing {
        news.missing.push((found.label.clone(), key.list.clone(), shard));
    }
    None
}

/// Takes an edition of a trust list, if it follows the one at hand; editions may be left out.
fn admit_edition(
    folder: &mut Folder,
    path: &Path,
    list: TrustList,
    news: &mut News,
) -> Result<(), Failure> {
    let own = |old: &&TrustList| old.id() == list.id() && old.authority() == list.authority();
    match folder.trust.iter().find(own).map_or(Ok(true), |old| follows(&list, old)) {
        Err(broken) => news.refused.push((path.to_owned(), broken.to_string())),
        Ok(new) => {
            news.trust.push((list.id().to_owned(), list.sequence()));
            if new {
                folder.put_trust(list)?;
            }
        }
    }
    Ok(())
}

/// Whether an edition is newer than another that it may come after; false if it is the same.
fn follows(new: &TrustList, old: &TrustList) -> Result<bool, ChainBreak> {
    let (found, last) = (new.sequence(), old.sequence());
    if new.hash() == old.hash() {
        return Ok(false);
    }
    if found <= last.saturating_add(1) {
        return new.follows(old).map(|()| true);
    }
    if new.issued_at() < old.issued_at() { Err(ChainBreak::Earlier) } else { Ok(true) }
}

/// Finds the credentials of keys that are listed for their schema and do not count.
fn judge(folder: &Folder, news: &mut News) {
    for kept in &folder.credentials {
        let (key, schema) = (kept.credential.issuer(), kept.credential.schema().id());
        let begins = kept.credential.validity().from();
        let Some(own) = SigningWindow::new(begins, begins + 1) else { continue };
        for list in &folder.trust {
            match list.judge(key, schema, own) {
                Ok(_) | Err(TrustRefusal::Unlisted | TrustRefusal::Schema) => {}
                Err(refusal) => {
                    news.untrusted.push((kept.label.clone(), list.id().to_owned(), refusal));
                }
            }
        }
    }
}

fn report(folder: &Folder, news: &News) -> Report {
    let superseded = folder.superseded();
    let renewed = |label: &str| {
        let mut all = folder.credentials.iter().zip(&superseded);
        let by = all.find(|(kept, _)| kept.label == label).and_then(|(_, by)| *by);
        by.and_then(|by| folder.credentials.get(by)).map(|kept| kept.label.as_str())
    };
    let mut report = Report::new().line("Refreshed:");
    let mut lists: Vec<Value> = Vec::new();
    for (key, epoch, head) in &news.lists {
        report = report.row(&key.list, format!("epoch {epoch}"));
        lists.push(json!({ "list": key.list, "epoch": epoch, "head": head }));
    }
    for (id, sequence) in &news.trust {
        report = report.row(id, format!("edition {sequence}"));
        lists.push(json!({ "trust_list": id, "sequence": sequence }));
    }
    if lists.is_empty() {
        report = report.line("  nothing");
    }
    if !(news.looked.is_empty() && news.untrusted.is_empty() && news.missing.is_empty()) {
        report = report.line("Credentials:");
    }
    let mut refused = !news.refused.is_empty();
    let mut credentials: Vec<Value> = Vec::new();
    for looked in &news.looked {
        let by = renewed(&looked.found.label);
        refused |= looked.against && by.is_none();
        report = report.row(&looked.found.label, looked.text(by));
        credentials.push(looked.to_json(by));
    }
    let mut untrusted: Vec<Value> = Vec::new();
    for (label, list, refusal) in &news.untrusted {
        refused |= renewed(label).is_none();
        report = report.row(label, format!("NOT counted by {list}: {refusal}"));
        untrusted.push(json!({ "label": label, "trust_list": list, "reason": refusal.word() }));
    }
    let mut missing: Vec<Value> = Vec::new();
    for (label, list, shard) in &news.missing {
        report = report.row(label, format!("not refreshed: get shard {shard} of {list}"));
        missing.push(json!({ "label": label, "list": list, "shard": shard }));
    }
    let mut files: Vec<Value> = Vec::new();
    for (path, problem) in &news.refused {
        report = report.line(format!("Refused: {}: {problem}", path.display()));
        files.push(json!({ "file": path.display().to_string(), "problem": problem }));
    }
    report
        .json("lists", lists)
        .json("credentials", credentials)
        .json("untrusted", untrusted)
        .json("missing", missing)
        .json("refused", files)
        .exiting(if refused { Exit::Refused } else { Exit::Done })
}

impl Looked {
    fn word(&self) -> &'static str {
        match (&self.key.elements, self.present) {
            (Elements::Handle, true) if self.against => "revoked-or-suspended",
            (Elements::Handle, false) if self.against => "not-admitted",
            (_, true) => "present",
            (_, false) => "absent",
        }
    }

    fn text(&self, by: Option<&str>) -> String {
        let (epoch, list) = (self.epoch, &self.key.list);
        let field = self.found.field.as_ref().map(|field| format!("{field} ")).unwrap_or_default();
        let text = match self.word() {
            "revoked-or-suspended" => format!("REVOKED or suspended in epoch {epoch} of {list}"),
            "not-admitted" => format!("NOT admitted in epoch {epoch} of {list}"),
            _ if self.was_present && !self.present => {
                format!("{field}absent in epoch {epoch} of {list}: no longer on it")
            }
            word => format!("{field}{word} in epoch {epoch} of {list}"),
        };
        match by {
            Some(by) => format!("{text}; {by} renews it"),
            None => text,
        }
    }

    fn to_json(&self, by: Option<&str>) -> Value {
        json!({
            "label": self.found.label, "field": self.found.field, "list": self.key.list,
            "epoch": self.epoch, "standing": self.word(), "was_present": self.was_present,
            "superseded_by": by,
        })
    }
}
