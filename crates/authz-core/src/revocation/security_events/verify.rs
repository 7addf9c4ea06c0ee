use std::{sync::Arc, time::SystemTime};

use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};

use super::{
    error::SetError,
    event::{EventKind, SecurityEvent},
    subject::SubjectId,
};
use crate::{
    crypto::{Algorithm, CryptoBackend},
    json::Skip,
    jwks::{JwksProvider, KeyLookup, RefreshReason},
    token::{Jws, ProtectedHeader, RawHeader},
};

/// Whose events are accepted, and for whom they must be.
#[derive(Debug)]
pub(super) struct TrustedTransmitter {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) keys: Arc<dyn JwksProvider>,
    pub(super) backend: CryptoBackend,
}

/// A verified event and its `jti`.
pub(super) struct VerifiedSet {
    pub(super) id: String,
    pub(super) event: SecurityEvent,
}

/// Keys that are tried for an event without `kid`.
const CANDIDATES: usize = 8;

impl TrustedTransmitter {
    /// Verifies a security event token (RFC 8417 section 2, Shared Signals Framework section 4).
    pub(super) async fn verify(&self, set: &[u8]) -> Result<VerifiedSet, SetError> {
        let jws = Jws::decode(set).map_err(|_| SetError::NotAJwt)?;
        let header = RawHeader::read(jws.header()).map_err(|_| SetError::NotAJwt)?;
        let algorithm = header.alg.as_deref().and_then(Algorithm::from_name);
        let (Some(algorithm), None) = (algorithm, header.extension) else {
            return Err(SetError::Algorithm);
        };
        let header = ProtectedHeader::new(algorithm, header.kid, header.typ);
        let typ = header.token_type().unwrap_or_default();
        let typ = typ.strip_prefix("application/").unwrap_or(typ);
        if !typ.eq_ignore_ascii_case("secevent+jwt") {
            return Err(SetError::Type);
        }
        let claims = claims(jws.payload())?;
        self.check(&claims)?;
        self.check_signature(&jws, &header).await?;
        read(claims)
    }

    fn check(&self, claims: &Map<String, Value>) -> Result<(), SetError> {
        if claims.contains_key("sub") || claims.contains_key("exp") {
            return Err(SetError::ForbiddenClaim);
        }
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(SetError::Issuer);
        }
        let is_meant = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(|it| *it == self.audience),
            Some(one) => *one == self.audience,
            None => false,
        };
        is_meant.then_some(()).ok_or(SetError::Audience)
    }

    async fn check_signature(
        &self,
        jws: &Jws<'_>,
        header: &ProtectedHeader<'_>,
    ) -> Result<(), SetError> {
        let mut lookup = self.keys.lookup(header);
        if let KeyLookup::Missing = lookup {
            lookup = self.keys.refresh(header, RefreshReason::Missing).await;
        }
        let candidates = match lookup {
            KeyLookup::Found(candidates) => candidates,
            KeyLookup::Unavailable(_) => return Err(SetError::Unavailable),
            KeyLookup::Missing | KeyLookup::Unknown(_) => return Err(SetError::Key),
        };
        let algorithm = header.algorithm();
        let signer = candidates.into_first(CANDIDATES, |key| {
            key.is_usable()
                && key.serves(&self.issuer)
                && key.verify_by(self.backend, algorithm, jws.signing_input, jws.signature())
        });
        signer.map(|_| ()).ok_or(SetError::Signature)
    }
}

/// Parses the claims and rejects repeated names at every depth.
fn claims(payload: &[u8]) -> Result<Map<String, Value>, SetError> {
    let mut json = serde_json::Deserializer::from_slice(payload);
    Skip.deserialize(&mut json).map_err(|_| SetError::Claims)?;
    serde_json::from_slice(payload).map_err(|_| SetError::Claims)
}

fn read(mut claims: Map<String, Value>) -> Result<VerifiedSet, SetError> {
    let Some(Value::String(id)) = claims.remove("jti").filter(|it| it != "") else {
        return Err(SetError::Claims);
    };
    let issued_at = time(claims.get("iat")).ok_or(SetError::Claims)?;
    let Some(Value::Object(events)) = claims.remove("events") else {
        return Err(SetError::Events);
    };
    let mut events = events.into_iter();
    let (Some((uri, Value::Object(members))), None) = (events.next(), events.next()) else {
        return Err(SetError::Events);
    };
    let subject = claims.get("sub_id").and_then(SubjectId::parse);
    let time = match members.get("event_timestamp") {
        Some(at) => time(Some(at)).ok_or(SetError::Claims)?,
        None => issued_at,
    };
    Ok(VerifiedSet {
        id,
        event: SecurityEvent {
            kind: EventKind::from_uri(&uri),
            subject: subject.ok_or(SetError::Subject)?,
            time,
            members,
        },
    })
}

fn time(value: Option<&Value>) -> Option<SystemTime> {
    SecurityEvent::at(value?.as_f64()?)
}
