//! Why the comparisons could not be made.

use std::io;

use blackbox::{
    http::HttpError,
    server::{StartError, StillRunning},
    servers::BuildError,
};

/// Something that is not an answer to compare: a server that does not run, a token that is not given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Stop(#[from] StillRunning),
    #[error("the development issuer did not start")]
    Issuer(#[from] authz_testkit::StartError),
    #[error("the runtime of the development issuer did not start")]
    Runtime(#[source] io::Error),
    #[error("{server} gave no answer to {request}")]
    NoAnswer {
        server: String,
        request: String,
        source: HttpError,
    },
    #[error("{server} has no keys of the issuer yet; its log:\n{stderr}")]
    NotReady { server: String, stderr: String },
    #[error("cannot run {program}: install it, or look at what it says when run by hand")]
    Program {
        program: &'static str,
        source: io::Error,
    },
    #[error("{program} ended with {status}: {stderr}")]
    Client {
        program: &'static str,
        status: String,
        stderr: String,
    },
    #[error("{from} gave no access token: {answer}")]
    NoToken { from: String, answer: String },
    #[error("{0} is not as expected: {1}")]
    Unusable(&'static str, String),
}
