//! A token, checked: out of the cache, or step by step from its text to what is kept of it.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Shared, Verified, events};
use crate::{
    VerificationKey,
    clock::since_1970,
    hints,
    issuer::TrustedIssuer,
    jwks::{KeyCandidates, KeyLookup, MissingKeys, RefreshReason, UnknownKey},
    rejection::{Reason, Rejection},
    request::RequestParts,
    token::{Jws, Malformed, ProtectedHeader, RawHeader, TokenClaims},
    validation::{self, ValidationError},
};

pub(super) enum Step<C> {
    Verified(Arc<Verified<C>>),
    NeedsKeys(RefreshReason),
}

/// The check of one token, for a request if it came with one.
pub(super) struct Check<'r, C> {
    pub(super) shared: &'r Shared<C>,
    pub(super) request: Option<&'r RequestParts<'r>>,
}

/// A token that keeps all rules but may have been signed by anybody.
struct UnverifiedToken<'c, 't> {
    header: ProtectedHeader<'t>,
    claims: &'c TokenClaims<'t>,
    trusted: Arc<TrustedIssuer>,
}

impl<C: DeserializeOwned + 'static> Check<'_, C> {
    pub(super) fn verify(&self, token: &str) -> Result<Step<C>, Rejection> {
        if let Some(verified) = self.shared.lookup_cached(token.as_bytes()) {
            return Ok(Step::Verified(verified));
        }
        match self.shared.decode(token.as_bytes()) {
            Ok(jws) => self.verify_decoded(token.as_bytes(), jws),
            Err(refusal) => {
                let refusal = refusal.hint(hints::no_token(token));
                Err(self.refuse(&refusal, None))
            }
        }
    }

    pub(super) fn verify_decoded(&self, token: &[u8], jws: Jws<'_>) -> Result<Step<C>, Rejection> {
        let mut claims = TokenClaims::default();
        let examined = self.examine(&jws, &mut claims)?;
        let lookup = examined.trusted.keys.lookup(&examined.header);
        match self.resolve_lookup(lookup, &examined)? {
            None => Ok(Step::NeedsKeys(RefreshReason::Missing)),
            Some(keys) => match self.check_signature(&jws, &examined, keys)? {
                Some(key) => {
                    let verified = self.deserialize_claims(&jws, examined, key)?;
                    drop(claims);
                    Ok(Step::Verified(self.cache_and_share(token, jws, verified)))
                }
                None => Ok(Step::NeedsKeys(RefreshReason::NoKeyVerified)),
            },
        }
    }

    pub(super) async fn verify_with_newer_keys(
        &self,
        token: &str,
        reason: RefreshReason,
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let jws = (self.shared.decode(token.as_bytes()))
            .map_err(|refusal| self.refuse(&refusal, None))?;
        let mut claims = TokenClaims::default();
        let examined = self.examine(&jws, &mut claims)?;
        let lookup = examined
            .trusted
            .keys
            .refresh(&examined.header, reason)
            .await;
        let Some(keys) = self.resolve_lookup(lookup, &examined)? else {
            return Err(self.refuse_examined(&ValidationError::new(Reason::UnknownKey), &examined));
        };
        let Some(key) = self.check_signature(&jws, &examined, keys)? else {
            return Err(self.refuse_signature(&examined));
        };
        // A tenant may have lost its place while its keys were fetched.
        validation::check_standing(&examined.trusted)
            .map_err(|refusal| self.refuse_examined(&refusal, &examined))?;
        let verified = self.deserialize_claims(&jws, examined, key)?;
        drop(claims);
        Ok(self.cache_and_share(token.as_bytes(), jws, verified))
    }

    fn examine<'c, 't>(
        &self,
        jws: &'t Jws<'_>,
        claims: &'c mut TokenClaims<'t>,
    ) -> Result<UnverifiedToken<'c, 't>, Rejection> {
        let header = RawHeader::read(jws.header()).map_err(|error| {
            self.refuse(
                &ValidationError::new(Reason::MalformedHeader).actual(&error),
                None,
            )
        })?;
        let header = validation::check_header(header, &self.shared.issuers)
            .map_err(|refusal| self.refuse(&refusal, None))?;
        let required = self.shared.issuers.required_claims();
        claims.read(jws.payload(), required).map_err(|error| {
            let refusal = ValidationError::new(Reason::MalformedClaims).actual(&error);
            self.refuse(&refusal, Some(&header))
        })?;
        let claims = &*claims;
        let trusted = validation::issuer(claims, jws.is_padded(), &self.shared.issuers)
            .map_err(|refusal| self.refuse(&refusal, Some(&header)))?;
        let examined = UnverifiedToken {
            header,
            claims,
            trusted,
        };
        let fine = validation::check_claims(
            examined.claims,
            &examined.header,
            &examined.trusted,
            since_1970(self.shared.api.clock.now()),
        )
        .and_then(|()| validation::check_load_balancer(jws.header(), &examined.trusted))
        .and_then(|()| validation::check_claim_rules(examined.claims, &examined.trusted));
        match fine {
            Ok(()) => Ok(examined),
            Err(refusal) => Err(self.refuse_examined(&refusal, &examined)),
        }
    }

    /// The candidates of a lookup; `None` where newer keys may have one.
    fn resolve_lookup(
        &self,
        lookup: KeyLookup,
        examined: &UnverifiedToken<'_, '_>,
    ) -> Result<Option<KeyCandidates>, Rejection> {
        let refusal = match lookup {
            KeyLookup::Found(keys) => return Ok(Some(keys)),
            KeyLookup::Missing => return Ok(None),
            KeyLookup::Unknown(UnknownKey::WrongAlgorithm) => {
                ValidationError::new(Reason::KeyNotForAlgorithm)
                    .actual(examined.header.algorithm().name())
            }
            KeyLookup::Unknown(UnknownKey::NotInSet) => ValidationError::new(Reason::UnknownKey),
            KeyLookup::Unavailable(MissingKeys { retry_after, error }) => {
                ValidationError::new(Reason::KeysUnavailable)
                    .actual(&error)
                    .retry_after(retry_after)
            }
        };
        Err(self.refuse_examined(&refusal, examined))
    }

    /// The key that signed the token; `None` where newer keys may have.
    fn check_signature(
        &self,
        jws: &Jws<'_>,
        examined: &UnverifiedToken<'_, '_>,
        keys: KeyCandidates,
    ) -> Result<Option<Arc<VerificationKey>>, Rejection> {
        let algorithm = examined.header.algorithm();
        let backend = self.shared.api.crypto_backend;
        let limit = examined.trusted.key_candidates;
        let candidates = keys.len();
        let kid = examined.header.key_id();
        let is_named = kid.is_some() && keys.iter().any(|key| key.kid() == kid);
        let signer = keys.into_first(limit, |key| {
            key.is_usable()
                && key.serves(&examined.trusted.issuer)
                && key.verify_by(backend, algorithm, jws.signing_input, jws.signature())
        });
        if signer.is_some() {
            return Ok(signer);
        }
        if candidates > limit {
            let refusal = ValidationError::new(Reason::TooManyCandidateKeys)
                .expected(format_args!("a key among the first {limit}"))
                .actual(format_args!("{candidates} keys fit"));
            return Err(self.refuse_examined(&refusal, examined));
        }
        // A token that names its key was signed by that key or by nobody we know. Another may have
        // been signed by a key published since.
        if is_named {
            return Err(self.refuse_signature(examined));
        }
        Ok(None)
    }

    /// The signature is good: the claims may be believed.
    fn deserialize_claims(
        &self,
        jws: &Jws<'_>,
        examined: UnverifiedToken<'_, '_>,
        key: Arc<VerificationKey>,
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let claims = examined.claims.deserialize().map_err(|error| {
            let refusal = ValidationError::new(Reason::ClaimsMismatch)
                .expected(std::any::type_name::<C>())
                .actual(&error)
                .hint("the token is good, but its claims do not fit the type that the application asks for");
            self.refuse_examined(&refusal, &examined)
        })?;
        examined.trusted.confirm();
        Ok(Arc::new(Verified::new(
            claims,
            examined.claims,
            examined.header.algorithm(),
            examined.trusted,
            key,
            jws.payload(),
            &self.shared.implied,
        )))
    }

    fn cache_and_share(
        &self,
        token: &[u8],
        jws: Jws<'_>,
        mut verified: Arc<Verified<C>>,
    ) -> Arc<Verified<C>> {
        // The `Arc` is not shared yet.
        if let Some(verified) = Arc::get_mut(&mut verified) {
            verified.attach_payload(jws.into_payload());
        }
        if let Some(cache) = &self.shared.cache {
            cache.insert(token, Arc::clone(&verified));
        }
        verified
    }
}

impl<C> Shared<C> {
    pub(super) fn lookup_cached(&self, token: &[u8]) -> Option<Arc<Verified<C>>> {
        let cache = self.cache.as_ref()?;
        let verified = cache.get(token)?;
        let trusted = &verified.trusted;
        let now = since_1970(self.api.clock.now());
        if validation::is_expired(verified.expires_at, trusted.leeway, now)
            || !trusted.still_trusts(&verified.key)
        {
            cache.remove(token, &verified);
            return None;
        }
        Some(verified)
    }

    pub(super) fn decode<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, ValidationError> {
        if token.len() > self.max_token_bytes {
            return Err(ValidationError::new(Reason::TokenTooLarge)
                .expected(format_args!("at most {} bytes", self.max_token_bytes))
                .actual(token.len()));
        }
        match Jws::decode(token) {
            Err(Malformed::Base64) if self.issuers.have_load_balancers() => {
                Jws::decode_padded(token).map_err(ValidationError::from)
            }
            decoded => decoded.map_err(ValidationError::from),
        }
    }
}

impl<C> Check<'_, C> {
    pub(super) fn refuse(
        &self,
        refusal: &ValidationError,
        header: Option<&ProtectedHeader<'_>>,
    ) -> Rejection {
        events::refused(refusal, header, None, self.request);
        self.reject(refusal)
    }

    fn refuse_examined(
        &self,
        refusal: &ValidationError,
        examined: &UnverifiedToken<'_, '_>,
    ) -> Rejection {
        events::refused(
            refusal,
            Some(&examined.header),
            Some((examined.claims, &examined.trusted)),
            self.request,
        );
        self.reject(refusal)
    }

    fn refuse_signature(&self, examined: &UnverifiedToken<'_, '_>) -> Rejection {
        let refusal = ValidationError::new(Reason::InvalidSignature)
            .hint(hints::signature(examined.header.has_nonce()));
        self.refuse_examined(&refusal, examined)
    }

    fn reject(&self, refusal: &ValidationError) -> Rejection {
        let rejection = Rejection::new(refusal.reason, &self.shared.api);
        match refusal.retry_after {
            Some(retry_after) => rejection.with_retry_after(retry_after),
            None => rejection,
        }
    }
}

impl From<Malformed> for ValidationError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Encrypted => Self::new(Reason::EncryptedToken)
                .expected("three parts")
                .actual("five parts")
                .hint("the issuer encrypts tokens for this API (JWE): configure it to sign only; Auth0 also sends such tokens when no audience is requested"),
            Malformed::Opaque => Self::new(Reason::OpaqueToken)
                .expected("a JWT")
                .hint("an opaque token: request the token for this API (Auth0: `audience`, others: `resource` or `scope`)"),
            Malformed::Parts => Self::new(Reason::MalformedToken).expected("three parts"),
            Malformed::Base64 => Self::new(Reason::MalformedToken).expected("canonical base64url"),
        }
    }
}
