//! What the servers of a fleet share.

use std::time::Duration;

use authz_core::{NonceKey, Revocations};
use authz_valkey::{DenyList, Valkey, ValkeyError};
use tokio::time::{sleep, timeout};

pub(crate) struct Store {
    pub(crate) valkey: Valkey,
    /// A copy of the deny list.
    pub(crate) revocations: Revocations,
}

impl Store {
    /// Connects to a store. One that is unreachable is not an error: the log has a warning, and requests get
    /// 503 until the deny list has been read.
    pub(crate) async fn connect(url: &str) -> Result<Self, ValkeyError> {
        let valkey = Valkey::connect(url)?;
        // A store that is down must not stop requests without a proof for minutes.
        let window = Duration::from_secs(10 * 60);
        let revocations = Revocations::builder().outage_window(window).build();
        tokio::spawn(DenyList::new(&valkey).follow(&revocations));
        let is_read = async {
            while !revocations.status().feeds.iter().all(|it| it.in_step) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        // The first request need not be refused while the list is being read.
        let _ = timeout(Duration::from_secs(1), is_read).await;
        Ok(Self {
            valkey,
            revocations,
        })
    }

    pub(crate) async fn nonce_key(&self) -> Option<NonceKey> {
        let key = self.valkey.nonce_key().await;
        let warning = "the key for nonces is not shared, because the store can't be asked: set AUTHZ_NONCE_KEY or restart";
        key.inspect_err(|error| tracing::warn!(%error, "{warning}"))
            .ok()
    }
}
