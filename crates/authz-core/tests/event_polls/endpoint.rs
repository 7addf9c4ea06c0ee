//! Over HTTP, with the testkit's endpoint.

use authz_core::EventPoller;
use authz_testkit::{Fault, PollEndpoint, TokenBuilder, Transmitter};
use futures_util::future::join_all;

use crate::{
    api::{Api, RECEIVER, TRANSMITTER, subject},
    support::key,
};

fn poll(api: &Api, endpoint: &PollEndpoint) -> EventPoller {
    api.events.poll(endpoint.url()).start().unwrap()
}

#[tokio::test]
async fn an_event_is_in_effect_before_it_is_acknowledged() {
    let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
    let before = endpoint.deliver(&api.event("a"));
    let _poller = poll(&api, &endpoint);
    endpoint.all_answered().await;
    assert!(api.revokes("a").await && api.is_in_step());
    // While a poll waits.
    endpoint.polled(2).await;
    let later = endpoint.deliver(&api.event("b"));
    assert!(!api.revokes("b").await);
    endpoint.all_answered().await;
    assert!(api.revokes("b").await);
    assert_eq!(endpoint.acknowledged(), [before, later]);
    assert_eq!(endpoint.refused(), []);
}

#[tokio::test]
async fn more_events_than_fit_into_a_response_arrive_too() {
    let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
    for user in ["a", "b", "c", "d", "e"] {
        endpoint.deliver(&api.event(user));
    }
    let poller = api.events.poll(endpoint.url()).max_events(2);
    let _poller = poller.start().unwrap();
    endpoint.all_answered().await;
    assert_eq!(endpoint.acknowledged().len(), 5);
    assert!(api.revokes("e").await && api.is_in_step());
}

#[tokio::test]
async fn an_invalid_event_is_refused_and_the_others_are_applied() {
    type Change = fn(TokenBuilder) -> TokenBuilder;
    let cases: [(&str, Change, &str); 6] = [
        (
            "another type",
            |it| it.typ(Some("at+jwt")),
            "invalid_request",
        ),
        (
            "an expiry",
            |it| it.claim("exp", 2_000_000_000),
            "invalid_request",
        ),
        (
            "a foreign issuer",
            |it| it.issuer("https://other.example"),
            "invalid_issuer",
        ),
        (
            "another receiver",
            |it| it.audience("https://other.example"),
            "invalid_audience",
        ),
        (
            "another key",
            |it| it.signed_by(&key()),
            "authentication_failed",
        ),
        (
            "no algorithm",
            |it| it.header("alg", "none"),
            "invalid_request",
        ),
    ];
    let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
    let mut expected = Vec::new();
    for (name, change, code) in cases {
        let event = change(api.event("refused")).claim("jti", name);
        endpoint.deliver(&event);
        expected.push((name.to_owned(), code.to_owned()));
    }
    endpoint.deliver_as("no token", "...");
    expected.push(("no token".to_owned(), "invalid_request".to_owned()));
    expected.sort();
    // A transmitter that this API does not know, but with the same names.
    let foreign = Transmitter::new(&key().with_kid("x"), TRANSMITTER, RECEIVER);
    let foreign = foreign.event("session-revoked", subject("refused"));
    endpoint.deliver(&foreign.claim("jti", "unknown key"));
    expected.push(("unknown key".to_owned(), "invalid_key".to_owned()));
    endpoint.deliver(&api.event("applied"));

    let _poller = poll(&api, &endpoint);
    endpoint.all_answered().await;
    assert_eq!(endpoint.refused(), expected);
    assert_eq!(endpoint.acknowledged().len(), 1);
    assert!(api.revokes("applied").await);
    assert!(!api.revokes("refused").await);
    assert!(api.is_in_step());
}

#[tokio::test]
async fn an_event_that_comes_again_is_acknowledged_and_has_no_effect() {
    let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
    let event = api.event("a");
    endpoint.deliver(&event);
    let _poller = poll(&api, &endpoint);
    endpoint.all_answered().await;
    // An operator has taken the entry back.
    assert!(api.revocations.allow_subject(crate::support::ISSUER, "a"));
    endpoint.deliver(&event);
    endpoint.all_answered().await;
    assert_eq!(endpoint.acknowledged().len(), 2);
    assert!(!api.revokes("a").await);
}

#[tokio::test]
async fn no_fault_of_the_transmitter_has_an_effect_and_each_one_ends() {
    let json = |body: &str| Fault::Respond {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let other = PollEndpoint::start().await;
    let faults = [
        Fault::Status(503),
        Fault::Status(204),
        Fault::Reset,
        Fault::Close,
        Fault::Truncated,
        Fault::InvalidJson,
        Fault::NotUtf8,
        Fault::EmptyBody,
        Fault::Html,
        Fault::EndlessBody,
        Fault::CompressedBomb,
        Fault::DeepNesting,
        Fault::WrongContentType,
        Fault::RedirectLoop,
        Fault::RedirectTo(other.url()),
        json("{}"),
        json(r#"{"sets":null}"#),
        json(r#"{"sets":{"a":"x","a":"y"}}"#),
        json(r#"{"sets":{}} {}"#),
        json(r#"{"sets":{},"moreAvailable":"no"}"#),
    ];
    join_all(faults.into_iter().map(async |fault| {
        let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
        endpoint.fault(Some(fault.clone()));
        endpoint.deliver(&api.event("a"));
        let _poller = poll(&api, &endpoint);
        endpoint.polled(2).await;
        assert!(!api.is_in_step() && !api.revokes("b").await, "{fault:?}");
        assert!(api.revocations.is_empty(), "{fault:?}");

        endpoint.fault(None);
        endpoint.all_answered().await;
        assert!(api.is_in_step(), "{fault:?}");
        assert_eq!(endpoint.acknowledged().len(), 1, "{fault:?}");
    }))
    .await;
    assert!(other.outstanding().is_empty());
}

#[tokio::test]
async fn a_transmitter_that_was_away_delivers_when_it_is_back() {
    let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
    let _poller = poll(&api, &endpoint);
    endpoint.polled(2).await;
    // The poll that waits ends too.
    endpoint.fault(Some(Fault::Close));
    endpoint.polled(3).await;
    endpoint.deliver(&api.event("a"));
    endpoint.fault(None);
    endpoint.all_answered().await;
    assert!(api.revokes("a").await && api.is_in_step());
}

#[tokio::test]
async fn the_transmitter_may_require_a_token() {
    let (api, endpoint) = (Api::new(), PollEndpoint::start().await);
    endpoint.require_authorization("Bearer hush-hush");
    endpoint.deliver(&api.event("a"));
    let without = poll(&api, &endpoint);
    endpoint.polled(2).await;
    assert!(api.revocations.is_empty() && !api.is_in_step());
    drop(without);
    let poller = api.events.poll(endpoint.url());
    let _poller = poller.bearer_token(|| "hush-hush".to_owned()).start();
    endpoint.all_answered().await;
    assert!(api.revokes("a").await);
}
