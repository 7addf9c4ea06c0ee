use std::{
    borrow::Cow,
    future::Future as _,
    mem,
    net::SocketAddr,
    pin::pin,
    task::{Context, Poll, Waker},
};

use authz_core::{Admission, Guard, PathParams, RequestParts};
use axum::extract::{ConnectInfo, FromRequestParts as _, MatchedPath, OriginalUri, RawPathParams};
use http::{Extensions, Request, request::Parts};
use serde::de::DeserializeOwned;

/// Returns the guard's decision about the request and what axum's router has added to it.
pub(crate) fn admit<C, B>(guard: &Guard<C>, request: &mut Request<B>) -> Admission<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    guard.share_proof(request.extensions_mut());
    let params = guard
        .reads_path_params()
        .then(|| path_params(request))
        .flatten();
    let parts = RequestParts::new(request.method(), request.uri(), request.headers());
    let mut parts = with_route(parts, request.extensions());
    if guard.reads_client_certificate() {
        parts = with_connection(parts, request.extensions());
    }
    if let Some(params) = &params {
        parts = parts.with_path_params(params);
    }
    guard.admit(&parts)
}

/// Returns the parts of a request for decisions and log lines of an extractor.
pub(crate) fn request_parts(parts: &Parts) -> RequestParts<'_> {
    let extensions = &parts.extensions;
    with_connection(
        with_route(RequestParts::from(parts), extensions),
        extensions,
    )
}

/// Adds the certificate and the address of the connection, from axum's server or another one.
fn with_connection<'r>(parts: RequestParts<'r>, extensions: &'r Extensions) -> RequestParts<'r> {
    let parts = parts.with_connection(extensions);
    match extensions.get() {
        Some(ConnectInfo::<SocketAddr>(peer)) => parts.with_peer(peer.ip()),
        None => parts,
    }
}

fn with_route<'r>(mut parts: RequestParts<'r>, extensions: &'r Extensions) -> RequestParts<'r> {
    if let Some(route) = extensions.get::<MatchedPath>() {
        parts = parts.with_route(route.as_str());
    }
    if let Some(OriginalUri(uri)) = extensions.get() {
        parts = parts.with_original_uri(uri);
    }
    if let Some(proof) = extensions.get() {
        parts = parts.with_checked_proof(proof);
    }
    parts
}

/// Returns the parameters from the request's extensions; `None` if there are none or one is not UTF-8.
fn path_params<B>(request: &mut Request<B>) -> Option<Params> {
    // Only an extractor gives access, and it takes the parts of a request.
    let (mut parts, ()) = Request::new(()).into_parts();
    mem::swap(&mut parts.extensions, request.extensions_mut());
    let extracted = {
        let extract = pin!(RawPathParams::from_request_parts(&mut parts, &()));
        extract.poll(&mut Context::from_waker(Waker::noop()))
    };
    mem::swap(&mut parts.extensions, request.extensions_mut());
    match extracted {
        Poll::Ready(Ok(params)) => Some(Params(params)),
        // The extractor never waits. If it ever does, unknown parameters satisfy no policy.
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

#[derive(Debug)]
struct Params(RawPathParams);

impl PathParams for Params {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.0.iter().filter(|(key, _)| *key == name);
        let (_, value) = values.next()?;
        // Nested routers may use a name twice, which is ambiguous.
        values.next().is_none().then_some(Cow::Borrowed(value))
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        self.0.iter().map(|(key, _)| Cow::Borrowed(key)).collect()
    }
}
