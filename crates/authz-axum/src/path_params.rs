use std::{
    borrow::Cow,
    future::Future as _,
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
};

use authz_core::{Admission, Guard, PathParams, RequestParts};
use axum::extract::{FromRequestParts as _, OriginalUri, RawPathParams};
use http::Request;
use serde::de::DeserializeOwned;

/// What the guard says about the request, shown to it with what axum's router knows.
pub(crate) fn admit<C, B>(guard: &Guard<C>, request: &mut Request<B>) -> Admission<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    if guard.reads_path_params() {
        let params = path_params(request);
        let parts = RequestParts::from(&*request);
        return match &params {
            Some(params) => guard.admit(&parts.with_path_params(params)),
            None => guard.admit(&parts),
        };
    }
    let parts = RequestParts::from(&*request);
    match request.extensions().get() {
        Some(OriginalUri(uri)) if guard.reads_path() => guard.admit(&parts.with_original_uri(uri)),
        _ => guard.admit(&parts),
    }
}

/// The parameters that the router has left in the request's extensions; `None` where there are
/// none, or one is not UTF-8.
fn path_params<B>(request: &mut Request<B>) -> Option<Params> {
    // The only way to them is an extractor, which wants parts of a request of its own.
    let (mut parts, ()) = Request::new(()).into_parts();
    mem::swap(&mut parts.extensions, request.extensions_mut());
    let extracted = {
        let extract = pin!(RawPathParams::from_request_parts(&mut parts, &()));
        extract.poll(&mut Context::from_waker(Waker::noop()))
    };
    mem::swap(&mut parts.extensions, request.extensions_mut());
    match extracted {
        Poll::Ready(Ok(params)) => Some(Params(params)),
        // It waits for nothing; if that changes one day, what is not known is not allowed.
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

#[derive(Debug)]
struct Params(RawPathParams);

impl PathParams for Params {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.0.iter().filter(|(key, _)| *key == name);
        let (_, value) = values.next()?;
        // Nested routers may use a name twice: nobody can say which of them is meant.
        values.next().is_none().then_some(Cow::Borrowed(value))
    }
}
