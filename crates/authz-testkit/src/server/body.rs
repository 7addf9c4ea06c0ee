use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// A response body, complete or failing.
#[derive(Debug)]
pub(crate) enum Body {
    Full(Bytes),
    /// These bytes, then an error.
    Cut(Bytes),
    /// An error at the next poll.
    BreakOff,
    /// No bytes and no end.
    Stalled,
    /// These bytes, one at a time.
    Drip(Bytes, Pin<Box<Sleep>>),
    /// The first bytes, then the second bytes repeatedly.
    Endless(Bytes, Bytes),
    /// Bytes as they come, until the sender is dropped.
    #[cfg(feature = "dashboard")]
    Stream(tokio::sync::mpsc::Receiver<Bytes>),
}

impl Body {
    pub(crate) fn drip(bytes: Bytes) -> Self {
        Self::Drip(bytes, Box::pin(sleep(DRIP)))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let data = match &mut *self {
            #[cfg(feature = "dashboard")]
            Self::Stream(receiver) => match ready!(receiver.poll_recv(cx)) {
                Some(bytes) => bytes,
                None => return Poll::Ready(None),
            },
            Self::Full(rest) if rest.is_empty() => return Poll::Ready(None),
            Self::Cut(rest) if rest.is_empty() => {
                // hyper discards buffered bytes when a body fails, and flushes them when it is pending.
                *self = Self::BreakOff;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Self::BreakOff => return Poll::Ready(Some(Err(BrokenOff))),
            Self::Drip(rest, _) if rest.is_empty() => return Poll::Ready(None),
            Self::Full(rest) | Self::Cut(rest) => std::mem::take(rest),
            Self::Stalled => return Poll::Pending,
            Self::Drip(rest, pause) => {
                ready!(pause.as_mut().poll(cx));
                pause.set(sleep(DRIP));
                rest.split_to(1)
            }
            Self::Endless(first, again) if first.is_empty() => again.clone(),
            Self::Endless(first, _) => std::mem::take(first),
        };
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(rest) if rest.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}

/// The error that makes hyper close the connection within a body.
#[derive(Debug, thiserror::Error)]
#[error("a fault cuts the body off here")]
pub(crate) struct BrokenOff;

const DRIP: Duration = Duration::from_millis(50);
