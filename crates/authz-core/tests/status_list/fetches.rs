use std::{sync::Arc, time::Duration};

use authz_core::Reason;
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    server::{Api, NOW, URI},
    support::{pass, settle},
};

const SECOND: Duration = Duration::from_secs(1);
const REVOKED: Option<Reason> = Some(Reason::Revoked);
const UNAVAILABLE: Option<Reason> = Some(Reason::RevocationsUnavailable);

#[tokio::test(start_paused = true)]
async fn requests_share_one_fetch() {
    let api = Api::new();
    api.server.serve(api.list(&[0, 1]));
    api.server.hold();
    let tokens = [api.token(0).build(), api.token(1).build()];
    let waiting = join_all((0..100).map(|i| api.refusal(&tokens[i % 2])));
    let release = async {
        settle().await;
        assert_eq!(api.server.requests(), 1);
        api.server.release();
    };
    let (refusals, ()) = tokio::join!(waiting, release);
    for (i, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal, (i % 2 == 1).then_some(Reason::Revoked), "{i}");
    }
    assert_eq!(api.server.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_does_not_cancel_the_fetch() {
    let api = Arc::new(Api::new());
    api.server.serve(api.list(&[0]));
    api.server.hold();
    let (client, token) = (Arc::clone(&api), api.token(0).build());
    let waiting = tokio::spawn(async move { client.refusal(&token).await });
    settle().await;
    waiting.abort();
    settle().await;
    api.server.release();
    settle().await;
    assert_eq!(api.refusal(&api.token(0).build()).await, None);
    assert_eq!(api.server.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn ttl_and_exp_decide_when_a_list_is_fetched_again() {
    for (name, ttl, exp, seconds) in [
        ("ttl", json!(60), None, 60),
        ("exp before ttl", json!(60), Some(NOW + 30), 30),
        ("ttl before exp", json!(60), Some(NOW + 90), 60),
        ("neither: the default", json!(null), None, 300),
    ] {
        let api = Api::new();
        let mut list = api.list(&[0]).claim("ttl", ttl);
        if let Some(exp) = exp {
            list = list.claim("exp", exp);
        }
        api.server.serve(list);
        let token = api.token(0).build();
        assert_eq!(api.refusal(&token).await, None, "{name}");
        api.server.serve(api.list(&[1]));
        pass(seconds * SECOND - SECOND / 10).await;
        assert_eq!(api.refusal(&token).await, None, "{name}: fresh");
        pass(SECOND / 10).await;
        assert_eq!(api.refusal(&token).await, REVOKED, "{name}: fetched again");
        assert_eq!(api.server.requests(), 2, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_can_not_be_fetched_is_503_and_asked_for_every_5_seconds() {
    let api = Api::new();
    let token = api.token(0).build();
    let rejection = api.request(&token).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::RevocationsUnavailable);
    assert_eq!(
        (rejection.status().as_u16(), rejection.challenge()),
        (503, None)
    );
    assert_eq!(rejection.retry_after(), Some(5));
    for _ in 0..10 {
        assert_eq!(api.refusal(&token).await, UNAVAILABLE);
    }
    assert_eq!(api.server.requests(), 1);
    api.server.serve(api.list(&[0]));
    pass(5 * SECOND).await;
    assert_eq!(api.refusal(&token).await, None);
    assert_eq!(api.server.requests(), 2);
    // A redirect is not followed.
    api.server.respond(302, "");
    pass(60 * SECOND).await;
    assert_eq!(api.refusal(&token).await, UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_server_costs_the_timeout() {
    let api = Api::with(|lists| lists.timeout(3 * SECOND));
    api.server.hold();
    let start = tokio::time::Instant::now();
    assert_eq!(api.refusal(&api.token(0).build()).await, UNAVAILABLE);
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_old_list_is_used_for_the_outage_window() {
    let api = Api::with(|lists| lists.outage_window(600 * SECOND));
    api.server.serve(api.list(&[0, 1]));
    let (valid, revoked) = (api.token(0).build(), api.token(1).build());
    assert_eq!(api.refusal(&valid).await, None);
    api.server.fail();
    pass(60 * SECOND).await;
    for _ in 0..3 {
        assert_eq!(api.refusal(&valid).await, None);
        assert_eq!(api.refusal(&revoked).await, REVOKED);
        assert_eq!(api.server.requests(), 2, "asked every 5 s");
    }
    pass(599 * SECOND).await;
    assert_eq!(api.refusal(&valid).await, None);
    pass(SECOND).await;
    assert_eq!(api.refusal(&valid).await, UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn requests_do_not_wait_for_a_retry_while_there_is_an_old_list() {
    let api = Arc::new(Api::with(|lists| lists.outage_window(Duration::MAX)));
    api.server.serve(api.list(&[0]));
    let token = api.token(0).build();
    assert_eq!(api.refusal(&token).await, None);
    api.server.fail();
    pass(60 * SECOND).await;
    assert_eq!(api.refusal(&token).await, None);
    pass(5 * SECOND).await;
    api.server.hold();
    let (client, first) = (Arc::clone(&api), token.clone());
    let retry = tokio::spawn(async move { client.refusal(&first).await });
    settle().await;
    let start = tokio::time::Instant::now();
    assert_eq!(api.refusal(&token).await, None);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(api.server.requests(), 3);
    api.server.release();
    assert_eq!(retry.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_fit_is_not_fetched_over_and_over() {
    let api = Api::with(|lists| lists.max_bytes(4096));
    let list = json!({ "bits": 8, "lst": crate::server::encode(&[0; 3000]) });
    api.server.serve(api.list_of(&list));
    for _ in 0..3 {
        assert_eq!(api.refusal(&api.token(0).build()).await, UNAVAILABLE);
    }
    assert_eq!(api.server.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn lists_are_bounded_in_bytes() {
    let api = Api::with(|lists| lists.max_bytes(4096));
    for i in (0..100).chain([0]) {
        let uri = format!("{URI}-{i}");
        let list = json!({ "bits": 8, "lst": crate::server::encode(&[0; 1000]) });
        api.server.serve(api.list_of(&list).subject(&uri));
        let status = json!({ "status_list": { "idx": 0, "uri": uri } });
        let token = api.token(0).claim("status", status).build();
        assert_eq!(api.refusal(&token).await, None, "{i}");
    }
    assert_eq!(api.server.requests(), 101, "the first one was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_status_changes() {
    let api = Api::new();
    api.server.serve(api.list(&[0]));
    let caller = api.request(&api.token(0).build()).await.unwrap();
    let expired = tokio::spawn(caller.expired());
    pass(30 * SECOND).await;
    api.server.serve(api.list(&[1]));
    pass(29 * SECOND).await;
    assert!(!expired.is_finished());
    pass(2 * SECOND).await;
    assert!(expired.is_finished());
    assert_eq!(expired.await.unwrap(), Reason::Revoked);
    assert_eq!(api.server.requests(), 2);
}

/// An issuer may name a new address in each token, and addresses are as long as tokens.
#[tokio::test(start_paused = true)]
async fn failures_of_many_lists_take_no_memory() {
    let api = Api::new();
    api.server.fail();
    let refuse = async |list: u32| {
        let uri = format!("{URI}?{list}");
        let status = json!({ "status_list": { "idx": 0, "uri": uri } });
        let token = api.token(0).claim("status", status).build();
        assert_eq!(api.refusal(&token).await, UNAVAILABLE);
        api.server.requests()
    };
    assert_eq!([refuse(0).await, refuse(0).await], [1, 1]);
    for list in 1..=1024 {
        refuse(list).await;
    }
    assert_eq!(refuse(0).await, 1026);
}
