//! Parses the text of a policy.

mod error;
mod grammar;
mod lexeme;
pub(crate) mod method;

use std::{borrow::Cow, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::error::PolicyError;
use super::{build::Predicates, model::Policy};

impl Policy {
    /// Parses `text`, which may name the conditions `known` with `custom("name")`. Use [`str::parse`] for
    /// text without such conditions.
    ///
    /// The guide on policies has the whole grammar. Examples:
    ///
    /// ```text
    /// scope("read:messages") and (role("admin") or claim("org_id") == path("org"))
    /// not client("batch-import") and max_age(3600)
    /// claim("plan") in ["gold", "silver"] or claim("teams") contains "support"
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the position and the reason if `text` is not a valid policy.
    pub fn parse_with(text: &str, known: &Predicates) -> Result<Self, PolicyError> {
        grammar::policy(text, known)
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_with(text, &Predicates::new())
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
