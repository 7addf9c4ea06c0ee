//! What it costs to refuse, beside what it costs to accept (point 7).
//!
//! Without a subscriber: what a log line costs is the subscriber's affair.

use authz_core::{Admission, Algorithm, Authorizer, RequestParts, scope};
use authz_testkit::SigningKey;
use cpu_time::ThreadTime;
use http::Request;

use crate::{
    Case, Group,
    fixture::{Caller, SCOPE, Signed, authorize, request, runtime, token},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::new("refusal", cases)]
}

fn cases() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let authorizer = signed.authorizer::<Caller>(0);
    let token = || token(&signed.key);
    let other = SigningKey::generate(Algorithm::RS256);
    let truncated = &signed.token[..signed.token.len() / 2];
    let refused = |name: &str, token: &str| refused(name, &authorizer, request(token));

    let accepted = {
        let (authorizer, request) = (authorizer.clone(), request(&signed.token));
        let policy = scope(SCOPE);
        Case::new("accepted", move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    vec![
        accepted,
        refused("opaque", "0123456789abcdef0123456789abcdef"),
        refused("truncated", truncated),
        refused("not-base64", &signed.token.replacen('e', "=", 1)),
        refused("no-algorithm", &token().header("alg", "none").build()),
        refused(
            "wrong-issuer",
            &token().issuer("https://other.example/").build(),
        ),
        refused(
            "wrong-audience",
            &token().audience("https://other.example").build(),
        ),
        refused("expired", &token().expires_in(-3600).build()),
        refused("unknown-key", &token().kid(Some("nobody")).build()),
        refused("bad-signature", &token().signed_by(&other).build()),
        refused("no-scope", &token().scope("openid").build()),
    ]
}

fn refused(name: &str, authorizer: &Authorizer<Caller>, request: Request<()>) -> Case {
    let authorizer = authorizer.clone();
    let policy = scope(SCOPE);
    Case::timed(name, move |times| {
        let parts = RequestParts::from(&request);
        // An unknown key is looked for once, and its absence remembered for a while: that while
        // begins anew outside of what is timed.
        let first = runtime().block_on(authorizer.authorize(&parts, &policy));
        assert!(first.is_err(), "a bad token is accepted");
        let begin = ThreadTime::now();
        for _ in 0..times {
            if let Admission::Ready(Ok(_)) =
                std::hint::black_box(authorizer.decide(&parts, &policy))
            {
                panic!("a bad token is accepted");
            }
        }
        begin.elapsed()
    })
}
