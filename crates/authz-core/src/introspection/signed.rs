use std::{fmt, sync::Arc};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    clock::{Clock, since_1970},
    crypto::{Algorithm, AlgorithmSet, CryptoBackend},
    jwks::{JwksProvider, KeyCandidates, KeyLookup, RefreshReason},
    token::{Jws, ProtectedHeader, RawHeader, TokenClaims},
    untrusted::Excerpt,
};

/// Verifies signed answers (RFC 9701 section 5) with the issuer's keys.
#[derive(Debug)]
pub(crate) struct ResponseKeys {
    pub(crate) keys: Arc<dyn JwksProvider>,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) key_candidates: usize,
    /// Seconds.
    pub(crate) leeway: u64,
    pub(crate) backend: CryptoBackend,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why a signed answer is not accepted.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

impl ResponseKeys {
    /// The issuer signs a new answer for each call. An older answer may be out of date.
    const MAX_AGE: u64 = 60;

    /// Verifies `jwt` and returns its member `token_introspection`.
    pub(super) async fn open(
        &self,
        jwt: &[u8],
        issuer: &str,
        client: &str,
    ) -> Result<Bytes, Refused> {
        let jws = Jws::decode(jwt.trim_ascii()).map_err(|_| refused("it is not a compact JWS"))?;
        let header = RawHeader::read(jws.header()).map_err(refused)?;
        let header = self.check_header(header)?;
        if !self.is_signed(&jws, &header, issuer).await? {
            return Err(refused("no key of the issuer verifies its signature"));
        }
        let mut claims = TokenClaims::default();
        claims.read(jws.payload(), &[]).map_err(refused)?;
        self.check_claims(&claims, issuer, client)?;
        /// RFC 9701 section 5.
        #[derive(Deserialize)]
        struct SignedResponse<'a> {
            #[serde(borrow)]
            token_introspection: &'a RawValue,
        }
        let response: SignedResponse<'_> =
            serde_json::from_slice(jws.payload()).map_err(refused)?;
        let json = response.token_introspection.get();
        Ok(Bytes::copy_from_slice(json.as_bytes()))
    }

    fn check_header<'h>(&self, header: RawHeader<'h>) -> Result<ProtectedHeader<'h>, Refused> {
        const TYPE: &str = "token-introspection+jwt";
        // Another JWT of the issuer, such as a token, is not an answer.
        let is_answer = header.typ.as_deref().is_some_and(|typ| {
            let prefix = typ.len().checked_sub(TYPE.len());
            let (prefix, typ) = typ
                .split_at_checked(prefix.unwrap_or(0))
                .unwrap_or(("?", typ));
            typ.eq_ignore_ascii_case(TYPE)
                && (prefix.is_empty() || prefix.eq_ignore_ascii_case("application/"))
        });
        if !is_answer {
            let typ = Excerpt(header.typ.as_deref().unwrap_or_default());
            return Err(refused(format_args!("its `typ` is {typ}, not {TYPE}")));
        }
        if let Some(extension) = header.extension {
            return Err(refused(format_args!("its header has {extension}")));
        }
        let algorithm = header.alg.as_deref().and_then(Algorithm::from_name);
        match algorithm.filter(|it| self.algorithms.contains(*it)) {
            Some(algorithm) => Ok(ProtectedHeader::new(algorithm, header.kid, header.typ)),
            None => Err(refused(format_args!(
                "its `alg` is {}, not one of {}",
                Excerpt(header.alg.as_deref().unwrap_or_default()),
                self.algorithms
            ))),
        }
    }

    async fn is_signed(
        &self,
        jws: &Jws<'_>,
        header: &ProtectedHeader<'_>,
        issuer: &str,
    ) -> Result<bool, Refused> {
        let verify = |keys: KeyCandidates| {
            let signer = keys.into_first(self.key_candidates, |key| {
                key.is_usable()
                    && key.serves(issuer)
                    && key.verify_by(
                        self.backend,
                        header.algorithm(),
                        jws.signing_input,
                        jws.signature(),
                    )
            });
            signer.is_some()
        };
        let reason = match self.keys.lookup(header) {
            KeyLookup::Found(keys) => match (verify(keys), header.key_id()) {
                (false, None) => RefreshReason::NoKeyVerified,
                (is_signed, _) => return Ok(is_signed),
            },
            KeyLookup::Missing => RefreshReason::Missing,
            lookup => return found(lookup, verify),
        };
        found(self.keys.refresh(header, reason).await, verify)
    }

    fn check_claims(
        &self,
        claims: &TokenClaims<'_>,
        issuer: &str,
        client: &str,
    ) -> Result<(), Refused> {
        if claims.iss.as_deref() != Some(issuer) {
            let iss = Excerpt(claims.iss.as_deref().unwrap_or_default());
            return Err(refused(format_args!("its `iss` is {iss}, not the issuer")));
        }
        let audiences = claims.aud.iter().flat_map(|it| it.iter());
        if !audiences.into_iter().any(|it| it == client) {
            return Err(refused(format_args!(
                "its `aud` does not contain {}, the client of this API",
                Excerpt(client)
            )));
        }
        let now = since_1970(self.clock.now()).as_secs();
        let earliest = now.saturating_sub(self.leeway + Self::MAX_AGE);
        match claims.iat {
            Some(iat) if iat.floor > now.saturating_add(self.leeway) => {
                Err(refused("its `iat` is in the future"))
            }
            Some(iat) if iat.ceil < earliest => Err(refused("its `iat` is too old")),
            Some(_) => Ok(()),
            None => Err(refused("it has no `iat`")),
        }
    }
}

fn found(lookup: KeyLookup, verify: impl FnOnce(KeyCandidates) -> bool) -> Result<bool, Refused> {
    match lookup {
        KeyLookup::Found(keys) => Ok(verify(keys)),
        KeyLookup::Missing | KeyLookup::Unknown(_) => {
            Err(refused("the issuer does not publish its key"))
        }
        KeyLookup::Unavailable(missing) => Err(refused(&missing.error)),
    }
}

fn refused(problem: impl fmt::Display) -> Refused {
    Refused(problem.to_string())
}
