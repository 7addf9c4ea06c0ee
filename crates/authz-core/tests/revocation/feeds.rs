use std::time::Duration;

use authz_core::{Reason, Revocations};

use crate::{
    api::{Api, at},
    support::{ISSUER, pass},
};

const SECOND: Duration = Duration::from_secs(1);
const UNAVAILABLE: Option<Reason> = Some(Reason::RevocationsUnavailable);

#[tokio::test(start_paused = true)]
async fn a_feed_out_of_step_is_503_and_never_401() {
    let api = Api::new();
    let token = api.token("a").build();
    assert_eq!(api.refusal(&token).await, None, "without a feed");
    let feed = api.revocations.feed("store", 5 * SECOND);

    let rejection = api.request(&token).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::RevocationsUnavailable);
    assert_eq!(rejection.status(), 503);
    assert_eq!(rejection.challenge(), None);
    assert_eq!(rejection.retry_after(), Some(5));
    assert!(rejection.body().contains("temporarily_unavailable"));

    feed.in_step();
    assert_eq!(api.refusal(&token).await, None);
    pass(5 * SECOND - Duration::from_millis(1)).await;
    assert_eq!(api.refusal(&token).await, None);
    pass(Duration::from_millis(1)).await;
    assert_eq!(api.refusal(&token).await, UNAVAILABLE);
    // What is known to be revoked stays so, and an invalid token is refused as before.
    feed.deny_token(ISSUER, "a", at(4000)).unwrap();
    assert_eq!(api.refusal(&token).await, Some(Reason::Revoked));
    let expired = api.token("b").expires_in(-3600).build();
    assert_eq!(api.refusal(&expired).await, Some(Reason::Expired));
    feed.in_step();
    assert_eq!(api.refusal(&api.token("b").build()).await, None);
}

#[tokio::test(start_paused = true)]
async fn requests_are_decided_for_the_outage_window() {
    let api = Api::with(Revocations::builder().outage_window(600 * SECOND));
    let token = api.token("a").build();
    let feed = api.revocations.feed("store", 5 * SECOND);
    // From the start on, though the feed has never been in step.
    assert_eq!(api.refusal(&token).await, None);
    pass(600 * SECOND).await;
    assert_eq!(api.refusal(&token).await, UNAVAILABLE);
    feed.in_step();
    for (passed, expected) in [(5, None), (599, None), (1, UNAVAILABLE)] {
        pass(passed * SECOND).await;
        assert_eq!(api.refusal(&token).await, expected, "{passed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unlimited_window_decides_forever() {
    let api = Api::with(Revocations::builder().outage_window(Duration::MAX));
    let _feed = api.revocations.feed("store", SECOND);
    pass(1_000_000 * SECOND).await;
    assert_eq!(api.refusal(&api.token("a").build()).await, None);
    let status = api.revocations.status();
    assert!(!status.feeds[0].in_step);
    assert_eq!(status.feeds[0].age, None);
}

#[tokio::test(start_paused = true)]
async fn each_feed_counts() {
    let api = Api::new();
    let token = api.token("a").build();
    let store = api.revocations.feed("store", 5 * SECOND);
    let events = api.revocations.feed("events", 60 * SECOND);
    store.in_step();
    assert_eq!(
        api.refusal(&token).await,
        UNAVAILABLE,
        "events has never been in step"
    );
    events.in_step();
    assert_eq!(api.refusal(&token).await, None);
    pass(5 * SECOND).await;
    events.in_step();
    assert_eq!(
        api.refusal(&token).await,
        UNAVAILABLE,
        "the store is out of step"
    );
    let status = api.revocations.status().feeds;
    let shown: Vec<_> = status.iter().map(|it| (&*it.name, it.in_step)).collect();
    assert_eq!(shown, [("store", false), ("events", true)]);
    assert_eq!(status[0].age, Some(5 * SECOND));
    // A dropped feed stays out of step. One of the same name takes its place.
    drop(store);
    assert_eq!(api.refusal(&token).await, UNAVAILABLE);
    api.revocations.feed("store", 5 * SECOND).in_step();
    assert_eq!(api.refusal(&token).await, None);
}
