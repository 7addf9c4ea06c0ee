use std::{
    fmt, mem,
    task::{Context, Poll},
};

use authz_core::{Admission, Claims, Guard};
use http::{Request, Response};
use serde::de::DeserializeOwned;
use tower_service::Service;

use crate::{
    future::{ResponseFuture, Waiting, checked_proof},
    path_params::admit,
    respond::{DefaultResponder, Respond, reject},
};

/// A service behind an [`AuthorizationLayer`](crate::AuthorizationLayer). `R` [responds](Respond) to rejected
/// requests.
pub struct AuthorizationService<S, C = Claims, R = DefaultResponder> {
    pub(crate) inner: S,
    pub(crate) guard: Guard<C>,
    pub(crate) responder: R,
}

impl<S, C, R, ReqBody, ResBody> Service<Request<ReqBody>> for AuthorizationService<S, C, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    C: DeserializeOwned + Send + Sync + 'static,
    R: Respond<ResBody> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, C, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match admit(&self.guard, &mut request) {
            Admission::Ready(Ok(caller)) => {
                let proof = checked_proof(&self.guard, &request);
                let admitted = self.guard.admitted(caller);
                request.extensions_mut().insert(admitted);
                ResponseFuture::allowed(self.inner.call(request), proof)
            }
            Admission::Ready(Err(rejection)) => {
                ResponseFuture::rejected(reject(&self.responder, rejection, request))
            }
            Admission::Pending(pending) => {
                // Call the service that was polled ready. Its clone may not be ready.
                let next = self.inner.clone();
                ResponseFuture::waiting(Waiting {
                    pending,
                    guard: self.guard.clone(),
                    responder: self.responder.clone(),
                    service: mem::replace(&mut self.inner, next),
                    request,
                })
            }
        }
    }
}

impl<S: Clone, C, R: Clone> Clone for AuthorizationService<S, C, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            guard: self.guard.clone(),
            responder: self.responder.clone(),
        }
    }
}

impl<S: fmt::Debug, C, R> fmt::Debug for AuthorizationService<S, C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationService")
            .field("inner", &self.inner)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}
