use std::{
    fmt, mem,
    task::{Context, Poll},
};

use authz_core::{Admission, Claims, Guard};
use http::{Request, Response};
use serde::de::DeserializeOwned;
use tower_service::Service;

use crate::{future::ResponseFuture, path_params::admit};

/// A service behind an [`AuthorizationLayer`](crate::AuthorizationLayer).
pub struct AuthorizationService<S, C = Claims> {
    inner: S,
    guard: Guard<C>,
}

impl<S, C> AuthorizationService<S, C> {
    pub(crate) const fn new(inner: S, guard: Guard<C>) -> Self {
        Self { inner, guard }
    }
}

impl<S, C, ReqBody, ResBody> Service<Request<ReqBody>> for AuthorizationService<S, C>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    C: DeserializeOwned + Send + Sync + 'static,
    ResBody: From<String>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, C>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match admit(&self.guard, &mut request) {
            Admission::Ready(Ok(caller)) => {
                let admitted = self.guard.admitted(caller);
                request.extensions_mut().insert(admitted);
                ResponseFuture::passed(self.inner.call(request))
            }
            Admission::Ready(Err(rejection)) => ResponseFuture::refused(rejection),
            Admission::Pending(pending) => {
                // The service that was polled ready has to be the one that is called; its clone
                // may not be ready.
                let next = self.inner.clone();
                let ready = mem::replace(&mut self.inner, next);
                ResponseFuture::waiting(pending, self.guard.clone(), ready, request)
            }
        }
    }
}

impl<S: Clone, C> Clone for AuthorizationService<S, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            guard: self.guard.clone(),
        }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for AuthorizationService<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationService")
            .field("inner", &self.inner)
            .field("guard", &self.guard)
            .finish()
    }
}
