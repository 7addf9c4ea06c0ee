use std::{fmt, sync::Arc};

use redis::{Cmd, FromRedisValue};

use crate::{
    error::ValkeyError,
    link::{Link, Up},
};

/// A store that several servers share. Clones share one connection.
///
/// The connection is made in the background, and again whenever it is lost. Meanwhile commands fail. A
/// command is sent once, never again: what needs the store gets 503 until it is reachable.
///
/// ```
/// use authz_core::DpopProofs;
/// use authz_valkey::Valkey;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let valkey = Valkey::connect("redis://store.internal")?;
/// let proofs = DpopProofs::for_public_url("https://api.example").replay_store(valkey);
/// # drop(proofs);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Valkey {
    link: Arc<Link>,
    prefix: Arc<str>,
}

impl Valkey {
    pub(crate) fn new(link: Arc<Link>, prefix: &str) -> Self {
        Self {
            link,
            prefix: prefix.into(),
        }
    }

    /// Returns the key of an entry.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ValkeyError> {
        self.link.query(command).await
    }

    /// Returns the connection for [`query_on`](Self::query_on).
    pub(crate) async fn connected(&self) -> Result<Up, ValkeyError> {
        self.link.connected().await
    }

    pub(crate) async fn query_on<T: FromRedisValue>(
        &self,
        up: &Up,
        command: &Cmd,
    ) -> Result<T, ValkeyError> {
        self.link.query_on(up, command).await
    }
}

impl fmt::Debug for Valkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Valkey").field(&self.link.name()).finish()
    }
}
