//! `sigil wallet`: a holder's folder of credentials, and of what shows that they still count.
//!
//! No command of it goes to a network: lists and trust lists are fetched by whatever the holder trusts
//! to hide who asks, and named as files.

mod add;
mod folder;
mod kept;
mod list;
mod present;
mod refresh;

pub(super) use folder::{FORMAT, parse_mark};

use super::failure::Failure;
use super::report::Report;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Keep credentials in a folder, and present them.
///
/// The folder has credentials, their schemas, the entries of lists that show where they stand, and
/// trust lists. It is the holder's alone (mode 0700), is locked while a command works on it, and every
/// file in it appears whole or not at all. Nothing is fetched: what is new is named as files.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an empty wallet.
    ///
    /// Reads nothing. Writes a new directory of mode 0700 with wallet.json, which says that it is a
    /// wallet and of which version.
    #[command(after_help = "Example:\n  sigil wallet init --wallet wallet")]
    Init {
        /// The directory to make.
        #[arg(long, value_name = "DIR")]
        wallet: PathBuf,
    },
    Add(add::Arguments),
    List(list::Arguments),
    Refresh(Box<refresh::Arguments>),
    Plan(present::PlanArguments),
    Present(present::Arguments),
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        match self {
            Command::Init { wallet } => {
                folder::init(wallet)?;
                Ok(Report::new()
                    .line(format!("Wallet made in {}", wallet.display()))
                    .json("wallet", wallet.display().to_string()))
            }
            Command::Add(arguments) => arguments.run(),
            Command::List(arguments) => arguments.run(),
            Command::Refresh(arguments) => arguments.run(),
            Command::Plan(arguments) => arguments.run(),
            Command::Present(arguments) => arguments.run(),
        }
    }
}

/// Whether a directory says that it is a wallet.
pub(super) fn is_wallet(path: &Path) -> bool {
    path.join(folder::MARK).is_file()
}

/// What is in the directory of a wallet, by the names of its files.
pub(super) fn describe(path: &Path) -> Result<Report, Failure> {
    let names = folder::Names::read(path)?;
    Ok(Report::new()
        .json("kind", "wallet")
        .line("Wallet; nothing in it is verified here")
        .fact("credentials", names.credentials.len())
        .fact("schemas", names.schemas.len())
        .fact("entries", names.entries.len())
        .fact("trust lists", names.trust.len()))
}
