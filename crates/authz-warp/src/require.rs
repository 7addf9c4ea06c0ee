#[cfg(feature = "rules")]
use authz_core::rules::Rules;
use authz_core::{
    Admission, Authorized, Authorizer, Guard, MetadataError, Policy, rules::PathPattern,
};
use serde::de::DeserializeOwned;
use warp::{Filter, reply::Response};

use crate::{decision::decision, metadata, recover::AuthorizationRejection};

/// Adds `require`, `require_at`, `optional` and `metadata_routes` to [`Authorizer`]. Sealed.
pub trait RequireExt<C>: sealed::Sealed {
    /// Returns a filter that extracts the caller of a request whose token satisfies `policy`. It rejects all
    /// other requests with an [`AuthorizationRejection`], to which [`recover`](crate::recover()) responds.
    ///
    /// Put it after the path and the method, and before the body, so that the body of a rejected request is not
    /// read.
    ///
    /// CORS preflights are rejected, because they do not carry a token. `warp::cors()` around the routes answers
    /// them first. Without it, use [`answer_preflights`](crate::answer_preflights) as the first route.
    ///
    /// ```
    /// use authz_warp::{Authorized, Authorizer, RequireExt as _, scope};
    /// use warp::{Filter, Rejection, Reply};
    ///
    /// fn messages(
    ///     authorizer: Authorizer,
    /// ) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    ///     warp::path!("messages")
    ///         .and(warp::get())
    ///         .and(authorizer.require(scope("read:messages")))
    ///         .map(|caller: Authorized| format!("for {:?}", caller.subject()))
    /// }
    /// ```
    fn require(
        &self,
        policy: Policy,
    ) -> impl Filter<Extract = (Authorized<C>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<Self, C>;

    /// Like [`require`](Self::require), for a policy that compares path parameters.
    ///
    /// warp's path parameters do not have names, so `pattern` names them. It covers the whole path, with `{name}`
    /// for one segment and `{*name}` for all that follow. A request for another path does not have parameters,
    /// and does not satisfy such a policy.
    ///
    /// ```
    /// use authz_warp::{Authorized, Authorizer, RequireExt as _, claim, path, scope};
    /// use warp::{Filter, Rejection, Reply};
    ///
    /// fn messages(
    ///     authorizer: Authorizer,
    /// ) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    ///     let member = scope("read:messages") & claim("org_id").equals(path("org"));
    ///     warp::path!("orgs" / String / "messages")
    ///         .and(warp::get())
    ///         .and(authorizer.require_at("/orgs/{org}/messages", member))
    ///         .map(|org: String, _: Authorized| format!("of {org}"))
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// If `pattern` is invalid, or lacks a parameter that the policy uses.
    #[track_caller]
    fn require_at(
        &self,
        pattern: &str,
        policy: Policy,
    ) -> impl Filter<Extract = (Authorized<C>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<Self, C>;

    /// Like [`require`](Self::require), but extracts `None` from a request without a token. An invalid token is
    /// still rejected.
    fn optional(
        &self,
        policy: Policy,
    ) -> impl Filter<Extract = (Option<Authorized<C>>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<Self, C>;

    /// Returns a filter that serves the [metadata](crate::ResourceMetadata) of this API (RFC 9728) at its
    /// [own path](crate::ResourceMetadata::path).
    ///
    /// ```
    /// # use authz_warp::Issuer;
    /// use authz_warp::{Authorized, Authorizer, RequireExt as _, scope};
    /// use warp::Filter;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let issuer = Issuer::new("https://login.example");
    /// let authorizer = Authorizer::builder()
    ///     .issuer(issuer)
    ///     .resource("https://api.example")
    ///     .build()?;
    /// let messages = warp::path!("messages")
    ///     .and(warp::get())
    ///     .and(authorizer.require(scope("read:messages")))
    ///     .map(|_: Authorized| "[]");
    /// let app = authorizer.metadata_routes()?.or(messages);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The filter responds to `GET`, `HEAD` and CORS preflights of every origin, without a token. It compares the
    /// whole path of the request, so it never matches behind a prefix such as `warp::path("api")`: keep it
    /// at the top level. `warp::cors()` around it responds with 403 to unlisted origins: keep this filter outside.
    ///
    /// # Errors
    ///
    /// If the authorizer does not have a [resource](crate::AuthorizerBuilder::resource).
    fn metadata_routes(
        &self,
    ) -> Result<
        impl Filter<Extract = (Response,), Error = warp::Rejection>
        + Clone
        + Send
        + Sync
        + 'static
        + use<Self, C>,
        MetadataError,
    >;
}

/// Adds `rules` to [`Authorizer`]. Sealed.
#[cfg(feature = "rules")]
pub trait RulesExt<C>: sealed::Sealed {
    /// Returns a filter that allows the requests that a table of rules allows, and rejects the rest with an
    /// [`AuthorizationRejection`]. It extracts nothing. Put it before all routes.
    ///
    /// To get the caller in a handler, add [`require`](RequireExt::require) or [`optional`](RequireExt::optional)
    /// with [`any_valid_token`](crate::any_valid_token). The token is already in the cache by then.
    ///
    /// ```
    /// use authz_warp::{Authorizer, RulesExt as _, rules::{Rules, RulesError}};
    /// use warp::{Filter, Rejection, Reply};
    ///
    /// fn api(
    ///     authorizer: Authorizer,
    /// ) -> Result<impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone, RulesError> {
    ///     let rules = Rules::from_toml(r#"
    ///         [[rules]]
    ///         methods = ["GET"]
    ///         path = "/orgs/{org}/messages"
    ///         policy = 'scope("read:messages") and claim("org_id") == path("org")'
    ///     "#)?;
    ///     let messages = warp::path!("orgs" / String / "messages")
    ///         .and(warp::get())
    ///         .map(|org: String| format!("of {org}"));
    ///     Ok(authorizer.rules(rules).and(messages))
    /// }
    /// ```
    fn rules(
        &self,
        rules: Rules,
    ) -> impl Filter<Extract = (), Error = warp::Rejection> + Clone + Send + Sync + 'static + use<Self, C>;
}

mod sealed {
    pub trait Sealed {}

    impl<C> Sealed for authz_core::Authorizer<C> {}
}

impl<C: DeserializeOwned + Send + Sync + 'static> RequireExt<C> for Authorizer<C> {
    fn require(
        &self,
        policy: Policy,
    ) -> impl Filter<Extract = (Authorized<C>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<C> {
        caller(self.guard(policy).into())
    }

    #[track_caller]
    fn require_at(
        &self,
        pattern: &str,
        policy: Policy,
    ) -> impl Filter<Extract = (Authorized<C>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<C> {
        match pattern.parse::<PathPattern>() {
            Ok(pattern) => caller(self.guard(policy).at(pattern).into()),
            Err(error) => panic!("{error}"),
        }
    }

    fn optional(
        &self,
        policy: Policy,
    ) -> impl Filter<Extract = (Option<Authorized<C>>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<C> {
        let guard = self.guard(policy).optional();
        decision(guard.into()).and_then(resolve)
    }

    fn metadata_routes(
        &self,
    ) -> Result<
        impl Filter<Extract = (Response,), Error = warp::Rejection>
        + Clone
        + Send
        + Sync
        + 'static
        + use<C>,
        MetadataError,
    > {
        metadata::routes(self.resource_metadata())
    }
}

#[cfg(feature = "rules")]
impl<C: DeserializeOwned + Send + Sync + 'static> RulesExt<C> for Authorizer<C> {
    fn rules(
        &self,
        rules: Rules,
    ) -> impl Filter<Extract = (), Error = warp::Rejection> + Clone + Send + Sync + 'static + use<C>
    {
        decision(self.guard_rules(rules).into())
            .and_then(resolve)
            .map(drop)
            .untuple_one()
    }
}

/// Returns a filter that extracts the caller of an allowed request.
fn caller<C: DeserializeOwned + Send + Sync + 'static>(
    guard: Guard<C>,
) -> impl Filter<Extract = (Authorized<C>,), Error = warp::Rejection> + Clone + Send + Sync + 'static
{
    decision(guard).and_then(async |admission: Admission<C>| {
        // `None` does not occur: the guard is not optional.
        resolve(admission)
            .await?
            .ok_or_else(warp::reject::not_found)
    })
}

/// Waits for the decision.
async fn resolve<C>(admission: Admission<C>) -> Result<Option<Authorized<C>>, warp::Rejection> {
    let decision = admission.resolve().await;
    decision.map_err(|rejection| AuthorizationRejection::from(rejection).into())
}
