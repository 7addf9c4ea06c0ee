use std::sync::Arc;

use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};

use super::RemoteKeys;
use crate::jwks::{
    error::KeysError,
    remote::{
        in_flight::PlannedFetch,
        source::{FetchedDocument, SourceState},
    },
};

/// Completes the fetch even if its task is dropped or panics.
struct CompletionGuard {
    keys: Arc<RemoteKeys>,
    fetch: PlannedFetch,
}

impl RemoteKeys {
    /// Runs the fetch in its own task, because the request that started it may be cancelled.
    pub(super) fn start(self: &Arc<Self>, fetch: PlannedFetch, runtime: Option<&Handle>) {
        let keys = Arc::clone(self);
        let mut guard = CompletionGuard { keys, fetch };
        let Some(runtime) = runtime else {
            return;
        };
        runtime.spawn(async move {
            let CompletionGuard { keys, fetch } = &mut guard;
            let fetched = keys.fetch(&mut fetch.memory, fetch.deadline).await;
            let memory = std::mem::take(&mut fetch.memory);
            keys.complete(fetch.id, fetched, memory, |outcome| fetch.announce(outcome));
        });
    }

    /// Makes one attempt within the time limit.
    async fn fetch(
        &self,
        memory: &mut SourceState,
        deadline: Instant,
    ) -> Result<FetchedDocument, KeysError> {
        let source = &self.settings.source;
        let place = source.describe(memory);
        match timeout_at(deadline, source.attempt(memory)).await {
            Ok(result) => result,
            Err(_) => Err(self.timed_out(&place)),
        }
    }
}

impl Drop for CompletionGuard {
    fn drop(&mut self) {
        let error = if std::thread::panicking() {
            KeysError::panicked()
        } else {
            KeysError::stopped()
        };
        // Does nothing after `complete`.
        self.keys.fail(self.fetch.id, error);
    }
}
