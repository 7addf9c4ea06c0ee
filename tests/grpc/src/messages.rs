use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use authz_axum::Admitted;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, tokio_stream},
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// The service `messages.v1.Messages`. Its messages are strings; `List` and `Follow` answer with the caller's name.
#[derive(Clone, Debug)]
pub struct Messages;

impl NamedService for Messages {
    const NAME: &'static str = "messages.v1.Messages";
}

impl Service<http::Request<Body>> for Messages {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<String, String>::default());
            Ok(match request.uri().path() {
                "/messages.v1.Messages/List" | "/messages.v1.Messages/Delete" => {
                    grpc.unary(service_fn(list), request).await
                }
                "/messages.v1.Messages/Follow" => {
                    grpc.server_streaming(service_fn(follow), request).await
                }
                _ => Status::unimplemented("").into_http(),
            })
        })
    }
}

async fn list(request: Request<String>) -> Result<Response<String>, Status> {
    caller(&request).map(Response::new)
}

async fn follow(
    request: Request<String>,
) -> Result<Response<tokio_stream::Once<Result<String, Status>>>, Status> {
    Ok(Response::new(tokio_stream::once(caller(&request))))
}

fn caller(request: &Request<String>) -> Result<String, Status> {
    let admitted: Option<&Admitted> = request.extensions().get();
    let caller = admitted.and_then(Admitted::caller);
    let subject = caller.and_then(|it| it.subject());
    subject
        .map(str::to_owned)
        .ok_or_else(|| Status::internal("no caller"))
}
