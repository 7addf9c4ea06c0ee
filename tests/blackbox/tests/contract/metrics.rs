//! `AUTHZ_METRICS_PORT`: the metrics for Prometheus, on a port of their own.

use std::{
    io::{ErrorKind, Write as _},
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Instant,
};

use blackbox::http::{Request, split_url};

use crate::stage::{self, SOON, Subject};

pub(crate) fn are_served_when_asked_for(subject: Subject) {
    let program = stage::program(subject).env("PORT", "0");
    let server = stage::start_ready(program.env("AUTHZ_METRICS_PORT", free_port().to_string()));
    let line = server.stdout_line("metrics ", SOON).expect("a line");
    let (address, target) = split_url(&line[line.find("http://").unwrap()..]).unwrap();
    assert!(address.ip().is_loopback(), "{line}");
    assert_eq!(target, "/metrics");
    for token in ["abc", "abd"] {
        let answer = stage::send(&server, &Request::get("/api/private").bearer(token));
        assert_eq!(answer.status(), 401);
    }
    let text = metrics_with_keys(address);
    for line in [
        "# TYPE authz_decisions_total counter",
        r#"authz_decisions_total{outcome="refused",reason="opaque_token",issuer="unknown"} 2"#,
        r#"authz_decision_duration_seconds_bucket{outcome="refused",le="+Inf"} 2"#,
        "authz_cache_misses_total 2",
        "authz_tenants 0",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    check_with_promtool(&text);
    // The API itself has no such place.
    assert_eq!(stage::get(&server, "/metrics").status(), 404);
}

/// Below the ports that the system gives to clients, so that no connection takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    loop {
        // Each test of this process has another one.
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The gauges are set once a second: the server had no keys when it set them first.
fn metrics_with_keys(address: SocketAddr) -> String {
    let start = Instant::now();
    loop {
        let answer = Request::get("/metrics").send(address).unwrap();
        assert_eq!(answer.status(), 200);
        let text = answer.text();
        let mut lines = text.lines();
        if lines.any(|it| it.starts_with("authz_keys{issuer=\"http://127") && it.ends_with(" 1")) {
            return text;
        }
        assert!(start.elapsed() < SOON, "{text}");
        std::thread::yield_now();
    }
}

fn check_with_promtool(text: &str) {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut promtool = match promtool
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("promtool is not installed (Debian: apt install prometheus): not checked");
            return;
        }
        started => started.unwrap(),
    };
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
}
