//! Decides whether to call the issuer, and remembers its answers.

mod call;
mod task;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::{runtime::Handle, sync::Semaphore, time::Instant};

use super::{
    answer::Answer,
    breaker::Breaker,
    budget::{Budget, CallStanding, Digest},
    error::IntrospectionError,
    flight::{CallOutcome, Flight},
    settings::{IntrospectedTokens, Introspection},
    shared::SharedAnswers,
    signed::ResponseKeys,
};
use crate::{
    cache::{TokenCache, Weight},
    clock::{Clock, later},
    crypto::CryptoBackend,
    jwks::RemoteEndpoint,
    metrics::IssuerMetrics,
};

/// The introspection endpoint of one issuer.
pub(crate) struct Introspector {
    issuer: Arc<str>,
    settings: Introspection,
    endpoint: RemoteEndpoint,
    /// Answers must be signed by these keys.
    keys: Option<ResponseKeys>,
    clock: Arc<dyn Clock>,
    metrics: IssuerMetrics,
    calls: Semaphore,
    /// Calls for tokens that were not active before: the others have a reserve.
    strangers: Semaphore,
    /// Recent answers by token, so that a token that is refused does not cause a call each time.
    recent: Option<TokenCache<Recent>>,
    /// Answers that other servers got.
    shared: Option<Arc<SharedAnswers>>,
    state: Mutex<IntrospectorState>,
}

struct Recent {
    answer: Arc<Answer>,
    until: Instant,
}

/// Protected by a lock that is held briefly. No foreign code runs under it.
#[derive(Debug)]
struct IntrospectorState {
    flights: HashMap<Digest, Flight>,
    budget: Budget,
    breaker: Breaker,
}

impl Introspector {
    /// Maximum size of the recent answers in bytes: those of about 5000 tokens that are not active.
    const RECENT_BYTES: usize = 2 * 1024 * 1024;

    pub(crate) fn new(
        issuer: Arc<str>,
        settings: Introspection,
        endpoint: RemoteEndpoint,
        keys: Option<ResponseKeys>,
        clock: Arc<dyn Clock>,
        metrics: IssuerMetrics,
        backend: CryptoBackend,
    ) -> Self {
        let is_used = |_: &&_| !settings.positive_ttl.is_zero();
        let shared = (settings.shared.as_ref()).filter(is_used).map(|shared| {
            let shared = SharedAnswers::new(
                shared,
                backend,
                Arc::clone(&issuer),
                settings.client.client(),
                settings.signed,
                Arc::clone(&clock),
                metrics.clone(),
            );
            Arc::new(shared)
        });
        let strangers = (settings.concurrency - settings.concurrency / 4).max(1);
        Self {
            issuer,
            calls: Semaphore::new(settings.concurrency),
            strangers: Semaphore::new(strangers),
            recent: TokenCache::new(Self::RECENT_BYTES),
            shared,
            state: Mutex::new(IntrospectorState {
                flights: HashMap::new(),
                budget: Budget::new(settings.burst, settings.interval),
                breaker: Breaker::default(),
            }),
            settings,
            endpoint,
            keys,
            clock,
            metrics,
        }
    }

    pub(crate) const fn settings(&self) -> &Introspection {
        &self.settings
    }

    /// Returns `true` if JWTs of the issuer are introspected and not verified.
    pub(crate) fn is_always(&self) -> bool {
        self.settings.tokens == IntrospectedTokens::Always
    }

    /// Returns `true` if JWTs are introspected whose key is not published.
    pub(crate) fn is_fallback(&self) -> bool {
        self.settings.tokens == IntrospectedTokens::Fallback
    }

    /// Returns `true` if an opaque token is this issuer's.
    pub(crate) fn takes(&self, token: &[u8]) -> bool {
        let prefixes = &self.settings.prefixes;
        prefixes.is_empty() || prefixes.iter().any(|it| token.starts_with(it.as_bytes()))
    }

    /// Returns a recent answer about the token with this SHA-256.
    pub(crate) fn recent(&self, token: &Digest) -> Option<Arc<Answer>> {
        let recent = self.recent.as_ref()?.get(token)?;
        (Instant::now() < recent.until).then(|| Arc::clone(&recent.answer))
    }

    /// Returns `true` if the token was active when the issuer was last asked.
    pub(crate) fn was_active(&self, token: &Digest) -> bool {
        self.state().budget.is_known(token)
    }

    /// Asks the issuer about a token, whose SHA-256 is `digest`.
    pub(crate) async fn ask(self: &Arc<Self>, token: &[u8], digest: Digest) -> CallOutcome {
        if let Some(recent) = self.recent(&digest) {
            return Ok(recent);
        }
        self.join(token, digest).map_err(Arc::new)?.wait().await
    }

    /// Shares the answer about a token that is accepted for `lifetime`, or removes what is shared about one that is
    /// refused. Only the first request that has checked an answer does so.
    pub(crate) fn settle(&self, token: Digest, answer: &Answer, lifetime: Option<Duration>) {
        let Some(shared) = &self.shared else { return };
        if answer.is_settled.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(lifetime) = lifetime else {
            return shared.withdraw(token);
        };
        let rest = (self.settings.positive_ttl).saturating_sub(answer.at.elapsed());
        let ttl = rest.min(lifetime);
        if !answer.is_shared && !ttl.is_zero() {
            shared.publish(token, answer, ttl);
        }
    }

    /// Returns the call about the token: the one in flight, or a new one.
    fn join(self: &Arc<Self>, token: &[u8], digest: Digest) -> Result<Flight, IntrospectionError> {
        let runtime = Handle::try_current().map_err(|_| IntrospectionError::no_runtime())?;
        let now = Instant::now();
        let deadline = later(now, self.settings.timeout);
        let mut state = self.state();
        if let Some(flight) = state
            .flights
            .get(&digest)
            .filter(|it| !it.is_abandoned(now))
        {
            return Ok(flight.clone());
        }
        if let Some(held) = state.breaker.held(now) {
            return Err(held);
        }
        let standing =
            (state.budget.take(&digest, now)).map_err(IntrospectionError::over_budget)?;
        state.breaker.start(now, self.settings.timeout);
        let (flight, announce) = Flight::new(deadline);
        state.flights.insert(digest, flight.clone());
        drop(state);
        self.start(
            &runtime,
            token.to_vec(),
            digest,
            standing,
            deadline,
            announce,
        );
        Ok(flight)
    }

    /// Remembers the outcome of a call.
    fn record(&self, digest: Digest, standing: CallStanding, outcome: &CallOutcome) {
        let now = Instant::now();
        if let (Ok(answer), Some(recent)) = (outcome, &self.recent) {
            let ttl = self.settings.negative_ttl.min(self.settings.positive_ttl);
            let ttl = match answer.is_active() {
                true => ttl,
                false => self.settings.negative_ttl,
            };
            let until = later(answer.at, ttl);
            let answer = Arc::clone(answer);
            recent.insert(&digest, Arc::new(Recent { answer, until }));
        }
        let mut state = self.state();
        match outcome {
            Ok(answer) => {
                match answer.is_shared {
                    true => state.breaker.not_needed(now),
                    false => state.breaker.succeeded(),
                }
                match answer.is_active() {
                    true => state.budget.is_active(digest, standing),
                    false => state.budget.is_inactive(&digest),
                }
            }
            Err(error) => state.breaker.failed(error, now),
        }
    }

    /// Ignores poisoning: each field is consistent on its own, even after a panic.
    fn state(&self) -> MutexGuard<'_, IntrospectorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Weight for Recent {
    fn bytes(&self) -> usize {
        size_of::<Self>() + 2 * size_of::<usize>() + self.answer.bytes()
    }
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
