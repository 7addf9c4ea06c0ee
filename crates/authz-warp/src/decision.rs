//! The guard's decision about the request that warp is filtering.
//!
//! The decision needs the method, all headers and the path. warp's filters for them have two faults:
//!
//! - `warp::path::full` panics if the request's target does not have a path, such as `api.example:443`. A client
//!   could cause that in every filter that comes before the path filters.
//! - `warp::header::headers_cloned` copies the whole map for each request.
//!
//! Only the closure of `warp::log::custom` borrows all three. It runs after the filter that it wraps. So it wraps a
//! filter that does nothing, and the next filter takes the decision.
//!
//! The closure can't return a value, so the decision passes through a thread-local slot. The slot is filled and
//! emptied within one `poll`, and cleared before, so it never holds the decision of another request.

use std::{any::Any, cell::Cell, convert::Infallible};

use authz_core::{Admission, CheckedProof, Guard, RequestParts};
use http::Uri;
use serde::de::DeserializeOwned;
use warp::{Filter, Rejection, Reply, log::Info, reply::Response};

thread_local! {
    static DECISION: Cell<Option<Box<dyn Any>>> = const { Cell::new(None) };
    static QUERY: Cell<Option<String>> = const { Cell::new(None) };
    static PROOF: Cell<Option<CheckedProof>> = const { Cell::new(None) };
}

/// Returns a filter that extracts the decision of `guard` about the request.
pub(crate) fn decision<C: DeserializeOwned + Send + Sync + 'static>(
    guard: Guard<C>,
) -> impl Filter<Extract = (Admission<C>,), Error = Infallible> + Clone + Send + Sync + 'static {
    let with_path = guard.reads_path();
    query(guard.reads_query())
        .and(checked_proof(guard.checks_proofs()))
        .map(|query, proof| {
            QUERY.set(query);
            PROOF.set(proof);
            DECISION.set(None);
            Nothing
        })
        .with(warp::log::custom(move |info| {
            let uri = uri(&info, with_path, QUERY.take());
            let parts = RequestParts::new(info.method(), &uri, info.request_headers());
            let parts = parts.with_shown_path(info.path());
            let proof = PROOF.take();
            let parts = match &proof {
                Some(proof) => parts.with_checked_proof(proof),
                None => parts,
            };
            DECISION.set(Some(Box::new(guard.admit(&parts))));
        }))
        .map(|_| {
            let decision = DECISION.take().map(|it| it.downcast());
            match decision {
                Some(Ok(admission)) => *admission,
                _ => unreachable!("the closure above has run in the same poll"),
            }
        })
}

/// Returns a filter that extracts the query, if `wanted` and present.
fn query(
    is_wanted: bool,
) -> impl Filter<Extract = (Option<String>,), Error = Infallible> + Clone + Send + Sync + 'static {
    wanted(is_wanted, warp::query::raw().map(Some))
}

/// Returns a filter that extracts what the guards of a request share, if `wanted` and if the request comes through
/// [`service`](crate::service).
fn checked_proof(
    is_wanted: bool,
) -> impl Filter<Extract = (Option<CheckedProof>,), Error = Infallible> + Clone + Send + Sync + 'static
{
    wanted(is_wanted, warp::ext::get().map(Some))
}

/// Returns a filter that extracts what `filter` does, or `None`. Most APIs want neither the query nor proofs.
fn wanted<T: Send + 'static>(
    is_wanted: bool,
    filter: impl Filter<Extract = (Option<T>,), Error = Rejection> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (Option<T>,), Error = Infallible> + Clone + Send + Sync + 'static {
    // A rejection with `not_found` does not allocate.
    let if_wanted = move || {
        let wanted = is_wanted.then_some(()).ok_or_else(warp::reject::not_found);
        std::future::ready(wanted)
    };
    let none = warp::any().map(|| None);
    warp::any()
        .and_then(if_wanted)
        .untuple_one()
        .and(filter)
        .or(none)
        .unify()
}

/// Returns the path and the query of the request, as far as the guard reads them.
fn uri(info: &Info<'_>, with_path: bool, query: Option<String>) -> Uri {
    let text = match query {
        Some(query) => format!("{}?{query}", info.path()),
        None if with_path => info.path().to_owned(),
        None => return Uri::default(),
    };
    // The text comes from a `Uri`, so it parses. No rule matches `*`.
    Uri::try_from(text).unwrap_or_else(|_| Uri::from_static("*"))
}

/// The reply that the log filter requires.
struct Nothing;

impl Reply for Nothing {
    fn into_response(self) -> Response {
        Response::default()
    }
}
