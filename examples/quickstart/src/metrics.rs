//! Serves the metrics of the library to Prometheus, on a port of its own.

use std::{io, net::Ipv4Addr, time::Duration};

use authz_core::Authorizer;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, time::interval};

pub(crate) struct Metrics {
    listener: TcpListener,
    port: u16,
    recorded: PrometheusHandle,
}

impl Metrics {
    /// Listens on 127.0.0.1, and records from now on. The authorizer must be built afterwards.
    pub(crate) fn listen(port: u16) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let recorder = PrometheusBuilder::new().set_buckets(BUCKETS);
        let recorded = recorder.and_then(PrometheusBuilder::install_recorder);
        Ok(Self {
            port: listener.local_addr()?.port(),
            listener: TcpListener::from_std(listener)?,
            recorded: recorded.map_err(io::Error::other)?,
        })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) async fn serve(self, authorizer: Authorizer) {
        // Without scrapes, the recorder would keep every duration.
        let mut upkeep = interval(Duration::from_secs(5));
        loop {
            let stream = tokio::select! {
                _ = upkeep.tick() => {
                    self.recorded.run_upkeep();
                    continue;
                }
                Ok((stream, _)) = self.listener.accept() => stream,
            };
            let (recorded, authorizer) = (self.recorded.clone(), authorizer.clone());
            let service = service_fn(move |request| {
                authorizer.update_gauges();
                let answer = answer(&request, &recorded);
                async { answer }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    }
}

fn answer(
    request: &Request<Incoming>,
    recorded: &PrometheusHandle,
) -> http::Result<Response<String>> {
    match request.uri().path() {
        "/metrics" => Response::builder()
            .header(CONTENT_TYPE, "text/plain; version=0.0.4")
            .body(recorded.render()),
        _ => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(String::new()),
    }
}

/// Seconds: from a decision from the cache to one that waits for keys.
const BUCKETS: &[f64] = &[
    1e-6, 2.5e-6, 1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 0.1, 1.0, 5.0,
];
