use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use authz_core::{ClientAuthentication, EventPollerBuilder};

use crate::{
    api::Api,
    support::pass,
    transmitter::{Scripted, Step},
};

#[tokio::test(start_paused = true)]
async fn wrong_settings_are_errors_of_start() {
    type Change = fn(EventPollerBuilder) -> EventPollerBuilder;
    let api = Api::new();
    let cases: [(&str, Change, &str); 7] = [
        ("http://login.example/poll", |it| it, "does not use https"),
        ("login.example/poll", |it| it, "is not a URL"),
        (
            "https://login.example",
            |it| it.max_events(0),
            "max_events is 0",
        ),
        ("https://login.example", |it| it.max_bytes(0), "max_bytes"),
        (
            "https://login.example",
            |it| it.max_staleness(Duration::from_secs(9)),
            "less than 10 s",
        ),
        (
            "https://login.example",
            |it| it.client(ClientAuthentication::client_secret_basic("api", "")),
            "secret is empty",
        ),
        (
            "https://login.example",
            |it| {
                it.client(ClientAuthentication::private_key_jwt("api", |_: &str| {
                    Ok(String::new())
                }))
            },
            "an assertion has no place in a poll",
        ),
    ];
    for (url, change, expected) in cases {
        let poller = change(api.events.poll(url).fetcher(Scripted::new([])));
        let error = poller.start().unwrap_err().to_string();
        assert!(
            error.starts_with("security events can't be polled: "),
            "{error}"
        );
        assert!(error.contains(expected), "{error}");
        assert!(
            api.revocations.status().feeds.is_empty(),
            "no feed stays registered"
        );
    }
}

#[test]
fn a_runtime_is_required() {
    let poller = Api::new().events.poll("https://login.example/poll");
    let error = poller.start().unwrap_err().to_string();
    assert!(error.contains("no tokio runtime is running"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn each_poll_is_authorized_with_the_token_of_its_time() {
    static TOKENS: AtomicU8 = AtomicU8::new(0);
    let (api, transmitter) = (Api::new(), Scripted::new([Step::empty()]));
    let token = || format!("token-{}", TOKENS.fetch_add(1, Ordering::Relaxed));
    let _poller = transmitter.start_with(&api, |it| it.bearer_token(token));
    pass(Duration::from_secs(1)).await;
    let sent = transmitter
        .polls()
        .into_iter()
        .map(|it| it.headers["authorization"].clone());
    assert_eq!(
        sent.collect::<Vec<_>>(),
        ["Bearer token-0", "Bearer token-1"]
    );

    let transmitter = Scripted::new([]);
    let client = ClientAuthentication::client_secret_basic("api", "hush-hush");
    let _poller = transmitter.start_with(&api, |it| it.client(client));
    pass(Duration::from_secs(1)).await;
    let sent = transmitter.polls()[0].headers["authorization"].clone();
    assert_eq!(sent, "Basic YXBpOmh1c2gtaHVzaA==");
    assert!(sent.is_sensitive());
}
