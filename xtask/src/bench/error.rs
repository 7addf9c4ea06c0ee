use std::{io, path::PathBuf};

use blackbox::server::{StartError, StillRunning};

use crate::token::TokenError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BenchError {
    #[error("{program} cannot be run")]
    NoProgram {
        program: &'static str,
        source: io::Error,
    },
    #[error("{0} failed; its own messages above say why")]
    Failed(String),
    #[error("what {program} printed cannot be read: {what}")]
    Unreadable { program: &'static str, what: String },
    #[error("{} cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cargo built no binary {0}")]
    NoBinary(&'static str),
    #[error("an example server does not start")]
    NoServer(#[from] StartError),
    #[error(transparent)]
    StillRunning(#[from] StillRunning),
    #[error("the example server names no development issuer; it printed:\n{0}")]
    NoIssuer(String),
    #[error("there is no token to send")]
    NoToken(#[from] TokenError),
    #[error("a request of the load fails")]
    Load(#[source] io::Error),
    #[error("{url} answered {status}")]
    Refused { url: String, status: String },
}
