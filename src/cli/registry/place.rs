//! The folder of a registry: the database, the log's key, and payloads that are kept beside them.

use super::store_failure;
use crate::authority::AuthorityKey;
use crate::cli::authority;
use crate::cli::failure::{Complaint, Failure};
use crate::store::payloads::{PayloadError, Payloads};
use crate::store::{Access, Store, StoreError};
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};

/// The database.
const DATABASE: &str = "registry.db";
/// The log's private key.
const LOG_KEY: &str = "log.pem";
/// Payloads, where no other place is named.
const PAYLOADS: &str = "payloads";

/// What is taken from the environment for S3-compatible storage, as the AWS tools name it.
const S3_VARIABLES: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
];

/// A registry's folder, and what runs its store.
pub(super) struct Place {
    path: PathBuf,
    runtime: Runtime,
}

impl Place {
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            let problem = format!("the system gives no event loop: {error}");
            Failure::input(Complaint::new(problem).remedy("close other programs"))
        })?;
        Ok(Place { path: path.to_owned(), runtime })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    pub(super) fn log_key(&self) -> PathBuf {
        self.path.join(LOG_KEY)
    }

    pub(super) fn payload_folder(&self) -> PathBuf {
        self.path.join(PAYLOADS)
    }

    /// Opens the store for reading.
    pub(super) fn read(&self) -> Result<Store, Failure> {
        self.open(Access::ReadOnly)
    }

    /// Opens the store for appending.
    pub(super) fn append(&self) -> Result<Store, Failure> {
        let key: AuthorityKey = authority::read(&self.log_key())?;
        self.open(Access::Append(key))
    }

    fn open(&self, access: Access) -> Result<Store, Failure> {
        let path = self.database();
        if !path.exists() {
            let remedy = "name the folder that `sigil registry init` made";
            let complaint = Complaint::new("no registry here").in_file(&self.path);
            return Err(Failure::input(complaint.remedy(remedy)));
        }
        self.wait(Store::open(&path, access)).map_err(|error| store_failure(error, &path))
    }

    /// Runs something of the store to its end.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// What the store answers, a failure named with the database.
    pub(super) fn ask<T>(
        &self,
        future: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Failure> {
        self.wait(future).map_err(|error| store_failure(error, &self.database()))
    }

    /// Where payloads are: the place that is named, or the registry's own folder.
    pub(super) fn payloads(&self, location: Option<&str>) -> Result<Payloads, Failure> {
        let own;
        let location = match location {
            Some(location) => location,
            None => {
                let folder = self.payload_folder();
                own = std::path::absolute(&folder).unwrap_or(folder).display().to_string();
                &own
            }
        };
        let set = |name: &str| std::env::var(name).ok().map(|value| (name.to_owned(), value));
        // A folder has no use for them.
        let variables = S3_VARIABLES.into_iter().filter(|_| location.starts_with("s3://"));
        let options: Vec<_> = variables.filter_map(set).collect();
        Payloads::open(location, &options).map_err(payload_failure)
    }
}

pub(super) fn payload_failure(error: PayloadError) -> Failure {
    Failure::input(Complaint::new(error.to_string()).remedy("check --payloads and AWS_* variables"))
}
