//! How often, and how many at a time, the issuer is asked.

use authz_core::{Admission, Pending, Reason, RequestParts, any_valid_token};
use http::{Request, header::AUTHORIZATION};

use crate::{
    server::{Api, Server, active, api, get, issuer, opaque, secs},
    support::settle,
};

/// The decision about the token `t`, which is not known yet.
fn pending(api: &Api) -> Pending {
    let request = Request::get("/").header(AUTHORIZATION, "Bearer t");
    let request = request.body(()).unwrap();
    let parts = RequestParts::from(&request);
    match api.authorizer.decide(&parts, &any_valid_token()) {
        Admission::Pending(pending) => pending,
        Admission::Ready(_) => panic!("the token is known"),
    }
}

/// The decisions about these tokens, sent at the same time.
async fn together(
    api: &Api,
    tokens: impl IntoIterator<Item = String>,
    meanwhile: impl AsyncFnOnce(),
) -> Vec<Option<Reason>> {
    let requests: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let authorizer = api.authorizer.clone();
            tokio::spawn(async move {
                let decision = get(&authorizer, &token, &any_valid_token()).await;
                decision.err().map(|it| it.reason())
            })
        })
        .collect();
    settle().await;
    meanwhile().await;
    let mut decisions = Vec::new();
    for request in requests {
        decisions.push(request.await.unwrap());
    }
    decisions
}

#[tokio::test(start_paused = true)]
async fn all_requests_with_a_token_share_one_call() {
    let server = Server::new();
    server.says("t", active());
    server.hold();
    let api = api(issuer(&server, opaque()));
    let tokens = (0..50).map(|_| "t".to_owned());
    let decisions = together(&api, tokens, async || server.release()).await;
    assert_eq!(decisions, vec![None; 50]);
    assert_eq!(server.calls(), 1);
    assert_eq!(api.authorizer.cache_status().unwrap().tokens, 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_does_not_cancel_the_call() {
    let server = Server::new();
    server.says("t", active());
    server.hold();
    let api = api(issuer(&server, opaque()));
    let pending = pending(&api);
    let leaving = tokio::spawn(pending);
    settle().await;
    leaving.abort();
    server.release();
    settle().await;
    assert_eq!(api.reason("t").await, None);
    assert_eq!(server.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_are_limited_with_a_reserve_for_known_tokens() {
    let server = Server::new();
    for i in 0..8 {
        server.says(&format!("known{i}"), active());
    }
    let introspection = opaque()
        .concurrency(8)
        .positive_ttl(secs(1))
        .timeout(secs(30));
    let api = api(issuer(&server, introspection));
    for i in 0..8 {
        assert_eq!(api.reason(&format!("known{i}")).await, None);
    }
    api.pass(secs(2)).await;
    let before = server.calls();
    server.hold();
    let strangers = (0..50).map(|i| format!("stranger{i}"));
    let known = (0..8).map(|i| format!("known{i}"));
    let decisions = together(&api, strangers.chain(known), async || {
        assert_eq!(
            server.calls() - before,
            8,
            "six strangers and two known tokens"
        );
        let tokens = (before..before + 8).map(|i| server.call(i).token().to_owned());
        assert_eq!(tokens.filter(|it| it.starts_with("known")).count(), 2);
        server.release();
    });
    let decisions = decisions.await;
    assert_eq!(decisions[..50], vec![Some(Reason::InactiveToken); 50]);
    assert_eq!(decisions[50..], vec![None; 8]);
    assert_eq!(server.most_concurrent(), 8);
}

#[tokio::test(start_paused = true)]
async fn garbage_spends_its_own_budget() {
    let server = Server::new();
    server.says("known", active());
    let introspection = opaque().invalid_tokens(5, secs(1)).positive_ttl(secs(1));
    let api = api(issuer(&server, introspection));
    assert_eq!(api.reason("known").await, None);
    for i in 0..100 {
        let reason = api.reason(&format!("garbage{i}")).await;
        let expected = match i {
            0..5 => Reason::InactiveToken,
            _ => Reason::IntrospectionUnavailable,
        };
        assert_eq!(reason, Some(expected), "{i}");
    }
    assert_eq!(server.calls(), 6);
    let refused = api.get("new", &any_valid_token()).await.unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.retry_after()),
        (503, Some(1))
    );
    // A token that was active is asked about all the same, and again after the pause one stranger.
    api.pass(secs(1)).await;
    for expected in [Reason::InactiveToken, Reason::IntrospectionUnavailable] {
        assert_eq!(api.reason("known").await, None);
        assert_eq!(api.reason(expected.name()).await, Some(expected));
    }
    assert_eq!(server.calls(), 8);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_active_do_not_spend_the_budget() {
    let server = Server::new();
    server.says_otherwise(active());
    let api = api(issuer(&server, opaque().invalid_tokens(2, secs(60))));
    for i in 0..200 {
        assert_eq!(api.reason(&format!("user{i}")).await, None, "{i}");
    }
    assert_eq!(server.calls(), 200);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_a_token_causes_no_call() {
    let server = Server::new();
    server.says_otherwise(active());
    let api = api(issuer(&server, opaque()));
    let long = "a".repeat(16 * 1024 + 1);
    for (token, expected) in [
        (&*long, Reason::TokenTooLarge),
        ("null", Reason::OpaqueToken),
        ("undefined", Reason::OpaqueToken),
        ("\"quoted\"", Reason::OpaqueToken),
        ("a%20b", Reason::MalformedToken),
        ("a=b", Reason::MalformedToken),
        ("=", Reason::MalformedToken),
        ("a{b}", Reason::MalformedToken),
        ("a b", Reason::MalformedCredentials),
    ] {
        assert_eq!(api.reason(token).await, Some(expected), "{}", &token[..1]);
    }
    assert_eq!(server.calls(), 0);
}

#[test]
fn a_call_ends_with_its_runtime_and_another_takes_its_place() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let server = Server::new();
    server.says("t", active());
    server.hold();
    let api = api(issuer(&server, opaque()));
    let first = runtime();
    first.block_on(async {
        let authorizer = api.authorizer.clone();
        tokio::spawn(async move { get(&authorizer, "t", &any_valid_token()).await });
        settle().await;
    });
    assert_eq!(server.calls(), 1);
    drop(first);
    server.release();
    assert_eq!(runtime().block_on(api.reason("t")), None);
    assert_eq!(server.calls(), 2);
}

#[test]
fn without_a_runtime_the_issuer_is_not_asked() {
    let server = Server::new();
    let api = api(issuer(&server, opaque()));
    let pending = pending(&api);
    let mut pending = std::pin::pin!(pending);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(decision) = pending.as_mut().poll(&mut context) else {
        panic!("nothing can wake it");
    };
    assert_eq!(
        decision.unwrap_err().reason(),
        Reason::IntrospectionUnavailable
    );
}

/// Otherwise, a client could have its revoked token asked about as often as it likes.
#[tokio::test(start_paused = true)]
async fn a_token_that_was_revoked_needs_the_budget() {
    let server = Server::new();
    server.says("t", active());
    let api = api(issuer(&server, opaque().invalid_tokens(1, secs(3600))));
    assert_eq!(api.reason("t").await, None);
    server.revoke("t");
    api.pass(secs(30)).await;
    let (inactive, unavailable) = (Reason::InactiveToken, Reason::IntrospectionUnavailable);
    for (expected, calls) in [(inactive, 2), (inactive, 3), (unavailable, 3)] {
        assert_eq!(api.reason("t").await, Some(expected));
        assert_eq!(server.calls(), calls);
        api.pass(secs(5)).await;
    }
}

/// A slow answer may say what was true when it was asked for.
#[tokio::test(start_paused = true)]
async fn an_answer_is_as_old_as_its_request() {
    let server = Server::new();
    server.says("t", active());
    server.hold();
    let api = api(issuer(&server, opaque()));
    let slow = async {
        api.pass(secs(4)).await;
        server.release();
    };
    assert_eq!(tokio::join!(api.reason("t"), slow).0, None);
    for (wait, calls) in [(25, 1), (1, 2)] {
        api.pass(secs(wait)).await;
        assert_eq!(api.reason("t").await, None);
        assert_eq!(server.calls(), calls);
    }
}
