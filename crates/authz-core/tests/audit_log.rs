//! The event for an allowed request. In a file of its own, as log_size.rs is.

mod support;

use authz_core::{
    Admission, Authorizer, RequestParts, any_valid_token,
    jwks::StaticKeys,
    policy::{deny, scope},
};
use support::{KeyServer, builder, key, log::logged, token};
use tracing_subscriber::filter::LevelFilter;

/// What the log says of allowed requests, each event without its time and target.
fn allowed(run: impl Future<Output = ()>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let log = logged(LevelFilter::TRACE, || runtime.block_on(run));
    (log.lines())
        .filter_map(|line| line.split_once("TRACE authz: request allowed "))
        .map(|(_, fields)| fields.to_owned())
        .collect()
}

fn request(path: &str, token: Option<&str>) -> http::Request<()> {
    let mut request = http::Request::get(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(()).unwrap()
}

/// An API whose issuer has signed the token.
fn api() -> (Authorizer, String) {
    let key = key();
    let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let keys = StaticKeys::from_jwks(set.as_bytes()).unwrap();
    let token = token(&key).subject("u\n1").scope("read").claim("jti", "t1");
    let token = token.claim("client_id", "app").build();
    (builder(keys).build().unwrap(), token)
}

const CALLER: &str = r#"client_id="app" issuer="https://issuer.example/" sub="u\n1" jti="t1""#;

#[test]
fn an_allowed_request_is_logged_once_with_its_caller() {
    let (authorizer, token) = api();
    let events = allowed(async {
        let request = request("/a?secret=1", Some(&token));
        let parts = RequestParts::from(&request);
        for parts in [parts, parts.with_route("/{id}")] {
            authorizer.authorize(&parts, &scope("read")).await.unwrap();
        }
        let guard = authorizer.guard(any_valid_token()).optional();
        let caller = guard.admit(&parts).resolve().await.unwrap();
        guard.admitted(caller).require(&parts).unwrap();
    });
    assert_eq!(
        events,
        [
            format!(r#"cached=false method="GET" path="/a" {CALLER}"#),
            format!(r#"cached=true method="GET" route="/{{id}}" {CALLER}"#),
            format!(r#"cached=true method="GET" path="/a" {CALLER}"#),
        ]
    );
}

#[test]
fn a_request_that_waited_for_keys_is_logged_once() {
    let key = key();
    let token = token(&key).build();
    let events = allowed(async {
        let authorizer = KeyServer::new([key]).authorizer();
        let request = request("/a", Some(&token));
        let guard = authorizer.guard(any_valid_token());
        let admission = guard.admit(&RequestParts::from(&request));
        assert!(matches!(admission, Admission::Pending(_)));
        admission.resolve().await.unwrap();
    });
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with(r#"cached=false method="GET" path="/a" "#));
}

#[test]
fn nothing_is_logged_without_a_checked_token_or_a_request_or_when_refused() {
    let (authorizer, token) = api();
    let events = allowed(async {
        let [with, without] = [Some(&*token), None].map(|token| request("/a", token));
        let refused = authorizer.guard(deny());
        let refused = refused.admit(&RequestParts::from(&with)).resolve().await;
        refused.unwrap_err();
        let optional = authorizer.guard(any_valid_token()).optional();
        let anonymous = optional
            .admit(&RequestParts::from(&without))
            .resolve()
            .await;
        assert!(anonymous.unwrap().is_none());
        authorizer.verify(&token).await.unwrap();
    });
    assert_eq!(events, [""; 0]);
}

/// By the path that the client sent and by the one that is left of it.
#[cfg(feature = "rules")]
#[test]
fn two_rules_for_one_request_are_one_event() {
    use authz_core::rules::Rules;

    const RULES: &str = r#"
        [[rules]]
        path = "/any"
        policy = "any_valid_token"

        [[rules]]
        path = "/read"
        policy = 'scope("read")'

        [[rules]]
        path = "/write"
        policy = 'scope("write")'

        [[rules]]
        path = "/public"
        policy = "public"
    "#;
    let (known, token) = api();
    let key = key();
    let waiting_token = support::token(&key).scope("read").build();
    for (original, current, expected) in [
        ("/any", "/read", 1),
        ("/read", "/any", 1),
        ("/any", "/any", 1),
        ("/public", "/read", 1),
        ("/read", "/public", 1),
        ("/public", "/public", 0),
        ("/read", "/write", 0),
        ("/write", "/read", 0),
        ("/read", "/nowhere", 0),
    ] {
        let unknown = KeyServer::new([key.clone()]);
        for (authorizer, token) in [
            (known.clone(), &token),
            (unknown.authorizer(), &waiting_token),
        ] {
            let guard = authorizer.guard_rules(Rules::from_toml(RULES).unwrap());
            let request = request(current, Some(token));
            let original = original.parse().unwrap();
            let parts = RequestParts::from(&request).with_original_uri(&original);
            let events = allowed(async {
                let _ = guard.admit(&parts).resolve().await;
            });
            assert_eq!(
                events.len(),
                expected,
                "{original} as {current}: {events:?}"
            );
        }
    }
}
