#[cfg(feature = "rules")]
use authz_core::rules::Rules;
use authz_core::{
    Admission, Authorized, Authorizer, Guard, MetadataError, Policy, rules::PathPattern,
};
use serde::de::DeserializeOwned;
use warp::{Filter, reply::Response};

use crate::{decision::decision, metadata, recover::AuthorizationRejection};

/// Gives an [`Authorizer`] its `require`, `optional` and `metadata_routes`. Sealed: nothing else implements
/// it.
pub trait RequireExt<C>: sealed::Sealed {
    /// A filter that extracts the caller of a request whose token satisfies `policy`, and rejects
    /// the others with an [`AuthorizationRejection`], which [`recover`](crate::recover()) answers.
    ///
    /// It goes behind the path and the method and before the body, which is then not read for those
    /// who may not send it.
    ///
    /// A CORS preflight is a request like any other, and is rejected for want of a token. `warp::cors()`
    /// around the routes answers it before any of them is asked; a service without it can have
    /// [`answer_preflights`](crate::answer_preflights) as its first route.
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

    /// Like [`require`](Self::require), for a policy that compares path parameters: warp's have no
    /// names, so `pattern` gives them. It is the whole path from its beginning, with `{name}` for one
    /// segment and `{*name}` for all that follow. A request for another path has no parameters, and
    /// such a policy is then not met.
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
    /// When `pattern` is none, or does not have a parameter that the policy asks for.
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

    /// Like [`require`](Self::require), but requests without a token pass as `None`. A bad token is
    /// rejected all the same.
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
    /// The filter answers `GET`, `HEAD` and CORS preflights of every origin, without a token. It compares the
    /// whole path of the request, so it never matches behind a prefix such as `warp::path("api")`: keep it
    /// at the top. `warp::cors()` around it answers 403 to origins that aren't listed: keep it outside.
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

/// Gives an [`Authorizer`] its `rules`. Sealed: nothing else implements it.
#[cfg(feature = "rules")]
pub trait RulesExt<C>: sealed::Sealed {
    /// A filter for a whole service that extracts nothing, lets pass the requests that a table of
    /// rules lets pass, and rejects the others with an [`AuthorizationRejection`]. It goes before all
    /// routes.
    ///
    /// A handler that wants to know the caller gets it from [`require`](RequireExt::require) or
    /// [`optional`](RequireExt::optional) with [`any_valid_token`](crate::any_valid_token): the token has
    /// been verified by then, and is found in the cache.
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
        decision(guard.into()).and_then(|admission: Admission<C>| async {
            let decided = admission.resolve().await;
            decided
                .map_err(|rejection| warp::reject::custom(AuthorizationRejection::from(rejection)))
        })
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
            .and_then(|admission: Admission<C>| async {
                match admission.resolve().await {
                    Ok(_) => Ok(()),
                    Err(rejection) => Err(warp::reject::custom(AuthorizationRejection::from(
                        rejection,
                    ))),
                }
            })
            .untuple_one()
    }
}

/// The caller of a request that the guard lets pass.
fn caller<C: DeserializeOwned + Send + Sync + 'static>(
    guard: Guard<C>,
) -> impl Filter<Extract = (Authorized<C>,), Error = warp::Rejection> + Clone + Send + Sync + 'static
{
    decision(guard).and_then(|admission: Admission<C>| async {
        match admission.resolve().await {
            Ok(Some(caller)) => Ok(caller),
            Ok(None) => Err(warp::reject::not_found()),
            Err(rejection) => Err(AuthorizationRejection::from(rejection).into()),
        }
    })
}
