use bytes::Buf;
use futures_util::{Stream, StreamExt as _};
use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::Value;

use crate::Problem;

/// A message to be stored: 1 to [`MAX_CHARACTERS`](Self::MAX_CHARACTERS) characters of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    text: String,
}

impl NewMessage {
    /// Characters of a text at most.
    pub const MAX_CHARACTERS: usize = 1000;
    /// Bytes of a body at most: room for so many characters, each written as `\ud83d\ude00`.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Reads `{"text":"..."}` from the body of a request with these header fields.
    ///
    /// The frameworks' own JSON extractors differ in what they take and in what they answer to the
    /// rest: in a missing content type, a body sent in chunks, a limit passed. Here is one answer.
    ///
    /// # Errors
    ///
    /// The answer that says what the body should have been.
    pub async fn read<E>(
        headers: &HeaderMap,
        body: impl Stream<Item = Result<impl Buf, E>>,
    ) -> Result<Self, Problem> {
        if !is_json(headers) {
            return Err(Problem::NOT_JSON);
        }
        if declared_length(headers).is_some_and(|length| length > Self::MAX_BYTES) {
            return Err(Problem::TOO_LARGE);
        }
        let mut body = std::pin::pin!(body);
        let mut json = Vec::new();
        while let Some(part) = body.next().await {
            let Ok(mut part) = part else {
                return Err(Problem::invalid_request("the body ends early"));
            };
            if json.len() + part.remaining() > Self::MAX_BYTES {
                return Err(Problem::TOO_LARGE);
            }
            while part.has_remaining() {
                let chunk = part.chunk();
                json.extend_from_slice(chunk);
                let read = chunk.len();
                part.advance(read);
            }
        }
        Self::parse(&json)
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn parse(json: &[u8]) -> Result<Self, Problem> {
        let Ok(value) = serde_json::from_slice(json) else {
            return Err(Problem::invalid_request("the body is not JSON"));
        };
        // A struct with serde's derive would take an array for an object: ["text"].
        let Value::Object(mut members) = value else {
            return Err(Problem::invalid_request("the body is not a JSON object"));
        };
        let Some(Value::String(text)) = members.remove("text") else {
            return Err(Problem::invalid_request(
                r"the member text is missing, or is no string",
            ));
        };
        match text.chars().count() {
            0 => Err(Problem::invalid_request("the text is empty")),
            1..=Self::MAX_CHARACTERS => Ok(Self { text }),
            _ => Err(Problem::invalid_request(
                "the text is longer than 1000 characters",
            )),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    impl NewMessage {
        pub(crate) fn new(text: &str) -> Self {
            Self {
                text: text.to_owned(),
            }
        }
    }

    async fn read(
        content_type: Option<&'static str>,
        parts: &[&[u8]],
    ) -> Result<NewMessage, Problem> {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        let parts = parts.iter().map(|part| Bytes::copy_from_slice(part));
        let parts: Vec<Result<Bytes, ()>> = parts.map(Ok).collect();
        NewMessage::read(&headers, stream::iter(parts)).await
    }

    #[tokio::test]
    async fn bodies() {
        let json = Some("application/json");
        let longest = format!(r#"{{"text":"{}"}}"#, "é".repeat(1000));
        let escaped = format!(r#"{{"text":"{}"}}"#, r"\ud83d\ude00".repeat(1000));
        let too_long = format!(r#"{{"text":"{}"}}"#, "x".repeat(1001));
        let too_large = format!(r#"{{"text":"{}"}}"#, "x".repeat(NewMessage::MAX_BYTES));
        for (name, content_type, body, status) in [
            ("good", json, r#"{"text":"hello"}"#, None),
            ("another member", json, r#"{"text":"hello","id":7}"#, None),
            (
                "charset",
                Some("Application/JSON; charset=utf-8"),
                r#"{"text":"hello"}"#,
                None,
            ),
            ("longest", json, &longest, None),
            ("longest, escaped", json, &escaped, None),
            ("no content type", None, r#"{"text":"hello"}"#, Some(415)),
            (
                "a form",
                Some("application/x-www-form-urlencoded"),
                "text=hello",
                Some(415),
            ),
            (
                "a prefix",
                Some("application/jsonp"),
                r#"{"text":"hello"}"#,
                Some(415),
            ),
            ("nothing", json, "", Some(400)),
            ("half", json, r#"{"text":"#, Some(400)),
            ("two", json, "{}{}", Some(400)),
            ("null", json, "null", Some(400)),
            ("an array", json, r#"["hello"]"#, Some(400)),
            ("no text", json, "{}", Some(400)),
            ("a number", json, r#"{"text":1}"#, Some(400)),
            ("empty text", json, r#"{"text":""}"#, Some(400)),
            ("too long", json, &too_long, Some(400)),
            ("too large", json, &too_large, Some(413)),
        ] {
            let (one, two) = body.as_bytes().split_at(body.len() / 2);
            let answer = read(content_type, &[one, two]).await;
            let refused = answer.err().map(|problem| problem.status().as_u16());
            assert_eq!(refused, status, "{name}");
        }
    }

    #[tokio::test]
    async fn a_declared_length_is_believed_before_the_body_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(CONTENT_LENGTH, "16385".parse().unwrap());
        let never = stream::pending::<Result<Bytes, ()>>();
        let answer = NewMessage::read(&headers, never).await;
        assert_eq!(answer, Err(Problem::TOO_LARGE));
    }

    #[tokio::test]
    async fn a_broken_connection_is_no_message() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        let parts = [Ok(Bytes::from_static(br#"{"text":"hello"}"#)), Err(())];
        let answer = NewMessage::read(&headers, stream::iter(parts)).await;
        assert_eq!(answer.unwrap_err().status(), 400);
    }
}
