use authz_core::CheckedProof;
use poem::{Endpoint, IntoResponse as _, Middleware, Request, Response, Result};

/// Lets extractors such as [`Protected`](crate::openapi::Protected) share the DPoP proof of a request, which is
/// accepted once, and adds new nonces to responses (RFC 9449 section 8.2). The middleware of
/// [`require`](crate::RequireExt::require) and of [`rules`](crate::RulesExt::rules) do this themselves.
///
/// ```
/// use authz_poem::DpopMiddleware;
/// use poem::{Endpoint, EndpointExt as _, Route};
///
/// fn app(api: Route) -> impl Endpoint {
///     api.with(DpopMiddleware)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a middleware without settings")]
pub struct DpopMiddleware;

/// An endpoint behind a [`DpopMiddleware`].
#[derive(Clone, Copy, Debug)]
pub struct DpopEndpoint<E>(E);

impl<E: Endpoint> Middleware<E> for DpopMiddleware {
    type Output = DpopEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        DpopEndpoint(inner)
    }
}

impl<E: Endpoint> Endpoint for DpopEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let proof = CheckedProof::default();
        request.set_data(proof.clone());
        let mut response = self.0.call(request).await?.into_response();
        proof.finish(response.headers_mut());
        Ok(response)
    }
}
