use std::sync::Arc;

use authz_core::RequestParts;
use http::{HeaderMap, Method, StatusCode, Uri, header::ALLOW};
use warp::Filter;

/// Matches `GET` and `HEAD`.
///
/// A server must support both (RFC 9110 section 9.1), but `warp::get()` matches only `GET`. The response to `HEAD`
/// is sent without its body.
///
/// ```
/// use warp::Filter;
///
/// let route = warp::path!("messages").and(authz_warp::get_or_head()).map(|| "[]");
/// ```
#[must_use]
pub fn get_or_head() -> impl Filter<Extract = (), Error = warp::Rejection> + Copy {
    warp::get().or(warp::head()).unify()
}

/// Returns a route that responds to CORS preflights of every path with 204 and `methods` in `Allow`.
///
/// Use it as the first route of a service without `warp::cors()`. A guard rejects a preflight, because it does not
/// carry a token. The response does not allow pages of other origins to call the API.
///
/// ```
/// use authz_warp::{Authorizer, RequireExt as _, answer_preflights, scope};
/// use warp::{Filter, Rejection, Reply, http::Method};
///
/// fn api(authorizer: Authorizer) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
///     let messages = warp::path!("messages")
///         .and(authorizer.require(scope("read:messages")))
///         .map(|_: authz_warp::Authorized| "[]");
///     answer_preflights(&[Method::GET, Method::HEAD]).or(messages)
/// }
/// ```
#[must_use]
pub fn answer_preflights(
    methods: &[Method],
) -> impl Filter<Extract = (impl warp::Reply + use<>,), Error = warp::Rejection>
+ Clone
+ Send
+ Sync
+ 'static
+ use<> {
    let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
    let allow: Arc<str> = methods.join(", ").into();
    // `not_found` leaves other requests to the other routes: 405 or 400 would replace their 404.
    warp::method()
        .and(warp::header::headers_cloned())
        .and_then(|method: Method, headers: HeaderMap| {
            let is_preflight = RequestParts::new(&method, &Uri::default(), &headers).is_preflight();
            let matched = is_preflight
                .then_some(())
                .ok_or_else(warp::reject::not_found);
            std::future::ready(matched)
        })
        .untuple_one()
        .map(move || {
            let response = warp::reply::with_status(warp::reply(), StatusCode::NO_CONTENT);
            warp::reply::with_header(response, ALLOW, &*allow)
        })
}
