//! Metrics of the calls.
#![cfg(feature = "metrics")]

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::{
    server::{Server, active, api, issuer, opaque},
    support::{Failure, ISSUER},
};

#[tokio::test(start_paused = true)]
async fn calls_are_counted_by_result_and_measured() {
    let recorder: &'static _ = Box::leak(Box::new(DebuggingRecorder::new()));
    let snapshots = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(recorder);
    let server = Server::new();
    server.says("good", active());
    server.says("odd", "{}");
    let api = api(issuer(&server, opaque()));
    for token in ["good", "good", "bad", "odd"] {
        api.reason(token).await;
    }
    server.fail(Failure::Status(401));
    api.reason("another").await;
    // Held back: not a call.
    api.reason("yet-another").await;
    let mut calls = BTreeMap::new();
    let mut measured = 0;
    for (key, _, _, value) in snapshots.snapshot().into_vec() {
        let key = key.key();
        if !key.name().starts_with("authz_introspection") {
            continue;
        }
        let labels: BTreeMap<_, _> = key.labels().map(|it| (it.key(), it.value())).collect();
        assert_eq!(labels["issuer"], ISSUER);
        match value {
            DebugValue::Counter(count) => {
                assert_eq!(key.name(), "authz_introspection_calls_total");
                calls.insert(labels["result"].to_owned(), count);
            }
            DebugValue::Histogram(values) => {
                assert_eq!(key.name(), "authz_introspection_duration_seconds");
                measured += values.len();
            }
            DebugValue::Gauge(_) => panic!("{key:?}"),
        }
    }
    let expected = ["active", "credentials", "inactive", "malformed"];
    let expected = expected.map(|result| (result.to_owned(), 1));
    assert_eq!(calls, BTreeMap::from(expected));
    assert_eq!(measured, 4);
}
