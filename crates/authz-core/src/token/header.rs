use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::parse_error::ParseError;
use crate::{
    crypto::Algorithm,
    json::{MemberNames, Name, Skip},
    untrusted::Excerpt,
};

/// The header of a token (RFC 7515 section 4), before the signature is verified.
///
/// It only selects among trusted keys. Keys in the header (`jwk`, `jku`, `x5u`, `x5c`) are never
/// used.
#[derive(Clone, PartialEq, Eq)]
pub struct ProtectedHeader<'a> {
    algorithm: Algorithm,
    key_id: Option<Cow<'a, str>>,
    token_type: Option<Cow<'a, str>>,
    has_nonce: bool,
}

impl<'a> ProtectedHeader<'a> {
    pub(crate) const fn new(
        algorithm: Algorithm,
        key_id: Option<Cow<'a, str>>,
        token_type: Option<Cow<'a, str>>,
    ) -> Self {
        Self {
            algorithm,
            key_id,
            token_type,
            has_nonce: false,
        }
    }

    pub(crate) const fn with_nonce(mut self, has_nonce: bool) -> Self {
        self.has_nonce = has_nonce;
        self
    }

    /// Returns `true` if the header has `nonce`, as tokens for Microsoft's own APIs do.
    pub(crate) const fn has_nonce(&self) -> bool {
        self.has_nonce
    }

    /// Returns `alg` (RFC 7515 section 4.1.1), which is an accepted algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns `kid` (RFC 7515 section 4.1.4).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns `typ` (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }
}

impl fmt::Debug for ProtectedHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedHeader")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id().map(Excerpt))
            .field("token_type", &self.token_type().map(Excerpt))
            .finish_non_exhaustive()
    }
}

/// The members of a header before any check.
#[derive(Debug, Default)]
pub(crate) struct RawHeader<'a> {
    pub(crate) alg: Option<Cow<'a, str>>,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
    /// An unsupported extension: `crit`, `b64`, `zip` or `enc`.
    pub(crate) extension: Option<&'static str>,
    pub(crate) nonce: bool,
}

impl<'a> RawHeader<'a> {
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, ParseError> {
        // One UTF-8 check for the whole header is faster than one per string.
        let text = std::str::from_utf8(json).map_err(serde_json::Error::custom)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut member = None;
        let header = deserializer
            .deserialize_map(HeaderVisitor(&mut member))
            .map_err(|error| ParseError {
                member: member.filter(|_| error.is_data()),
                error,
            })?;
        deserializer.end()?;
        Ok(header)
    }
}

/// Remembers the member that is being parsed, so that an error can name it.
struct HeaderVisitor<'m>(&'m mut Option<&'static str>);

impl<'de> Visitor<'de> for HeaderVisitor<'_> {
    type Value = RawHeader<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut header = RawHeader::default();
        let mut names = MemberNames::default();
        while let Some(Name(name)) = members.next_key()? {
            let mut text = |member| -> Result<_, A::Error> {
                *self.0 = Some(member);
                members
                    .next_value::<Name<'_>>()
                    .map(|Name(value)| Some(value))
            };
            match &*name {
                "alg" => header.alg = text("alg")?,
                "kid" => header.kid = text("kid")?,
                "typ" => header.typ = text("typ")?,
                // No extension is supported, so any `crit` is rejected. An empty `crit` is not
                // allowed (RFC 7515 section 4.1.11).
                "crit" => {
                    members.next_value_seed(Skip)?;
                    header.extension = Some("crit");
                }
                // `true` is the default (RFC 7797 section 3).
                "b64" => {
                    *self.0 = Some("b64");
                    if !members.next_value::<bool>()? {
                        header.extension = header.extension.or(Some("b64"));
                    }
                }
                "zip" | "enc" => {
                    members.next_value_seed(Skip)?;
                    let name = if name == "zip" { "zip" } else { "enc" };
                    header.extension = header.extension.or(Some(name));
                }
                "nonce" => {
                    members.next_value_seed(Skip)?;
                    header.nonce = true;
                }
                _ => members.next_value_seed(Skip)?,
            }
            *self.0 = None;
            names.add(name)?;
        }
        names.finish()?;
        Ok(header)
    }
}
