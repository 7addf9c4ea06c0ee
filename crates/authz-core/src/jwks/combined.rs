use std::{future::poll_fn, sync::Arc, task::Poll};

use async_trait::async_trait;

use super::{JwksProvider, KeyCandidates, KeyLookup, KeyStatus, RefreshReason, UnknownKey};
use crate::{crypto::VerificationKey, token::ProtectedHeader};

/// Several key sources of one issuer, such as a key set and the shared secret that it replaces. The
/// token's algorithm and `kid` select the key among all of them.
#[derive(Debug)]
pub(crate) struct CombinedKeys(Vec<Arc<dyn JwksProvider>>);

impl CombinedKeys {
    /// Combines `sources` into one provider.
    pub(crate) fn of(mut sources: Vec<Arc<dyn JwksProvider>>) -> Arc<dyn JwksProvider> {
        match (sources.pop(), sources.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                sources.extend(last);
                Arc::new(Self(sources))
            }
        }
    }
}

/// Combines the results: found keys first, then the least certain result, because an undecided
/// source may have the key.
fn combine(answers: impl Iterator<Item = KeyLookup>) -> KeyLookup {
    let mut found: Option<KeyCandidates> = None;
    let mut otherwise = KeyLookup::Unknown(UnknownKey::WrongAlgorithm);
    let certainty = |answer: &KeyLookup| match answer {
        KeyLookup::Missing => 3,
        KeyLookup::Unavailable(_) => 2,
        KeyLookup::Unknown(UnknownKey::NotInSet) => 1,
        KeyLookup::Unknown(_) | KeyLookup::Found(_) => 0,
    };
    for answer in answers {
        match answer {
            KeyLookup::Found(keys) => {
                found = Some(match found {
                    Some(others) => others.and(&keys),
                    None => keys,
                });
            }
            answer if certainty(&answer) > certainty(&otherwise) => otherwise = answer,
            _ => {}
        }
    }
    found.map_or(otherwise, KeyLookup::Found)
}

#[async_trait]
impl JwksProvider for CombinedKeys {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        combine(self.0.iter().map(|source| source.lookup(header)))
    }

    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        // Refreshes run concurrently, so the slowest one determines the wait.
        let mut refreshes: Vec<_> = (self.0.iter())
            .map(|source| (source.refresh(header, reason), None))
            .collect();
        poll_fn(|context| {
            let mut pending = false;
            for (future, answer) in &mut refreshes {
                if answer.is_none() {
                    match future.as_mut().poll(context) {
                        Poll::Ready(lookup) => *answer = Some(lookup),
                        Poll::Pending => pending = true,
                    }
                }
            }
            if pending {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        combine(refreshes.into_iter().filter_map(|(_, answer)| answer))
    }

    /// Waits for all sources.
    async fn ready(&self) {
        for source in &self.0 {
            source.ready().await;
        }
    }

    /// A source returns `true` for keys of other sources, so all must agree.
    fn is_current(&self, key: &VerificationKey) -> bool {
        self.0.iter().all(|source| source.is_current(key))
    }

    fn status(&self) -> KeyStatus {
        let mut all = KeyStatus::ready();
        for status in self.0.iter().map(|source| source.status()) {
            all.ready &= status.ready;
            all.keys += status.keys;
            all.key_ids.extend(status.key_ids);
            all.age = all.age.max(status.age);
            all.next_refresh = match (all.next_refresh, status.next_refresh) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            all.last_error = all.last_error.or(status.last_error);
            all.fetches += status.fetches;
            all.failures += status.failures;
            all.endpoints = all.endpoints.or(status.endpoints);
        }
        all
    }
}
