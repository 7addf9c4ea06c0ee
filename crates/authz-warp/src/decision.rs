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
//! The closure does not borrow the query and the extensions, which few guards read. Other filters extract them.
//!
//! The closure can't return a value, so the decision passes through a thread-local slot. The slot is filled and
//! emptied within one `poll`, and cleared before, so it never holds the decision of another request. What other filters
//! have extracted passes to the closure in the same way.

use std::{any::Any, cell::Cell, convert::Infallible};

use authz_core::{Admission, CheckedProof, ClientCertificate, Guard, PeerAddress, RequestParts};
use http::Uri;
use serde::de::DeserializeOwned;
use warp::{Filter, Reply, log::Info, reply::Response};

thread_local! {
    static DECISION: Cell<Option<Box<dyn Any>>> = const { Cell::new(None) };
    static EXTRACTED: Cell<Option<Extracted>> = const { Cell::new(None) };
}

/// The parts of the request that the closure can't borrow.
#[derive(Default)]
struct Extracted {
    query: Option<String>,
    certificate: Option<ClientCertificate>,
    peer: Option<PeerAddress>,
    /// What the guards of the request share, if it comes through a [`DpopService`](crate::DpopService).
    proof: Option<CheckedProof>,
}

/// Returns a filter that extracts the decision of `guard` about the request.
pub(crate) fn decision<C: DeserializeOwned + Send + Sync + 'static>(
    guard: Guard<C>,
) -> impl Filter<Extract = (Admission<C>,), Error = Infallible> + Clone + Send + Sync + 'static {
    let (with_path, with_connection) = (guard.reads_path(), guard.reads_client_certificate());
    let with_extensions = with_connection || guard.checks_proofs();
    extracted(guard.reads_query(), with_extensions)
        .map(|extracted| {
            EXTRACTED.set(extracted);
            DECISION.set(None);
            Nothing
        })
        .with(warp::log::custom(move |info| {
            let Extracted {
                query,
                certificate,
                peer,
                proof,
            } = EXTRACTED.take().unwrap_or_default();
            let uri = uri(&info, with_path, query);
            let parts = RequestParts::new(info.method(), &uri, info.request_headers());
            let mut parts = parts.with_shown_path(info.path());
            if let Some(proof) = &proof {
                parts = parts.with_checked_proof(proof);
            }
            if with_connection {
                if let Some(certificate) = &certificate {
                    parts = parts.with_client_certificate(certificate);
                }
                // Only warp's own server sets the first.
                if let Some(peer) = info.remote_addr().or(peer.map(|PeerAddress(it)| it)) {
                    parts = parts.with_peer(peer.ip());
                }
            }
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

/// Returns a filter that extracts what the guard reads and the closure can't borrow.
fn extracted(
    with_query: bool,
    with_extensions: bool,
) -> impl Filter<Extract = (Option<Extracted>,), Error = Infallible> + Clone + Send + Sync + 'static
{
    // Most APIs read neither. A rejection with `not_found` does not allocate.
    let if_wanted = move || {
        let wanted = (with_query || with_extensions).then_some(());
        std::future::ready(wanted.ok_or_else(warp::reject::not_found))
    };
    let query = warp::query::raw().map(move |query| with_query.then_some(query));
    let no_query = warp::any().map(|| None);
    let none = warp::any().map(|| None);
    warp::any()
        .and_then(if_wanted)
        .untuple_one()
        .and(query.or(no_query).unify())
        .and(warp::ext::optional())
        .and(warp::ext::optional())
        .and(warp::ext::optional())
        .map(|query, certificate, peer, proof| {
            Some(Extracted {
                query,
                certificate,
                peer,
                proof,
            })
        })
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
