use std::fmt::Display;

#[cfg(feature = "cluster")]
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue,
    IntoConnectionInfo, RedisError, RedisResult, ServerErrorKind, aio::MultiplexedConnection,
};

use crate::error::{ValkeyError, ValkeyErrorKind};

/// Where the store is.
pub(crate) enum Target {
    Server(Box<Client>),
    #[cfg(feature = "cluster")]
    Cluster(Box<redis::cluster::ClusterClient>),
    /// Asks for the primary's address with each new connection.
    #[cfg(feature = "sentinel")]
    Sentinel(Box<tokio::sync::Mutex<redis::sentinel::SentinelClient>>),
}

/// A connection that commands share.
#[derive(Clone)]
pub(crate) enum StoreConnection {
    Server(MultiplexedConnection),
    #[cfg(feature = "cluster")]
    Cluster(ClusterConnection),
}

impl Target {
    /// Parses addresses. The name is that of the log, without user and password.
    pub(crate) fn parse(urls: &[String]) -> Result<(Vec<ConnectionInfo>, String), ValkeyError> {
        let servers = urls.iter().map(|url| {
            let server = url.as_str().into_connection_info().map_err(invalid)?;
            match server.addr() {
                ConnectionAddr::TcpTls { insecure: true, .. } => Err(invalid(
                    "#insecure accepts every certificate: remove it, and pass your authority to ca_pem",
                )),
                address if !address.is_supported() => Err(invalid("rediss:// needs the feature `tls`")),
                #[cfg(feature = "tls")]
                ConnectionAddr::TcpTls { .. } => choose_crypto_provider(),
                _ => Ok(()),
            }?;
            Ok(server)
        });
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(invalid("there is none"));
        }
        let names: Vec<_> = servers.iter().map(|it| it.addr().to_string()).collect();
        Ok((servers, names.join(", ")))
    }

    pub(crate) async fn connect(&self) -> RedisResult<StoreConnection> {
        // The link has its own time limits. A longer queue costs little and never blocks.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024);
        match self {
            Self::Server(client) => {
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                connection.await.map(StoreConnection::Server)
            }
            #[cfg(feature = "cluster")]
            Self::Cluster(client) => client
                .get_async_connection()
                .await
                .map(StoreConnection::Cluster),
            #[cfg(feature = "sentinel")]
            Self::Sentinel(client) => {
                let mut client = client.lock().await;
                let connection = client.get_async_connection_with_config(&config);
                connection.await.map(StoreConnection::Server)
            }
        }
    }
}

impl StoreConnection {
    pub(crate) async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(connection) => command.query_async(connection).await,
            #[cfg(feature = "cluster")]
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// Returns `true` if this connection is of no use after `error`.
    pub(crate) fn is_lost_after(error: &RedisError) -> bool {
        // A primary that has become a replica: its successor has another address or connection.
        let is_demoted = matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        );
        is_demoted || error.is_io_error() || error.is_unrecoverable_error()
    }

    /// Returns `true` if the client replaces the connections of its nodes itself.
    pub(crate) const fn is_cluster(&self) -> bool {
        match self {
            Self::Server(_) => false,
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => true,
        }
    }
}

pub(crate) fn invalid(problem: impl Display) -> ValkeyError {
    let message = format!("the address of the store is invalid: {problem}");
    ValkeyError::new(ValkeyErrorKind::Address, message)
}

/// rustls panics if it can't choose a provider. The application's choice has precedence.
#[cfg(feature = "tls")]
fn choose_crypto_provider() -> Result<(), ValkeyError> {
    use rustls::crypto::CryptoProvider;
    #[cfg(feature = "aws-lc-rs")]
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let chosen = CryptoProvider::get_default();
    chosen.map(drop).ok_or_else(|| {
        invalid("rediss:// needs a CryptoProvider of rustls: install one, or enable the feature `aws-lc-rs`")
    })
}
