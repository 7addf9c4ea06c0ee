//! Signals, for one child process at a time.

use std::{io, process::Child};

/// The two signals on which a server ends in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// `SIGTERM`, as service managers and container runtimes send it.
    Terminate,
    /// `SIGINT`, as Ctrl-C sends it.
    Interrupt,
}

#[cfg(unix)]
pub(super) fn send_signal(child: &Child, signal: Signal) -> io::Result<()> {
    use nix::{sys::signal, unistd::Pid};

    // The id cannot belong to another process: the child has not been waited for, since that
    // takes it by `&mut`.
    let id = i32::try_from(child.id()).map_err(io::Error::other)?;
    let signal = match signal {
        Signal::Terminate => signal::SIGTERM,
        Signal::Interrupt => signal::SIGINT,
    };
    Ok(signal::kill(Pid::from_raw(id), signal)?)
}

#[cfg(not(unix))]
pub(super) fn send_signal(_: &Child, _: Signal) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
