//! The endpoints around the API: health checks, metadata for clients, and errors for unknown paths and
//! methods.

use std::{convert::Infallible, str::FromStr};

use authz_warp::{Authorizer, Policy, RequireExt as _, any_valid_token, get_or_head, scope};
use percent_encoding::percent_decode_str;
use quickstart::{
    METADATA, Messages, Problem, READ, allowed_methods, method_not_allowed, not_found, readiness,
};
use warp::{
    Filter, Rejection, Reply,
    http::{StatusCode, header::ALLOW},
    path,
    path::FullPath,
    reject::MethodNotAllowed,
    reply::{Response, with_header, with_status},
};

use crate::cors::with_fields;

/// Adds the endpoints around `api`.
pub(crate) fn surrounded(
    api: impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static,
    authorizer: Authorizer,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    // The metadata exists only with `AUTHZ_RESOURCE`.
    let routes = match authorizer.metadata_routes() {
        Ok(metadata) => api.or(metadata).unify().boxed(),
        Err(_) => api.boxed(),
    };
    let routes = routes.or(health(authorizer)).unify();
    let recovered = routes.recover(authz_warp::recover).unify();
    // `Allow` depends on the path, which the handlers of `recover` do not get.
    let outcome = no_slash_at_the_end()
        .and(recovered)
        .map(Ok)
        .or_else(async |rejection| Ok::<_, Infallible>((Err(rejection),)));
    whole_path().and(outcome).map(
        |path: String, outcome: Result<Response, Rejection>| match outcome {
            Ok(answer) => answer,
            Err(rejection) => unanswered(&path, &rejection),
        },
    )
}

/// Extracts the messages of the organization in the path.
pub(crate) fn messages_of(
    messages: Messages,
) -> impl Filter<Extract = (Messages,), Error = Rejection> + Clone {
    path!("api" / "orgs" / PathOrganization / "messages")
        .map(move |PathOrganization(name)| messages.of(&name))
}

/// The organization in a path. warp does not percent-decode parameters.
struct PathOrganization(String);

impl FromStr for PathOrganization {
    type Err = std::str::Utf8Error;

    fn from_str(segment: &str) -> Result<Self, Self::Err> {
        let decoded = percent_decode_str(segment).decode_utf8()?;
        Ok(Self(decoded.into_owned()))
    }
}

/// Responds to `OPTIONS` from callers who may use the path. Preflights do not get here.
pub(crate) fn allowed(
    authorizer: &Authorizer,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let guarded = |policy: Policy| authorizer.require(policy).map(drop).untuple_one();
    let public = path!("api" / "public").and(warp::options());
    let private = path!("api" / "private")
        .and(warp::options())
        .and(guarded(scope(READ)));
    let others = path!("api" / "messages")
        .or(path!("api" / "me"))
        .unify()
        .or(path!("api" / "orgs" / PathOrganization / "messages")
            .map(drop)
            .untuple_one())
        .unify()
        .and(warp::options())
        .and(guarded(any_valid_token()));
    let api = public.or(private).unify().or(others).unify();
    api.and(allow())
}

/// Responds with the methods of the path.
pub(crate) fn allow() -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    path::full().map(|path: FullPath| {
        let methods = allowed_methods(path.as_str());
        with_header(StatusCode::NO_CONTENT, ALLOW, methods).into_response()
    })
}

fn health(authorizer: Authorizer) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let live = path!("healthz").and(get_or_head()).map(|| "ok");
    let ready = path!("readyz").and(get_or_head()).map(move || {
        let (status, text) = readiness(&authorizer);
        with_status(text, status)
    });
    live.or(ready).map(Reply::into_response)
}

/// Extracts the whole path. `path::full` panics if a target does not have one, such as that of `CONNECT`.
pub(crate) fn whole_path() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    let none = path::end().map(|| "/".to_owned());
    let some = path::full().map(|path: FullPath| path.as_str().to_owned());
    none.or(some).unify()
}

/// Rejects a trailing slash, because warp matches `/api/me/` as `/api/me`. Metadata may have one, after
/// its resource.
fn no_slash_at_the_end() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    whole_path()
        .and_then(
            async |path: String| match path.ends_with('/') && !path.starts_with(METADATA) {
                true => Err(warp::reject::not_found()),
                false => Ok(()),
            },
        )
        .untuple_one()
}

fn unanswered(path: &str, rejection: &Rejection) -> Response {
    answer(match rejection.find::<MethodNotAllowed>() {
        Some(_) => method_not_allowed(path),
        None => not_found(),
    })
}

pub(crate) fn answer((status, headers, body): Problem) -> Response {
    with_fields(headers, with_status(body, status))
}
