use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use authz_core::{Claims, Guard, Pending, Rejection};
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// The answer of an [`AuthorizationService`](crate::AuthorizationService).
    pub struct ResponseFuture<S, B, C = Claims>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, C>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<S, B, C>
    where
        S: Service<Request<B>>,
    {
        Passed { #[pin] answer: S::Future },
        Refused { rejection: Option<Rejection> },
        // Boxed: it happens once per key, and would else make every request's future larger.
        Waiting { waiting: Option<Box<Waiting<S, B, C>>> },
    }
}

struct Waiting<S, B, C> {
    pending: Pending<C>,
    guard: Guard<C>,
    service: S,
    request: Request<B>,
}

impl<S: Service<Request<B>>, B, C> ResponseFuture<S, B, C> {
    pub(crate) const fn passed(answer: S::Future) -> Self {
        Self {
            state: State::Passed { answer },
        }
    }

    pub(crate) const fn refused(rejection: Rejection) -> Self {
        Self {
            state: State::Refused {
                rejection: Some(rejection),
            },
        }
    }

    pub(crate) fn waiting(
        pending: Pending<C>,
        guard: Guard<C>,
        service: S,
        request: Request<B>,
    ) -> Self {
        let waiting = Some(Box::new(Waiting {
            pending,
            guard,
            service,
            request,
        }));
        Self {
            state: State::Waiting { waiting },
        }
    }
}

impl<S, ReqBody, ResBody, C> Future for ResponseFuture<S, ReqBody, C>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<String>,
    C: Send + Sync + 'static,
{
    type Output = Result<S::Response, S::Error>;

    #[expect(
        clippy::expect_used,
        reason = "each state is left with the poll that takes what it holds; `DONE` is the caller's mistake"
    )]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        const DONE: &str = "a future is not polled after it is ready";
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                Projected::Passed { answer } => return answer.poll(context),
                Projected::Refused { rejection } => {
                    let rejection = rejection.take().expect(DONE);
                    return Poll::Ready(Ok(rejection.into_response()));
                }
                Projected::Waiting { waiting } => {
                    let pending = &mut waiting.as_mut().expect(DONE).pending;
                    let decision = ready!(Pin::new(pending).poll(context));
                    let Waiting {
                        guard,
                        mut service,
                        mut request,
                        ..
                    } = *waiting.take().expect(DONE);
                    match decision {
                        Ok(caller) => {
                            request
                                .extensions_mut()
                                .insert(guard.admitted(Some(caller)));
                            State::Passed {
                                answer: service.call(request),
                            }
                        }
                        Err(rejection) => State::Refused {
                            rejection: Some(rejection),
                        },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S: Service<Request<B>>, B, C> fmt::Debug for ResponseFuture<S, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
