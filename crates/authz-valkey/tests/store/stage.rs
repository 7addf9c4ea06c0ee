//! Waiting for conditions.

use std::time::{Duration, Instant};

use authz_core::{ProofId, ReplayStore};
use authz_valkey::Valkey;

/// How long anything that should happen may take.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Waits until `condition` is met, and returns how long it took.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < SOON, "not within {SOON:?}: {what}");
        tokio::task::yield_now().await;
    }
    began.elapsed()
}

/// A proof that was not used before.
pub(crate) fn proof() -> ProofId {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    ProofId::from_bytes(bytes)
}

/// Waits until the store takes proofs, and returns how long it took.
pub(crate) async fn until_it_works(valkey: &Valkey) -> Duration {
    until("the store works", async || {
        insert(valkey).await == Some(true)
    })
    .await
}

/// Inserts a new proof; `None` is an error.
pub(crate) async fn insert(valkey: &Valkey) -> Option<bool> {
    valkey.insert(proof(), Duration::from_secs(60)).await.ok()
}
