//! Chains: that an edition of a trust list, or an epoch of a sorted list, follows the last one.
//!
//! The first that a registry sees of a list may be any. After that each follows the one before it,
//! without a gap: a number that was there with other content is a fork, a lower one that was not is a
//! rollback. Lists are told apart by name and authority, so nobody can put an edition into somebody
//! else's list by its name.

use super::admit::elements_text;
use super::batch::{Batch, Halt};
use super::insert::{self, Cell};
use super::refusal::Refusal;
use super::tree::integer;
use super::{ListEpoch, StoreError};
use crate::status::SignedHead;
use crate::status::chain::{Break, follows};
use crate::trust::{ChainBreak, TrustList};

/// The last edition of a trust list.
pub(super) const LAST_EDITION: &str = "SELECT e.octets FROM trust_editions t \
     JOIN entries e ON e.idx = t.idx WHERE t.list = $1 AND t.authority = $2 \
     ORDER BY t.sequence DESC LIMIT 1";
/// Whether there is an edition of this number.
pub(super) const EDITION: &str =
    "SELECT count(*) FROM trust_editions WHERE list = $1 AND authority = $2 AND sequence = $3";
/// The last epoch of a sorted list.
pub(super) const LAST_EPOCH: &str = "SELECT e.octets FROM epochs p \
     JOIN entries e ON e.idx = p.idx WHERE p.list = $1 AND p.authority = $2 AND p.elements = $3 \
     ORDER BY p.epoch DESC LIMIT 1";
/// Whether there is an epoch of this number.
pub(super) const EPOCH: &str = "SELECT count(*) FROM epochs \
     WHERE list = $1 AND authority = $2 AND elements = $3 AND epoch = $4";
/// Whether a signer has used a number.
pub(super) const USED: &str = "SELECT count(*) FROM used_nonces WHERE signer = $1 AND nonce = $2";

impl Batch<'_> {
    pub(super) async fn admit_edition(&mut self, list: &TrustList, index: u64) -> Result<(), Halt> {
        let sequence = integer(list.sequence()).map_err(|_| Refusal::Number)?;
        let key = (list.id().to_owned(), list.authority().to_bytes());
        if !self.editions.contains_key(&key) {
            let query = sqlx::query_scalar(LAST_EDITION).bind(key.0.clone()).bind(key.1.to_vec());
            let last: Option<Vec<u8>> = query.fetch_optional(&mut *self.connection).await?;
            if let Some(octets) = last {
                let last = TrustList::parse(&octets);
                let last = last.map_err(|_| StoreError::Contradiction("a trust list is broken"))?;
                self.editions.insert(key.clone(), last);
            }
        }
        if let Some(last) = self.editions.get(&key)
            && let Err(broken) = list.follows(last)
        {
            let query = sqlx::query_scalar(EDITION).bind(key.0).bind(key.1.to_vec());
            let known: i64 = query.bind(sequence).fetch_one(&mut *self.connection).await?;
            let sequence = list.sequence();
            return Err(match known {
                0 => Refusal::Edition(broken).into(),
                _ => Refusal::Edition(ChainBreak::Fork { sequence }).into(),
            });
        }
        let [list_name, authority] = [Cell::Text(key.0.clone()), Cell::Octets(key.1.to_vec())];
        let row = [Cell::number(index)?, list_name, authority, Cell::Integer(sequence)];
        self.rows.push(&insert::TRUST_EDITIONS, row);
        self.editions.insert(key, list.clone());
        Ok(())
    }

    pub(super) async fn check_epoch(&mut self, epoch: &ListEpoch) -> Result<(), Halt> {
        let (head, elements) = (epoch.head(), elements_text(epoch));
        let number = integer(head.stamp().epoch).map_err(|_| Refusal::Number)?;
        let (list, authority) = (head.key().list.clone(), head.key().authority.to_bytes().to_vec());
        let key = (list.clone(), authority.clone(), elements.clone());
        if !self.heads.contains_key(&key) {
            let query = sqlx::query_scalar(LAST_EPOCH).bind(list.clone()).bind(authority.clone());
            let query = query.bind(elements.clone());
            let last: Option<Vec<u8>> = query.fetch_optional(&mut *self.connection).await?;
            if let Some(octets) = last {
                let last = SignedHead::parse(&octets);
                let last =
                    last.map_err(|_| StoreError::Contradiction("a list's head is broken"))?;
                self.heads.insert(key.clone(), last);
            }
        }
        if let Some(last) = self.heads.get(&key)
            && let Err(broken) = follows(head, last)
        {
            let query = sqlx::query_scalar(EPOCH).bind(list).bind(authority).bind(elements);
            let known: i64 = query.bind(number).fetch_one(&mut *self.connection).await?;
            return Err(match known {
                0 => Refusal::Epoch(broken).into(),
                _ => Refusal::Epoch(Break::Fork { epoch: head.stamp().epoch }).into(),
            });
        }
        self.heads.insert(key, head.clone());
        Ok(())
    }

    /// Whether a signer has used this number for a statement.
    pub(super) async fn is_used(
        &mut self,
        signer: [u8; 32],
        nonce: [u8; 32],
    ) -> Result<bool, Halt> {
        let query = sqlx::query_scalar(USED).bind(signer.to_vec()).bind(nonce.to_vec());
        let used: i64 = query.fetch_one(&mut *self.connection).await?;
        Ok(used > 0)
    }
}
