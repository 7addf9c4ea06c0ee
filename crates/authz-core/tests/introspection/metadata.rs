//! The endpoint's address, from the issuer's metadata (RFC 8414).

use authz_core::{Introspection, Issuer, Reason};
use authz_testkit::Algorithm;
use serde_json::{Value, json};

use crate::{
    server::{Api, Server, active, api, client, secs},
    support::{AUDIENCE, Failure, ISSUER},
};

fn discovering(server: &Server) -> Api {
    let fetcher = server.clone();
    api(Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
        .jwks_uri("https://issuer.example/jwks")
        .key_settings(move |keys| keys.fetcher(fetcher.clone()))
        .introspect(Introspection::opaque(client())))
}

fn document() -> Value {
    json!({"issuer": ISSUER, "introspection_endpoint": "https://issuer.example/oauth/introspect"})
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_is_found_once_a_day_and_again_if_it_moved() {
    let server = Server::new();
    server.says_otherwise(active());
    server.metadata(document());
    let api = discovering(&server);
    let discovered = || {
        let gets = server.gets();
        gets.iter().filter(|it| it.contains(".well-known")).count()
    };
    assert_eq!(server.calls(), 0);
    for i in 0..5 {
        assert_eq!(api.reason(&format!("t{i}")).await, None);
    }
    assert_eq!(
        server.call(4).url,
        "https://issuer.example/oauth/introspect"
    );
    assert_eq!(discovered(), 1);
    let mut moved = document();
    moved["introspection_endpoint"] = "https://issuer.example/v2/introspect".into();
    server.metadata(moved);
    server.fail(Failure::Status(404));
    assert_eq!(
        api.reason("t5").await,
        Some(Reason::IntrospectionUnavailable)
    );
    server.fail(None);
    assert_eq!(api.reason("t6").await, None);
    assert_eq!(server.call(6).url, "https://issuer.example/v2/introspect");
    assert_eq!(discovered(), 2);
    api.pass(secs(24 * 60 * 60)).await;
    assert_eq!(api.reason("t7").await, Some(Reason::Expired));
    assert_eq!(discovered(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_only_to_an_address_of_the_issuers_own_choice() {
    for (member, value) in [
        ("issuer", json!("https://issuer.example")),
        ("issuer", json!("https://evil.example/")),
        (
            "introspection_endpoint",
            json!("http://issuer.example/introspect"),
        ),
        (
            "introspection_endpoint",
            json!("http://127.0.0.1/introspect"),
        ),
        ("introspection_endpoint", json!("file:///etc/passwd")),
        ("introspection_endpoint", json!(1)),
        ("introspection_endpoint", json!(null)),
    ] {
        let server = Server::new();
        server.says_otherwise(active());
        let mut document = document();
        document[member] = value;
        server.metadata(document.clone());
        let api = discovering(&server);
        let reason = api.reason("t").await;
        assert_eq!(reason, Some(Reason::IntrospectionUnavailable), "{document}");
        assert_eq!(server.calls(), 0, "{document}");
    }
}
