//! Tenants that appear, are displaced, idle, are retired and return.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use authz_core::{
    Authorizer, Tenants, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher},
};
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::{runtime::Runtime, sync::Semaphore};

use crate::{keys, worker::Worker};

type TenantId = usize;

const TENANTS: usize = 4;
const AUDIENCE: &str = "https://api.example";
/// Less room than there are tenants.
const ROOM: usize = 2;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Pass(Duration),
    Request {
        tenant: TenantId,
        /// With a token that was sent before.
        again: bool,
        forged: bool,
    },
    /// A request that nobody waits for.
    Begin(TenantId),
    /// The tenant's key server answers nobody until it is released.
    Hold(TenantId),
    Release(TenantId),
    /// What the application says of the tenant from now on.
    Allow(TenantId, bool),
    Retire(TenantId),
    /// Strangers with names that nobody has.
    Strangers(usize),
    /// A minute of strangers, while the tenant's clients ask every other second.
    Flood(TenantId),
}

/// What may be accepted when.
#[derive(Debug)]
struct History {
    allowed: [bool; TENANTS],
    held: [bool; TENANTS],
    /// Asked for while it was allowed, since it was retired last: it may have been admitted.
    may_be_admitted: [bool; TENANTS],
    /// Accepted since it was retired last: no stranger displaces it.
    confirmed: [bool; TENANTS],
}

impl History {
    fn asked_for(&mut self, tenant: TenantId) {
        self.may_be_admitted[tenant] |= self.allowed[tenant];
    }

    fn retire(&mut self, tenant: TenantId) {
        self.may_be_admitted[tenant] = false;
        self.confirmed[tenant] = false;
    }

    fn may_accept(&self, tenant: TenantId) -> bool {
        self.may_be_admitted[tenant]
    }

    /// It was good, and nothing has happened to it since.
    fn must_accept(&self, tenant: TenantId) -> bool {
        self.confirmed[tenant] && !self.held[tenant]
    }

    /// There is room for it, and its clients keep asking.
    fn must_be_admitted(&self, tenant: TenantId) -> bool {
        // Others may have been confirmed by a request that nobody waited for.
        let others = (0..TENANTS).filter(|it| *it != tenant && self.may_be_admitted[*it]);
        self.allowed[tenant] && !self.held[tenant] && others.count() < ROOM
    }
}

pub(crate) struct Machine;

impl ReferenceStateMachine for Machine {
    type State = ();
    type Transition = Step;

    fn init_state() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn transitions((): &()) -> BoxedStrategy<Step> {
        let tenant = 0..TENANTS;
        prop_oneof![
            3 => prop_oneof![Just(100), Just(1_000), Just(10_000), Just(700_000), Just(90_000_000)]
                .prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
            8 => (tenant.clone(), any::<bool>(), prop::bool::weighted(0.1))
                .prop_map(|(tenant, again, forged)| Step::Request { tenant, again, forged }),
            3 => tenant.clone().prop_map(Step::Begin),
            2 => tenant.clone().prop_map(Step::Hold),
            3 => tenant.clone().prop_map(Step::Release),
            3 => (tenant.clone(), any::<bool>()).prop_map(|(tenant, yes)| Step::Allow(tenant, yes)),
            2 => tenant.clone().prop_map(Step::Retire),
            3 => (1_usize..8).prop_map(Step::Strangers),
            1 => tenant.prop_map(Step::Flood),
        ]
        .boxed()
    }

    fn apply((): (), _: &Step) {}
}

#[derive(Clone)]
struct Provider(Arc<Gates>);

struct Gates {
    held: Mutex<[bool; TENANTS]>,
    opened: Semaphore,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

#[async_trait]
impl Fetcher for Provider {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let host = request.url.host_str().unwrap_or_default();
        let label = host.split('.').next().unwrap_or_default();
        let tenant = (0..TENANTS).find(|tenant| name(*tenant) == label);
        let (status, body) = match tenant {
            None => (StatusCode::NOT_FOUND, String::new()),
            Some(tenant) => {
                if self.0.held.lock().unwrap()[tenant] {
                    self.0.opened.acquire().await.unwrap().forget();
                }
                let document = serde_json::json!({
                    "issuer": format!("https://{host}/"),
                    "jwks_uri": format!("https://{host}/keys"),
                    "keys": [signing_keys()[tenant].public_jwk()],
                });
                (StatusCode::OK, document.to_string())
            }
        };
        Ok(Fetched {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        })
    }
}

fn name(tenant: TenantId) -> String {
    format!("tenant-{tenant}")
}

fn issuer(name: &str) -> String {
    format!("https://{name}.login.example/")
}

/// One for each tenant, and one more for forgeries.
fn signing_keys() -> &'static [SigningKey] {
    static KEYS: OnceLock<Vec<SigningKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let make = |_| SigningKey::generate(Algorithm::ES256).with_kid("1");
        (0..=TENANTS).map(make).collect()
    })
}

fn token(name: &str, key: &SigningKey) -> String {
    TokenBuilder::new(key)
        .issuer(issuer(name))
        .audience(AUDIENCE)
        .build()
}

struct System {
    runtime: Runtime,
    authorizer: Authorizer,
    provider: Provider,
    allowed: Arc<Mutex<[bool; TENANTS]>>,
    sent: Vec<Option<String>>,
    strangers: usize,
}

impl System {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let provider = Provider(Arc::new(Gates {
            held: Mutex::default(),
            opened: Semaphore::new(0),
        }));
        let allowed = Arc::new(Mutex::new([true; TENANTS]));
        let tenants = Tenants::matching("https://{tenant}.login.example/")
            .audience(AUDIENCE)
            .rules(|issuer| issuer.algorithms([Algorithm::ES256]))
            .keys({
                let provider = provider.clone();
                move |keys| keys.fetcher(provider.clone())
            })
            .allow({
                let allowed = Arc::clone(&allowed);
                move |label| {
                    let tenant = (0..TENANTS).find(|tenant| name(*tenant) == label);
                    tenant.is_none_or(|tenant| allowed.lock().unwrap()[tenant])
                }
            })
            .max(ROOM)
            .new_tenants(2, Duration::from_secs(1));
        let authorizer = runtime
            .block_on(async { Authorizer::builder().tenants(tenants).build() })
            .unwrap();
        Self {
            runtime,
            authorizer,
            provider,
            allowed,
            sent: vec![None; TENANTS],
            strangers: 0,
        }
    }

    fn request(&mut self, tenant: TenantId, again: bool, forged: bool) -> u16 {
        let key = if forged { TENANTS } else { tenant };
        let old = self.sent[tenant].clone().filter(|_| again && !forged);
        let token = old.unwrap_or_else(|| token(&name(tenant), &signing_keys()[key]));
        if !forged {
            self.sent[tenant] = Some(token.clone());
        }
        self.status(&token)
    }

    fn status(&self, token: &str) -> u16 {
        self.runtime.block_on(async {
            let status = keys::status(&self.authorizer.verify(token).await);
            keys::settle().await;
            status
        })
    }

    fn begin(&mut self, tenant: TenantId) {
        let token = token(&name(tenant), &signing_keys()[tenant]);
        self.sent[tenant] = Some(token.clone());
        let authorizer = self.authorizer.clone();
        self.runtime.block_on(async {
            tokio::spawn(async move { drop(authorizer.verify(&token).await) });
            keys::settle().await;
        });
    }

    fn hold(&mut self, tenant: TenantId, held: bool) {
        self.provider.0.held.lock().unwrap()[tenant] = held;
        if !held {
            self.provider.0.opened.add_permits(1000);
            self.runtime.block_on(keys::settle());
            // Those who come later to a gate that is held wait again.
            self.provider.0.opened.forget_permits(usize::MAX >> 4);
        }
    }

    fn strangers(&mut self, count: usize) {
        for _ in 0..count {
            self.strangers += 1;
            let stranger = token(
                &format!("fake-{}", self.strangers),
                &signing_keys()[TENANTS],
            );
            assert_eq!(self.status(&stranger), 503);
        }
    }

    fn pass(&self, time: Duration) {
        self.runtime.block_on(async {
            tokio::time::sleep(time).await;
            keys::settle().await;
        });
    }
}

pub(crate) struct Pair {
    worker: Worker<System>,
    history: History,
}

impl Pair {
    fn check(&mut self, tenant: TenantId, forged: bool, status: u16) {
        match status {
            200 => {
                assert!(!forged, "a forgery of tenant {tenant} was accepted");
                assert!(
                    self.history.may_accept(tenant),
                    "tenant {tenant} is dead, and its token was accepted"
                );
                self.history.confirmed[tenant] = true;
            }
            401 | 503 => assert!(
                forged || !self.history.must_accept(tenant),
                "tenant {tenant} was good, and is refused with {status}"
            ),
            other => panic!("status {other}"),
        }
    }
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Pair;
    type Reference = Self;

    fn init_test((): &()) -> Pair {
        Pair {
            worker: Worker::new(System::new),
            history: History {
                allowed: [true; TENANTS],
                held: [false; TENANTS],
                may_be_admitted: [false; TENANTS],
                confirmed: [false; TENANTS],
            },
        }
    }

    fn apply(mut pair: Pair, (): &(), step: Step) -> Pair {
        match step {
            Step::Pass(time) => pair.worker.run(move |system| system.pass(time)),
            Step::Request {
                tenant,
                again,
                forged,
            } => {
                pair.history.asked_for(tenant);
                let status = pair
                    .worker
                    .run(move |system| system.request(tenant, again, forged));
                pair.check(tenant, forged, status);
            }
            Step::Begin(tenant) => {
                pair.history.asked_for(tenant);
                pair.worker.run(move |system| system.begin(tenant));
            }
            Step::Hold(tenant) => {
                pair.history.held[tenant] = true;
                pair.worker.run(move |system| system.hold(tenant, true));
            }
            Step::Release(tenant) => {
                pair.history.held[tenant] = false;
                pair.worker.run(move |system| {
                    system.hold(tenant, false);
                    // What was held was given up meanwhile, and is backed off from.
                    system.pass(Duration::from_secs(70));
                });
            }
            Step::Allow(tenant, yes) => {
                pair.history.allowed[tenant] = yes;
                pair.worker
                    .run(move |system| system.allowed.lock().unwrap()[tenant] = yes);
            }
            Step::Retire(tenant) => {
                pair.history.retire(tenant);
                pair.worker
                    .run(move |system| system.authorizer.retire_tenant(&issuer(&name(tenant))));
            }
            Step::Strangers(count) => pair.worker.run(move |system| system.strangers(count)),
            Step::Flood(tenant) => {
                let must = pair.history.must_be_admitted(tenant);
                pair.history.asked_for(tenant);
                let status = pair.worker.run(move |system| {
                    let mut status = 0;
                    for second in 0..60 {
                        system.strangers(5);
                        if second % 2 == 0 {
                            status = system.request(tenant, true, false);
                        }
                        system.pass(Duration::from_secs(1));
                    }
                    status
                });
                pair.check(tenant, false, status);
                assert!(!must || status == 200, "tenant {tenant} was kept out");
            }
        }
        pair
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: keys::cases(),
        max_shrink_iters: keys::shrinking(),
        failure_persistence: None,
        // The same steps in every run: AUTHZ_MODEL_CASES asks for more of them.
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn tenants_are_accepted_and_refused_when_they_have_to_be(sequential 1..40 => Machine);
}
