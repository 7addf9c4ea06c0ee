//! Serves the metrics of the library to Prometheus, on a port of its own.

use std::{net::Ipv4Addr, time::Duration};

use authz_core::Authorizer;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};

/// Listens on 127.0.0.1, and records from now on. The authorizer must be built afterwards.
pub(crate) fn serve(port: u16) -> Result<(), BuildError> {
    PrometheusBuilder::new()
        .set_buckets(BUCKETS)?
        .with_http_listener((Ipv4Addr::LOCALHOST, port))
        .install()
}

pub(crate) async fn update_gauges(authorizer: Authorizer) {
    loop {
        authorizer.update_gauges();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Seconds: from a decision from the cache to one that waits for keys.
const BUCKETS: &[f64] = &[
    1e-6, 2.5e-6, 1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 0.1, 1.0, 5.0,
];
