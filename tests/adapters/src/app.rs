use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

/// The routes of a [`Setup`](crate::Setup), served by some framework in this process.
pub trait App {
    /// Whether a handler can ask for a caller on a route that nothing guards.
    const CAN_FORGET: bool;

    /// Answers a request.
    fn call(&self, request: Request<String>) -> impl Future<Output = Response<Bytes>>;
}
