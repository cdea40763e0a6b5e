//! `sigil status publish`.

use super::super::failure::{Complaint, Failure};
use super::super::files::{self, Access, NewDirectory, NewFile, io_failure};
use super::super::report::Report;
use super::super::{progress, time};
use super::directory::{Directory, head_name};
use super::{describe, file_failure, open, pool};
use crate::bbs::SecretKey;
use crate::status::SignedHead;
use crate::status::file::{PublishError, seal, write};
use crate::value::Timestamp;
use clap::Args;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Publish an epoch of a list: sign what it has now.
///
/// Reads the directory of the list. The head of the epoch is signed and kept there for good before
/// anything else is: a run that was interrupted is completed by the next one, with the same head,
/// and there are never two heads under one number.
///
/// Writes into the directory --out, which is made if it is not there: epoch-N.list with every
/// signed entry, epoch-N.head.json, with --shards epoch-N.shards with a file for each shard, and at
/// last head.json, which is the newest head. Files of earlier epochs are left; nobody needs their
/// entries once they are older than policies accept, but heads show that epochs follow each other.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil status publish --register revoked --out public
  sigil status publish --register revoked --out public --next-update 1 --shards --threads 2")]
pub(in crate::cli) struct Arguments {
    /// The directory of the list, as `status init` made it.
    #[arg(long, value_name = "DIR")]
    register: PathBuf,
    /// The directory that is published.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Hours until there will be another epoch.
    #[arg(long, value_name = "HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u32).range(1..=87_600))]
    next_update: u32,
    /// Write a file for each shard too, for holders that do not want all of the list.
    #[arg(long)]
    shards: bool,
    /// The time of issue; now by default. Never before the last event, and after the last epoch.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    time: Option<Timestamp>,
    /// Threads to sign with; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Arguments {
    pub(super) fn run(&self, quiet: bool) -> Result<Report, Failure> {
        let mut directory = Directory::open(&self.register)?;
        let key = directory.secret()?;
        std::fs::create_dir_all(&self.out)
            .map_err(|error| io_failure("make", &self.out, &error))?;
        let completed = directory.begun().is_some();
        let head = match directory.begun() {
            Some(head) => head.clone(),
            None => self.begin(&mut directory, &key)?,
        };
        let start = Instant::now();
        let list = self.out.join(format!("epoch-{}.list", head.stamp().epoch));
        match list.symlink_metadata() {
            // The run that was interrupted had come so far, or somebody else's file is there.
            Ok(_) => self.check_there(&list, &head)?,
            Err(_) => pool(self.threads)?
                .install(|| self.write_list(&directory, &key, &head, &list, quiet))?,
        }
        let seconds = start.elapsed().as_secs_f64();
        let shards = self.hand_out(&list, &head)?;
        directory.count_published()?;
        let octets = list.metadata().map_err(|error| io_failure("read", &list, &error))?.len();
        let verb = if completed { "Completed" } else { "Published" };
        let ahead = Directory::ahead(head.stamp().issued_at);
        let report = ahead.into_iter().fold(Report::new(), Report::line);
        let mut report = report.line(format!("{verb} epoch {}", head.stamp().epoch));
        // What happened after the head of an interrupted run is in no epoch yet.
        let events = directory.register.events();
        let pending = events.iter().filter(|event| event.at > head.stamp().issued_at).count();
        if pending > 0 {
            let text = format!("It is without what was recorded since, {pending}: publish again");
            report = report.line(text);
        }
        Ok(describe(report, head.key())
            .fact("epoch", head.stamp().epoch)
            .fact("on the list", head.count())
            .fact("issued at", head.stamp().issued_at.to_string())
            .fact("next update", head.stamp().next_update.to_string())
            .fact("head", head.hash().to_string())
            .fact("shards", shards)
            .fact("octets", octets)
            .row("signing", format!("{seconds:.3} s"))
            .json("seconds_signing", seconds)
            .json("completed", completed)
            .json("pending", pending)
            .json("file", list.display().to_string()))
    }

    /// Signs the head of a new epoch, and keeps it.
    fn begin(&self, directory: &mut Directory, key: &SecretKey) -> Result<SignedHead, Failure> {
        let time = directory.time(self.time)?;
        if let Some(last) = directory.register.events().last().filter(|last| last.at > time) {
            let problem = format!("{time} is before {}, the time of the last event", last.at);
            let complaint = Complaint::new(problem).in_file(&self.register);
            return Err(Failure::refused(complaint.remedy("set the clock, or name a later time")));
        }
        let next = Timestamp::from_unix(time.unix() + 3600 * u64::from(self.next_update));
        let next = next.ok_or_else(|| Failure::input(Complaint::new("beyond the year 9999")))?;
        let members = directory.register.members_at(time);
        let list = directory.register.key();
        let head = seal(key, list, directory.newest.as_ref(), [time, next], &members);
        let head = head.map_err(|error| failure(&self.register, error))?;
        directory.keep(&head)?;
        Ok(head)
    }

    fn write_list(
        &self,
        directory: &Directory,
        key: &SecretKey,
        head: &SignedHead,
        path: &Path,
        quiet: bool,
    ) -> Result<(), Failure> {
        let members = directory.register.members_at(head.stamp().issued_at);
        let bar = progress::bar(quiet, "signing", members.len() + 1);
        let watch = |done| {
            bar.set_position(done);
            ControlFlow::Continue(())
        };
        let mut file = NewFile::begin(path, Access::Public)?;
        if let Some(out) = file.writer() {
            write(key, head, &members, out, &watch).map_err(|error| failure(path, error))?;
        }
        bar.finish_and_clear();
        file.commit()
    }

    /// A file that is there already has to be that of this epoch, whole.
    fn check_there(&self, path: &Path, head: &SignedHead) -> Result<(), Failure> {
        let mut file = open(path, None)?;
        if file.head().hash() != head.hash() {
            let complaint = Complaint::new("the file of another list or epoch is in its place");
            return Err(Failure::input(complaint.in_file(path).remedy("publish elsewhere")));
        }
        (0..file.shards())
            .try_for_each(|shard| file.check_shard(shard))
            .map_err(|error| file_failure(path, &error))
    }

    /// Writes the shards and the heads; says how many shards there are.
    fn hand_out(&self, list: &Path, head: &SignedHead) -> Result<u32, Failure> {
        let mut file = open(list, None)?;
        let epoch = head.stamp().epoch;
        let shards = self.out.join(format!("epoch-{epoch}.shards"));
        if self.shards && shards.symlink_metadata().is_err() {
            let directory = NewDirectory::begin(&shards, Access::Public)?;
            for shard in 0..file.shards() {
                let mut octets = Vec::new();
                let written = file.write_shard(shard, &mut octets);
                written.map_err(|error| file_failure(list, &error))?;
                directory.add(&format!("{shard}.list"), &octets, Access::Public)?;
            }
            directory.commit()?;
        }
        let text = head.to_document().canonical() + "\n";
        let own = self.out.join(head_name(epoch));
        files::replace(&own, text.as_bytes(), Access::Public)?;
        files::replace(&self.out.join("head.json"), text.as_bytes(), Access::Public)?;
        Ok(file.shards())
    }
}

fn failure(path: &Path, error: PublishError) -> Failure {
    match error {
        PublishError::Io(error) => io_failure("write", path, &error),
        PublishError::OtherElements => {
            let complaint = Complaint::new("the register contradicts the head of its last epoch");
            let remedy = "restore the register from its backup: events were taken out or put in";
            Failure::input(complaint.in_file(path).remedy(remedy))
        }
        PublishError::Chain(_) | PublishError::Signature(_) => {
            Failure::refused(Complaint::new(error.to_string()).in_file(path))
        }
        _ => Failure::input(Complaint::new(error.to_string()).in_file(path)),
    }
}
