//! Proofs out of the store: that an entry is in the log, and that the log only grew.

use super::{Store, StoreError};
use crate::registry::log::{self, ConsistencyProof, Hash, InclusionProof};

impl Store {
    /// Proves that the entry of this number is in the tree of the first `size` entries.
    pub async fn prove_inclusion(
        &self,
        index: u64,
        size: u64,
    ) -> Result<InclusionProof, StoreError> {
        Ok(log::prove_inclusion(self, size, index).await?)
    }

    /// Proves that the tree of the first `new` entries goes on from that of the first `old` ones.
    pub async fn prove_consistency(
        &self,
        old: u64,
        new: u64,
    ) -> Result<ConsistencyProof, StoreError> {
        Ok(log::prove_consistency(self, old, new).await?)
    }

    /// The root of the tree of the first `size` entries.
    pub async fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        Ok(log::root_at(self, size).await?)
    }
}
