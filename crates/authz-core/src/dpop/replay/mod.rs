//! Remembers proofs until they are too old to be accepted.

mod memory;
mod store;

use std::{sync::Arc, time::Duration};

pub(super) use self::memory::MemoryReplayStore;
pub use self::store::{ProofId, ReplayError, ReplayStore};

/// Where the proofs seen are remembered.
#[derive(Debug)]
pub(super) enum Replay {
    Memory(MemoryReplayStore),
    Store(Arc<dyn ReplayStore>),
}

/// The answer to a proof, or the store to ask for it.
pub(crate) enum Recording {
    Ready(Result<bool, ReplayError>),
    Ask {
        store: Arc<dyn ReplayStore>,
        proof: ProofId,
        ttl: Duration,
    },
}

impl Recording {
    /// Returns `true` if the proof is new.
    pub(crate) async fn result(self) -> Result<bool, ReplayError> {
        match self {
            Self::Ready(result) => result,
            Self::Ask { store, proof, ttl } => store.insert(proof, ttl).await,
        }
    }
}

impl Replay {
    pub(super) fn insert(&self, proof: ProofId, ttl: Duration) -> Recording {
        match self {
            Self::Memory(memory) => Recording::Ready(memory.insert(proof, ttl)),
            Self::Store(store) => Recording::Ask {
                store: Arc::clone(store),
                proof,
                ttl,
            },
        }
    }
}
