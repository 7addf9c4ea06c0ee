use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::{
    json::{MemberNames, Name, Skip},
    jwks::Jwk,
    token::NumericDate,
};

/// The header of a proof (RFC 9449 section 4.2).
#[derive(Debug, Default)]
pub(super) struct ProofHeader<'a> {
    pub(super) typ: Option<Cow<'a, str>>,
    pub(super) alg: Option<Cow<'a, str>>,
    pub(super) jwk: Option<Jwk>,
    /// An extension that changes what is signed: `crit`, `b64` or `zip`.
    pub(super) has_extension: bool,
}

/// The claims of a proof.
#[derive(Debug, Default)]
pub(super) struct ProofClaims<'a> {
    pub(super) jti: Option<Cow<'a, str>>,
    pub(super) htm: Option<Cow<'a, str>>,
    pub(super) htu: Option<Cow<'a, str>>,
    pub(super) iat: Option<NumericDate>,
    pub(super) ath: Option<Cow<'a, str>>,
    pub(super) nonce: Option<Cow<'a, str>>,
}

/// Parses a JSON object. No name may be repeated, at any depth.
pub(super) fn read<'a, T: FromMembers<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    let text = std::str::from_utf8(json).map_err(serde_json::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = deserializer.deserialize_map(ObjectVisitor(T::default()))?;
    deserializer.end()?;
    Ok(value)
}

pub(super) trait FromMembers<'de>: Default {
    /// Reads the value of a member.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error>;
}

impl<'de> FromMembers<'de> for ProofHeader<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error> {
        match name {
            "typ" => self.typ = text(members)?,
            "alg" => self.alg = text(members)?,
            "jwk" => self.jwk = Some(members.next_value()?),
            name => {
                self.has_extension |= matches!(name, "crit" | "b64" | "zip");
                members.next_value_seed(Skip)?;
            }
        }
        Ok(())
    }
}

impl<'de> FromMembers<'de> for ProofClaims<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error> {
        match name {
            "jti" => self.jti = text(members)?,
            "htm" => self.htm = text(members)?,
            "htu" => self.htu = text(members)?,
            "ath" => self.ath = text(members)?,
            "nonce" => self.nonce = text(members)?,
            "iat" => self.iat = Some(members.next_value()?),
            _ => members.next_value_seed(Skip)?,
        }
        Ok(())
    }
}

fn text<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    members.next_value().map(|Name(text)| Some(text))
}

struct ObjectVisitor<T>(T);

impl<'de, T: FromMembers<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<T, A::Error> {
        let mut names = MemberNames::default();
        while let Some(Name(name)) = members.next_key()? {
            self.0.member(&name, &mut members)?;
            names.add(name)?;
        }
        names.finish()?;
        Ok(self.0)
    }
}
