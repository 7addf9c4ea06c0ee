//! From the signal to the end: requests in flight are finished, within bounds.

use std::{future::Future, io, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};

/// How long requests may go on after the signal. Kubernetes kills after 30 s unless told otherwise:
/// this leaves time to say so in the log.
pub(crate) const GRACE: Duration = Duration::from_secs(25);

/// Resolves when the server should finish its requests and end, as the frameworks' graceful
/// shutdown expects.
pub type Shutdown = BoxFuture<'static, ()>;

/// Serves until the server ends by itself or a signal comes, and then for [`GRACE`] at most. A
/// second signal ends it at once.
pub(crate) async fn supervise<S>(
    serve: impl FnOnce(Shutdown) -> S,
    mut signals: mpsc::Receiver<&'static str>,
) -> io::Result<()>
where
    S: Future<Output = io::Result<()>>,
{
    let (shut_down, shutdown) = oneshot::channel();
    let mut serving = std::pin::pin!(serve(shutdown.map(drop).boxed()));
    let signal = tokio::select! {
        ended = &mut serving => return ended,
        Some(signal) = signals.recv() => signal,
    };
    tracing::info!(signal, "stopping: requests in flight are finished");
    // Nobody listens only where the server is ending anyway.
    let _ = shut_down.send(());
    tokio::select! {
        ended = &mut serving => ended,
        () = tokio::time::sleep(GRACE) => {
            tracing::warn!(seconds = GRACE.as_secs(), "requests are still in flight: cut off");
            Ok(())
        }
        Some(signal) = signals.recv() => {
            tracing::warn!(signal, "requests in flight are cut off");
            Ok(())
        }
    }
}

/// The signals that ask the server to end, from now on.
pub(crate) fn signals() -> io::Result<mpsc::Receiver<&'static str>> {
    let (sender, receiver) = mpsc::channel(2);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        for (kind, name) in [
            (SignalKind::interrupt(), "SIGINT"),
            (SignalKind::terminate(), "SIGTERM"),
        ] {
            let mut signal = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while signal.recv().await.is_some() && sender.send(name).await.is_ok() {}
            });
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && sender.send("Ctrl-C").await.is_ok() {}
    });
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_in_flight_are_not_waited_for_for_ever() {
        let (signal, signals) = mpsc::channel(2);
        signal.send("SIGTERM").await.unwrap();
        let begin = Instant::now();
        supervise(|_| pending(), signals).await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), GRACE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn and_not_after_a_second_signal() {
        let (signal, signals) = mpsc::channel(2);
        signal.send("SIGINT").await.unwrap();
        signal.send("SIGINT").await.unwrap();
        let begin = Instant::now();
        supervise(|_| pending(), signals).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_server_that_fails_ends() {
        let (_signal, signals) = mpsc::channel(2);
        let serve = async |_: Shutdown| Err(io::Error::other("broken"));
        assert!(supervise(serve, signals).await.is_err());
    }
}
