//! `AUTHZ_METRICS_PORT`: the metrics for Prometheus, on a port of their own.

use std::{
    io::{ErrorKind, Write as _},
    process::{Command, Stdio},
};

use blackbox::http::{Request, split_url};

use crate::stage::{self, SOON, Subject};

pub(crate) fn are_served_when_asked_for(subject: Subject) {
    let program = stage::program(subject).env("PORT", "0");
    let server = stage::start_ready(program.env("AUTHZ_METRICS_PORT", "0"));
    let line = server.stdout_line("metrics ", SOON).expect("a line");
    let (address, target) = split_url(&line[line.find("http://").unwrap()..]).unwrap();
    assert!(address.ip().is_loopback(), "{line}");
    assert_eq!(target, "/metrics");
    for token in ["abc", "abd"] {
        let answer = stage::send(&server, &Request::get("/api/private").bearer(token));
        assert_eq!(answer.status(), 401);
    }
    let answer = Request::get(target).send(address).unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text();
    for line in [
        "# TYPE authz_decisions_total counter",
        r#"authz_decisions_total{outcome="refused",reason="opaque_token",issuer="unknown"} 2"#,
        r#"authz_decision_duration_seconds_bucket{outcome="refused",le="+Inf"} 2"#,
        "authz_cache_misses_total 2",
        "authz_tenants 0",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(
        text.contains("\nauthz_keys{issuer=\"http://127.0.0.1:"),
        "{text}"
    );
    check_with_promtool(&text);
    assert_eq!(Request::get("/").send(address).unwrap().status(), 404);
    // The API itself has no such place.
    assert_eq!(stage::get(&server, "/metrics").status(), 404);
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
