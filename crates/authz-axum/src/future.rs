use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use authz_core::{CheckedProof, Claims, Guard, Pending};
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::respond::{DefaultResponder, Respond, reject};

pin_project! {
    /// The response future of an [`AuthorizationService`](crate::AuthorizationService).
    pub struct ResponseFuture<S, B, C = Claims, R = DefaultResponder>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: FutureState<S, B, C, R>,
    }
}

pin_project! {
    #[project = Projected]
    enum FutureState<S, B, C, R>
    where
        S: Service<Request<B>>,
    {
        Allowed { #[pin] future: S::Future, proof: Option<CheckedProof> },
        Rejected { response: Option<S::Response> },
        // Boxed, because it is rare (once per key) and would enlarge every request's future.
        Waiting { waiting: Option<Box<Waiting<S, B, C, R>>> },
    }
}

pub(crate) struct Waiting<S, B, C, R> {
    pub(crate) pending: Pending<C>,
    pub(crate) guard: Guard<C>,
    pub(crate) responder: R,
    pub(crate) service: S,
    pub(crate) request: Request<B>,
}

/// Returns the proof that the response may need a new nonce for.
pub(crate) fn checked_proof<C, B>(guard: &Guard<C>, request: &Request<B>) -> Option<CheckedProof> {
    (guard
        .checks_proofs()
        .then(|| request.extensions().get().cloned()))
    .flatten()
}

impl<S: Service<Request<B>>, B, C, R> ResponseFuture<S, B, C, R> {
    pub(crate) const fn allowed(future: S::Future, proof: Option<CheckedProof>) -> Self {
        Self {
            state: FutureState::Allowed { future, proof },
        }
    }

    pub(crate) const fn rejected(response: S::Response) -> Self {
        Self {
            state: FutureState::Rejected {
                response: Some(response),
            },
        }
    }

    pub(crate) fn waiting(waiting: Waiting<S, B, C, R>) -> Self {
        Self {
            state: FutureState::Waiting {
                waiting: Some(Box::new(waiting)),
            },
        }
    }
}

impl<S, ReqBody, ResBody, C, R> Future for ResponseFuture<S, ReqBody, C, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Respond<ResBody>,
    C: Send + Sync + 'static,
{
    type Output = Result<S::Response, S::Error>;

    #[expect(
        clippy::expect_used,
        reason = "the poll that takes a state's content also leaves the state; `DONE` is a mistake of the caller"
    )]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        const DONE: &str = "a future must not be polled after it is ready";
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                Projected::Allowed { future, proof } => {
                    let mut result = ready!(future.poll(context));
                    if let (Ok(response), Some(proof)) = (&mut result, proof) {
                        proof.finish(response.headers_mut());
                    }
                    return Poll::Ready(result);
                }
                Projected::Rejected { response } => {
                    return Poll::Ready(Ok(response.take().expect(DONE)));
                }
                Projected::Waiting { waiting } => {
                    let pending = &mut waiting.as_mut().expect(DONE).pending;
                    let decision = ready!(Pin::new(pending).poll(context));
                    let Waiting {
                        guard,
                        responder,
                        mut service,
                        mut request,
                        ..
                    } = *waiting.take().expect(DONE);
                    match decision {
                        Ok(caller) => {
                            let proof = checked_proof(&guard, &request);
                            request
                                .extensions_mut()
                                .insert(guard.admitted(Some(caller)));
                            FutureState::Allowed {
                                future: service.call(request),
                                proof,
                            }
                        }
                        Err(rejection) => FutureState::Rejected {
                            response: Some(reject(&responder, rejection, request)),
                        },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S: Service<Request<B>>, B, C, R> fmt::Debug for ResponseFuture<S, B, C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
