//! `sigil registry witness`: somebody who has seen a log before, and signs only what goes on from there.

use super::log::{describe, read_checkpoint};
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{self, Access, Lock};
use crate::cli::report::Report;
use crate::cli::{authority, time};
use crate::registry::log::{
    ConsistencyProof, KeyName, LogKey, Witness, WitnessKey, WitnessSigner, verify_cosignature,
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Most octets of a request, and of a state.
const MAX_LEN: usize = 1 << 18;

/// Cosign the checkpoints of a log that was only added to.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    Cosign(Box<Cosign>),
    Check(Box<Check>),
}

/// Cosign a checkpoint if the log goes on from what this witness saw last.
///
/// What was seen last of each log is kept in --state, a file that is locked meanwhile and replaced as a
/// whole before the cosignature is given out. A log that was set back, that says two things at one size,
/// or whose proof does not lead from what was seen to what is asked for, is refused by name. The first
/// checkpoint of a log is believed: --trust-first says that this is meant.
///
/// Reads a request as `registry log consistency` makes it, the state and an Ed25519 private key. Writes
/// the state, and the cosigned checkpoint to a new file. Exit code 1 if it is refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry witness cosign request --log-key registry.example/claims+1a2b3c4d+AQ… \\
      --name witness.example/w1 --key witness.pem --state witness.state --out cosigned")]
pub(in crate::cli) struct Cosign {
    /// The request.
    request: PathBuf,
    /// The key of the log.
    #[arg(long, value_name = "KEY")]
    log_key: LogKey,
    /// The witness's name.
    #[arg(long, value_name = "NAME")]
    name: KeyName,
    /// The witness's private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What the witness saw last of this log; made with --trust-first.
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Begin a state: the first checkpoint is believed.
    #[arg(long)]
    trust_first: bool,
    /// The file to make for the cosigned checkpoint.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Check a witness's cosignature of a checkpoint.
///
/// Reads a checkpoint. Writes nothing. Exit code 1 if the log did not sign it or the witness did not
/// cosign it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry witness check cosigned --log-key registry.example/claims+1a2b3c4d+AQ… \\
      --witness-key witness.example/w1+5e6f7a8b+BA…")]
pub(in crate::cli) struct Check {
    /// The cosigned checkpoint.
    file: PathBuf,
    /// The key of the log.
    #[arg(long, value_name = "KEY")]
    log_key: LogKey,
    /// The key of the witness, as `witness cosign` prints it.
    #[arg(long, value_name = "KEY")]
    witness_key: WitnessKey,
}

impl Command {
    pub(super) fn run(self) -> Result<Report, Failure> {
        match self {
            Command::Cosign(arguments) => arguments.run(),
            Command::Check(arguments) => arguments.run(),
        }
    }
}

impl Cosign {
    fn run(self) -> Result<Report, Failure> {
        let signer = WitnessSigner::new(self.name.clone(), authority::read(&self.key)?);
        let text = files::read_text(&self.request, MAX_LEN)?;
        let (proof, checkpoint) = ConsistencyProof::parse_request(&text).map_err(|error| {
            let remedy = "name a request as `sigil registry log consistency` makes it";
            Failure::input(Complaint::new(error.to_string()).in_file(&self.request).remedy(remedy))
        })?;
        // Beside the state, which is replaced: two runs must not both go on from the same.
        let mut lock = self.state.clone().into_os_string();
        lock.push(".lock");
        let _lock = Lock::take(&PathBuf::from(lock))?;
        let witness = self.witness(&signer.public())?;
        if self.out.symlink_metadata().is_ok() {
            let complaint = Complaint::new("the file is there already").in_file(&self.out);
            return Err(Failure::input(complaint.remedy("nothing is overwritten: name another")));
        }
        let now = time::now()?;
        let (_, cosigned) =
            witness.cosign(&signer, &self.log_key, &checkpoint, &proof, now).map_err(|error| {
                let remedy = "keep both checkpoints if the log is at fault: they prove it";
                let complaint = Complaint::new(error.to_string()).in_file(&self.request);
                Failure::refused(complaint.remedy(remedy))
            })?;
        let text = cosigned.to_string();
        match self.state.exists() {
            true => files::replace(&self.state, text.as_bytes(), Access::Secret)?,
            false => files::write_new(&self.state, text.as_bytes(), Access::Secret)?,
        }
        files::write_new(&self.out, cosigned.to_string().as_bytes(), Access::Public)?;
        let report = Report::new()
            .line(format!("Cosigned: {}", self.out.display()))
            .fact("witness key", signer.public().to_string());
        Ok(describe(report, &cosigned))
    }

    fn witness(&self, public: &WitnessKey) -> Result<Witness, Failure> {
        match (self.state.exists(), self.trust_first) {
            (true, false) => {
                let text = files::read_text(&self.state, MAX_LEN)?;
                Witness::parse(&text, &self.log_key, public).map_err(|error| {
                    let remedy = "name the state of this witness for this log";
                    let complaint = Complaint::new(error.to_string()).in_file(&self.state);
                    Failure::input(complaint.remedy(remedy))
                })
            }
            (false, true) => Ok(Witness::trust_first(&self.log_key)),
            (true, true) => {
                let complaint = Complaint::new("this log was seen before").in_file(&self.state);
                Err(Failure::input(complaint.remedy("leave out --trust-first")))
            }
            (false, false) => {
                let complaint = Complaint::new("nothing is known of this log").in_file(&self.state);
                let remedy = "name the state, or say --trust-first to begin one";
                Err(Failure::input(complaint.remedy(remedy)))
            }
        }
    }
}

impl Check {
    fn run(self) -> Result<Report, Failure> {
        let checkpoint = read_checkpoint(&self.file)?;
        let refused = |problem: String| {
            let remedy = "get it again, and the keys from where they are published";
            Failure::refused(Complaint::new(problem).in_file(&self.file).remedy(remedy))
        };
        checkpoint.verify(&self.log_key).map_err(|error| refused(error.to_string()))?;
        let time = verify_cosignature(&checkpoint, &self.witness_key)
            .map_err(|error| refused(error.to_string()))?;
        let report = Report::new()
            .line("Signed by the log, and cosigned by the witness.")
            .fact("cosigned at", time.to_string());
        Ok(describe(report, &checkpoint))
    }
}
