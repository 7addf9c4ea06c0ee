use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING},
};
use tokio::time::timeout;

use super::{
    claim::TokenStatus,
    list::{InvalidList, ListClaims, StatusList, check_type},
    settings::Signer,
};
use crate::{
    clock::{Clock, since_1970},
    crypto::{Algorithm, AlgorithmSet, CryptoBackend},
    jwks::{FetchError, FetchRequest, Fetcher, JwksProvider, KeyLookup, RefreshReason},
    token::{Jws, ProtectedHeader, RawHeader},
};

/// Where lists come from.
pub(super) struct ListSource {
    pub(super) signer: Option<Signer>,
    pub(super) fetcher: Arc<dyn Fetcher>,
    pub(super) timeout: Duration,
    pub(super) max_list_bytes: usize,
}

/// The issuer of a token, as far as it matters for lists.
pub(crate) struct TokenIssuer {
    pub(crate) issuer: Arc<str>,
    pub(crate) keys: Arc<dyn JwksProvider>,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) key_candidates: usize,
    pub(crate) crypto_backend: CryptoBackend,
    pub(crate) clock: Arc<dyn Clock>,
}

pub(super) type Fetched = (StatusList, Option<Duration>);

/// Why a list could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchFailed {
    #[error("{0}")]
    Request(FetchError),
    #[error("the server responded with {0}")]
    Status(StatusCode),
    #[error("no complete response within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("the response is not a signed JWT")]
    NotAJwt,
    #[error("its algorithm is not one of the issuer's, or its header has an unsupported extension")]
    Algorithm,
    #[error("its key is not published by its issuer, or the keys are unavailable")]
    Key,
    #[error("its signature does not verify")]
    Signature,
    #[error("{0}")]
    Invalid(#[from] InvalidList),
    #[error("the fetch was stopped before it finished")]
    Ended,
}

impl ListSource {
    /// Fetches and verifies a list (section 8.3), within the time limit. Returns it with its lifetime, if it
    /// says how long it is fresh.
    pub(super) async fn fetch(
        &self,
        token: &TokenStatus,
        trusted: &TokenIssuer,
    ) -> Result<Fetched, FetchFailed> {
        let limited = timeout(self.timeout, self.attempt(token, trusted)).await;
        limited.unwrap_or(Err(FetchFailed::Timeout(self.timeout)))
    }

    async fn attempt(
        &self,
        token: &TokenStatus,
        trusted: &TokenIssuer,
    ) -> Result<Fetched, FetchFailed> {
        let headers = HeaderMap::from_iter([
            (
                ACCEPT,
                HeaderValue::from_static("application/statuslist+jwt"),
            ),
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ]);
        let max_bytes = self.max_list_bytes;
        let request = FetchRequest {
            url: &token.url,
            headers: &headers,
            max_bytes,
        };
        let response = self
            .fetcher
            .get(request)
            .await
            .map_err(FetchFailed::Request)?;
        if response.status != StatusCode::OK {
            return Err(FetchFailed::Status(response.status));
        }
        if response.body.len() > max_bytes {
            return Err(InvalidList::TooLarge.into());
        }
        let jws = Jws::decode(response.body.trim_ascii()).map_err(|_| FetchFailed::NotAJwt)?;
        let header = RawHeader::read(jws.header()).map_err(|_| FetchFailed::NotAJwt)?;
        let algorithm = header.alg.as_deref().and_then(Algorithm::from_name);
        let (Some(algorithm), None) = (algorithm, header.extension) else {
            return Err(FetchFailed::Algorithm);
        };
        let header = ProtectedHeader::new(algorithm, header.kid, header.typ);
        check_type(&header)?;
        let issuer = self.verify(trusted, &jws, &header).await?;

        let claims = ListClaims::read(jws.payload())?;
        let now = since_1970(trusted.clock.now());
        let lifetime = claims.check(&token.uri, issuer, now)?;
        let list = claims.list(max_bytes)?;
        Ok((list, lifetime))
    }

    /// Verifies the signature and returns who has signed.
    async fn verify<'c>(
        &'c self,
        trusted: &'c TokenIssuer,
        jws: &Jws<'_>,
        header: &ProtectedHeader<'_>,
    ) -> Result<&'c str, FetchFailed> {
        let algorithm = header.algorithm();
        let (issuer, keys) = match &self.signer {
            Some(signer) => (&signer.issuer, &signer.keys),
            None if trusted.algorithms.contains(algorithm) => (&trusted.issuer, &trusted.keys),
            None => return Err(FetchFailed::Algorithm),
        };
        let mut lookup = keys.lookup(header);
        if let KeyLookup::Missing = lookup {
            lookup = keys.refresh(header, RefreshReason::Missing).await;
        }
        let KeyLookup::Found(candidates) = lookup else {
            return Err(FetchFailed::Key);
        };
        let backend = trusted.crypto_backend;
        let signer = candidates.into_first(trusted.key_candidates, |key| {
            key.is_usable()
                && key.serves(issuer)
                && key.verify_by(backend, algorithm, jws.signing_input, jws.signature())
        });
        match signer {
            Some(_) => Ok(issuer),
            None => Err(FetchFailed::Signature),
        }
    }
}
