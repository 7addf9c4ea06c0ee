use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, MapAccess, Visitor};

use crate::{
    crypto::Algorithm,
    json::{Name, Names, Skip},
    untrusted::Excerpt,
};

/// What a token's header says about its signature. Not verified: it chooses among keys that are
/// trusted already, and brings none of its own (`jwk`, `jku`, `x5u` and `x5c` are never looked at).
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

    /// Whether there is a `nonce`, as in tokens for Microsoft's own APIs.
    pub(crate) const fn has_nonce(&self) -> bool {
        self.has_nonce
    }

    /// `alg` (RFC 7515 section 4.1.1): one of the accepted algorithms.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid` (RFC 7515 section 4.1.4).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ` (RFC 7515 section 4.1.9).
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

/// The members of a header that matter here, before any rule is applied.
#[derive(Debug, Default)]
pub(crate) struct RawHeader<'a> {
    pub(crate) alg: Option<Cow<'a, str>>,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
    /// `crit`, `b64`, `zip` or `enc`: something that would have to be understood.
    pub(crate) extension: Option<&'static str>,
    pub(crate) nonce: bool,
}

/// Why a header can't be read: not a JSON object, a repeated member, a member of the wrong type.
#[derive(Debug)]
pub(crate) struct BadHeader {
    /// The member of the wrong type.
    member: Option<&'static str>,
    error: serde_json::Error,
}

impl fmt::Display for BadHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = self.member {
            write!(f, "{member}: ")?;
        }
        self.error.fmt(f)
    }
}

impl<'a> RawHeader<'a> {
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, BadHeader> {
        let bad = |error| BadHeader {
            member: None,
            error,
        };
        // Checked as a whole once, and not again string by string.
        let text =
            std::str::from_utf8(json).map_err(|error| bad(serde::de::Error::custom(error)))?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut member = None;
        let header = deserializer
            .deserialize_map(HeaderVisitor(&mut member))
            .map_err(|error| BadHeader {
                member: member.filter(|_| error.is_data()),
                error,
            })?;
        deserializer.end().map_err(bad)?;
        Ok(header)
    }
}

/// With the member whose value is being read, for an error that names it.
struct HeaderVisitor<'m>(&'m mut Option<&'static str>);

impl<'de> Visitor<'de> for HeaderVisitor<'_> {
    type Value = RawHeader<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut header = RawHeader::default();
        let mut names = Names::default();
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
                // No extension is understood here, so a `crit` that names one must be refused,
                // and an empty one is not allowed to exist (RFC 7515 section 4.1.11).
                "crit" => {
                    members.next_value_seed(Skip)?;
                    header.extension = Some("crit");
                }
                // RFC 7797: `true` is the default written out.
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
