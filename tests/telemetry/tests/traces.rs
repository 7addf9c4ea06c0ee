//! An axum application with `tracing-opentelemetry` sends its traces to a collector: a refused request's
//! span has the reason, and the refusal's log line has the trace's identifier.

use std::{
    io,
    sync::{Arc, Mutex, mpsc},
};

use authz_axum::{Authorizer, Issuer, RequireExt as _, any_valid_token};
use authz_testkit::{Algorithm, DevIssuer, SigningKey};
use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use prost::Message as _;
use tokio::{net::TcpListener, runtime::Runtime};
use tower::ServiceExt as _;
use tracing::{Instrument as _, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

#[test]
fn a_refused_request_reaches_the_collector_with_its_reason() {
    let runtime = Runtime::new().unwrap();
    let (endpoint, received) = runtime.block_on(collector());
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint);
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter.build().unwrap())
        .build();
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("api")))
        .with(
            tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_writer(move || writer.clone()),
        )
        .init();

    let unknown = runtime.block_on(requests());
    provider.force_flush().unwrap();
    provider.shutdown().unwrap();
    let spans: Vec<Span> = received.try_iter().flatten().collect();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();

    // The refusal is an event of the request's own span, and its log line names the trace.
    for (path, reason) in [("/opaque", "opaque_token"), ("/unknown", "unknown_key")] {
        let request = span(&spans, path);
        let mut events = request.events.iter();
        let event = events.find(|it| it.name == "request refused").expect(path);
        assert_eq!(text(&event.attributes, "reason"), Some(reason));
        let mut lines = log.lines();
        let reason = format!("reason={reason:?}");
        let line = lines.find(|it| it.contains(&reason)).expect(path);
        let trace_id: String = (request.trace_id.iter())
            .map(|it| format!("{it:02x}"))
            .collect();
        assert!(line.contains(&format!("trace_id={trace_id}")), "{line}");
    }

    // A decision that waits for keys has a span of its own below it.
    let request = span(&spans, "/unknown");
    let decision = span(&spans, "authz.authorize");
    assert_eq!(decision.trace_id, request.trace_id);
    assert_eq!(decision.parent_span_id, request.span_id);
    assert_eq!(text(&decision.attributes, "outcome"), Some("refused"));
    assert_eq!(text(&decision.attributes, "reason"), Some("unknown_key"));

    // Tokens are in neither.
    assert!(!log.contains(&unknown) && !format!("{spans:?}").contains(&unknown));
}

/// Sends an opaque token, and one that an unknown key signed. Returns the latter.
async fn requests() -> String {
    let issuer = DevIssuer::start().await;
    let settings = Issuer::new(issuer.issuer()).audience(issuer.audience());
    let authorizer = Authorizer::new(settings).unwrap();
    authorizer.ready().await;
    let ok = get(async || "ok").route_layer(authorizer.require(any_valid_token()));
    let app = Router::new()
        .route("/opaque", ok.clone())
        .route("/unknown", ok)
        .layer(from_fn(in_span));
    let unknown = (issuer.token())
        .key(&SigningKey::generate(Algorithm::RS256))
        .build();
    for (path, token) in [("/opaque", "abc"), ("/unknown", &*unknown)] {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    unknown
}

/// What an application's middleware does: one span per request, with the trace's identifier for the log.
async fn in_span(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let span = tracing::info_span!("request", otel.name = path, trace_id = Empty);
    let trace_id = span.context().span().span_context().trace_id();
    span.record("trace_id", tracing::field::display(trace_id));
    next.run(request).instrument(span).await
}

/// Starts an OTLP collector (http/protobuf) and returns its address and the spans that it receives.
async fn collector() -> (String, mpsc::Receiver<Vec<Span>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    let receive = post(async move |body: Bytes| {
        let export = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = export
            .resource_spans
            .into_iter()
            .flat_map(|it| it.scope_spans);
        sender
            .send(scopes.flat_map(|it| it.spans).collect())
            .unwrap();
    });
    let app = Router::new().route("/v1/traces", receive);
    tokio::spawn(async { axum::serve(listener, app).await });
    (endpoint, received)
}

fn span<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found = spans.iter().find(|it| it.name == name);
    found.unwrap_or_else(|| panic!("no span {name}: {spans:#?}"))
}

fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|it| it.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
