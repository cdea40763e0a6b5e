//! `sigil registry init`.

use super::change::DISPUTE_SCHEMA;
use super::place::Place;
use super::store_failure;
use crate::authority::AuthorityKey;
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{self, Access};
use crate::cli::report::Report;
use crate::cli::time;
use crate::schema::Schema;
use crate::store::{Object, Store};
use clap::Args;
use rand_core::OsRng;
use std::fs;
use std::path::PathBuf;

/// Make a registry.
///
/// Its name, the origin, is in every checkpoint of its log and in every statement that is signed for
/// another: a domain that you have, with a path if it has several registries. It can't be changed.
///
/// Reads nothing but the system's clock and randomness. Writes a new folder of mode 0700: the database,
/// the log's private key, and a folder for payloads. Prints the key by which the log's checkpoints are
/// checked: publish it where witnesses and verifiers find it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil registry init registry --origin registry.example/claims")]
pub(in crate::cli) struct Arguments {
    /// The folder to make.
    dir: PathBuf,
    /// The registry's name.
    #[arg(long, value_name = "NAME")]
    origin: String,
}

impl Arguments {
    pub(super) fn run(self) -> Result<Report, Failure> {
        let now = time::now()?;
        let key = AuthorityKey::random(&mut OsRng);
        let dispute = Schema::parse(DISPUTE_SCHEMA.as_bytes())?;
        let folder = make(&self.dir)?;
        let place = Place::new(&self.dir)?;
        files::write_new(&place.log_key(), key.to_pem().as_bytes(), Access::Secret)?;
        let made = place.wait(async {
            let store = Store::create(&place.database(), &self.origin, &key, now).await?;
            store.append(vec![Object::Schema(dispute)], now).await?;
            Ok(store)
        });
        let store = made.map_err(|error| store_failure(error, &place.database()))?;
        folder.keep();
        Ok(Report::new()
            .line(format!("Registry made in {}", self.dir.display()))
            .fact("origin", store.origin().to_owned())
            .fact("log key", store.log_key().to_string()))
    }
}

/// A folder that goes away again unless it is kept.
struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn make(path: &std::path::Path) -> Result<Folder, Failure> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|error| files::io_failure("write", path, &error))?;
    let folder = Folder { path: path.to_owned(), kept: false };
    builder.create(path.join("payloads")).map_err(|error| {
        Failure::input(Complaint::new(format!("cannot write: {error}")).in_file(path))
    })?;
    Ok(folder)
}
