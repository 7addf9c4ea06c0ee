use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    ops::Deref,
    sync::{Mutex, MutexGuard, PoisonError},
};

use authz_core::{Authorizer, Claims, MissingGuard, Policy};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use serde::de::DeserializeOwned;

use crate::{
    Authorized,
    error::{AuthorizationError, rejected},
    extract::path,
    middleware::{EndpointParams, request_parts, with_connection},
    original_uri::original_uri,
};

/// A policy as a type, for [`Protected`]. [`route_policy!`](crate::route_policy) declares one.
pub trait RoutePolicy: 'static {
    /// Returns the policy.
    fn policy() -> &'static Policy;
}

/// Declares a [`RoutePolicy`](crate::openapi::RoutePolicy).
///
/// ```
/// use authz_poem::{claim, path, route_policy, scope};
///
/// route_policy!(pub ReadMessagesOf = scope("read:messages") & claim("org_id").equals(path("param0")));
/// ```
#[macro_export]
macro_rules! route_policy {
    ($(#[$attribute:meta])* $visibility:vis $name:ident = $policy:expr $(;)?) => {
        $(#[$attribute])*
        #[doc = ::core::concat!("The policy `", ::core::stringify!($policy), "`.")]
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        impl $crate::openapi::RoutePolicy for $name {
            fn policy() -> &'static $crate::Policy {
                static POLICY: $crate::openapi::LazyLock<$crate::Policy> =
                    $crate::openapi::LazyLock::new(|| $policy);
                &POLICY
            }
        }
    };
}

/// Verifies the request's token, requires the policy `P`, and dereferences to the caller. Names the policy in the
/// [document](super::document()).
///
/// The [`Authorizer<C>`] is that of the request's data. Without one, the response is 500, and the log names the
/// extractor and the path.
pub struct Protected<P, C = Claims>(Authorized<C>, PhantomData<fn() -> P>);

impl<P, C> Protected<P, C> {
    /// Returns the caller.
    #[must_use]
    pub fn into_inner(self) -> Authorized<C> {
        self.0
    }
}

impl<'a, P, C> ApiExtractor<'a> for Protected<P, C>
where
    P: RoutePolicy,
    C: DeserializeOwned + Send + Sync + 'static,
{
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: None,
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(name(P::policy()), scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![name(P::policy())]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let authorizer = request.data::<Authorizer<C>>().ok_or_else(|| {
            let remedy = "put `.data(authorizer)` around the OpenApiService; its claims must have the same type as the extractor's";
            AuthorizationError::from(MissingGuard::log::<Self>(path(request), remedy))
        })?;
        let params = EndpointParams(request);
        let parts = with_connection(request_parts(request, &params), request);
        let parts = match original_uri(request) {
            Some(original) => parts.with_original_uri(original),
            None => parts,
        };
        let caller = authorizer.authorize(&parts, P::policy()).await;
        Ok(Self(caller.map_err(rejected)?.into(), PhantomData))
    }
}

impl<P, C> Deref for Protected<P, C> {
    type Target = authz_core::Authorized<C>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P, C> fmt::Debug for Protected<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the policy that a scheme of poem-openapi's document stands for.
pub(super) fn policy(name: &str) -> Option<&'static Policy> {
    names().get(name).copied()
}

/// Returns the name of the scheme that stands for a policy. The names live as long as the policies: forever.
fn name(policy: &'static Policy) -> &'static str {
    let name = format!("policy {policy}");
    let mut names = names();
    if let Some((known, _)) = names.get_key_value(&*name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into_boxed_str());
    names.insert(name, policy);
    name
}

fn names() -> MutexGuard<'static, BTreeMap<&'static str, &'static Policy>> {
    static NAMES: Mutex<BTreeMap<&'static str, &'static Policy>> = Mutex::new(BTreeMap::new());
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
