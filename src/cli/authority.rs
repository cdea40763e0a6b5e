//! `sigil authority`: who signs policies.

use super::failure::{Complaint, Failure, InFile};
use super::files::{self, Access};
use super::report::Report;
use crate::authority::AuthorityKey;
use clap::Subcommand;
use rand_core::OsRng;
use std::path::{Path, PathBuf};

/// Most octets of a key file: one in PEM has about 120.
const MAX_KEY: usize = 4096;

/// Make the keys of those who sign policies.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an authority's key.
    ///
    /// Reads nothing but the system's randomness. Writes a new file of mode 0600: an Ed25519 private key
    /// in PEM (PKCS#8), as `openssl genpkey -algorithm ed25519` makes it too. Prints the did:key that
    /// policies name under `authority`.
    #[command(after_help = "Example:\n  sigil authority init --out authority.pem")]
    Init {
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the did:key of an authority's key.
    ///
    /// Reads an Ed25519 private key in PEM. Writes nothing.
    #[command(after_help = "Example:\n  sigil authority id authority.pem")]
    Id {
        /// The private key.
        file: PathBuf,
    },
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        match self {
            Command::Init { out } => {
                let key = AuthorityKey::random(&mut OsRng);
                files::write_new(out, key.to_pem().as_bytes(), Access::Secret)?;
                Ok(Report::new()
                    .line(format!("Key made in {}", out.display()))
                    .fact("authority", key.authority().to_string())
                    .json("file", out.display().to_string()))
            }
            Command::Id { file } => {
                let did = read(file)?.authority().to_string();
                Ok(Report::new().line(&did).json("authority", did))
            }
        }
    }
}

/// Reads an authority's key.
pub(super) fn read(path: &Path) -> Result<AuthorityKey, Failure> {
    let text = files::read_text(path, MAX_KEY)?;
    let key = AuthorityKey::from_pem(&text).map_err(|error| {
        let remedy = "name a key made by `sigil authority init` or `openssl genpkey`";
        Failure::input(Complaint::new(error.to_string()).remedy(remedy))
    });
    key.in_file(path)
}
