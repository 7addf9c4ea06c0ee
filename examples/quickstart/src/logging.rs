use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Logs to stderr: stdout is for what the server has to say to the one who started it.
pub(crate) fn init(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}
