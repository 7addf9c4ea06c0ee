//! When polls start, and what they carry.

use std::time::{Duration, UNIX_EPOCH};

use authz_core::Revocations;
use serde_json::json;

use crate::{
    api::Api,
    support::{ISSUER, pass, settle},
    transmitter::{Scripted, Step},
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_transmitter_that_holds_polls_keeps_the_feed_in_step() {
    // Nothing happens for a long time, so it answers only immediate polls.
    let steps = [Step::empty(), Step::Hold].into_iter().cycle().take(80);
    let (api, transmitter) = (Api::new(), Scripted::new(steps));
    let _poller = transmitter.start(&api);
    assert!(!api.is_in_step(), "it has not been asked yet");
    for _ in 0..1000 {
        pass(SECOND).await;
        assert!(api.is_in_step());
    }
    for poll in transmitter.polls().chunks(2) {
        assert!(poll[0].is_immediate() && !poll[1].is_immediate());
    }
}

#[tokio::test(start_paused = true)]
async fn an_immediate_poll_follows_one_that_was_held_too_long() {
    let (api, transmitter) = (Api::new(), Scripted::new([Step::empty()]));
    let _poller = transmitter.start(&api);
    // The second one, after a second, is never answered.
    pass(SECOND + SECOND / 100).await;
    pass(29 * SECOND).await;
    assert_eq!(transmitter.polls().len(), 2);
    transmitter.then(Step::empty());
    pass(SECOND).await;
    let polls = transmitter.polls();
    let immediate: Vec<_> = polls.iter().map(|it| it.is_immediate()).collect();
    assert_eq!(immediate, [true, false, true]);
    pass(59 * SECOND).await;
    assert!(api.is_in_step(), "within a minute of the last response");
    pass(SECOND).await;
    assert!(!api.is_in_step());
}

#[tokio::test(start_paused = true)]
async fn a_transmitter_that_does_not_hold_polls_is_asked_each_second() {
    let (api, transmitter) = (Api::new(), Scripted::new(vec![Step::empty(); 10]));
    let _poller = transmitter.start(&api);
    for _ in 0..40 {
        pass(SECOND / 4).await;
    }
    let times: Vec<_> = transmitter
        .polls()
        .iter()
        .map(|it| it.at.as_millis())
        .collect();
    assert_eq!(times.len(), 11);
    for (second, at) in times.into_iter().enumerate() {
        assert_eq!(at / 1000, second as u128);
    }
}

#[tokio::test(start_paused = true)]
async fn more_events_are_fetched_at_once_and_acknowledged_with_the_next_poll() {
    let api = Api::new();
    let transmitter = Scripted::new([
        Step::sets([("1", api.event("a").build())], true),
        Step::sets(
            [("2", api.event("b").build()), ("3", "x".to_owned())],
            false,
        ),
    ]);
    let _poller = transmitter.start(&api);
    settle().await;
    assert!(api.revokes("b").await && api.is_in_step());
    pass(SECOND).await;
    let polls = transmitter.polls();
    assert_eq!(
        polls[0].body,
        json!({ "maxEvents": 100, "returnImmediately": true })
    );
    assert_eq!(polls[1].body["ack"], json!(["1"]));
    assert!(polls[1].at < SECOND && polls[2].at >= SECOND);
    assert_eq!(
        polls[2].body,
        json!({
            "maxEvents": 100, "returnImmediately": false, "ack": ["2"],
            "setErrs": { "3": { "err": "invalid_request", "description": "the body is not a signed JWT" } },
        })
    );
    assert_eq!(polls[2].headers["content-type"], "application/json");
    assert_eq!(polls[2].headers["content-language"], "en");
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_more_events_is_not_in_step() {
    let (api, transmitter) = (Api::new(), Scripted::new([Step::sets([], true)]));
    let _poller = transmitter.start(&api);
    pass(SECOND / 2).await;
    assert_eq!(
        transmitter.polls().len(),
        1,
        "no response without events is followed at once"
    );
    assert!(!api.is_in_step());
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_kept_until_a_poll_succeeds() {
    let api = Api::new();
    let transmitter = Scripted::new([
        Step::sets([("1", api.event("a").build())], false),
        Step::Reset,
        Step::Status(503, None),
        Step::empty(),
    ]);
    let _poller = transmitter.start(&api);
    for _ in 0..10 {
        pass(SECOND).await;
    }
    let polls = transmitter.polls();
    for poll in &polls[1..4] {
        assert_eq!(poll.body["ack"], json!(["1"]));
    }
    assert_eq!(polls[4].body.get("ack"), None);
    let immediate: Vec<_> = polls.iter().map(|it| it.is_immediate()).collect();
    assert_eq!(immediate, [true, false, true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn failures_are_repeated_with_longer_waits() {
    let (api, transmitter) = (Api::new(), Scripted::new(vec![Step::Reset; 10]));
    let _poller = transmitter.start(&api);
    for _ in 0..800 {
        pass(SECOND / 10).await;
    }
    let polls = transmitter.polls();
    let mut ceiling = 500;
    for pair in polls.windows(2) {
        let wait = (pair[1].at - pair[0].at).as_millis();
        let bounds = ceiling * 8 / 10..=ceiling + 200;
        assert!(bounds.contains(&wait), "{wait} is not in {bounds:?}");
        // A quarter of the maximum staleness.
        ceiling = (ceiling * 2).min(15_000);
    }
    assert!(polls.len() > 8 && !api.is_in_step());
}

#[tokio::test(start_paused = true)]
async fn the_transmitter_may_ask_for_a_pause() {
    let steps = [Step::Status(429, Some(40)), Step::empty()];
    let (api, transmitter) = (Api::new(), Scripted::new(steps));
    let _poller = transmitter.start(&api);
    pass(39 * SECOND).await;
    assert_eq!(transmitter.polls().len(), 1);
    pass(2 * SECOND).await;
    assert!(api.is_in_step());
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_nobody_answers_fails() {
    let (api, transmitter) = (Api::new(), Scripted::new([]));
    let _poller = transmitter.start(&api);
    pass(4 * SECOND).await;
    assert_eq!(transmitter.polls().len(), 1);
    transmitter.then(Step::empty());
    pass(SECOND).await;
    pass(SECOND).await;
    assert!(api.is_in_step());
}

#[tokio::test(start_paused = true)]
async fn fewer_events_are_requested_after_a_response_that_was_too_long() {
    let steps = [Step::TooLarge, Step::TooLarge, Step::empty(), Step::empty()];
    let (api, transmitter) = (Api::new(), Scripted::new(steps));
    let _poller = transmitter.start_with(&api, |it| it.max_events(3));
    for _ in 0..10 {
        pass(SECOND).await;
    }
    let polls = transmitter.polls();
    let requested: Vec<_> = polls
        .iter()
        .map(|it| it.body["maxEvents"].clone())
        .collect();
    assert_eq!(requested, [3, 1, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_fit_into_the_list_is_neither_acknowledged_nor_refused() {
    let api = Api::with_list(Revocations::builder().max_bytes(76));
    let until = UNIX_EPOCH + Duration::from_secs(9_000_000_000);
    api.revocations.deny_token(ISSUER, "other", until).unwrap();
    let step = || Step::sets([("1", api.event("a").build())], false);
    let transmitter = Scripted::new([step(), step()]);
    let _poller = transmitter.start(&api);
    settle().await;
    assert!(!api.is_in_step());
    assert!(api.revocations.allow_token(ISSUER, "other"));
    pass(SECOND).await;
    pass(SECOND).await;
    assert!(api.is_in_step() && api.revokes("a").await);
    let polls = transmitter.polls();
    let answered = |it: &str| polls[1].body.get(it).is_some();
    assert!(!answered("ack") && !answered("setErrs"));
    assert_eq!(polls[2].body["ack"], json!(["1"]));
}

#[tokio::test(start_paused = true)]
async fn each_stream_is_a_feed_of_its_own() {
    let api = Api::new();
    let (good, silent) = (Scripted::new([Step::empty()]), Scripted::new([]));
    let _good = good.start(&api);
    let other = api.events.poll("https://login.example/other?key=secret");
    let _silent = other.fetcher(silent).start().unwrap();
    settle().await;
    let feeds = api.revocations.status().feeds;
    let feeds: Vec<_> = feeds.iter().map(|it| (&*it.name, it.in_step)).collect();
    let expected = [
        (
            "security events for https://api.example/events at https://login.example/poll",
            true,
        ),
        (
            "security events for https://api.example/events at https://login.example/other?key=***",
            false,
        ),
    ];
    assert_eq!(feeds, expected);
}

#[tokio::test(start_paused = true)]
async fn polling_ends_with_the_poller() {
    let (api, transmitter) = (Api::new(), Scripted::new(vec![Step::empty(); 10]));
    let poller = transmitter.start(&api);
    pass(SECOND).await;
    let polls = transmitter.polls().len();
    drop(poller);
    pass(10 * SECOND).await;
    assert_eq!(transmitter.polls().len(), polls);
}
