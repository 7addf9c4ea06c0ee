//! The decision about the request that warp is filtering.
//!
//! A filter sees of a request what warp's own filters extract, and the only one for all headers,
//! `warp::header::headers_cloned`, copies the whole map: by measurement more than everything else
//! that a warm request takes, and growing with every header. The one place where warp lends the
//! method and the headers is the closure of `warp::log::custom`, which runs once the filter inside
//! of it is done. So a filter that is done at once is put in there, the closure decides, and the
//! decision is taken over behind it.
//!
//! The closure can return nothing; the decision goes through a slot of the thread. Filling and
//! emptying it happens within one call of `poll`, which no other request can come between, and it
//! is emptied beforehand too: a decision can never be another request's.

use std::{any::Any, cell::Cell, convert::Infallible};

use authz_core::{Admission, Guard, RequestParts};
use http::Uri;
use serde::de::DeserializeOwned;
use warp::{Filter, Reply, log::Info, reply::Response};

thread_local! {
    static DECISION: Cell<Option<Box<dyn Any>>> = const { Cell::new(None) };
    static QUERY: Cell<Option<String>> = const { Cell::new(None) };
}

/// A filter that extracts what `guard` says about the request.
pub(crate) fn decision<C: DeserializeOwned + Send + Sync + 'static>(
    guard: Guard<C>,
) -> impl Filter<Extract = (Admission<C>,), Error = Infallible> + Clone + Send + Sync + 'static {
    let with_path = guard.reads_path();
    query(guard.reads_query())
        .map(|query| {
            QUERY.set(query);
            DECISION.set(None);
            Nothing
        })
        .with(warp::log::custom(move |info| {
            let uri = uri(&info, with_path, QUERY.take());
            let parts = RequestParts::new(info.method(), &uri, info.request_headers());
            let parts = parts.with_shown_path(info.path());
            DECISION.set(Some(Box::new(guard.admit(&parts))));
        }))
        .map(|_| {
            let decision = DECISION.take().map(|it| it.downcast());
            match decision {
                Some(Ok(admission)) => *admission,
                _ => unreachable!("the closure above has run, in the same poll"),
            }
        })
}

/// The query, if it is wanted and there is one.
fn query(
    wanted: bool,
) -> impl Filter<Extract = (Option<String>,), Error = Infallible> + Clone + Send + Sync + 'static {
    // Rejections with `not_found` cost nothing: most APIs don't want the query.
    let if_wanted = move || {
        let wanted = wanted.then_some(()).ok_or_else(warp::reject::not_found);
        std::future::ready(wanted)
    };
    let none = warp::any().map(|| None);
    warp::any()
        .and_then(if_wanted)
        .untuple_one()
        .and(warp::query::raw().map(Some))
        .or(none)
        .unify()
}

/// As much of the request's target as is wanted.
fn uri(info: &Info<'_>, with_path: bool, query: Option<String>) -> Uri {
    let text = match query {
        Some(query) => format!("{}?{query}", info.path()),
        None if with_path => info.path().to_owned(),
        None => return Uri::default(),
    };
    // It comes out of a `Uri` and is one. Were it none, this is the one that no rule is about.
    Uri::try_from(text).unwrap_or_else(|_| Uri::from_static("*"))
}

/// What the log is told that there is to reply.
struct Nothing;

impl Reply for Nothing {
    fn into_response(self) -> Response {
        Response::default()
    }
}
