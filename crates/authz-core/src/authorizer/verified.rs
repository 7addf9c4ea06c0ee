use std::{any::Any, borrow::Cow, sync::Arc};

use smallvec::SmallVec;
use tokio::time::Instant;

#[cfg(feature = "status-list")]
use crate::revocation::{TokenIssuer, TokenStatus};
use crate::{
    cache::Weight,
    claims::{Claims, ScopeClaim},
    clock,
    confirmation::{Cnf, Confirmation},
    crypto::{Algorithm, VerificationKey},
    issuer::{TenantStanding, TrustedIssuer},
    policy::{ClaimsSource, EvalContext, Implied, LazyClaims, Names, Scopes},
    rejection::Scheme,
    request::RequestParts,
    revocation::{Fingerprints, RevocationStanding},
    token::{Footprint, PayloadBytes, PayloadStr, Permissions, TokenClaims},
};

/// Why a token is accepted.
pub(crate) enum Evidence {
    /// A key of the issuer signed it.
    Signature {
        key: Arc<VerificationKey>,
        algorithm: Algorithm,
    },
    /// The issuer says that it is active.
    Introspection(Box<Freshness>),
}

/// How long an answer of the issuer is used.
#[derive(Clone, Copy)]
pub(crate) struct Freshness {
    pub(crate) until: Instant,
    /// The token is not valid before this time, in seconds since 1970.
    pub(crate) not_before: u64,
    /// The time at which `until` is expected, for a token without `exp`.
    pub(crate) expires_at: u64,
}

/// A verified token, as it is cached.
pub(crate) struct Verified<C> {
    pub(crate) expires_at: u64,
    pub(crate) trusted: Arc<TrustedIssuer>,
    pub(crate) evidence: Evidence,
    pub(crate) confirmation: Option<Box<Confirmation>>,
    /// See [`EvalContext`], also for the next field.
    names_elsewhere: bool,
    permissions_unreadable: bool,
    /// The granted scopes and those that they imply.
    effective_scopes: Scopes,
    /// The granted scopes, if they imply others.
    granted_scopes: Option<Scopes>,
    pub(super) permissions: Scopes,
    /// Contains the following strings.
    payload: PayloadBytes,
    subject: Option<PayloadStr>,
    client_id: Option<PayloadStr>,
    token_id: Option<PayloadStr>,
    session_id: Option<PayloadStr>,
    audiences: SmallVec<[PayloadStr; 2]>,
    pub(super) issued_at: Option<u64>,
    /// If the API has a list of revocations.
    fingerprints: Option<Box<Fingerprints>>,
    /// If the API has status lists, and the token is on one.
    #[cfg(feature = "status-list")]
    pub(super) status: Option<Arc<TokenStatus>>,
    /// Maximum size in memory if the claims are a map. For another type, an estimate with maps, arrays
    /// and structs of some hundred bytes.
    bytes: usize,
    /// All claims, for policies that name one.
    all_claims: AllClaims<C>,
    pub(super) claims: C,
}

enum AllClaims<C> {
    /// `C` is [`Claims`], so one copy is enough. The function is the cast.
    Same(fn(&C) -> Option<&Claims>),
    Lazy(LazyClaims),
}

impl<C: 'static> Verified<C> {
    /// Collects the values to cache, except the payload, which `registered` still borrows.
    pub(crate) fn new(
        claims: C,
        registered: &TokenClaims<'_>,
        evidence: Evidence,
        trusted: Arc<TrustedIssuer>,
        payload: &[u8],
        implied: &Implied,
    ) -> Self {
        let text = |text: &Option<Cow<'_, str>>| Some(PayloadStr::new(payload, text.as_deref()?));
        let granted = |claim: &ScopeClaim| {
            let (claim, permissions) = match claim {
                ScopeClaim::Scope => (registered.scope.as_ref(), None),
                ScopeClaim::Scp => (registered.scp.as_ref(), None),
                ScopeClaim::Permissions => (None, Some(&registered.permissions)),
            };
            let names = claim.into_iter().flat_map(|claim| {
                let is_list = claim.is_one();
                (claim.iter()).map(move |it| {
                    if is_list {
                        Names::List(it)
                    } else {
                        Names::One(it)
                    }
                })
            });
            let permissions = permissions.into_iter().flat_map(Permissions::iter);
            names.chain(permissions.map(Names::One))
        };
        let scopes = Scopes::collect(&trusted.claim_settings.scopes.iter().flat_map(granted));
        let (effective_scopes, granted_scopes) = match implied.expand(&scopes) {
            Some(more) => (more, Some(scopes)),
            None => (scopes, None),
        };
        let permissions = Scopes::collect_permissions(&registered.permissions.iter());
        let audiences = registered
            .aud
            .iter()
            .flat_map(|it| it.iter())
            .map(|audience| PayloadStr::new(payload, audience));
        let as_map: fn(&C) -> Option<&Claims> = |claims| (claims as &dyn Any).downcast_ref();
        let footprint = Footprint::of(payload);
        let (all_claims, claims_bytes) = match as_map(&claims) {
            Some(_) => (AllClaims::Same(as_map), footprint.as_value),
            // The application's type, and the map for policies that name a claim.
            None => (
                AllClaims::Lazy(LazyClaims::default()),
                footprint.as_any + footprint.as_value,
            ),
        };
        let audiences: SmallVec<[PayloadStr; 2]> = audiences.collect();
        let subject = text(&registered.sub);
        let client_id = text(&registered.client_id).or_else(|| text(&registered.azp));
        let token_id = text(&registered.jti);
        let session_id = text(&registered.sid);
        let fingerprints = trusted.api.revocations.as_ref().map(|revocations| {
            let client = registered.client_id.as_ref().or(registered.azp.as_ref());
            let names = [&registered.jti, &registered.sub, &registered.sid].map(Option::as_ref);
            let [jti, sub, sid] = names;
            let names = [jti, sub, sid, client].map(|name| name.map(|name| &**name));
            Box::new(revocations.fingerprints(&trusted.issuer, names))
        });
        let texts = [&subject, &client_id, &token_id, &session_id];
        let texts = texts.into_iter().flatten().chain(&audiences);
        let mut texts_bytes: usize = texts.map(PayloadStr::heap_bytes).sum();
        if audiences.spilled() {
            texts_bytes += audiences.capacity() * size_of::<PayloadStr>();
        }
        let confirmation = match registered.cnf {
            Cnf::Known(confirmation) => Some(Box::new(confirmation)),
            Cnf::Absent | Cnf::Unsupported => None,
        };
        // The `Arc` adds two reference counts.
        let bytes = size_of::<Self>()
            + 2 * size_of::<usize>()
            + claims_bytes
            + texts_bytes
            + confirmation
                .as_ref()
                .map_or(0, |_| size_of::<Confirmation>())
            + fingerprints.as_deref().map_or(0, size_of_val)
            + evidence.heap_bytes()
            + effective_scopes.heap_bytes()
            + granted_scopes.as_ref().map_or(0, Scopes::heap_bytes)
            + permissions.heap_bytes();
        Self {
            claims,
            all_claims,
            payload: PayloadBytes::default(),
            subject,
            client_id,
            token_id,
            session_id,
            audiences,
            issued_at: registered.iat.map(|iat| iat.floor),
            effective_scopes,
            granted_scopes,
            permissions,
            permissions_unreadable: registered.permissions == Permissions::Unreadable,
            names_elsewhere: registered.names_elsewhere,
            fingerprints,
            #[cfg(feature = "status-list")]
            status: None,
            expires_at: match (registered.exp, &evidence) {
                (Some(exp), _) => exp.floor,
                (None, Evidence::Introspection(freshness)) => freshness.expires_at,
                (None, Evidence::Signature { .. }) => 0,
            },
            trusted,
            evidence,
            confirmation,
            bytes,
        }
    }
}

impl Evidence {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Signature { .. } => 0,
            Self::Introspection(_) => size_of::<Freshness>(),
        }
    }

    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Signature { algorithm, .. } => Some(*algorithm),
            Self::Introspection(_) => None,
        }
    }

    pub(super) fn kid(&self) -> Option<&str> {
        match self {
            Self::Signature { key, .. } => key.kid(),
            Self::Introspection(_) => None,
        }
    }
}

impl<C> Verified<C> {
    /// Returns `true` if the issuer and its key are still trusted. An answer of the issuer may be older than it is used
    /// for new requests.
    pub(super) fn is_trusted(&self) -> bool {
        match &self.evidence {
            Evidence::Signature { key, .. } => self.trusted.still_trusts(key),
            Evidence::Introspection(_) => self.trusted.standing() == TenantStanding::Trusted,
        }
    }

    /// Adds the payload.
    pub(crate) fn attach_payload(&mut self, payload: PayloadBytes) {
        self.bytes += payload.heap_bytes();
        self.payload = payload;
    }

    #[cfg(feature = "status-list")]
    pub(super) fn with_status(mut self, status: Option<TokenStatus>) -> Self {
        self.bytes += status.as_ref().map_or(0, TokenStatus::bytes);
        self.status = status.map(Arc::new);
        self
    }

    fn text<'a>(&'a self, text: Option<&'a PayloadStr>) -> Option<&'a str> {
        text.map(|text| self.payload.text(text))
    }

    pub(crate) fn facts<'a>(&'a self, request: Option<&'a RequestParts<'a>>) -> EvalContext<'a> {
        EvalContext {
            scopes: self.effective_scopes(),
            permissions: &self.permissions,
            permissions_unreadable: self.permissions_unreadable,
            names_elsewhere: self.names_elsewhere,
            client: self.client_id.as_ref().map(|id| (&self.payload, id)),
            issuer: &self.trusted.issuer,
            settings: &self.trusted.claim_settings,
            claims: match &self.all_claims {
                AllClaims::Same(as_map) => ClaimsSource::Known(as_map(&self.claims)),
                AllClaims::Lazy(claims) => ClaimsSource::Lazy(claims, self.payload.bytes()),
            },
            detail: None,
            request,
            clock: &*self.trusted.api.clock,
            leeway: self.trusted.leeway,
        }
    }

    /// Returns the scheme that the token needs.
    pub(crate) fn scheme(&self) -> Scheme {
        match &self.confirmation {
            Some(confirmation) if confirmation.jkt.is_some() => Scheme::Dpop,
            _ => Scheme::Bearer,
        }
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.text(self.subject.as_ref())
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.text(self.client_id.as_ref())
    }

    pub(super) fn audiences(&self) -> impl Iterator<Item = &str> {
        (self.audiences.iter()).map(|audience| self.payload.text(audience))
    }

    pub(crate) fn token_id(&self) -> Option<&str> {
        self.text(self.token_id.as_ref())
    }

    pub(super) fn session_id(&self) -> Option<&str> {
        self.text(self.session_id.as_ref())
    }

    /// Returns what the API's list of revocations and the token's status list say.
    pub(super) fn standing(&self) -> RevocationStanding {
        let standing = self.standing_on_list();
        #[cfg(feature = "status-list")]
        if standing == RevocationStanding::Good
            && let (Some(lists), Some(status)) = (&self.trusted.api.status_lists, &self.status)
        {
            return lists.lookup(status).into();
        }
        standing
    }

    /// Waits for the token's status list, and returns what it says.
    #[cfg(feature = "status-list")]
    pub(super) async fn standing_by_newer_list(&self) -> RevocationStanding {
        let (Some(lists), Some(status)) = (&self.trusted.api.status_lists, &self.status) else {
            return RevocationStanding::Good;
        };
        let issuer = TokenIssuer {
            issuer: Arc::clone(&self.trusted.issuer),
            keys: Arc::clone(&self.trusted.keys),
            algorithms: self.trusted.algorithms,
            key_candidates: self.trusted.key_candidates,
            crypto_backend: self.trusted.api.crypto_backend,
            clock: Arc::clone(&self.trusted.api.clock),
        };
        lists.refresh(status, issuer).await.into()
    }

    fn standing_on_list(&self) -> RevocationStanding {
        let api = &self.trusted.api;
        let (Some(revocations), Some(names)) = (&api.revocations, &self.fingerprints) else {
            return RevocationStanding::Good;
        };
        let now = || clock::since_1970(api.clock.now()).as_secs();
        revocations.standing(names, self.issued_at, now)
    }

    pub(crate) const fn effective_scopes(&self) -> &Scopes {
        &self.effective_scopes
    }

    /// Returns `true` if the token has the scope, as far as its list of scopes shows.
    pub(crate) fn surely_has_scope(&self, name: &str) -> bool {
        !self.names_elsewhere && self.effective_scopes.contains(name)
    }

    pub(crate) fn scopes(&self) -> &Scopes {
        self.granted_scopes
            .as_ref()
            .unwrap_or(&self.effective_scopes)
    }
}

impl<C> Weight for Verified<C> {
    fn bytes(&self) -> usize {
        self.bytes
    }
}
