//! Graceful shutdown: finishes the requests in flight, within a time limit.

use std::{io, pin::pin, task::Poll, time::Duration};

use futures_util::{FutureExt as _, Stream, StreamExt as _, future::BoxFuture, stream};
use tokio::sync::oneshot;

/// Maximum time to finish requests after the signal. Kubernetes kills after 30 s by default, which leaves
/// time for the log.
pub(crate) const GRACE: Duration = Duration::from_secs(25);

/// Resolves when the server should finish its requests and end, as the frameworks' graceful
/// shutdown expects.
pub type Shutdown = BoxFuture<'static, ()>;

/// Serves until the server ends by itself or a signal arrives, and then for at most [`GRACE`]. A second
/// signal ends it immediately.
pub(crate) async fn supervise(
    serve: impl AsyncFnOnce(Shutdown) -> io::Result<()>,
    signals: impl Stream<Item = &'static str>,
) -> io::Result<()> {
    let (shut_down, shutdown) = oneshot::channel();
    let mut signals = pin!(signals);
    let mut serving = pin!(serve(shutdown.map(drop).boxed()));
    let signal = tokio::select! {
        ended = &mut serving => return ended,
        Some(signal) = signals.next() => signal,
    };
    tracing::info!(signal, "stopping: requests in flight are finished");
    // The receiver is gone only if the server is ending anyway.
    let _ = shut_down.send(());
    tokio::select! {
        ended = &mut serving => return ended,
        () = tokio::time::sleep(GRACE) => {
            tracing::warn!(seconds = GRACE.as_secs(), "requests are still in flight: cut off");
        }
        Some(signal) = signals.next() => tracing::warn!(signal, "requests in flight are cut off"),
    }
    Ok(())
}

/// Returns the future signals to end the server.
#[cfg(unix)]
pub(crate) fn signals() -> io::Result<impl Stream<Item = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(stream::poll_fn(move |context| {
        if interrupt.poll_recv(context).is_ready() {
            return Poll::Ready(Some("SIGINT"));
        }
        terminate.poll_recv(context).map(|_| Some("SIGTERM"))
    }))
}

#[cfg(not(unix))]
pub(crate) fn signals() -> io::Result<impl Stream<Item = &'static str>> {
    Ok(stream::unfold((), async |()| {
        tokio::signal::ctrl_c().await.ok()?;
        Some(("Ctrl-C", ()))
    }))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_in_flight_have_until_the_second_signal_and_not_for_ever() {
        for (signals, seconds) in [
            (&["SIGTERM"][..], GRACE.as_secs()),
            (&["SIGINT", "SIGINT"], 0),
        ] {
            let begin = Instant::now();
            let signals = stream::iter(signals.iter().copied()).chain(stream::pending());
            supervise(async |_| pending().await, signals).await.unwrap();
            assert_eq!(begin.elapsed().as_secs(), seconds);
        }
    }

    #[tokio::test]
    async fn a_server_that_fails_ends() {
        let serve = async |_: Shutdown| Err(io::Error::other("broken"));
        assert!(supervise(serve, stream::pending()).await.is_err());
    }
}
