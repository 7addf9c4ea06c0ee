use authz_core::{Authorized, Authorizer, Policy};
use serde::de::DeserializeOwned;
use warp::Filter;

use crate::{decision::decision, recover::AuthorizationRejection};

/// Gives an [`Authorizer`] its `require` and `optional`.
pub trait RequireExt<C> {
    /// A filter that extracts the caller of a request whose token satisfies `policy`, and rejects
    /// the others with an [`AuthorizationRejection`], which [`recover`](crate::recover()) answers.
    ///
    /// It goes behind the path and the method and before the body, which is then not read for those
    /// who may not send it.
    ///
    /// A CORS preflight has no caller. It is not found here, so that the application's other routes
    /// can answer it; `warp::cors()` answers it before any route is asked.
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

    /// Like [`require`](Self::require), but requests without a token pass as `None`, and so do CORS
    /// preflights. A bad token is refused all the same.
    fn optional(
        &self,
        policy: Policy,
    ) -> impl Filter<Extract = (Option<Authorized<C>>,), Error = warp::Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<Self, C>;
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
        decision(self.guard(policy)).and_then(|admission: authz_core::Admission<C>| async {
            match admission.resolve().await {
                Ok(Some(caller)) => Ok(caller),
                Ok(None) => Err(warp::reject::not_found()),
                Err(rejection) => Err(AuthorizationRejection::from(rejection).into()),
            }
        })
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
        decision(guard).and_then(|admission: authz_core::Admission<C>| async {
            let decided = admission.resolve().await;
            decided
                .map_err(|rejection| warp::reject::custom(AuthorizationRejection::from(rejection)))
        })
    }
}
