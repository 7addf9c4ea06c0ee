//! Tenants that appear, are displaced, idle, are retired and return.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use authz_core::{
    Authorizer, Issuer, Tenants, async_trait,
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
    /// The application changes its mind while it is asked: it says what it said before, and removes
    /// the tenant.
    RetireWhenAsked(TenantId),
    /// Strangers with names that nobody has.
    Strangers(usize),
    /// Strangers come while a request waits for the tenant's keys.
    Crowd(TenantId),
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
            1 => tenant.clone().prop_map(Step::RetireWhenAsked),
            1 => tenant.clone().prop_map(Step::Crowd),
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

/// The application, as `allow` knows it.
#[derive(Default)]
struct Application {
    allowed: [bool; TENANTS],
    retire_when_asked: [bool; TENANTS],
    /// Retired while it was asked.
    retired: Vec<TenantId>,
    authorizer: Option<Authorizer>,
}

impl Application {
    fn allows(this: &Mutex<Self>, tenant: TenantId) -> bool {
        let mut application = this.lock().unwrap();
        let answer = application.allowed[tenant];
        if std::mem::take(&mut application.retire_when_asked[tenant]) {
            application.allowed[tenant] = false;
            application.retired.push(tenant);
            let authorizer = application.authorizer.clone().unwrap();
            drop(application);
            authorizer.retire_tenant(&issuer(&name(tenant)));
        }
        answer
    }
}

struct System {
    runtime: Runtime,
    authorizer: Authorizer,
    provider: Provider,
    application: Arc<Mutex<Application>>,
    /// Accepted by a tenant that had lost its place.
    orphans: Arc<Mutex<Vec<TenantId>>>,
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
        let application = Arc::new(Mutex::new(Application {
            allowed: [true; TENANTS],
            ..Application::default()
        }));
        let tenants = Tenants::matching(
            Issuer::new("https://{tenant}.login.example/")
                .audience(AUDIENCE)
                .algorithms([Algorithm::ES256])
                .key_settings({
                    let provider = provider.clone();
                    move |keys| keys.fetcher(provider.clone())
                }),
        )
        .allow({
            let application = Arc::clone(&application);
            move |label| {
                let tenant = (0..TENANTS).find(|tenant| name(*tenant) == label);
                tenant.is_none_or(|tenant| Application::allows(&application, tenant))
            }
        })
        .max(ROOM)
        .new_tenants(2, Duration::from_secs(1));
        let authorizer = runtime
            .block_on(async { crate::support::authorizer().tenants(tenants).build() })
            .unwrap();
        application.lock().unwrap().authorizer = Some(authorizer.clone());
        Self {
            runtime,
            authorizer,
            provider,
            application,
            orphans: Arc::default(),
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
        let (authorizer, orphans) = (self.authorizer.clone(), Arc::clone(&self.orphans));
        self.runtime.block_on(async {
            tokio::spawn(async move {
                let accepted = authorizer.verify(&token).await.is_ok();
                let issuer = issuer(&name(tenant));
                if accepted
                    && !authorizer
                        .key_status()
                        .iter()
                        .any(|it| *it.issuer == *issuer)
                {
                    orphans.lock().unwrap().push(tenant);
                }
            });
            keys::settle().await;
        });
    }

    fn hold(&self, tenant: TenantId, held: bool) {
        self.provider.0.held.lock().unwrap()[tenant] = held;
        if !held {
            self.provider.0.opened.add_permits(1000);
            self.runtime.block_on(keys::settle());
            // Those who come later to a gate that is held wait again.
            self.provider.0.opened.forget_permits(usize::MAX >> 4);
        }
    }

    fn release(&self, tenant: TenantId) {
        self.hold(tenant, false);
        // What was held was given up meanwhile, and is backed off from.
        self.pass(Duration::from_secs(70));
    }

    fn crowd(&mut self, tenant: TenantId) {
        self.hold(tenant, true);
        self.begin(tenant);
        for _ in 0..3 {
            self.pass(Duration::from_secs(1));
            self.strangers(2);
        }
        self.release(tenant);
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

impl Drop for System {
    fn drop(&mut self) {
        // `allow` holds the authorizer that holds it.
        self.application.lock().unwrap().authorizer = None;
    }
}

pub(crate) struct Pair {
    worker: Worker<System>,
    history: History,
}

impl Pair {
    /// Runs `step` on the system, and notes which tenants were retired meanwhile.
    fn run<T: Send + 'static>(
        &mut self,
        step: impl FnOnce(&mut System) -> T + Send + 'static,
    ) -> T {
        let (result, retired, orphans) = self.worker.run(move |system| {
            let result = step(system);
            let retired = std::mem::take(&mut system.application.lock().unwrap().retired);
            (result, retired, system.orphans.lock().unwrap().clone())
        });
        for tenant in retired {
            self.history.allowed[tenant] = false;
            self.history.retire(tenant);
        }
        assert!(
            orphans.is_empty(),
            "tenants {orphans:?} had lost their place, and a token was accepted"
        );
        result
    }

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
            Step::Pass(time) => pair.run(move |system| system.pass(time)),
            Step::Request {
                tenant,
                again,
                forged,
            } => {
                pair.history.asked_for(tenant);
                let status = pair.run(move |system| system.request(tenant, again, forged));
                pair.check(tenant, forged, status);
            }
            Step::Begin(tenant) => {
                pair.history.asked_for(tenant);
                pair.run(move |system| system.begin(tenant));
            }
            Step::Hold(tenant) => {
                pair.history.held[tenant] = true;
                pair.run(move |system| system.hold(tenant, true));
            }
            Step::Release(tenant) => {
                pair.history.held[tenant] = false;
                pair.run(move |system| system.release(tenant));
            }
            Step::Allow(tenant, yes) => {
                pair.history.allowed[tenant] = yes;
                pair.run(move |system| system.application.lock().unwrap().allowed[tenant] = yes);
            }
            Step::Retire(tenant) => {
                pair.history.retire(tenant);
                pair.run(move |system| system.authorizer.retire_tenant(&issuer(&name(tenant))));
            }
            Step::RetireWhenAsked(tenant) => pair.run(move |system| {
                system.application.lock().unwrap().retire_when_asked[tenant] = true;
            }),
            Step::Crowd(tenant) => {
                pair.history.held[tenant] = false;
                pair.history.asked_for(tenant);
                pair.run(move |system| system.crowd(tenant));
            }
            Step::Strangers(count) => pair.run(move |system| system.strangers(count)),
            Step::Flood(tenant) => {
                let mut must = pair.history.must_be_admitted(tenant);
                pair.history.asked_for(tenant);
                let status = pair.run(move |system| {
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
                must &= pair.history.allowed[tenant];
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
