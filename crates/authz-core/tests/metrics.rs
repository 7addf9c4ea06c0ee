//! The metrics of the feature `metrics`: names, labels and values.
#![cfg(feature = "metrics")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use authz_core::{
    Admission, Authorizer, Issuer, RequestParts, Tenants, jwks::RemoteJwksBuilder, policy::scope,
};
use authz_testkit::Algorithm;
use http::Request;
use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, LocalRecorderGuard, Metadata, Recorder, SharedString,
    Unit,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use support::{
    AUDIENCE, Failure, ISSUER, KeyServer, build, key, pass, settle, status, stranger, token,
};

/// What was recorded on this thread.
struct Recorded {
    snapshots: Snapshotter,
    _guard: LocalRecorderGuard<'static>,
}

impl Recorded {
    fn start() -> Self {
        let recorder: &'static _ = Box::leak(Box::new(DebuggingRecorder::new()));
        Self {
            snapshots: recorder.snapshotter(),
            _guard: metrics::set_default_local_recorder(recorder),
        }
    }

    /// Returns the series that changed since the last call, as `name{label=value}`. Of a histogram, the
    /// number of values.
    fn changes(&self) -> BTreeMap<String, f64> {
        let all = self.snapshots.snapshot().into_vec().into_iter();
        let series = all.map(|(key, _, _, value)| {
            let labels = key.key().labels();
            let labels: BTreeSet<_> = labels
                .map(|it| format!("{}={}", it.key(), it.value()))
                .collect();
            let labels = Vec::from_iter(labels).join(",");
            let value = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.0,
                DebugValue::Histogram(values) => {
                    assert!(
                        values.iter().all(|it| (0.0..60.0).contains(&it.0)),
                        "seconds"
                    );
                    values.len() as f64
                }
            };
            (format!("{}{{{labels}}}", key.key().name()), value)
        });
        series.filter(|(_, value)| *value != 0.0).collect()
    }
}

fn are<const N: usize>(series: [(&str, f64); N]) -> BTreeMap<String, f64> {
    let all = series.into_iter();
    all.map(|(name, value)| (name.replace("ISSUER", &format!("issuer={ISSUER}")), value))
        .collect()
}

/// Decides about a request with `token` that requires the scope `read`.
async fn request(authorizer: &Authorizer, token: &str) -> Option<&'static str> {
    let request = Request::get("/messages");
    let request = match token {
        "" => request,
        token => request.header("authorization", format!("Bearer {token}")),
    };
    let request = request.body(()).unwrap();
    let admission = authorizer.decide(&RequestParts::from(&request), &scope("read"));
    admission.resolve().await.err().map(|it| it.reason().name())
}

#[tokio::test(start_paused = true)]
async fn decisions_by_outcome_reason_and_issuer() {
    let recorded = Recorded::start();
    let key = key();
    let authorizer = KeyServer::new([key.clone()]).authorizer();
    settle().await;
    recorded.changes();

    let good = token(&key).scope("read").build();
    assert_eq!(request(&authorizer, &good).await, None);
    assert_eq!(
        recorded.changes(),
        are([
            ("authz_cache_misses_total{}", 1.0),
            (
                "authz_decisions_total{ISSUER,outcome=allowed,reason=none}",
                1.0
            ),
            ("authz_decision_duration_seconds{outcome=allowed}", 1.0),
        ])
    );

    // Every 16th decision from the cache is measured, and recorded 16 times.
    for _ in 0..40 {
        assert_eq!(request(&authorizer, &good).await, None);
    }
    assert_eq!(
        recorded.changes(),
        are([
            ("authz_cache_hits_total{}", 40.0),
            (
                "authz_decisions_total{ISSUER,outcome=allowed,reason=none}",
                40.0
            ),
            ("authz_decision_duration_seconds{outcome=allowed}", 32.0),
        ])
    );

    for (token, reason, series) in [
        (
            "",
            "missing_token",
            "authz_decisions_total{issuer=unknown,outcome=refused,reason=missing_token}",
        ),
        (
            "x",
            "opaque_token",
            "authz_decisions_total{issuer=unknown,outcome=refused,reason=opaque_token}",
        ),
        (
            &*token(&key).build(),
            "insufficient_scope",
            "authz_decisions_total{ISSUER,outcome=refused,reason=insufficient_scope}",
        ),
        (
            &*token(&key).issuer("https://other.example").build(),
            "wrong_issuer",
            "authz_decisions_total{issuer=unknown,outcome=refused,reason=wrong_issuer}",
        ),
        (
            &*token(&key).expires_in(-100).build(),
            "expired",
            "authz_decisions_total{ISSUER,outcome=refused,reason=expired}",
        ),
    ] {
        assert_eq!(request(&authorizer, token).await, Some(reason));
        let mut expected = are([(series, 1.0)]);
        if !token.is_empty() {
            expected.extend(are([
                ("authz_cache_misses_total{}", 1.0),
                ("authz_decision_duration_seconds{outcome=refused}", 1.0),
            ]));
        }
        assert_eq!(recorded.changes(), expected, "{reason}");
    }

    // A handler's own check.
    let caller = authorizer.verify(&good).await.unwrap();
    recorded.changes();
    assert!(caller.check(&scope("write")).is_err());
    assert_eq!(
        recorded.changes(),
        are([(
            "authz_decisions_total{ISSUER,outcome=refused,reason=insufficient_scope}",
            1.0
        ),])
    );
}

#[tokio::test(start_paused = true)]
async fn fetches_by_result_and_the_age_of_the_keys() {
    let recorded = Recorded::start();
    let (first, second) = (key(), key());
    let server = KeyServer::new([first.clone()]);
    server.use_etags();
    server.fail(Failure::Status(500));
    let authorizer = build(server.keys().default_lifetime(Duration::from_secs(600)));
    settle().await;
    authorizer.update_gauges();
    let mut changes = recorded.changes();
    let age = changes.remove(&*format!("authz_keys_age_seconds{{issuer={ISSUER}}}"));
    assert!(age.is_some_and(f64::is_nan), "{age:?}");
    assert_eq!(
        changes,
        are([("authz_keys_fetches_total{ISSUER,result=status}", 1.0)])
    );

    let good = token(&first).scope("read").build();
    assert_eq!(request(&authorizer, &good).await, Some("keys_unavailable"));
    let decided = recorded.changes();
    assert_eq!(
        decided,
        are([
            ("authz_cache_misses_total{}", 1.0),
            (
                "authz_decisions_total{ISSUER,outcome=unavailable,reason=keys_unavailable}",
                1.0
            ),
            ("authz_decision_duration_seconds{outcome=unavailable}", 1.0),
        ])
    );

    for (failure, result) in [(Failure::Reset, "transport"), (Failure::Hang, "timeout")] {
        server.fail(failure);
        pass(Duration::from_secs(13)).await;
        pass(Duration::from_secs(13)).await;
        let changes = recorded.changes();
        let counted = changes.get(&*format!(
            "authz_keys_fetches_total{{issuer={ISSUER},result={result}}}"
        ));
        assert!(counted.is_some_and(|it| *it > 0.0), "{result}: {changes:?}");
    }

    server.recover();
    server.serve("no JSON");
    pass(Duration::from_secs(13)).await;
    pass(Duration::from_secs(13)).await;
    let changes = recorded.changes();
    assert!(
        changes.contains_key(&*format!(
            "authz_keys_fetches_total{{issuer={ISSUER},result=key_set}}"
        )),
        "{changes:?}"
    );

    server.recover();
    pass(Duration::from_secs(13)).await;
    assert_eq!(
        recorded.changes(),
        are([("authz_keys_fetches_total{ISSUER,result=ok}", 1.0)])
    );
    pass(Duration::from_secs(60)).await;
    authorizer.update_gauges();
    assert_eq!(
        recorded.changes(),
        are([
            ("authz_keys{ISSUER}", 1.0),
            ("authz_keys_age_seconds{ISSUER}", 60.0),
        ])
    );

    // The issuer rotates: an unknown key causes a fetch, and the request that waits is allowed.
    server.publish(&second);
    assert_eq!(
        request(&authorizer, &token(&second).scope("read").build()).await,
        None
    );
    authorizer.update_gauges();
    let mut changes = recorded.changes();
    assert!(
        changes
            .remove("authz_cache_bytes{}")
            .is_some_and(|it| it > 500.0)
    );
    assert_eq!(
        changes,
        are([
            ("authz_cache_misses_total{}", 1.0),
            (
                "authz_decisions_total{ISSUER,outcome=allowed,reason=none}",
                1.0
            ),
            ("authz_decision_duration_seconds{outcome=allowed}", 1.0),
            ("authz_keys_fetches_total{ISSUER,result=ok}", 1.0),
            ("authz_keys{ISSUER}", 2.0),
        ])
    );

    pass(Duration::from_secs(600)).await;
    let changes = recorded.changes();
    assert!(
        changes.contains_key(&*format!(
            "authz_keys_fetches_total{{issuer={ISSUER},result=not_modified}}"
        )),
        "{changes:?}"
    );

    // The label never contains what a caller sent.
    status(&authorizer, &stranger("secret")).await;
    let changes = recorded.changes();
    assert!(
        !changes.keys().any(|it| it.contains("unknown-secret")),
        "{changes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn tenants_share_the_label_of_their_pattern() {
    const PATTERN: &str = "https://{tenant}.login.example/";
    let recorded = Recorded::start();
    let key = key();
    let server = KeyServer::new([key.clone()]);
    let template = Issuer::new(PATTERN)
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
        .key_settings(move |keys| keys.fetcher(server.clone()));
    let authorizer = support::authorizer()
        .tenants(Tenants::matching(template))
        .build()
        .unwrap();
    for tenant in ["a", "b"] {
        let token = token(&key)
            .issuer(format!("https://{tenant}.login.example/"))
            .build();
        // Its metadata is a key set here, so discovery fails.
        assert_eq!(request(&authorizer, &token).await, Some("keys_unavailable"));
    }
    authorizer.update_gauges();
    let mut changes = recorded.changes();
    changes.retain(|name, _| !name.starts_with("authz_keys_age"));
    let counted = |name: &str, value| (name.replace("PATTERN", PATTERN), value);
    assert_eq!(
        changes,
        BTreeMap::from([
            counted("authz_cache_misses_total{}", 2.0),
            counted("authz_decision_duration_seconds{outcome=unavailable}", 2.0),
            counted(
                "authz_decisions_total{issuer=PATTERN,outcome=unavailable,reason=keys_unavailable}",
                2.0
            ),
            counted(
                "authz_keys_fetches_total{issuer=PATTERN,result=discovery}",
                2.0
            ),
            counted("authz_tenants{}", 2.0),
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn fetches_count_wherever_the_keys_were_built() {
    let recorded = Recorded::start();
    let server = KeyServer::new([key()]);
    let built = || server.keys().build().unwrap();
    let settings = {
        let server = server.clone();
        move |keys: RemoteJwksBuilder| keys.fetcher(server.clone())
    };
    // Built one after the other, because a fetch begins with the build.
    for name in ["owned", "shared", "by address"] {
        let issuer = support::issuer();
        let issuer = match name {
            "owned" => issuer.keys(built()),
            "shared" => issuer.keys(Arc::new(built())),
            _ => issuer
                .jwks_uri("https://login.example/keys")
                .key_settings(settings.clone()),
        };
        let authorizer = support::authorizer().issuer(issuer).build().unwrap();
        settle().await;
        assert_eq!(
            recorded.changes(),
            are([("authz_keys_fetches_total{ISSUER,result=ok}", 1.0)]),
            "{name}"
        );
        drop(authorizer);
    }
}

#[tokio::test(start_paused = true)]
async fn evictions() {
    let recorded = Recorded::start();
    let key = key();
    let keys = KeyServer::new([key.clone()]).keys().build().unwrap();
    let authorizer = support::builder(keys)
        .cache_bytes(64 * 1024)
        .build()
        .unwrap();
    for i in 0..100 {
        assert_eq!(
            request(
                &authorizer,
                &token(&key).scope("read").subject(i.to_string()).build()
            )
            .await,
            None
        );
    }
    let kept = authorizer.cache_status().unwrap().tokens;
    let evicted = recorded.changes().remove("authz_cache_evictions_total{}");
    assert_eq!(evicted, Some(100.0 - kept as f64));
}

#[test]
fn a_warm_decision_allocates_nothing() {
    let _recorded = Recorded::start();
    let key = key();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let authorizer = KeyServer::new([key.clone()]).authorizer();
        let token = token(&key).scope("read").build();
        assert_eq!(request(&authorizer, &token).await, None);
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let request = request.body(()).unwrap();
        let (parts, policy) = (RequestParts::from(&request), scope("read"));
        for _ in 0..15 {
            let decide = || {
                assert!(matches!(
                    authorizer.decide(&parts, &policy),
                    Admission::Ready(Ok(_))
                ));
            };
            let counted = allocation_counter::measure(decide);
            assert_eq!(counted.count_total, 0, "{counted:?}");
        }
    });
}

/// The operator's page lists every metric with type and unit, and nothing else.
#[test]
fn the_guide_lists_what_the_code_describes() {
    let descriptions = Descriptions::default();
    metrics::with_local_recorder(&descriptions, || KeyServer::new([key()]).authorizer());
    let described = descriptions.0.lock().unwrap().clone();
    assert_eq!(described.len(), 15);
    let guide = include_str!("../../../docs/operating.md");
    let rows = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `authz_"));
    let rows: BTreeSet<_> = rows
        .map(|row| {
            let cells: Vec<_> = row
                .split('|')
                .map(|it| it.trim().trim_end_matches('`'))
                .collect();
            (
                format!("authz_{}", cells[0]),
                cells[1].to_owned(),
                cells[2].to_owned(),
            )
        })
        .collect();
    assert_eq!(rows, described);
}

/// Name, type and unit of each metric that is described.
#[derive(Default)]
struct Descriptions(Arc<Mutex<BTreeSet<(String, String, String)>>>);

impl Descriptions {
    fn add(&self, name: &KeyName, kind: &str, unit: Option<Unit>) {
        let unit = unit.map_or("", |it| it.as_str()).to_owned();
        let row = (name.as_str().to_owned(), kind.to_owned(), unit);
        assert!(
            self.0.lock().unwrap().insert(row),
            "{name:?} is described twice"
        );
    }
}

impl Recorder for Descriptions {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.add(&name, "counter", unit);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.add(&name, "gauge", unit);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.add(&name, "histogram", unit);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
