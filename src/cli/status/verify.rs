//! `sigil status verify`.

use super::super::failure::{Complaint, Failure, InFile};
use super::super::files::{self, Access, Lock};
use super::super::progress;
use super::super::report::Report;
use super::{authority, describe, file_failure, open, pool};
use crate::bbs::PublicKey;
use crate::status::SignedHead;
use crate::status::chain::{KNOWN_HEADS_LEN, KnownHeads, check_chain};
use clap::Args;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Verify all of a list's file: every signature, the order and digest of its elements.
///
/// Reads the file of an epoch, or of one of its shards. With --previous, heads of the epochs before
/// it, oldest first: each has to follow the one before, and the file the last. With --known, a file
/// of all heads that were ever verified with it: an epoch below the newest, or another head under a
/// known number, is refused as a rollback or a fork, whenever that was.
///
/// Writes nothing but --known: the head that was verified is added.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil status verify public/epoch-7.list --known known-heads.json
  sigil status verify public/epoch-7.list --previous epoch-5.head.json \\
      --previous epoch-6.head.json")]
pub(in crate::cli) struct Arguments {
    /// The file of an epoch, or of one of its shards.
    file: PathBuf,
    /// The head of an earlier epoch; again for several, oldest first.
    #[arg(long, value_name = "FILE")]
    previous: Vec<PathBuf>,
    /// The heads that were verified before; made if it is not there.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// The authority whose list it has to be.
    #[arg(long, value_name = "DID", value_parser = authority)]
    authority: Option<PublicKey>,
    /// Threads to verify with; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Arguments {
    pub(super) fn run(&self, quiet: bool) -> Result<Report, Failure> {
        let mut file = open(&self.file, self.authority.as_ref())?;
        let head = file.head().clone();
        self.check_previous(&head)?;
        let start = Instant::now();
        let entries = file.entries();
        let bar = progress::bar(quiet, "verifying", usize::try_from(entries).unwrap_or(0));
        let watch = |done| {
            bar.set_position(done);
            ControlFlow::Continue(())
        };
        let verified = pool(self.threads)?.install(|| file.verify(&watch));
        bar.finish_and_clear();
        verified.map_err(|error| file_failure(&self.file, &error))?;
        let seconds = start.elapsed().as_secs_f64();
        if let Some(known) = &self.known {
            self.admit(known, &head)?;
        }
        let what = match file.only_shard() {
            Some(shard) => format!("Shard {shard} of {} holds", file.shards()),
            None => "The list holds".to_owned(),
        };
        let stamp = head.stamp();
        Ok(describe(Report::new().line(what), head.key())
            .fact("epoch", stamp.epoch)
            .fact("on the list", head.count())
            .fact("entries", entries)
            .fact("shards", file.shards())
            .fact("issued at", stamp.issued_at.to_string())
            .fact("next update", stamp.next_update.to_string())
            .fact("head", head.hash().to_string())
            .row("verifying", format!("{seconds:.3} s"))
            .json("seconds_verifying", seconds)
            .json("shard", file.only_shard())
            .json("previous", self.previous.len()))
    }

    /// Whether the heads follow each other, and this one them.
    fn check_previous(&self, head: &SignedHead) -> Result<(), Failure> {
        let read =
            |path: &PathBuf| SignedHead::parse(&files::read(path, KNOWN_HEADS_LEN)?).in_file(path);
        let mut heads: Vec<SignedHead> =
            self.previous.iter().map(read).collect::<Result<_, Failure>>()?;
        heads.push(head.clone());
        check_chain(&heads).map_err(|(place, broken)| {
            let path = self.previous.get(place).unwrap_or(&self.file);
            broken_chain(path, &broken.to_string())
        })
    }

    fn admit(&self, path: &Path, head: &SignedHead) -> Result<(), Failure> {
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let _lock = Lock::take(Path::new(&lock))?;
        let mut known = match path.symlink_metadata() {
            Ok(_) => KnownHeads::parse(&files::read(path, KNOWN_HEADS_LEN)?).in_file(path)?,
            Err(_) => KnownHeads::new(),
        };
        let admitted = known.admit_head(head);
        admitted.map_err(|broken| broken_chain(&self.file, &broken.to_string()))?;
        files::replace(path, (known.to_document().canonical() + "\n").as_bytes(), Access::Public)
    }
}

fn broken_chain(path: &Path, problem: &str) -> Failure {
    let remedy = "take the newest list from where everybody does; a fork or rollback is the \
                  authority's to explain";
    Failure::refused(Complaint::new(problem).in_file(path).remedy(remedy))
}
