use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use authz_core::{
    Authorized, Authorizer, AuthorizerBuilder, CryptoBackend, Issuer, Policy,
    policy::{claim, path},
    required_scope, scope,
};
use authz_testkit::DevIssuer;
use serde_json::json;

required_scope!(
    /// What `/scoped` and `/alone/scoped` ask for.
    pub ReadMessages = "read:messages"
);

/// What `/orgs/{org}/messages` asks for: a scope, and that the caller is of this organization.
#[must_use]
pub fn tenant_policy() -> Policy {
    scope("read:messages") & claim("org_id").equals(path("org"))
}

/// What an app is made of. Its routes, all of them for `GET` (and `HEAD`) unless another method is
/// named:
///
/// | route | behind | handler |
/// |---|---|---|
/// | `/public` | nothing | [`Seen::nobody`] |
/// | `/messages` | scope `read:messages` | [`Seen::caller`] |
/// | `POST /messages` | scope `write:messages` | [`Seen::caller`] |
/// | `/any` | any valid token | [`Seen::caller`] |
/// | `/either` | scope `a` or `b` | [`Seen::caller`] |
/// | `/both` | scopes `a` and `b` | [`Seen::caller`] |
/// | `/permission` | permission `delete:messages` | [`Seen::caller`] |
/// | `/orgs/{org}/messages` | [`tenant_policy`] | [`Seen::caller`] |
/// | `/optional` | any valid token, optional | [`Seen::maybe`] |
/// | `/optional/scope` | scope `read:messages`, optional | [`Seen::maybe`] |
/// | `/typed` | any valid token of [`typed`](Setup::typed) | [`Seen::organization`] |
/// | `/scoped` | any valid token; the handler asks for [`ReadMessages`] | [`Seen::caller`] |
/// | `/alone` | nothing; the handler checks the token itself | [`Seen::caller`] |
/// | `/alone/optional` | nothing; the handler checks the token if there is one | [`Seen::maybe`] |
/// | `/alone/scoped` | nothing; the handler asks for [`ReadMessages`] | [`Seen::caller`] |
/// | any method of `/preflight` | any valid token | [`Seen::nobody`] |
/// | `/forgotten`, `/forgotten/optional`, `/forgotten/scoped` | nothing; the handler asks for a caller all the same | [`Seen::caller`], [`Seen::maybe`] |
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// Decides about most routes.
    pub plain: Authorizer,
    /// The same with claims of the application's type.
    pub typed: Authorizer<Organization>,
    /// Remembers that handlers ran.
    pub seen: Seen,
}

/// The application's claims.
#[derive(Clone, Debug, serde::Deserialize)]
#[non_exhaustive]
pub struct Organization {
    /// Auth0's and others' claim for it.
    pub org_id: String,
}

/// What the handlers answer with, and how often one has run.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<AtomicUsize>);

/// As `Authorizer::builder()`, with the backend whose feature the tests are run for: another crate's
/// features may compile in the default one as well.
pub fn authorizer() -> AuthorizerBuilder {
    let backend = CryptoBackend::available()
        .last()
        .expect("one is compiled in");
    Authorizer::builder().crypto_backend(*backend)
}

impl Setup {
    pub(crate) fn new(
        issuer: &DevIssuer,
        configure: impl Fn(AuthorizerBuilder) -> AuthorizerBuilder,
    ) -> Self {
        let builder = || {
            let builder = authorizer().issuer(
                Issuer::new(issuer.issuer())
                    .audience(issuer.audience())
                    .jwks_uri(issuer.jwks_uri()),
            );
            configure(builder)
        };
        Self {
            plain: builder().build().expect("the settings are fine"),
            typed: (builder().claims().build()).expect("the settings are fine"),
            seen: Seen::default(),
        }
    }
}

impl Seen {
    /// The body for a caller.
    #[must_use]
    pub fn caller<C>(&self, caller: &Authorized<C>) -> String {
        self.body(&json!({"sub": caller.subject(), "scopes": caller.scopes()}))
    }

    /// The body for a caller, if there is one.
    #[must_use]
    pub fn maybe<C>(&self, caller: Option<&Authorized<C>>) -> String {
        caller.map_or_else(|| self.nobody(), |caller| self.caller(caller))
    }

    /// The body for a caller with the application's claims.
    #[must_use]
    pub fn organization(&self, caller: &Authorized<Organization>) -> String {
        self.body(&json!({"sub": caller.subject(), "org_id": caller.claims().org_id}))
    }

    /// The body where it does not matter who calls.
    #[must_use]
    pub fn nobody(&self) -> String {
        self.body(&json!({"sub": null}))
    }

    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn body(&self, value: &serde_json::Value) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        value.to_string()
    }
}
