//! What lists, their parts, and wallets are, for people.

use super::super::failure::Failure;
use super::super::files::io_failure;
use super::super::report::Report;
use super::super::status::{self, describe};
use super::super::wallet::Names;
use crate::status::chain::KnownHeads;
use crate::status::file::MAGIC;
use crate::status::{Head, UnverifiedEntry};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A list's file, by how it begins; none if it is something else.
pub(super) fn list_file(path: &Path) -> Result<Option<Report>, Failure> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|error| io_failure("read", path, &error))?;
    let read = file.take(MAGIC.len() as u64).read_to_end(&mut start);
    read.map_err(|error| io_failure("read", path, &error))?;
    if start != MAGIC {
        return Ok(None);
    }
    let file = status::open(path, None)?;
    let what = match file.only_shard() {
        Some(shard) => format!("Shard {shard} of a list; `status verify` verifies its entries"),
        None => "List; `status verify` verifies its entries".to_owned(),
    };
    let report = Report::new().json("kind", "list").line(what);
    Ok(Some(
        head(report, file.head())
            .fact("entries", file.entries())
            .fact("shards", file.shards())
            .fact("prefix bits", file.prefix_bits())
            .json("shard", file.only_shard()),
    ))
}

/// The head of an epoch.
pub(super) fn head(report: Report, head: &Head) -> Report {
    let (stamp, previous) = (head.stamp(), head.previous().map(|hash| hash.to_string()));
    describe(report, head.key())
        .fact("epoch", stamp.epoch)
        .fact("issued at", stamp.issued_at.to_string())
        .fact("next update", stamp.next_update.to_string())
        .fact("on the list", head.count())
        .fact("head", head.hash().to_string())
        .row("previous", previous.as_deref().unwrap_or("none"))
        .json("previous", previous)
}

/// An entry, without the gap that it is of: that tells nearly what it was found for.
pub(super) fn entry(entry: &UnverifiedEntry) -> Report {
    let report = Report::new().json("kind", "list entry");
    let report = report.line("Entry of a list; its gap is not shown, its signature not checked");
    head(report, entry.head())
}

/// The heads that somebody has seen.
pub(super) fn known(octets: &[u8]) -> Result<Report, crate::document::Fault> {
    let known = KnownHeads::parse(octets)?;
    let report = Report::new().json("kind", "known heads").line("Heads of lists that were seen");
    let lists = known.lists().map(|(key, epoch)| (key.list.clone(), epoch));
    let lists: Vec<(String, u64)> = lists.collect();
    let report = report.json("lists", lists.len());
    Ok(lists
        .iter()
        .fold(report, |report, (list, epoch)| report.row(list, format!("up to epoch {epoch}"))))
}

/// A folder, if it is a wallet.
pub(super) fn wallet(path: &Path) -> Result<Report, Failure> {
    let names = Names::read(path)?;
    Ok(Report::new()
        .json("kind", "wallet")
        .line("Wallet; nothing in it is verified here")
        .fact("credentials", names.credentials.len())
        .fact("schemas", names.schemas.len())
        .fact("entries", names.entries.len())
        .fact("trust lists", names.trust.len()))
}
