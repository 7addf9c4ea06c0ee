use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use authz_core::CheckedProof;
use pin_project_lite::pin_project;
use tower_service::Service;
use warp::http::{Request, Response};

/// A service over the application's filters, for an API with DPoP (RFC 9449).
///
/// It lets the filters of one request share its proof, which is accepted once, and adds new nonces to responses. A
/// filter can do neither. Use it with [`DpopProofs::nonces`](crate::DpopProofs::nonces), or where two filters of
/// this crate check one request, such as [`rules`](crate::RulesExt::rules) and
/// [`require`](crate::RequireExt::require). Serve it with hyper or any other server for tower services:
///
/// ```
/// use authz_warp::{Authorized, Authorizer, DpopService, RequireExt as _, any_valid_token};
/// use warp::Filter;
///
/// fn api(authorizer: &Authorizer) {
///     let me = warp::path!("me")
///         .and(authorizer.require(any_valid_token()))
///         .map(|caller: Authorized| format!("{:?}", caller.subject()));
///     let service = DpopService::new(warp::service(me.recover(authz_warp::recover)));
/// # drop(service);
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DpopService<S>(S);

impl<S> DpopService<S> {
    /// Wraps what [`warp::service`] returns.
    pub const fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S, B, R> Service<Request<B>> for DpopService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = DpopFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let proof = CheckedProof::default();
        request.extensions_mut().insert(proof.clone());
        DpopFuture {
            response: self.0.call(request),
            proof,
        }
    }
}

pin_project! {
    /// The response future of a [`DpopService`].
    pub struct DpopFuture<F> {
        #[pin]
        response: F,
        proof: CheckedProof,
    }
}

impl<F: Future<Output = Result<Response<R>, E>>, R, E> Future for DpopFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut result = ready!(this.response.poll(context));
        if let Ok(response) = &mut result {
            this.proof.finish(response.headers_mut());
        }
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for DpopFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopFuture").finish_non_exhaustive()
    }
}
