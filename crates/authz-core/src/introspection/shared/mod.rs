//! Shares answers about active tokens with the other servers of an API.
//!
//! The store of the entries is not trusted. An entry is encrypted and authenticated with a key that the store
//! does not have, and says when the issuer was asked. An entry that does not decrypt, is too old or too large
//! counts as missing. Its answer is checked like one that comes from the issuer.
//!
//! Only accepted tokens are shared. Answers about others would let strangers fill the store with invented
//! tokens, and a token that is refused removes its entry.

mod cache;
mod key;
mod pause;

use std::{error::Error, fmt, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

pub use self::{
    cache::{AnswerId, IntrospectionCache},
    key::{IntrospectionCacheKey, InvalidCacheKey},
};
use self::{
    key::EntryKeys,
    pause::{Pause, PauseChange},
};
use super::{
    answer::{Answer, AnswerContent},
    budget::Digest,
};
use crate::{
    clock::{Clock, since_1970},
    crypto::CryptoBackend,
    metrics::IssuerMetrics,
    untrusted::{Bounded, ERROR_BYTES},
};

/// The settings: where answers are shared, and the secret of the servers.
#[derive(Clone, Debug)]
pub(super) struct SharedCache {
    pub(super) store: Arc<dyn IntrospectionCache>,
    pub(super) key: IntrospectionCacheKey,
}

/// The shared answers of one issuer.
pub(super) struct SharedAnswers {
    store: Arc<dyn IntrospectionCache>,
    keys: EntryKeys,
    issuer: Arc<str>,
    clock: Arc<dyn Clock>,
    metrics: IssuerMetrics,
    reads: Pause,
    writes: Pause,
}

impl SharedAnswers {
    const TIME_LIMIT: Duration = Duration::from_millis(100);
    /// Maximum size of an entry in bytes, encrypted.
    const MAX_BYTES: usize = 64 * 1024;
    /// How far ahead the clock of another server may be. Its entries are used longer by this time at most.
    const CLOCK_SKEW: Duration = Duration::from_secs(1);

    /// The issuer may give each client another answer. Servers that need signed answers don't use those of servers
    /// that don't.
    pub(super) fn new(
        shared: &SharedCache,
        backend: CryptoBackend,
        issuer: Arc<str>,
        client: &str,
        signed: bool,
        clock: Arc<dyn Clock>,
        metrics: IssuerMetrics,
    ) -> Self {
        let context = [issuer.as_bytes(), client.as_bytes(), &[u8::from(signed)]];
        Self {
            store: Arc::clone(&shared.store),
            keys: EntryKeys::derive(backend, &shared.key, &context),
            issuer,
            clock,
            metrics,
            reads: Pause::default(),
            writes: Pause::default(),
        }
    }

    /// Returns the answer about a token that another server got less than `ttl` ago.
    pub(super) async fn find(&self, token: &Digest, ttl: Duration) -> Option<Answer> {
        let get = self.store.get(self.keys.id(token));
        let found = self.run("get", &self.reads, get).await;
        let is_failed = found.is_none();
        let answer = found.flatten().and_then(|it| self.open(token, &it, ttl));
        self.metrics.looked_up_shared(match &answer {
            Some(_) => "hit",
            None if is_failed => "failed",
            None => "miss",
        });
        answer
    }

    /// Shares an answer for `ttl` in a task of its own.
    pub(super) fn publish(self: &Arc<Self>, token: Digest, answer: &Answer, ttl: Duration) {
        let Some(entry) = self.seal(&token, answer) else {
            return;
        };
        let this = Arc::clone(self);
        spawn(async move {
            let put = this.store.put(this.keys.id(&token), &entry, ttl);
            this.run("put", &this.writes, put).await;
        });
    }

    /// Removes the answer about a token that is refused, in a task of its own.
    pub(super) fn withdraw(self: &Arc<Self>, token: Digest) {
        let this = Arc::clone(self);
        spawn(async move {
            let remove = this.store.remove(this.keys.id(&token));
            this.run("remove", &this.writes, remove).await;
        });
    }

    /// An entry is a format, the time of the call in milliseconds since 1970, and the response.
    fn seal(&self, token: &Digest, answer: &Answer) -> Option<Vec<u8>> {
        let AnswerContent::Active(json) = &answer.content else {
            return None;
        };
        let asked = since_1970(self.clock.now()).saturating_sub(answer.at.elapsed());
        let asked = u64::try_from(asked.as_millis()).ok()?;
        let entry = [&[FORMAT][..], &asked.to_be_bytes(), json].concat();
        let sealed = self.keys.seal(token, entry)?;
        (sealed.len() <= Self::MAX_BYTES).then_some(sealed)
    }

    fn open(&self, token: &Digest, sealed: &[u8], ttl: Duration) -> Option<Answer> {
        if sealed.len() > Self::MAX_BYTES {
            return None;
        }
        let entry = self.keys.open(token, sealed)?;
        let (&[FORMAT], entry) = entry.split_first_chunk()? else {
            return None;
        };
        let (asked, json) = entry.split_first_chunk()?;
        let asked = Duration::from_millis(u64::from_be_bytes(*asked));
        let now = since_1970(self.clock.now());
        let age = now.saturating_sub(asked);
        if age >= ttl || asked > now + Self::CLOCK_SKEW {
            return None;
        }
        let at = Instant::now().checked_sub(age)?;
        let mut answer = Answer::parse(Bytes::copy_from_slice(json), at).ok()?;
        answer.is_shared = true;
        answer.is_active().then_some(answer)
    }

    /// Runs an operation of the store within the time limit. `None` means that it failed, or that the last ones did.
    async fn run<T>(
        &self,
        operation: &'static str,
        pause: &Pause,
        running: impl Future<Output = Result<T, Box<dyn Error + Send + Sync>>>,
    ) -> Option<T> {
        if !pause.may_start(Instant::now()) {
            return None;
        }
        let outcome = match timeout(Self::TIME_LIMIT, running).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer within {:?}", Self::TIME_LIMIT).into()),
        };
        let change = pause.ended(outcome.is_ok(), Instant::now());
        match &outcome {
            Err(error) if change == PauseChange::Failing => tracing::warn!(
                target: "authz::introspection", issuer = &*self.issuer, operation,
                error = %Bounded(error, ERROR_BYTES),
                "introspection answers are not shared: the issuer gets the calls of each server"
            ),
            Ok(_) if change == PauseChange::Working => tracing::info!(
                target: "authz::introspection", issuer = &*self.issuer, operation,
                "introspection answers are shared again"
            ),
            _ => {}
        }
        outcome.ok()
    }
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(task);
    }
}

impl fmt::Debug for SharedAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedAnswers")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Changes with the form of an entry.
const FORMAT: u8 = 1;
