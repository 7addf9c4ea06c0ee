//! The messages: what is kept, and which bodies are messages.

use futures_util::stream;
use http::header::CONTENT_TYPE;
use quickstart::{Messages, NewMessage};
use serde_json::{Value, json};

const JSON: &str = "application/json";

/// Reads a body that arrives in two parts. Returns the status of the response if it is not a message.
async fn read(content_type: &str, body: &str, ends_early: bool) -> Result<NewMessage, u16> {
    let (one, two) = body.split_at(body.len() / 2);
    let parts = [one, two].map(|it| Ok(it.as_bytes())).into_iter();
    let parts = stream::iter(parts.chain(ends_early.then_some(Err(()))));
    let headers = [(CONTENT_TYPE, content_type.parse().unwrap())];
    let read = NewMessage::read(&headers.into_iter().collect(), parts).await;
    read.map_err(|problem| problem.0.as_u16())
}

/// Stores a message, and returns its `id`.
async fn add(messages: &Messages) -> Value {
    let message = read(JSON, r#"{"text":"x"}"#, false).await.unwrap();
    json!(messages.add(message, None))["id"].take()
}

fn ids(messages: &Messages) -> Vec<Value> {
    let all = messages.list();
    all.iter().map(|it| json!(it)["id"].take()).collect()
}

#[tokio::test]
async fn the_oldest_makes_room_within_its_organization() {
    let messages = Messages::default();
    let of_acme = messages.of("acme");
    let first = add(&of_acme).await;
    for _ in 0..=Messages::CAPACITY {
        add(&messages).await;
    }
    let newest = 2..=Messages::CAPACITY as u64 + 1;
    assert!(ids(&messages).into_iter().eq(newest.map(Value::from)));
    assert_eq!(ids(&of_acme), [first]);
}

#[tokio::test]
async fn organizations_without_end_take_no_more_memory() {
    let messages = Messages::default();
    let organizations: Vec<_> = (0..200).map(|it| messages.of(&it.to_string())).collect();
    for organization in &organizations {
        add(organization).await;
    }
    add(&messages).await;
    let kept = organizations.iter().filter(|it| !it.list().is_empty());
    let kept = kept.count();
    assert!((100..=101).contains(&kept), "{kept}");
    assert_eq!(ids(&messages).len(), 1);
}

#[tokio::test]
async fn bodies() {
    let text = |it: &str, count| format!(r#"{{"text":"{}"}}"#, it.repeat(count));
    for (content_type, body, ends_early, expected) in [
        (JSON, r#"{"text":"hello","id":7}"#.to_owned(), false, 201),
        ("Application/JSON; charset=utf-8", text("x", 1), false, 201),
        ("application/jsonp", text("x", 1), false, 415),
        (JSON, text("é", 1000), false, 201),
        (JSON, text(r"\ud83d\ude00", 1000), false, 201),
        (JSON, text("x", 1001), false, 400),
        (JSON, text("x", NewMessage::MAX_BYTES), false, 413),
        (JSON, "{}{}".to_owned(), false, 400),
        // A broken connection does not leave a message behind.
        (JSON, text("x", 1), true, 400),
    ] {
        let read = read(content_type, &body, ends_early).await;
        assert_eq!(
            read.map_or_else(|status| status, |_| 201),
            expected,
            "{content_type}: {body}"
        );
    }
}
