use std::{any, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Need, TokenCheck, VerifyStep};
use crate::{
    authorizer::{
        events::TokenDetails,
        verified::{Evidence, Freshness, Verified},
    },
    bearer,
    clock::{later, since_1970},
    hints,
    introspection::{Answer, AnswerContent, IntrospectionError, has_jose_header, is_b64_token},
    issuer::{Found, TrustedIssuer},
    rejection::{Reason, Rejection},
    token::{Jws, PayloadBytes, TokenClaims},
    validation::{self, ValidationError},
};

impl<C: DeserializeOwned + 'static> TokenCheck<'_, C> {
    /// Returns the next step for a token whose issuer has to be asked, or `None` for a token that is verified here.
    pub(super) fn introspect(&self, token: &[u8]) -> Result<Option<VerifyStep<C>>, Rejection> {
        let issuer = self.issuer_to_ask(token)?;
        issuer
            .map(|trusted| self.recent_answer(trusted, token))
            .transpose()
    }

    /// Returns the issuer that is asked about a token without looking for a key: the one that a JWT names, if all of
    /// its tokens are introspected, or the one whose opaque token it can be.
    fn issuer_to_ask(&self, token: &[u8]) -> Result<Option<Arc<TrustedIssuer>>, Rejection> {
        let mut introspecting = self.state.issuers.introspecting().iter();
        if token.len() > self.state.max_token_bytes || hints::no_token(token).is_some() {
            return Ok(None);
        }
        if has_jose_header(token) {
            let always = |it: &Arc<TrustedIssuer>| {
                (it.introspection.as_ref()).is_some_and(|introspection| introspection.is_always())
            };
            return Ok(if introspecting.any(always) {
                self.named_issuer(token).filter(always)
            } else {
                None
            });
        }
        let takes = |it: &&Arc<TrustedIssuer>| {
            (it.introspection.as_ref()).is_some_and(|introspection| introspection.takes(token))
        };
        let Some(trusted) = introspecting.find(takes) else {
            return Ok(None);
        };
        if !is_b64_token(token) {
            let error = bearer::not_one_token(token).unwrap_or_else(|| {
                ValidationError::new(Reason::MalformedToken)
                    .expected("characters of a bearer token (RFC 6750 section 2.1)")
            });
            return Err(self.reject(&error, None));
        }
        Ok(Some(Arc::clone(trusted)))
    }

    /// Returns the issuer that a JWT names.
    fn named_issuer(&self, token: &[u8]) -> Option<Arc<TrustedIssuer>> {
        let find =
            |claims: &TokenClaims<'_>| match self.state.issuers.find(claims.iss.as_deref()?, false)
            {
                Found::Trusted(trusted) => Some(trusted),
                Found::Unknown | Found::RateLimited { .. } => None,
            };
        with_unverified(token, find)?
    }

    /// Uses a recent answer, or waits for one.
    pub(super) fn recent_answer(
        &self,
        trusted: Arc<TrustedIssuer>,
        token: &[u8],
    ) -> Result<VerifyStep<C>, Rejection> {
        let digest = self.state.digest(token);
        let recent = (trusted.introspection.as_ref()).and_then(|it| it.recent(&digest));
        match recent {
            Some(answer) => self
                .check_answer(&trusted, &answer, token, &digest)
                .map(VerifyStep::Verified),
            None => Ok(VerifyStep::Waits(Need::Answer(trusted))),
        }
    }

    /// Asks the issuer about a token.
    pub(super) async fn ask(
        &self,
        trusted: &Arc<TrustedIssuer>,
        token: &[u8],
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let digest = self.state.digest(token);
        let Some(introspection) = &trusted.introspection else {
            return Err(self.reject_answer(Reason::OpaqueToken, trusted));
        };
        match introspection.ask(token, digest).await {
            Ok(answer) => {
                let verified = self.check_answer(trusted, &answer, token, &digest);
                let now = since_1970(self.state.api.clock.now()).as_secs();
                let lifetime = (verified.as_ref().ok())
                    .map(|it| Duration::from_secs(it.expires_at.saturating_sub(now)));
                introspection.settle(digest, &answer, lifetime);
                verified
            }
            Err(error) => match self.state.find_stale(&digest) {
                Some(verified) => Ok(verified),
                None => Err(self.reject_unanswered(trusted, &error)),
            },
        }
    }

    /// Checks an answer like the claims of a JWT.
    fn check_answer(
        &self,
        trusted: &Arc<TrustedIssuer>,
        answer: &Answer,
        token: &[u8],
        digest: &[u8; 32],
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let verified = match &answer.content {
            AnswerContent::Inactive => Err(self.reject_answer(Reason::InactiveToken, trusted)),
            AnswerContent::Active(json) => {
                let settings = trusted.introspection.as_ref().map(|it| it.settings());
                let ttl = settings.map_or(Duration::ZERO, |it| it.positive_ttl);
                let stale = settings.map_or(Duration::ZERO, |it| it.stale);
                let until = later(answer.at, ttl);
                if let Some(verified) = self.state.find_same_answer(digest, until) {
                    return Ok(verified);
                }
                self.verified_by(trusted, token, json, until, ttl.saturating_add(stale))
            }
        };
        let cache = self.state.introspected.as_ref();
        match (&verified, cache) {
            (Ok(verified), Some(cache)) => {
                let evicted = cache.insert(digest, Arc::clone(verified));
                self.state.api.metrics.evicted(evicted);
            }
            (Err(_), Some(cache)) => {
                if let Some(older) = cache.get(digest) {
                    cache.remove(digest, &older);
                }
            }
            (_, None) => {}
        }
        verified
    }

    fn verified_by(
        &self,
        trusted: &Arc<TrustedIssuer>,
        token: &[u8],
        json: &[u8],
        until: Instant,
        longest: Duration,
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let mut claims = TokenClaims::default();
        claims
            .read(json, self.state.issuers.required_claims())
            .map_err(|error| {
                let error = ValidationError::new(Reason::MalformedClaims).actual(&error);
                self.reject_by(&error, &TokenClaims::default(), trusted)
            })?;
        let now = since_1970(self.state.api.clock.now());
        let own_cnf = with_unverified(token, |claims| claims.cnf).unwrap_or_default();
        validation::check_answer(&claims, own_cnf, trusted, now)
            .map_err(|error| self.reject_by(&error, &claims, trusted))?;
        let own = claims.deserialize().map_err(|problem| {
            let error = ValidationError::new(Reason::ClaimsMismatch)
                .expected(any::type_name::<C>())
                .actual(&problem)
                .hint("the token is active, but the issuer's answer does not fit the type that the application asks for");
            self.reject_by(&error, &claims, trusted)
        })?;
        let times = [claims.nbf.map(|it| it.ceil), claims.iat.map(|it| it.floor)];
        let evidence = Evidence::Introspection(Box::new(Freshness {
            until,
            not_before: times.into_iter().flatten().max().unwrap_or(0),
            expires_at: now.saturating_add(longest).as_secs(),
        }));
        let mut verified = Verified::new(
            own,
            &claims,
            evidence,
            Arc::clone(trusted),
            json,
            &self.state.implied,
        );
        drop(claims);
        verified.attach_payload(PayloadBytes::from_json(json.to_vec()));
        Ok(Arc::new(verified))
    }

    fn reject_answer(&self, reason: Reason, trusted: &TrustedIssuer) -> Rejection {
        let error = ValidationError::new(reason);
        self.reject_by(&error, &TokenClaims::default(), trusted)
    }

    fn reject_unanswered(&self, trusted: &TrustedIssuer, error: &IntrospectionError) -> Rejection {
        let refusal = ValidationError::new(Reason::IntrospectionUnavailable)
            .actual(error)
            .hint(error.hint)
            .retry_after(error.retry_after);
        self.reject_by(&refusal, &TokenClaims::default(), trusted)
    }

    /// Rejects a token with what the issuer said about it.
    fn reject_by(
        &self,
        refusal: &ValidationError,
        claims: &TokenClaims<'_>,
        trusted: &TrustedIssuer,
    ) -> Rejection {
        let details = TokenDetails {
            client: claims.client(),
            issuer: Some(&trusted.issuer),
            kid: None,
            jti: claims.jti.as_deref(),
            sub: None,
        };
        self.reject_known(refusal, details, Some(&trusted.metrics))
    }
}

/// Reads the claims of a JWT, which may have been signed by anybody. Returns `None` for an opaque token.
fn with_unverified<T>(token: &[u8], read: impl FnOnce(&TokenClaims<'_>) -> T) -> Option<T> {
    let jws = Jws::decode(token).ok()?;
    let mut claims = TokenClaims::default();
    claims.read(jws.payload(), &[]).ok()?;
    Some(read(&claims))
}
