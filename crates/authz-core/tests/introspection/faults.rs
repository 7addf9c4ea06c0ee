//! An issuer that does not answer: 503, never 401, and never 200 unless stale answers are allowed.

use authz_core::{Issuer, Reason, any_valid_token};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    server::{Server, active, api, changed, issuer, opaque, secs},
    support::{AUDIENCE, Failure, ISSUER, KeyServer, log::Log},
};

const UNAVAILABLE: Option<Reason> = Some(Reason::IntrospectionUnavailable);

fn failures() -> [Failure; 10] {
    [
        Failure::Status(500),
        Failure::Status(404),
        Failure::Status(401),
        Failure::Status(403),
        Failure::Status(201),
        Failure::Status(204),
        Failure::Status(302),
        Failure::RetryAfter(503, 10),
        Failure::Hang,
        Failure::Reset,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_server_in_trouble_is_503_and_soon_asked_again() {
    for failure in failures() {
        let server = Server::new();
        server.says("t", active());
        let api = api(issuer(&server, opaque()));
        server.fail(failure.clone());
        assert_eq!(api.reason("t").await, UNAVAILABLE, "{failure:?}");
        assert_eq!(server.calls(), 1, "{failure:?}");
        server.fail(None);
        api.pass(secs(10)).await;
        assert_eq!(api.reason("t").await, None, "{failure:?}");
        assert_eq!(server.calls(), 2, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_token_is_served_until_its_answer_is_old() {
    for failure in failures() {
        let server = Server::new();
        server.says("t", active());
        let api = api(issuer(&server, opaque()));
        assert_eq!(api.reason("t").await, None);
        server.fail(failure.clone());
        api.pass(secs(29)).await;
        assert_eq!(api.reason("t").await, None, "{failure:?}");
        api.pass(secs(1)).await;
        assert_eq!(api.reason("t").await, UNAVAILABLE, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn stale_answers_are_used_if_the_api_says_so() {
    for failure in failures() {
        let server = Server::new();
        server.says("t", active());
        server.says("short", changed("exp", crate::server::NOW + 40));
        server.says("endless", changed("exp", ()));
        let api = api(issuer(&server, opaque().allow_stale(secs(600))));
        for token in ["t", "short", "endless"] {
            assert_eq!(api.reason(token).await, None);
        }
        server.fail(failure.clone());
        api.pass(secs(101)).await;
        assert_eq!(api.reason("t").await, None, "{failure:?}");
        assert_eq!(api.reason("endless").await, None, "{failure:?}");
        assert_eq!(api.reason("short").await, UNAVAILABLE, "{failure:?}");
        assert_eq!(
            api.reason("never seen").await,
            Some(Reason::MalformedCredentials)
        );
        assert_eq!(api.reason("never-seen").await, UNAVAILABLE, "{failure:?}");
        api.pass(secs(529)).await;
        assert_eq!(api.reason("t").await, UNAVAILABLE, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_revoked_does_not_come_back_as_stale() {
    let server = Server::new();
    server.says("t", active());
    let api = api(issuer(&server, opaque().allow_stale(secs(600))));
    assert_eq!(api.reason("t").await, None);
    server.says("u", active());
    assert_eq!(api.reason("u").await, None);
    server.revoke("t");
    // Still active, but no longer for this API.
    server.says("u", changed("aud", "https://other.example"));
    api.pass(secs(30)).await;
    assert_eq!(api.reason("t").await, Some(Reason::InactiveToken));
    assert_eq!(api.reason("u").await, Some(Reason::WrongAudience));
    server.fail(Failure::Reset);
    api.pass(secs(10)).await;
    for token in ["t", "u"] {
        assert_eq!(api.reason(token).await, UNAVAILABLE, "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_held_back_while_they_fail() {
    let server = Server::new();
    let api = api(issuer(&server, opaque()));
    server.fail(Failure::Status(500));
    let mut calls = Vec::new();
    for second in 0..20 {
        for i in 0..10 {
            assert_eq!(api.reason(&format!("t{second}-{i}")).await, UNAVAILABLE);
        }
        calls.push(server.calls());
        api.pass(secs(1)).await;
    }
    assert_eq!(calls[..8], [3, 4, 4, 5, 5, 5, 5, 6]);
    let held = api.get("t", &any_valid_token()).await.unwrap_err();
    assert!(held.retry_after().is_some_and(|it| it > 1), "{held:?}");
    server.fail(None);
    api.pass(secs(30)).await;
    assert_eq!(api.reason("t").await, Some(Reason::InactiveToken));
}

#[tokio::test(start_paused = true)]
async fn what_the_server_asks_for_is_kept() {
    for (failure, wait) in [
        (Failure::RetryAfter(503, 20), 20),
        (Failure::RetryAfter(429, 9), 9),
    ] {
        let server = Server::new();
        let api = api(issuer(&server, opaque()));
        server.fail(failure);
        let first = api.get("t", &any_valid_token()).await.unwrap_err();
        assert_eq!(first.retry_after(), Some(wait));
        server.fail(None);
        api.pass(secs(wait - 1)).await;
        assert_eq!(api.reason("u").await, UNAVAILABLE);
        assert_eq!(server.calls(), 1);
        api.pass(secs(1)).await;
        assert_eq!(api.reason("u").await, Some(Reason::InactiveToken));
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_credentials_are_an_error_for_the_operator_and_never_shown() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber(LevelFilter::TRACE));
    let server = Server::new();
    server.says("SECRET-TOKEN", active());
    let api = api(issuer(&server, opaque()));
    assert_eq!(api.reason("SECRET-TOKEN").await, None);
    server.fail(Failure::Status(401));
    let rejection = api
        .get("SECRET-TOKEN2", &any_valid_token())
        .await
        .unwrap_err();
    drop(guard);
    let text = log.text();
    let line = text
        .lines()
        .find(|it| it.contains("authz::introspection"))
        .unwrap();
    assert!(
        line.contains("ERROR") && line.contains("rejects this API as a client"),
        "{line}"
    );
    assert!(
        text.contains("reason=\"introspection_unavailable\""),
        "{text}"
    );
    let all = format!("{text}{rejection:?}{:?}", api.authorizer);
    for secret in ["SECRET-TOKEN", "hush-hush", "YXBpOmh1c2gtaHVzaA"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetcher_that_only_gets_is_a_fault() {
    let server = KeyServer::new([]);
    let issuer = Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .jwks_uri("https://issuer.example/jwks")
        .key_settings(move |keys| keys.fetcher(server.clone()))
        .introspect(opaque());
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber(LevelFilter::WARN));
    assert_eq!(api(issuer).reason("t").await, UNAVAILABLE);
    drop(guard);
    assert!(
        log.text().contains("implement `Fetcher::post`"),
        "{}",
        log.text()
    );
}

#[tokio::test(start_paused = true)]
async fn a_large_or_encoded_or_unreadable_answer_is_a_fault() {
    let large = json!({"active": true, "x": "x".repeat(70_000)}).to_string();
    for body in [
        &large,
        "",
        "<html>",
        "[]",
        "null",
        "{\"active\":true",
        "\u{feff}",
    ] {
        let server = Server::new();
        server.says("t", body);
        let api = api(issuer(&server, opaque()));
        assert_eq!(
            api.reason("t").await,
            UNAVAILABLE,
            "{}",
            &body[..body.len().min(20)]
        );
    }
    // A byte order mark may be ignored.
    let server = Server::new();
    server.says("t", format!("\u{feff}{}", active()));
    assert_eq!(api(issuer(&server, opaque())).reason("t").await, None);
}
