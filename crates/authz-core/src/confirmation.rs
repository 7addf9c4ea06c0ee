//! Binds a token to its sender's key: the claim `cnf` (RFC 7800).

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::json::{MemberNames, Name, Skip, skip_number};

/// How a caller proved that the token is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Binding {
    /// By a DPoP proof (RFC 9449), possibly besides a certificate.
    Dpop,
    /// By a client certificate (RFC 8705).
    MutualTls,
}

impl Binding {
    /// Returns the name: `dpop` or `mtls`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dpop => "dpop",
            Self::MutualTls => "mtls",
        }
    }
}

/// The keys that a token is bound to. Each one that is there must be proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Confirmation {
    /// The thumbprint of a key (RFC 9449 section 6.1).
    pub(crate) jkt: Option<[u8; 32]>,
    /// The hash of a certificate (RFC 8705 section 3.1).
    pub(crate) x5t: Option<[u8; 32]>,
}

/// The claim `cnf` as it stands in the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cnf {
    #[default]
    Absent,
    Known(Confirmation),
    /// It has no member that is supported, one with an invalid value, or one of RFC 7800 that can't be verified.
    Unsupported,
}

impl<'de> Deserialize<'de> for Cnf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CnfVisitor)
    }
}

struct CnfVisitor;

impl<'de> Visitor<'de> for CnfVisitor {
    type Value = Cnf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the confirmation methods")
    }

    fn visit_unit<E>(self) -> Result<Cnf, E> {
        Ok(Cnf::Unsupported)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Cnf, E> {
        Ok(Cnf::Unsupported)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Cnf, E> {
        Ok(Cnf::Unsupported)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Cnf, E> {
        Ok(Cnf::Unsupported)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Cnf, E> {
        Ok(Cnf::Unsupported)
    }

    fn visit_str<E>(self, _: &str) -> Result<Cnf, E> {
        Ok(Cnf::Unsupported)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Cnf, A::Error> {
        while elements.next_element_seed(Skip)?.is_some() {}
        Ok(Cnf::Unsupported)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Cnf, A::Error> {
        let mut names = MemberNames::default();
        let mut confirmation = Confirmation::default();
        let mut supported = true;
        while let Some(Name(name)) = members.next_key()? {
            if names.is_empty() && skip_number(&name, &mut members)? {
                return Ok(Cnf::Unsupported);
            }
            match &*name {
                "jkt" | "x5t#S256" => {
                    let text: Option<Name<'_>> = members.next_value()?;
                    let hash = text.map(|Name(text)| sha256_text(&text));
                    supported &= hash != Some(None);
                    let member = match &*name {
                        "jkt" => &mut confirmation.jkt,
                        _ => &mut confirmation.x5t,
                    };
                    *member = hash.flatten();
                }
                // They name a key that the sender must prove, by a method of the application (RFC 7800 section 3).
                "jwk" | "jwe" | "jku" => {
                    members.next_value_seed(Skip)?;
                    supported = false;
                }
                // Members that are not understood are ignored (RFC 7800 section 3.1).
                _ => members.next_value_seed(Skip)?,
            }
            names.add(name)?;
        }
        names.finish()?;
        let is_bound = confirmation != Confirmation::default();
        Ok(match supported && is_bound {
            true => Cnf::Known(confirmation),
            false => Cnf::Unsupported,
        })
    }
}

/// Parses a SHA-256 in base64url.
fn sha256_text(text: &str) -> Option<[u8; 32]> {
    // Decodes into the array only what fits exactly.
    let mut hash = [0; 33];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut hash) {
        Ok(32) => hash.first_chunk().copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_and_what_cannot_be_proven_is_refused() {
        let text = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
        let hash = sha256_text(text).unwrap();
        let known = |jkt: bool, x5t: bool| {
            Some(Cnf::Known(Confirmation {
                jkt: jkt.then_some(hash),
                x5t: x5t.then_some(hash),
            }))
        };
        let unsupported = Some(Cnf::Unsupported);
        for (json, expected) in [
            (r#"{"jkt":"HASH"}"#, known(true, false)),
            (r#"{"x5t#S256":"HASH"}"#, known(false, true)),
            (r#"{"jkt":"HASH","x5t#S256":"HASH"}"#, known(true, true)),
            (r#"{"jkt":"HASH","x5t#S256":null}"#, known(true, false)),
            (r#"{"jkt":"HASH","kid":"1","x":[{}]}"#, known(true, false)),
            (r#"{"jkt":"HASH","jwk":{}}"#, unsupported),
            (r#"{"jkt":"HASH","jku":""}"#, unsupported),
            (r#"{"jkt":"HASH","x5t#S256":"x"}"#, unsupported),
            (r#"{"jkt":"HASH="}"#, unsupported),
            (r#"{"jkt":"HASHA"}"#, unsupported),
            (r#"{"jkt":""}"#, unsupported),
            (r#"{"jkt":null}"#, unsupported),
            (r#"{"JKT":"HASH"}"#, unsupported),
            (r#"{"kid":"1"}"#, unsupported),
            ("{}", unsupported),
            (r#"{"jkt":"HASH","jkt":"HASH"}"#, None),
            (r#"{"jkt":1}"#, None),
            (r#""HASH""#, unsupported),
            ("[]", unsupported),
            (r#"[{"a":1}, "b"]"#, unsupported),
            ("null", unsupported),
            ("true", unsupported),
            ("1", unsupported),
            ("-1.5", unsupported),
            (r#"[{"a":1,"a":2}]"#, None),
        ] {
            let json = json.replace("HASH", text);
            assert_eq!(serde_json::from_str(&json).ok(), expected, "{json}");
        }
    }
}
