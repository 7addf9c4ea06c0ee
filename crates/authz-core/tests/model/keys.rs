//! One issuer's keys, on runtimes that end, idle and return.

use std::{
    collections::BTreeSet,
    fmt,
    pin::pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll, Waker},
    time::Duration,
};

use authz_core::{
    Authorizer, Rejection, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, RefreshMode, RemoteJwks},
};
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{IF_MODIFIED_SINCE, LAST_MODIFIED, RETRY_AFTER},
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::{
    runtime::{Builder, Runtime},
    time::Instant,
};

use crate::{
    history::{History, KeyId, LONGEST_WAIT, Time},
    worker::Worker,
};

const KEYS: usize = 4;
const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Well,
    Status(u16),
    /// 429 with `Retry-After: 20`.
    Busy,
    Slow(u64),
    Hang,
    Panic,
    Nonsense,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// On the runtime at hand, whose tasks run when they are due.
    Pass(Duration),
    /// The machine sleeps: everything is late.
    Jump(Duration),
    Publish(KeyId),
    Withdraw(KeyId),
    Server(Server),
    /// The key set gets another address, where the file is an old one.
    Move,
    Request {
        key: KeyId,
        /// With a token that was sent before.
        again: bool,
    },
    /// A request that nobody waits for: its runtime is not driven until the next step on it.
    Begin(KeyId),
    /// A request with a key that does not exist.
    Stranger,
    EndRuntime,
    /// The runtime at hand idles; the one that idled before returns.
    SwapRuntimes,
    /// A request outside of any runtime, or within one that has ended.
    WithoutRuntime {
        key: KeyId,
        ended: bool,
    },
    /// The authorizer is dropped, and another built.
    Rebuild,
}

#[derive(Clone, Debug)]
pub(crate) struct Setup {
    background: bool,
    outage_window: Duration,
}

pub(crate) struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Setup;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Setup> {
        (
            any::<bool>(),
            prop_oneof![Just(0), Just(60), Just(24 * 3600)],
        )
            .prop_map(|(background, window)| Setup {
                background,
                outage_window: Duration::from_secs(window),
            })
            .boxed()
    }

    fn transitions(_: &Setup) -> BoxedStrategy<Step> {
        let key = 0..KEYS;
        prop_oneof![
            6 => prop_oneof![
                Just(100), Just(600), Just(1_000), Just(2_500), Just(6_000), Just(15_000),
                Just(75_000), Just(540_000), Just(599_000), Just(700_000), Just(1_400_000),
                Just(26 * 3_600_000),
            ].prop_flat_map(|ms| prop_oneof![
                2 => Just(Step::Pass(Duration::from_millis(ms))),
                1 => Just(Step::Jump(Duration::from_millis(ms))),
            ]),
            2 => key.clone().prop_map(Step::Publish),
            2 => key.clone().prop_map(Step::Withdraw),
            2 => prop_oneof![
                3 => Just(Server::Well), 1 => Just(Server::Status(500)), 1 => Just(Server::Busy),
                1 => Just(Server::Slow(2)), 1 => Just(Server::Hang), 1 => Just(Server::Panic),
                1 => Just(Server::Nonsense),
            ].prop_map(Step::Server),
            1 => Just(Step::Move),
            8 => (key.clone(), any::<bool>()).prop_map(|(key, again)| Step::Request { key, again }),
            2 => key.clone().prop_map(Step::Begin),
            1 => Just(Step::Stranger),
            1 => Just(Step::EndRuntime),
            2 => Just(Step::SwapRuntimes),
            1 => (key, any::<bool>()).prop_map(|(key, ended)| Step::WithoutRuntime { key, ended }),
            1 => Just(Step::Rebuild),
        ]
        .boxed()
    }

    fn apply(state: Setup, _: &Step) -> Setup {
        state
    }
}

/// What the fetcher answers.
#[derive(Debug)]
struct Issuer {
    server: Server,
    keys: BTreeSet<KeyId>,
    address: usize,
    /// When the file at the address was written, in whole seconds.
    modified: u64,
    fetches: usize,
}

#[derive(Clone)]
struct IssuerFetcher(Arc<Mutex<Issuer>>);

impl fmt::Debug for IssuerFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerFetcher")
    }
}

#[async_trait]
impl Fetcher for IssuerFetcher {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let (server, answer) = {
            let mut issuer = self.0.lock().unwrap();
            issuer.fetches += usize::from(!request.url.path().contains(".well-known"));
            (issuer.server, issuer.answer(&request))
        };
        match server {
            Server::Slow(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            Server::Hang => std::future::pending().await,
            // Without the message and its backtrace, hundreds of times.
            Server::Panic => std::panic::resume_unwind(Box::new("the fetcher panics")),
            _ => {}
        }
        Ok(answer)
    }
}

impl Issuer {
    fn answer(&self, request: &FetchRequest<'_>) -> Fetched {
        let mut headers = HeaderMap::new();
        let mut answer = |status, body: String| Fetched {
            status: StatusCode::from_u16(status).unwrap(),
            headers: std::mem::take(&mut headers),
            body: body.into(),
        };
        match self.server {
            Server::Status(status) => return answer(status, String::new()),
            Server::Nonsense => return answer(200, "<html>".to_owned()),
            Server::Busy => {
                let mut busy = answer(429, String::new());
                busy.headers
                    .insert(RETRY_AFTER, HeaderValue::from_static("20"));
                return busy;
            }
            _ => {}
        }
        let here = format!("/keys/{}", self.address);
        if request.url.path().contains(".well-known/openid") {
            let uri = format!("https://issuer.example{here}");
            let metadata = serde_json::json!({"issuer": ISSUER, "jwks_uri": uri});
            return answer(200, metadata.to_string());
        }
        if request.url.path() != here {
            return answer(404, String::new());
        }
        // As a file server does (RFC 9110 section 13.1.3): by time alone.
        let since = request.headers.get(IF_MODIFIED_SINCE);
        let since = since.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if since.is_some_and(|since| since >= self.modified) {
            return answer(304, String::new());
        }
        let jwks: Vec<_> = self
            .keys
            .iter()
            .map(|key| keys()[*key].public_jwk())
            .collect();
        let mut document = answer(200, serde_json::json!({"keys": jwks}).to_string());
        document
            .headers
            .insert(LAST_MODIFIED, HeaderValue::from(self.modified));
        document
    }
}

fn keys() -> &'static [SigningKey] {
    static KEYS_MADE: OnceLock<Vec<SigningKey>> = OnceLock::new();
    KEYS_MADE.get_or_init(|| {
        let make = |i| SigningKey::generate(Algorithm::ES256).with_kid(format!("key-{i}"));
        // One more than is ever published.
        (0..=KEYS).map(make).collect()
    })
}

fn token(key: KeyId) -> String {
    TokenBuilder::new(&keys()[key])
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .build()
}

/// The real thing, on a thread of its own.
struct System {
    setup: Setup,
    fetcher: IssuerFetcher,
    authorizer: Authorizer,
    /// Where real time began.
    origin: Instant,
    /// Model time.
    now: Time,
    at_hand: Runtime,
    idle: Runtime,
    sent: Vec<Option<String>>,
}

struct Answer {
    status: u16,
    now: Time,
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

impl System {
    fn new(setup: Setup, fetcher: IssuerFetcher) -> Self {
        let at_hand = runtime();
        let origin = at_hand.block_on(async { Instant::now() });
        let authorizer = at_hand.block_on(async { build(&setup, &fetcher) });
        Self {
            setup,
            fetcher,
            authorizer,
            origin,
            now: Time::ZERO,
            at_hand,
            idle: runtime(),
            sent: vec![None; KEYS + 1],
        }
    }

    /// Runs `work` on the runtime at hand, at the model's time.
    fn on_runtime<T>(&mut self, work: impl AsyncFnOnce(&Authorizer) -> T) -> T {
        let (origin, now) = (self.origin, self.now);
        let authorizer = &self.authorizer;
        let (result, now) = self.at_hand.block_on(async move {
            let behind = (origin + now).saturating_duration_since(Instant::now());
            tokio::time::advance(behind).await;
            settle().await;
            let result = work(authorizer).await;
            settle().await;
            (result, Instant::now().saturating_duration_since(origin))
        });
        self.now = self.now.max(now);
        result
    }

    fn token(&mut self, key: KeyId, again: bool) -> String {
        let old = self.sent[key].take().filter(|_| again);
        let token = old.unwrap_or_else(|| token(key));
        self.sent[key] = Some(token.clone());
        token
    }

    fn request(&mut self, key: KeyId, again: bool) -> Answer {
        let token = self.token(key, again);
        let status = self.on_runtime(async |authorizer| status(&authorizer.verify(&token).await));
        Answer {
            status,
            now: self.now,
        }
    }

    fn begin(&mut self, key: KeyId) {
        let (authorizer, token) = (self.authorizer.clone(), token(key));
        let _context = self.at_hand.enter();
        tokio::spawn(async move { drop(authorizer.verify(&token).await) });
    }

    fn fetch_is_under_way(&self) -> bool {
        let _context = self.at_hand.enter();
        let keys = &self.authorizer.key_status()[0].keys;
        keys.next_refresh.is_none()
    }

    fn without_runtime(&mut self, key: KeyId, ended: bool) -> Answer {
        let token = self.token(key, true);
        let gone = runtime();
        let handle = gone.handle().clone();
        if ended {
            let behind = self.now;
            let origin = self.origin;
            gone.block_on(async {
                let behind = (origin + behind).saturating_duration_since(Instant::now());
                tokio::time::advance(behind).await;
            });
        }
        drop(gone);
        // Outside of every runtime the clock is the machine's, which stands still here: its time is
        // the beginning.
        let context = ended.then(|| handle.enter());
        let future = pin!(self.authorizer.verify(&token));
        let polled = future.poll(&mut Context::from_waker(Waker::noop()));
        drop(context);
        let now = if ended { self.now } else { Time::ZERO };
        let status = match polled {
            Poll::Ready(decision) => status(&decision),
            // It waits for a fetch that another runtime makes.
            Poll::Pending => 503,
        };
        Answer { status, now }
    }
}

fn build(setup: &Setup, fetcher: &IssuerFetcher) -> Authorizer {
    let mode = if setup.background {
        RefreshMode::Background
    } else {
        RefreshMode::OnRequest
    };
    let keys = RemoteJwks::discover(ISSUER)
        .fetcher(fetcher.clone())
        .refresh_mode(mode)
        .outage_window(setup.outage_window)
        .build()
        .unwrap();
    crate::support::authorizer()
        .issuer(
            authz_core::Issuer::new(ISSUER)
                .audience(AUDIENCE)
                .algorithms([Algorithm::ES256])
                .keys(keys),
        )
        .build()
        .unwrap()
}

pub(crate) fn status<T>(decision: &Result<T, Rejection>) -> u16 {
    match decision {
        Ok(_) => 200,
        Err(rejection) => rejection.status().as_u16(),
    }
}

pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// The system beside its model.
pub(crate) struct Pair {
    worker: Worker<System>,
    issuer: Arc<Mutex<Issuer>>,
    history: History,
    now: Time,
    runtimes_ended: usize,
    authorizers: usize,
    tokens_of_strangers: usize,
}

impl Pair {
    fn check(&mut self, key: KeyId, answer: &Answer, on_runtime: bool) {
        let (history, now) = (&mut self.history, answer.now);
        match answer.status {
            200 => assert!(
                history.may_accept(key, now),
                "key {key} is dead, and was accepted"
            ),
            401 => assert!(
                history.may_refuse(key, now),
                "key {key} is good, and was refused"
            ),
            503 => {}
            other => panic!("status {other}"),
        }
        if on_runtime && answer.status != 200 {
            assert!(!history.must_accept(key, now), "no 200 for key {key}");
            assert!(
                self.tokens_of_strangers > 0 || !history.must_find(key, now),
                "key {key} was not looked for again"
            );
            if answer.status == 401 {
                history.missed(key, now);
            }
        }
    }

    fn publish(&mut self, change: impl FnOnce(&mut History, Time)) {
        let before = self.history.published().clone();
        change(&mut self.history, self.now);
        let mut issuer = self.issuer.lock().unwrap();
        if before != *self.history.published() {
            issuer.keys.clone_from(self.history.published());
            // Twice in one second, or backwards, is no file server's time.
            issuer.modified = (issuer.modified + 1).max(self.now.as_secs());
        }
        let has_keys = !issuer.keys.is_empty();
        let server = issuer.server;
        drop(issuer);
        // An empty set is no usable key set.
        if server == Server::Well && has_keys {
            self.history.healthy(self.now);
        } else {
            self.history.in_trouble();
        }
    }
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Pair;
    type Reference = Self;

    fn init_test(setup: &Setup) -> Pair {
        let issuer = Arc::new(Mutex::new(Issuer {
            server: Server::Well,
            keys: BTreeSet::new(),
            address: 0,
            modified: 0,
            fetches: 0,
        }));
        let mut history = History::new(KEYS + 1, setup.outage_window);
        history.publish(0, Time::ZERO);
        issuer.lock().unwrap().keys.insert(0);
        let (setup, fetcher) = (setup.clone(), IssuerFetcher(Arc::clone(&issuer)));
        Pair {
            worker: Worker::new(move || System::new(setup, fetcher)),
            issuer,
            history,
            now: Time::ZERO,
            runtimes_ended: 0,
            authorizers: 1,
            tokens_of_strangers: 0,
        }
    }

    fn apply(mut pair: Pair, _: &Setup, step: Step) -> Pair {
        let before = pair.now;
        match step {
            Step::Pass(time) => {
                pair.now = pair.worker.run(move |system| {
                    system.on_runtime(async |_| tokio::time::sleep(time).await);
                    system.now
                });
            }
            Step::Jump(time) => {
                let (now, under_way) = pair.worker.run(move |system| {
                    let under_way = system.fetch_is_under_way();
                    system.now += time;
                    system.on_runtime(async |_| {});
                    (system.now, under_way)
                });
                pair.now = now;
                if under_way {
                    pair.history.disturbed(now);
                }
            }
            Step::Publish(key) => pair.publish(|history, now| history.publish(key, now)),
            Step::Withdraw(key) => pair.publish(|history, now| history.withdraw(key, now)),
            Step::Server(server) => {
                pair.issuer.lock().unwrap().server = server;
                pair.publish(|_, _| {});
            }
            Step::Move => {
                let mut issuer = pair.issuer.lock().unwrap();
                issuer.address += 1;
                // The file there was written long ago.
                issuer.modified = 0;
                drop(issuer);
                let now = pair.now;
                pair.history.disturbed(now);
            }
            Step::Request { key, again } => {
                let answer = pair.worker.run(move |system| system.request(key, again));
                pair.now = answer.now;
                let waited = pair.now - before;
                assert!(waited <= LONGEST_WAIT, "a request waited for {waited:?}");
                pair.check(key, &answer, true);
            }
            Step::Begin(key) => pair.worker.run(move |system| system.begin(key)),
            Step::Stranger => {
                pair.tokens_of_strangers += 1;
                let answer = pair.worker.run(|system| system.request(KEYS, false));
                pair.now = answer.now;
                assert_ne!(answer.status, 200);
            }
            Step::EndRuntime => {
                pair.runtimes_ended += 1;
                let cut_off = pair.worker.run(|system| {
                    let cut_off = system.fetch_is_under_way();
                    system.at_hand = runtime();
                    cut_off
                });
                if cut_off {
                    pair.history.disturbed(before);
                }
            }
            Step::SwapRuntimes => {
                let left_alone = pair.worker.run(|system| {
                    std::mem::swap(&mut system.at_hand, &mut system.idle);
                    system.fetch_is_under_way()
                });
                if left_alone {
                    pair.history.disturbed(before);
                }
            }
            Step::WithoutRuntime { key, ended } => {
                let answer = pair
                    .worker
                    .run(move |system| system.without_runtime(key, ended));
                if ended {
                    pair.check(key, &answer, false);
                }
            }
            Step::Rebuild => {
                pair.authorizers += 1;
                pair.worker.run(|system| {
                    let (setup, fetcher) = (system.setup.clone(), system.fetcher.clone());
                    system.authorizer = system.at_hand.block_on(async { build(&setup, &fetcher) });
                });
            }
        }
        pair
    }

    fn check_invariants(pair: &Pair, _: &Setup) {
        let fetches = pair.issuer.lock().unwrap().fetches;
        // Unknown keys: 5 and 5 a minute. On schedule: some 8 in the first minute of each outage, then
        // one per 12 s; and one more for each that was cut off.
        let minutes = usize::try_from(pair.now.as_secs() / 60 + 1).unwrap_or(usize::MAX);
        let limit = pair.authorizers * 15 + minutes * 20 + pair.runtimes_ended * 4;
        assert!(fetches <= limit, "{fetches} fetches, {limit} at most");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: shrinking(),
        failure_persistence: None,
        // The same steps in every run: AUTHZ_MODEL_CASES asks for more of them.
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn keys_are_accepted_and_refused_when_they_have_to_be(sequential 1..60 => Machine);
}

/// `AUTHZ_MODEL_CASES` asks for more.
pub(crate) fn cases() -> u32 {
    let asked = std::env::var("AUTHZ_MODEL_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

/// `AUTHZ_MODEL_SHRINK=0` ends at the first failure as it was found.
pub(crate) fn shrinking() -> u32 {
    let asked = std::env::var("AUTHZ_MODEL_SHRINK").ok();
    asked.and_then(|steps| steps.parse().ok()).unwrap_or(500)
}
