use authz_core::Rejection;
use http::{Request, Response, header::CONTENT_TYPE, request::Parts};

use crate::grpc::trailers_only;

/// Makes the response to a rejected request, with a body of type `B`.
///
/// Implemented by every `Fn(Rejection, &Parts) -> Response<B>`, including [`without_body`]. Pass it to
/// [`respond_with`](crate::AuthorizationLayer::respond_with).
pub trait Respond<B> {
    /// Returns the response to `request`. The layer adds the [`Reason`](crate::Reason) to its extensions.
    ///
    /// A layer with [`answer_preflights`](crate::AuthorizationLayer::answer_preflights) calls this for
    /// preflights too: their [`status`](Rejection::status) is 204.
    fn respond(&self, rejection: Rejection, request: &Parts) -> Response<B>;
}

/// The default of every layer, for bodies that can be made from a `String`.
///
/// Responds with [`Rejection::into_response`], and to [gRPC calls](crate::is_grpc) like [`without_body`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct DefaultResponder;

/// Responds with status, header fields and an empty body.
///
/// For body types that can't be made from a `String`, such as tonic's.
///
/// A [gRPC call](crate::is_grpc) gets HTTP status 200 and the fields `grpc-status` and `grpc-message`:
///
/// | HTTP status of the rejection | `grpc-status` |
/// |---|---|
/// | 400, 401 | 16, `UNAUTHENTICATED` |
/// | 403 | 7, `PERMISSION_DENIED` |
/// | 503 | 14, `UNAVAILABLE` |
#[must_use]
pub fn without_body<B: Default>(rejection: Rejection, request: &Parts) -> Response<B> {
    let response = trailers_only(&rejection, request).unwrap_or_else(|| {
        let mut response = rejection.into_response::<String>().map(drop);
        response.headers_mut().remove(CONTENT_TYPE);
        response
    });
    response.map(|()| B::default())
}

impl<B: From<String>> Respond<B> for DefaultResponder {
    fn respond(&self, rejection: Rejection, request: &Parts) -> Response<B> {
        match trailers_only(&rejection, request) {
            Some(response) => response.map(|()| B::from(String::new())),
            None => rejection.into_response(),
        }
    }
}

impl<F, B> Respond<B> for F
where
    F: Fn(Rejection, &Parts) -> Response<B>,
{
    fn respond(&self, rejection: Rejection, request: &Parts) -> Response<B> {
        self(rejection, request)
    }
}

/// Returns the response to a rejected request, with the reason in its extensions.
pub(crate) fn reject<B, Q>(
    responder: &impl Respond<B>,
    rejection: Rejection,
    request: Request<Q>,
) -> Response<B> {
    let reason = rejection.reason();
    let (parts, _) = request.into_parts();
    let mut response = responder.respond(rejection, &parts);
    response.extensions_mut().insert(reason);
    response
}
