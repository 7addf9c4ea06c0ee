//! What the operator reads: one line for every refusal, with its reason, and never the token.

use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use blackbox::http::Request;

use crate::stage::{self, Issuer, SOON, Subject};

pub(crate) fn of_refusals(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let good = || issuer.token().scope("read:messages");
    let stranger = SigningKey::generate(Algorithm::RS256);
    let rows: [(&str, TokenBuilder); 6] = [
        ("expired", good().expires_in(-3600)),
        ("wrong_audience", good().audience("https://other.example")),
        ("insufficient_scope", issuer.token()),
        ("invalid_signature", good().signed_by(&stranger)),
        ("wrong_issuer", good().issuer("https://other.example/")),
        // CWE-117: a line of the log that the caller wrote, and a command to the terminal.
        (
            "wrong_issuer",
            good().issuer("x\nrequest refused reason=\"forged\"\u{1b}[2J"),
        ),
    ];
    let mut refused = 0;
    for (reason, token) in rows {
        let token = token.build();
        let request = Request::get("/api/private").bearer(&token);
        stage::send(&server, &request);
        refused += 1;
        let lines = refusals(&server, refused);
        assert_eq!(lines.len(), refused, "{reason}:\n{}", lines.join("\n"));
        let line = &lines[refused - 1];
        assert!(line.contains(&format!("reason=\"{reason}\"")), "{line}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
        for part in token.split('.') {
            assert!(!server.stderr().contains(part), "{}", server.stderr());
        }
    }
}

/// The lines about refusals, once there are at least so many.
fn refusals(server: &blackbox::server::Server, at_least: usize) -> Vec<String> {
    let all = || {
        let lines = server.stderr_lines(0).into_iter();
        lines.filter(|line| line.contains("request refused"))
    };
    let mut count = server.stderr_lines(0).len();
    while all().count() < at_least && !server.stdout_ended() {
        count += 1;
        server.wait_for_stderr_lines(count, SOON);
        assert!(
            server.stderr_lines(0).len() >= count,
            "no line within {SOON:?}"
        );
    }
    all().collect()
}
