//! The time during which a verified token is accepted, for responses that outlive a request.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{authorized::Authorized, verified::Verified};
use crate::{clock::since_1970, rejection::Reason, revocation::RevocationStanding, validation};

impl<C: Send + Sync + 'static> Authorized<C> {
    /// Waits until a request with this token would be rejected, and returns the reason:
    ///
    /// - [`Expired`](Reason::Expired): `exp` and the allowed clock skew have passed, by the authorizer's
    ///   clock;
    /// - [`UnknownKey`](Reason::UnknownKey): the issuer has withdrawn the token's key, or is not trusted
    ///   any more;
    /// - [`Revoked`](Reason::Revoked): the token was [revoked](crate::Revocations);
    /// - [`RevocationsUnavailable`](Reason::RevocationsUnavailable): whether it was revoked is unknown.
    ///
    /// It checks once per second, so it notices each of them within a second. The policy is not evaluated
    /// again. Use it with `tokio::select!` to close a WebSocket:
    ///
    /// ```
    /// # use authz_core::Authorized;
    /// # struct Socket;
    /// # impl Socket {
    /// #     async fn receive(&mut self) -> Option<String> { None }
    /// #     async fn send(&mut self, _: String) {}
    /// #     async fn close(self, _: &str) {}
    /// # }
    /// async fn echo(mut socket: Socket, caller: Authorized) {
    ///     let mut expired = std::pin::pin!(caller.expired());
    ///     loop {
    ///         tokio::select! {
    ///             // First of all, so that a busy socket is closed too.
    ///             biased;
    ///             reason = &mut expired => return socket.close(reason.description()).await,
    ///             message = socket.receive() => match message {
    ///                 Some(message) => socket.send(message).await,
    ///                 None => return,
    ///             },
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// The future panics outside of a tokio runtime with timers.
    pub fn expired(&self) -> impl Future<Output = Reason> + Send + Sync + use<C> {
        let caller = self.clone();
        async move {
            loop {
                match caller.verified().remaining().await {
                    Ok(remaining) => tokio::time::sleep(remaining.min(INTERVAL)).await,
                    Err(reason) => return reason,
                }
            }
        }
    }

    /// Ends a stream when the token is not accepted any more, as [`expired`](Self::expired) says, for
    /// server-sent events and other long bodies.
    ///
    /// ```
    /// # use authz_core::Authorized;
    /// # fn example<S: futures_util::Stream<Item = String>>(events: S, caller: Authorized) {
    /// let events = caller.while_valid(events);
    /// # }
    /// ```
    pub fn while_valid<S: Stream>(&self, stream: S) -> WhileValid<S> {
        WhileValid {
            stream,
            expired: Some(Box::pin(self.expired())),
        }
    }
}

pin_project! {
    /// A stream that ends with its caller's token: see [`Authorized::while_valid`].
    #[must_use = "streams do nothing unless polled"]
    pub struct WhileValid<S> {
        #[pin]
        stream: S,
        // `None` once the stream has ended.
        expired: Option<Pin<Box<dyn Future<Output = Reason> + Send + Sync>>>,
    }
}

/// The time between checks. Withdrawn keys and revocations do not notify.
const INTERVAL: Duration = Duration::from_secs(1);

impl<C> Verified<C> {
    /// Returns the time until the token expires, or why it is not accepted any more.
    async fn remaining(&self) -> Result<Duration, Reason> {
        let trusted = &self.trusted;
        let now = since_1970(trusted.api.clock.now());
        if validation::is_expired(self.expires_at, trusted.leeway, now) {
            return Err(Reason::Expired);
        }
        if !self.is_trusted() {
            return Err(Reason::UnknownKey);
        }
        let standing = self.standing();
        #[cfg(feature = "status-list")]
        let standing = match standing {
            RevocationStanding::NeedsList => self.standing_by_newer_list().await,
            known => known,
        };
        match standing {
            RevocationStanding::Good => {}
            RevocationStanding::Revoked(_) => return Err(Reason::Revoked),
            RevocationStanding::Unknown { .. } => return Err(Reason::RevocationsUnavailable),
            #[cfg(feature = "status-list")]
            RevocationStanding::NeedsList => return Err(Reason::RevocationsUnavailable),
        }
        let end = Duration::from_secs(self.expires_at.saturating_add(trusted.leeway));
        Ok(end.saturating_sub(now))
    }
}

impl<S: Stream> Stream for WhileValid<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        // Before the stream, so that one that is always ready ends too.
        let is_over = match this.expired {
            Some(expired) => expired.as_mut().poll(context).is_ready(),
            None => return Poll::Ready(None),
        };
        let next = if is_over {
            None
        } else {
            ready!(this.stream.poll_next(context))
        };
        if next.is_none() {
            *this.expired = None;
        }
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.stream.size_hint().1)
    }
}

impl<S: fmt::Debug> fmt::Debug for WhileValid<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WhileValid")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
