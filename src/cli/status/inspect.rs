//! What `sigil inspect` says of the artefacts of lists. Of an entry not the gap, which tells nearly
//! whose it is; of a list's secret only the public key.

use super::super::failure::Failure;
use super::super::report::Report;
use super::describe;
use super::directory::{PUBLIC_FORMAT, SECRET_FORMAT, parse_public, parse_secret};
use crate::did_key;
use crate::status::chain::{KNOWN_HEADS_FORMAT, KnownHeads};
use crate::status::file::{FileError, ListFile};
use crate::status::{ENTRY_FORMAT, HEAD_FORMAT, Head, SignedHead, UnverifiedEntry};
use std::io::Cursor;

/// Describes a document of one of these formats; none if it is of another.
pub(in crate::cli) fn document(format: &str, octets: &[u8]) -> Option<Result<Report, Failure>> {
    let named = |kind: &str, line: &str| Report::new().json("kind", kind).line(line);
    Some(match format {
        HEAD_FORMAT => SignedHead::parse(octets)
            .map(|one| {
                head(named("list head", "Head of a list's epoch; its signature holds"), &one)
            })
            .map_err(Failure::from),
        ENTRY_FORMAT => UnverifiedEntry::parse(octets)
            .map(|entry| head(named("list entry", "Entry of a list's epoch"), entry.head()))
            .map_err(Failure::from),
        PUBLIC_FORMAT => parse_public(octets)
            .map(|key| describe(named("list", "List"), &key))
            .map_err(Failure::from),
        SECRET_FORMAT => parse_secret(octets)
            .map(|key| {
                named("list's secret", "List's secret; its secret part is not shown")
                    .fact("authority", did_key::encode(key.public_key()))
            })
            .map_err(Failure::from),
        KNOWN_HEADS_FORMAT => KnownHeads::parse(octets)
            .map(|known| named("known heads", "Known heads").fact("lists", known.len()))
            .map_err(Failure::from),
        _ => return None,
    })
}

/// Describes the file of an epoch, or of a shard of it.
pub(in crate::cli) fn list(octets: &[u8]) -> Result<Report, FileError> {
    let file = ListFile::open(Cursor::new(octets))?;
    let line = match file.only_shard() {
        Some(shard) => {
            format!("Shard {shard} of a list's epoch; its entries are not verified here")
        }
        None => "A list's epoch; its entries are not verified here".to_owned(),
    };
    let report = Report::new().json("kind", "list file").line(line);
    Ok(head(report, file.head()).fact("shards", file.shards()).fact("entries", file.entries()))
}

fn head(report: Report, head: &Head) -> Report {
    let stamp = head.stamp();
    describe(report, head.key())
        .fact("epoch", stamp.epoch)
        .fact("on the list", head.count())
        .fact("issued at", stamp.issued_at.to_string())
        .fact("next update", stamp.next_update.to_string())
        .fact("head", head.hash().to_string())
}
