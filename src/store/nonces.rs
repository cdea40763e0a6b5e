//! Single use of requests, over restarts and processes.
//!
//! A nonce is spent when its row is on the disk: the table's key lets one row of it in, whoever tries at
//! the same time. When enough of them have expired they are removed; up to which time is kept, and of
//! that time no nonce is taken any more, so that a clock that was set back revives nothing.

use super::append::Writer;
use super::tree::integer;
use super::{Store, StoreError, wait};
use crate::request::{Nonce, NonceError, NonceStore};
use crate::value::Timestamp;
use sqlx::Connection;
use thiserror::Error;

/// Expired nonces that are removed at once; fewer are left where they are.
const PURGE: i64 = 1024;

/// Whether a nonce was spent.
pub(super) const SPENT: &str = "SELECT count(*) FROM spent WHERE nonce = $1";
/// Up to which time nonces were forgotten.
pub(super) const FORGOTTEN: &str = "SELECT max(before) FROM purges";
/// Spends a nonce, if nobody has.
pub(super) const SPEND: &str =
    "INSERT INTO spent (nonce, until) VALUES ($1, $2) ON CONFLICT DO NOTHING";
/// Whether there are enough expired nonces.
pub(super) const EXPIRED: &str =
    "SELECT count(*) FROM (SELECT 1 FROM spent WHERE until < $1 LIMIT $2) AS expired";
/// Notes up to which time nonces are forgotten.
pub(super) const PURGED: &str = "INSERT INTO purges (before) VALUES ($1) ON CONFLICT DO NOTHING";
/// Forgets them.
pub(super) const FORGET: &str = "DELETE FROM spent WHERE until < $1";

/// Why a nonce can't be spent.
#[derive(Debug, Error)]
pub enum SpendError {
    /// It was spent before, or is of a time that was forgotten.
    #[error("this request was answered before")]
    Spent,
    /// The store is out of reach: nothing may be accepted then.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SpendError> for NonceError {
    fn from(error: SpendError) -> Self {
        match error {
            SpendError::Spent => Self::Spent,
            SpendError::Store(_) => Self::Unavailable,
        }
    }
}

impl Store {
    /// Marks a nonce as spent, to be remembered until a time: of any number of calls with one nonce, in
    /// any number of processes, one succeeds.
    ///
    /// # Errors
    /// [`SpendError::Spent`] for all others.
    pub async fn spend(
        &self,
        nonce: &Nonce,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), SpendError> {
        if self.key.is_none() {
            return Err(StoreError::ReadOnly.into());
        }
        let mut slot = self.writer.lock().await;
        let mut writer = match slot.take() {
            Some(writer) => writer,
            None => Writer::open(&self.path).await?,
        };
        match writer.spend(nonce, until, now).await {
            Ok(is_first) => {
                *slot = Some(writer);
                is_first.then_some(()).ok_or(SpendError::Spent)
            }
            Err(error) => {
                drop(writer.connection.close().await);
                Err(error.at(&self.path).into())
            }
        }
    }
}

impl Writer {
    async fn spend(
        &mut self,
        nonce: &Nonce,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let nonce = nonce.to_bytes().to_vec();
        let (until, now) = (integer(until.unix())?, integer(now.unix())?);
        // Most that come too late are told so without the database being locked for them.
        let query = sqlx::query_scalar(SPENT).bind(nonce.clone());
        let spent: i64 = query.fetch_one(&mut self.connection).await?;
        if spent > 0 {
            return Ok(false);
        }
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let forgotten: Option<i64> =
            sqlx::query_scalar(FORGOTTEN).fetch_one(&mut *transaction).await?;
        // By what is remembered, and by this clock, which may forget it at once.
        if until < forgotten.unwrap_or(0).max(now) {
            transaction.rollback().await?;
            return Ok(false);
        }
        let spent = sqlx::query(SPEND).bind(nonce).bind(until).execute(&mut *transaction).await?;
        let query = sqlx::query_scalar(EXPIRED).bind(now).bind(PURGE);
        let expired: i64 = query.fetch_one(&mut *transaction).await?;
        if expired >= PURGE {
            sqlx::query(PURGED).bind(now).execute(&mut *transaction).await?;
            sqlx::query(FORGET).bind(now).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(spent.rows_affected() == 1)
    }
}

/// Waits for the disk: within a runtime, call it where blocking is allowed. On a runtime of one thread
/// it would wait for ever for an append that was begun on the same thread.
impl NonceStore for Store {
    fn spend(&self, nonce: &Nonce, until: Timestamp, now: Timestamp) -> Result<(), NonceError> {
        wait(Store::spend(self, nonce, until, now)).map_err(NonceError::from)
    }
}
