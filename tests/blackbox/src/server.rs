//! A server program under observation.

mod launch;
mod lines;
mod processor_time;
mod signal;

use std::{
    net::SocketAddr,
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

pub use self::{
    launch::{CONFIGURATION, Launch, RunError, StartError},
    signal::Signal,
};
use self::{lines::Lines, processor_time::processor_time, signal::send_signal};

/// A running server; killed when dropped, so that no test leaves a process behind.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Child,
    address: SocketAddr,
    stdout: Lines,
    stderr: Lines,
}

impl Server {
    /// The name given to [`Launch`], for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The processor time of all threads of the server since its start; `None` outside Linux.
    #[must_use]
    pub fn processor_time(&self) -> Option<Duration> {
        processor_time(self.child.id())
    }

    /// The address from the `listening on` line.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything printed to stdout until now.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Everything printed to stderr until now.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// The first line of stdout that contains `needle`, waiting for it if it is not there yet.
    #[must_use]
    pub fn stdout_line(&self, needle: &str, timeout: Duration) -> Option<String> {
        self.stdout.wait_for(|line| line.contains(needle), timeout)
    }

    /// The first line of stderr that contains `needle`, waiting for it if it is not there yet.
    #[must_use]
    pub fn stderr_line(&self, needle: &str, timeout: Duration) -> Option<String> {
        self.stderr.wait_for(|line| line.contains(needle), timeout)
    }

    /// The lines printed to stderr until now, without the first `seen`.
    #[must_use]
    pub fn stderr_lines(&self, seen: usize) -> Vec<String> {
        self.stderr.after(seen)
    }

    /// Waits until so many lines have been printed to stderr since the start, or `timeout` passes.
    pub fn wait_for_stderr_lines(&self, count: usize, timeout: Duration) {
        self.stderr.wait_for_count(count, timeout);
    }

    /// Whether the server has closed its output: it has ended, or is about to.
    #[must_use]
    pub fn stdout_ended(&self) -> bool {
        self.stdout.ended()
    }

    /// Sends a signal to this process and no other.
    ///
    /// # Errors
    ///
    /// When the operating system refuses, for example because the process has ended.
    pub fn signal(&self, signal: Signal) -> std::io::Result<()> {
        send_signal(&self.child, signal)
    }

    /// Waits until the server has ended by itself.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] when it has not within `timeout`; it is killed then.
    pub fn wait(mut self, timeout: Duration) -> Result<Exit, StillRunning> {
        match wait_for_end(&mut self.child, &self.stdout, &self.stderr, timeout) {
            Some(status) => Ok(Exit {
                status,
                stdout: self.stdout.text(),
                stderr: self.stderr.text(),
            }),
            None => Err(StillRunning {
                name: self.name.clone(),
                waited: timeout,
            }),
        }
    }

    /// Asks the server to end with `SIGTERM`, then waits for it.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] when it has not ended within `timeout`; it is killed then.
    pub fn stop(self, timeout: Duration) -> Result<Exit, StillRunning> {
        // A refusal means that it has ended already: `wait` tells.
        let _ = self.signal(Signal::Terminate);
        self.wait(timeout)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only for a process that has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended and all that it printed.
#[derive(Debug)]
pub struct Exit {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Exit {
    /// The exit code; `None` when a signal ended the program.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Whether the program exited with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Everything printed to stdout.
    #[must_use]
    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    /// Everything printed to stderr.
    #[must_use]
    pub fn stderr(&self) -> &str {
        &self.stderr
    }
}

/// A server that did not end in time.
#[derive(Debug, thiserror::Error)]
#[error("{name} was still running after {} s and was killed", .waited.as_secs())]
pub struct StillRunning {
    name: String,
    waited: Duration,
}

/// The status of a child that ended within `timeout`.
///
/// A process that ends closes its output, which wakes the reader of [`Lines`]: that is what this
/// waits for. Only the few instructions between the closing and the end are polled.
fn wait_for_end(
    child: &mut Child,
    stdout: &Lines,
    stderr: &Lines,
    timeout: Duration,
) -> Option<ExitStatus> {
    let deadline = Instant::now() + timeout;
    let left = || deadline.saturating_duration_since(Instant::now());
    if !(stdout.wait_for_end(left()) && stderr.wait_for_end(left())) {
        return None;
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if !left().is_zero() => std::thread::park_timeout(Duration::from_millis(2)),
            Ok(None) | Err(_) => return None,
        }
    }
}
