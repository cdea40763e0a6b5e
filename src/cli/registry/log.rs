//! `sigil registry log`: the log's checkpoints, proofs and tiles.

use super::place::Place;
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{self, Access};
use crate::cli::progress;
use crate::cli::report::Report;
use crate::registry::log::{
    self, Checkpoint, InclusionProof, LeafReader, LogKey, hash_to_text, leaf_hash,
};
use crate::registry::object::{LEAF_LEN, Leaf};
use crate::store::{Store, StoreError};
use clap::Subcommand;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

/// Most octets of a file of a checkpoint or a proof.
const MAX_LEN: usize = 1 << 18;

/// The log: its checkpoints, proofs and tiles.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Print the newest checkpoint.
    ///
    /// A checkpoint says how many entries the log has and what they hash to, signed by the log's key. Give
    /// it to whoever is to hold the registry to it.
    ///
    /// Reads the registry. Writes nothing, or with --out a new file.
    #[command(after_help = "Example:\n  sigil registry log checkpoint registry --out checkpoint")]
    Checkpoint {
        /// The registry's folder.
        dir: PathBuf,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Prove that an entry is in the log.
    ///
    /// Reads the registry. Writes a new file: the proof, the entry's leaf and the checkpoint, which `log
    /// check` needs nothing else to check than the log's key.
    #[command(after_help = "\
Example:\n  sigil registry log inclusion registry 3f0c9a1e --out alice.proof")]
    Inclusion {
        /// The registry's folder.
        dir: PathBuf,
        /// The entry: its identifier, or the first digits of it.
        id: String,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check a proof that an entry is in a log.
    ///
    /// Reads a proof and nothing else. Writes nothing. Exit code 1 if it does not prove that.
    #[command(after_help = "\
Example:
  sigil registry log check alice.proof --log-key registry.example/claims+1a2b3c4d+AQ…")]
    Check {
        /// The proof.
        file: PathBuf,
        /// The key of the log, as `registry init` prints it.
        #[arg(long, value_name = "KEY")]
        log_key: LogKey,
        /// The identifier that the entry should have.
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// Prove that the log was only added to since a checkpoint, for a witness.
    ///
    /// Reads the registry and, with --since, a checkpoint; without, the proof is from the beginning.
    /// Writes a new file: a request for `registry witness cosign`.
    #[command(after_help = "\
Example:\n  sigil registry log consistency registry --since checkpoint --out request")]
    Consistency {
        /// The registry's folder.
        dir: PathBuf,
        /// The checkpoint that was seen before: a file of it.
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write the log as tiles that any file server can serve.
    ///
    /// The layout is tlog-tiles': checkpoint, tile/…, tile/entries/…. What is there already from an
    /// earlier export stays; the checkpoint is replaced last.
    ///
    /// Reads the registry. Writes into the folder that is named.
    #[command(after_help = "Example:\n  sigil registry log export registry --out public")]
    Export {
        /// The registry's folder.
        dir: PathBuf,
        /// The folder for the tiles.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Report, Failure> {
        match self {
            Command::Checkpoint { dir, out } => checkpoint(&dir, out.as_deref()),
            Command::Inclusion { dir, id, out } => inclusion(&dir, &id, &out),
            Command::Check { file, log_key, id } => check(&file, &log_key, id.as_deref()),
            Command::Consistency { dir, since, out } => consistency(&dir, since.as_deref(), &out),
            Command::Export { dir, out } => export(&dir, &out, quiet),
        }
    }
}

/// What is said of a checkpoint.
pub(super) fn describe(report: Report, checkpoint: &Checkpoint) -> Report {
    let body = checkpoint.body();
    report
        .fact("origin", body.origin().to_string())
        .fact("size", body.size())
        .fact("root", hash_to_text(body.root()))
        .json("checkpoint", checkpoint.to_string())
}

fn checkpoint(dir: &Path, out: Option<&Path>) -> Result<Report, Failure> {
    let place = Place::new(dir)?;
    let store = place.read()?;
    let checkpoint = place.ask(store.checkpoint())?;
    if let Some(out) = out {
        files::write_new(out, checkpoint.to_string().as_bytes(), Access::Public)?;
    }
    let report = Report::new().line(checkpoint.to_string().trim_end()).line("");
    Ok(describe(report, &checkpoint))
}

fn inclusion(dir: &Path, id: &str, out: &Path) -> Result<Report, Failure> {
    let place = Place::new(dir)?;
    let store = place.read()?;
    let (kind, id) = super::resolve(&place, &store, id)?;
    let found = place.ask(store.get(kind, &id))?;
    let found = found.ok_or_else(|| super::unknown(&hex::encode(id)))?;
    let index = found.index;
    let leaf = Leaf::new(kind, found.recorded_at, id, &found.entry.octets());
    let checkpoint = place.ask(store.checkpoint())?;
    let size = checkpoint.body().size();
    let proof = place.ask(store.prove_inclusion(index, size))?;
    let text = proof.with_checkpoint(&checkpoint).ok_or_else(|| {
        let remedy = "try again";
        Failure::input(Complaint::new("the log has grown meanwhile").remedy(remedy))
    })?;
    let text = format!("{LEAF_LINE}{}\n{text}", hex::encode(leaf.to_bytes()));
    files::write_new(out, text.as_bytes(), Access::Public)?;
    let report = Report::new()
        .line(format!("Proof made: {}", out.display()))
        .fact("index", index)
        .fact("leaf", hex::encode(leaf.to_bytes()));
    Ok(describe(report, &checkpoint))
}

/// What precedes a proof's own text: the leaf that it is of.
const LEAF_LINE: &str = "leaf ";

fn check(file: &Path, log_key: &LogKey, id: Option<&str>) -> Result<Report, Failure> {
    let text = files::read_text(file, MAX_LEN)?;
    let malformed = |problem: String| {
        let remedy = "name a file that `sigil registry log inclusion` made";
        Failure::input(Complaint::new(problem).in_file(file).remedy(remedy))
    };
    let line = text.strip_prefix(LEAF_LINE).and_then(|rest| rest.split_once('\n'));
    let (leaf, proof) = line.ok_or_else(|| malformed("it begins with no leaf".to_owned()))?;
    let mut octets = [0; LEAF_LEN];
    let read =
        hex::decode_to_slice(leaf, &mut octets).ok().and_then(|()| Leaf::from_bytes(&octets));
    let leaf = read.ok_or_else(|| malformed("its leaf is none of a registry".to_owned()))?;
    let (proof, checkpoint) = InclusionProof::parse_with_checkpoint(proof)
        .map_err(|error| malformed(error.to_string()))?;
    let refused = |problem: String| {
        let remedy =
            "get the proof again from the registry, and its key from where it is published";
        Failure::refused(Complaint::new(problem).in_file(file).remedy(remedy))
    };
    let body = checkpoint.verify(log_key).map_err(|error| refused(error.to_string()))?;
    if proof.size() != body.size() {
        return Err(refused("the proof is for a log of another size".to_owned()));
    }
    proof
        .check(body.root(), &leaf_hash(&leaf.to_bytes()))
        .map_err(|error| refused(error.to_string()))?;
    let found = hex::encode(leaf.id);
    if id.is_some_and(|id| id != found) {
        return Err(refused(format!("it proves the entry {found}, which is another")));
    }
    let report = Report::new()
        .line("The entry is in the log.")
        .fact("id", found)
        .fact("kind", leaf.kind.word())
        .fact("index", proof.index())
        .fact("recorded at", leaf.recorded_at.to_string());
    Ok(describe(report, &checkpoint))
}

/// Reads a checkpoint.
pub(super) fn read_checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    let text = files::read_text(path, MAX_LEN)?;
    Checkpoint::parse(&text).map_err(|error| {
        let remedy = "name a checkpoint as `sigil registry log checkpoint` writes it";
        Failure::input(Complaint::new(error.to_string()).in_file(path).remedy(remedy))
    })
}

/// Whether the registry goes on from a checkpoint that somebody kept; the checkpoint's size.
pub(super) fn goes_on(place: &Place, store: &Store, path: &Path) -> Result<u64, Failure> {
    let refused = |problem: String, remedy: &str| {
        Failure::refused(Complaint::new(problem).in_file(path).remedy(remedy))
    };
    let kept = read_checkpoint(path)?;
    let body = kept
        .verify(store.log_key())
        .map_err(|error| refused(error.to_string(), "name a checkpoint of this registry"))?;
    let size = place.ask(store.checkpoint())?.body().size();
    if body.size() > size {
        let problem =
            format!("rolled back: the registry has {size} entries, the checkpoint {}", body.size());
        return Err(refused(problem, "keep the checkpoint: it proves that entries were taken out"));
    }
    if place.ask(store.root_at(body.size()))? != *body.root() {
        let problem = format!("forked: the registry has other entries below {}", body.size());
        return Err(refused(problem, "keep the checkpoint: it proves that the log said both"));
    }
    Ok(body.size())
}

fn consistency(dir: &Path, since: Option<&Path>, out: &Path) -> Result<Report, Failure> {
    let place = Place::new(dir)?;
    let store = place.read()?;
    let old = since.map_or(Ok(0), |path| goes_on(&place, &store, path))?;
    let checkpoint = place.ask(store.checkpoint())?;
    let size = checkpoint.body().size();
    let proof = place.ask(store.prove_consistency(old, size))?;
    let text = proof.request(&checkpoint).ok_or_else(|| {
        let remedy = "try again";
        Failure::input(Complaint::new("the log has grown meanwhile").remedy(remedy))
    })?;
    files::write_new(out, text.as_bytes(), Access::Public)?;
    let report = Report::new()
        .line(format!("Request made: {}", out.display()))
        .fact("from", old)
        .fact("hashes", proof.hashes().len());
    Ok(describe(report, &checkpoint))
}

fn export(dir: &Path, out: &Path, quiet: bool) -> Result<Report, Failure> {
    let place = Place::new(dir)?;
    let store = place.read()?;
    let checkpoint = place.ask(store.checkpoint())?;
    let size = checkpoint.body().size();
    let bar = progress::bar(quiet, "writing tiles", usize::try_from(size).unwrap_or(usize::MAX));
    let leaves = Watched { store: &store, bar: &bar };
    let exported = place.wait(log::export(&store, size, &checkpoint, &leaves, out));
    bar.finish_and_clear();
    let exported = exported.map_err(|error| {
        let remedy = "name a folder of an earlier export of this log, or a new one";
        Failure::input(Complaint::new(error.to_string()).in_file(out).remedy(remedy))
    })?;
    let report = Report::new()
        .line(format!("Exported to {}", out.display()))
        .fact("written", exported.written)
        .fact("kept", exported.kept);
    Ok(describe(report, &checkpoint))
}

/// Leaves, and a bar that moves with them.
struct Watched<'a> {
    store: &'a Store,
    bar: &'a ProgressBar,
}

impl LeafReader for Watched<'_> {
    type Error = StoreError;

    async fn leaves(&self, first: u64, count: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.bar.set_position(first);
        self.store.leaves(first, count).await
    }
}
