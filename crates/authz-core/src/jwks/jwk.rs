use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize,
    de::{self, Deserializer, MapAccess, Visitor},
};
use serde_json::Value;

use crate::{
    crypto::{
        Algorithm, CryptoBackend, KeyError, KeyErrorKind, KeyFamily, KeyMaterial, VerificationKey,
    },
    json::{MemberNames, Name},
    untrusted::{Bounded, ERROR_BYTES, Excerpt},
};

/// The members of one JSON Web Key (RFC 7517 section 4), each name at most once.
#[derive(Debug)]
pub(crate) struct Jwk(serde_json::Map<String, Value>);

/// Members of private and symmetric keys (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1; RFC 9964).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

impl Jwk {
    pub(super) fn parse(json: &str) -> Result<Self, KeyError> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        Self::deserialize(&mut deserializer)
            .and_then(|jwk| deserializer.end().map(|()| jwk))
            .map_err(|error| {
                malformed(format!(
                    "not a JSON Web Key: {}",
                    Bounded(error, ERROR_BYTES)
                ))
            })
    }

    /// Returns the `kid` for messages, truncated to 64 characters.
    pub(super) fn label(&self) -> Option<String> {
        let kid = self.0.get("kid")?.as_str()?;
        Some(kid.chars().take(64).collect())
    }

    pub(crate) fn into_key(self, backend: CryptoBackend) -> Result<VerificationKey, KeyError> {
        let kid = self.string("kid")?.map(Box::from);
        if let Some(usage) = self.string("use")?
            && usage != "sig"
        {
            let message = format!("the key's use is {}, not \"sig\"", Excerpt(usage));
            return Err(KeyError::new(KeyErrorKind::NotForSignatures, message));
        }
        self.check_operations()?;
        let material = self.material()?;
        let algorithm = match self.string("alg")? {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or_else(|| unsupported_alg(name))?),
        };
        let issuer = self.string("issuer")?.map(Box::from);
        Ok(VerificationKey::new(kid, material, algorithm, backend)?.of_issuer(issuer))
    }

    /// Returns the key of a DPoP proof (RFC 9449 section 4.2), which anybody may have chosen: a key that would be
    /// expensive to use is rejected before it is parsed.
    pub(crate) fn into_proof_key(
        self,
        algorithm: Algorithm,
        backend: CryptoBackend,
    ) -> Result<VerificationKey, KeyError> {
        const LONGEST_MODULUS: usize = 4096 / 8;
        if let Some(named) = self.string("alg")?
            && Algorithm::from_name(named) != Some(algorithm)
        {
            return Err(KeyError::wrong_algorithm(algorithm));
        }
        let material = self.material()?;
        if material.family() == KeyFamily::Rsa && material.signature_len() > LONGEST_MODULUS {
            let message = "the RSA key of a proof has more than 4096 bits";
            return Err(KeyError::new(KeyErrorKind::Unsupported, message));
        }
        VerificationKey::new(None, material, Some(algorithm), backend)
    }

    fn material(&self) -> Result<KeyMaterial, KeyError> {
        let kty = self
            .string("kty")?
            .ok_or_else(|| malformed("member \"kty\" is missing"))?;
        if kty == "oct" {
            return Err(KeyError::new(
                KeyErrorKind::Compromised,
                "a symmetric key (kty \"oct\") must not be in a public key set",
            ));
        }
        if let Some(name) = PRIVATE
            .iter()
            .find(|name| self.0.get(**name).is_some_and(|it| !it.is_null()))
        {
            return Err(KeyError::new(
                KeyErrorKind::Compromised,
                format!("the key includes its private part ({name:?}), so it is compromised"),
            ));
        }
        match kty {
            "RSA" => KeyMaterial::rsa(&self.bytes("n")?, &self.bytes("e")?),
            "EC" => {
                let family = match self.string("crv")?.unwrap_or_default() {
                    "P-256" => KeyFamily::P256,
                    "P-384" => KeyFamily::P384,
                    "P-521" => KeyFamily::P521,
                    other => return Err(unsupported_curve(other)),
                };
                KeyMaterial::ec(family, &self.bytes("x")?, &self.bytes("y")?)
            }
            "OKP" => match self.string("crv")?.unwrap_or_default() {
                "Ed25519" => KeyMaterial::ed25519(&self.bytes("x")?),
                other => Err(unsupported_curve(other)),
            },
            "AKP" => {
                // The key itself does not tell its algorithm (RFC 9964 section 3).
                let name = self.string("alg")?.ok_or_else(|| {
                    malformed("member \"alg\" is missing, which keys of kty \"AKP\" must have")
                })?;
                let algorithm = Algorithm::from_name(name).ok_or_else(|| unsupported_alg(name))?;
                KeyMaterial::ml_dsa(algorithm, &self.bytes("pub")?)
            }
            other => Err(unsupported(format!(
                "key type {} is not supported: use RSA, EC, OKP or AKP",
                Excerpt(other)
            ))),
        }
    }

    fn check_operations(&self) -> Result<(), KeyError> {
        let operations = match self.0.get("key_ops") {
            None | Some(Value::Null) => return Ok(()),
            Some(operations) => operations,
        };
        let operations = operations
            .as_array()
            .ok_or_else(|| malformed("member \"key_ops\" is not an array"))?;
        if operations.iter().any(|operation| operation == "verify") {
            return Ok(());
        }
        Err(KeyError::new(
            KeyErrorKind::NotForSignatures,
            "the key's key_ops do not include \"verify\"",
        ))
    }

    fn string(&self, name: &str) -> Result<Option<&str>, KeyError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(value)) => Ok(Some(value)),
            Some(_) => Err(malformed(format!("member {name:?} is not a string"))),
        }
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, KeyError> {
        let text = self
            .string(name)?
            .ok_or_else(|| malformed(format!("member {name:?} is missing")))?;
        URL_SAFE_NO_PAD.decode(text).map_err(|error| {
            malformed(format!(
                "member {name:?} is not base64url without padding: {error}"
            ))
        })
    }
}

fn malformed(message: impl Into<Cow<'static, str>>) -> KeyError {
    KeyError::new(KeyErrorKind::Malformed, message)
}

fn unsupported(message: String) -> KeyError {
    KeyError::new(KeyErrorKind::Unsupported, message)
}

fn unsupported_alg(name: &str) -> KeyError {
    unsupported(format!(
        "algorithm {} is not a supported signature algorithm",
        Excerpt(name)
    ))
}

fn unsupported_curve(name: &str) -> KeyError {
    unsupported(format!(
        "curve {} is not supported: use P-256, P-384, P-521 or Ed25519",
        Excerpt(name)
    ))
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = serde_json::Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut names = MemberNames::default();
        let mut members = serde_json::Map::new();
        while let Some(Name(name)) = access.next_key()? {
            members.insert(name.clone().into_owned(), access.next_value()?);
            names.add::<A::Error>(name)?;
        }
        names.finish::<A::Error>()?;
        if members.is_empty() {
            return Err(de::Error::custom("the object is empty"));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests;
