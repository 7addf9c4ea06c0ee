use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use authz_core::{Authorized, Reason};
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::{
    api::{Api, at},
    support::{ISSUER, key, pass, settle},
};

const SECOND: Duration = Duration::from_secs(1);

async fn caller(api: &Api) -> Authorized {
    api.request(&api.token("a").build()).await.unwrap()
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn ends_with_exp_and_the_leeway_by_the_authorizers_clock() {
    let api = Api::new();
    let mut expired = pin!(caller(&api).await.expired());
    api.clock.set(at(3600 + 59));
    pass(SECOND).await;
    assert_eq!(poll(expired.as_mut()), Poll::Pending);
    api.clock.set(at(3600 + 60));
    assert_eq!(
        poll(expired.as_mut()),
        Poll::Pending,
        "the second is not over"
    );
    pass(SECOND).await;
    assert_eq!(poll(expired.as_mut()), Poll::Ready(Reason::Expired));
}

#[tokio::test(start_paused = true)]
async fn ends_within_a_second_of_a_revocation() {
    let api = Api::new();
    let expired = tokio::spawn(caller(&api).await.expired());
    pass(100 * SECOND + SECOND / 2).await;
    assert!(!expired.is_finished());
    let revoked = Instant::now();
    api.revocations
        .deny_subject(ISSUER, "user", at(1), at(4000))
        .unwrap();
    assert_eq!(expired.await.unwrap(), Reason::Revoked);
    assert!(revoked.elapsed() <= SECOND, "{:?}", revoked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn ends_when_the_key_is_withdrawn() {
    let api = Api::new();
    let caller = caller(&api).await;
    let expired = tokio::spawn(caller.expired());
    api.keys.withdraw(&api.key);
    api.keys.publish(&key());
    // The lifetime of the key set.
    pass(600 * SECOND).await;
    pass(SECOND).await;
    assert!(expired.is_finished());
    assert_eq!(expired.await.unwrap(), Reason::UnknownKey);
}

#[tokio::test(start_paused = true)]
async fn ends_when_requests_get_503() {
    let api = Api::new();
    let feed = api.revocations.feed("store", 5 * SECOND);
    feed.in_step();
    let expired = tokio::spawn(caller(&api).await.expired());
    pass(4 * SECOND).await;
    assert!(!expired.is_finished());
    assert_eq!(expired.await.unwrap(), Reason::RevocationsUnavailable);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_always_ready_ends() {
    let api = Api::new();
    let mut events = caller(&api).await.while_valid(stream::repeat("event"));
    for _ in 0..1000 {
        assert_eq!(events.next().await, Some("event"));
    }
    api.revocations.deny_token(ISSUER, "a", at(4000)).unwrap();
    pass(SECOND).await;
    assert_eq!(events.next().await, None);
    assert_eq!(events.next().await, None, "it stays ended");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_is_woken_up() {
    let api = Api::new();
    let events = caller(&api).await.while_valid(stream::pending::<()>());
    let end = tokio::spawn(events.collect::<Vec<_>>());
    settle().await;
    api.revocations.deny_token(ISSUER, "a", at(4000)).unwrap();
    pass(SECOND).await;
    assert!(end.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_by_itself_is_not_changed() {
    let api = Api::new();
    let events = caller(&api).await.while_valid(stream::iter([1, 2, 3]));
    assert_eq!(events.collect::<Vec<_>>().await, [1, 2, 3]);
}
