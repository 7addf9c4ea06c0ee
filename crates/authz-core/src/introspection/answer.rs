use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use serde::{Deserialize, de::DeserializeSeed};
use tokio::time::Instant;

use crate::{cache::Weight, json::Skip};

/// What the issuer said about a token.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) content: AnswerContent,
    /// When the issuer was asked.
    pub(crate) at: Instant,
    /// Another server asked.
    pub(super) is_shared: bool,
    /// Other servers have been told, or need not be.
    pub(super) is_settled: AtomicBool,
}

#[derive(Debug)]
pub(crate) enum AnswerContent {
    /// The token is expired, revoked, of another issuer or invented.
    Inactive,
    /// The response, a JSON object.
    Active(Bytes),
}

impl Answer {
    pub(super) const fn is_active(&self) -> bool {
        matches!(self.content, AnswerContent::Active(_))
    }

    /// Parses a response (RFC 7662 section 2.2).
    pub(super) fn parse(json: Bytes, at: Instant) -> Result<Self, serde_json::Error> {
        /// Of any other type than a boolean, `active` is an error.
        #[derive(Deserialize)]
        struct IntrospectionResponse {
            active: bool,
        }
        // Rejects repeated names first: parsers disagree about which `active` counts.
        let mut deserializer = serde_json::Deserializer::from_slice(&json);
        Skip.deserialize(&mut deserializer)?;
        deserializer.end()?;
        let IntrospectionResponse { active } = serde_json::from_slice(&json)?;
        let content = match active {
            true => AnswerContent::Active(json),
            false => AnswerContent::Inactive,
        };
        Ok(Self {
            content,
            at,
            is_shared: false,
            is_settled: AtomicBool::new(false),
        })
    }
}

impl Weight for Answer {
    fn bytes(&self) -> usize {
        let content = match &self.content {
            AnswerContent::Inactive => 0,
            AnswerContent::Active(json) => json.len(),
        };
        size_of::<Self>() + 2 * size_of::<usize>() + content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_is_the_boolean_true_and_nothing_else() {
        for (json, expected) in [
            (r#"{"active":true}"#, Some(true)),
            (
                r#"{"active":true,"exp":1,"x":{"active":false}}"#,
                Some(true),
            ),
            (r#"{"active":false}"#, Some(false)),
            (r#"{"active":false,"exp":null,"iss":null}"#, Some(false)),
            (r#"{"active":"true"}"#, None),
            (r#"{"active":1}"#, None),
            (r#"{"active":null}"#, None),
            (r#"{"active":[true]}"#, None),
            (r#"{"Active":true}"#, None),
            ("{}", None),
            (r#"{"active":false,"active":true}"#, None),
            (r#"{"active":true,"active":true}"#, None),
            (r#"{"active":true,"a":{"b":1,"b":1}}"#, None),
            (r#"{"active":true} {"active":true}"#, None),
            (r#"[{"active":true}]"#, None),
            ("true", None),
            (r#"{"active":true"#, None),
            ("", None),
        ] {
            let answer = Answer::parse(Bytes::from_static(json.as_bytes()), Instant::now());
            let found = answer.map(|it| matches!(it.content, AnswerContent::Active(_)));
            assert_eq!(found.ok(), expected, "{json}");
        }
    }
}
