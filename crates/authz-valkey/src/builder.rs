use std::{fmt, time::Duration};

use redis::{Client, ConnectionInfo};
use tokio::runtime::Handle;

use crate::{
    error::{ValkeyError, ValkeyErrorKind},
    link::Link,
    target::{Target, invalid},
    valkey::Valkey,
};

/// Settings of a connection to a store.
#[must_use]
pub struct ValkeyBuilder {
    urls: Vec<String>,
    topology: Topology,
    time_limit: Duration,
    prefix: String,
    #[cfg(feature = "tls")]
    ca_pem: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Topology {
    Server,
    #[cfg(feature = "cluster")]
    Cluster,
    /// The name of the primary.
    #[cfg(feature = "sentinel")]
    Sentinel(String),
}

impl Valkey {
    /// Connects to the server at `url` with default settings: `redis://`, or `rediss://` for TLS, then
    /// `user:password@` if needed, the host, and optionally `:port/database`.
    ///
    /// It returns at once. A store that is unreachable is not an error: the connection is made as soon as
    /// possible.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is invalid, or outside of a tokio runtime.
    pub fn connect(url: &str) -> Result<Self, ValkeyError> {
        Self::builder(url).connect()
    }

    /// Creates a builder for the server at `url`.
    pub fn builder(url: &str) -> ValkeyBuilder {
        ValkeyBuilder::new([url], Topology::Server)
    }

    /// Creates a builder for the cluster that the servers at `urls` belong to.
    ///
    /// A command that a node redirects fails once, and the next one finds the right node.
    #[cfg(feature = "cluster")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cluster")))]
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> ValkeyBuilder {
        ValkeyBuilder::new(urls, Topology::Cluster)
    }

    /// Creates a builder for the primary that the Sentinels at `urls` call `name`.
    ///
    /// The scheme, user, password and database of the first address apply to the primary, user and password
    /// also to the Sentinels.
    #[cfg(feature = "sentinel")]
    #[cfg_attr(docsrs, doc(cfg(feature = "sentinel")))]
    pub fn sentinel<'a>(
        name: impl Into<String>,
        urls: impl IntoIterator<Item = &'a str>,
    ) -> ValkeyBuilder {
        ValkeyBuilder::new(urls, Topology::Sentinel(name.into()))
    }
}

impl ValkeyBuilder {
    fn new<'a>(urls: impl IntoIterator<Item = &'a str>, topology: Topology) -> Self {
        Self {
            urls: urls.into_iter().map(str::to_owned).collect(),
            topology,
            time_limit: Duration::from_millis(500),
            prefix: "authz".to_owned(),
            #[cfg(feature = "tls")]
            ca_pem: None,
        }
    }

    /// Sets how long a command may take, which includes waiting for the first connection. Default: 500 ms.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets what keys in the store begin with. Default: `authz`. All servers of one API need the same.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Trusts the certificate authorities in `pem`, and no others, for `rediss://`. Default: those of the
    /// operating system.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Starts connecting, as [`Valkey::connect`] does.
    ///
    /// # Errors
    ///
    /// Returns an error if an address is invalid, or outside of a tokio runtime.
    pub fn connect(self) -> Result<Valkey, ValkeyError> {
        let (servers, name) = Target::parse(&self.urls)?;
        let target = self.target(servers)?;
        if Handle::try_current().is_err() {
            let problem = "connect to the store inside a tokio runtime";
            return Err(ValkeyError::new(ValkeyErrorKind::NoRuntime, problem));
        }
        let link = Link::start(target, name, self.time_limit);
        Ok(Valkey::new(link, &self.prefix))
    }

    fn target(&self, servers: Vec<ConnectionInfo>) -> Result<Target, ValkeyError> {
        match &self.topology {
            Topology::Server => {
                let server = servers
                    .into_iter()
                    .next()
                    .ok_or_else(|| invalid("there is none"))?;
                let server_target = |client| Target::Server(Box::new(client));
                #[cfg(feature = "tls")]
                if let Some(ca_pem) = &self.ca_pem {
                    let client = Client::build_with_tls(server, tls::certificates(ca_pem));
                    return client.map(server_target).map_err(invalid);
                }
                Client::open(server).map(server_target).map_err(invalid)
            }
            #[cfg(feature = "cluster")]
            Topology::Cluster => self.cluster(servers),
            #[cfg(feature = "sentinel")]
            Topology::Sentinel(name) => self.sentinel(name, &servers),
        }
    }

    #[cfg(feature = "cluster")]
    fn cluster(&self, servers: Vec<ConnectionInfo>) -> Result<Target, ValkeyError> {
        // A repeated SET NX would find the entry of the first one.
        let builder = redis::cluster::ClusterClient::builder(servers)
            .retries(0)
            .connection_timeout(self.time_limit * 2)
            .response_timeout(self.time_limit);
        #[cfg(feature = "tls")]
        let builder = match &self.ca_pem {
            Some(ca_pem) => builder.certs(tls::certificates(ca_pem)),
            None => builder,
        };
        let client = builder.build().map_err(invalid)?;
        Ok(Target::Cluster(Box::new(client)))
    }

    #[cfg(feature = "sentinel")]
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unused_self, reason = "its authority is for TLS")
    )]
    fn sentinel(&self, name: &str, servers: &[ConnectionInfo]) -> Result<Target, ValkeyError> {
        use redis::{
            ConnectionAddr, TlsMode,
            sentinel::{SentinelClientBuilder, SentinelServerType},
        };
        let first = servers.first().ok_or_else(|| invalid("there is none"))?;
        let is_tls = matches!(first.addr(), ConnectionAddr::TcpTls { .. });
        let settings = first.redis_settings().clone();
        let addresses: Vec<_> = servers.iter().map(|it| it.addr().clone()).collect();
        let builder = SentinelClientBuilder::new(addresses, name, SentinelServerType::Master);
        let mut builder = builder.map_err(invalid)?;
        builder = builder.set_client_to_redis_db(settings.db());
        if is_tls {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        if let Some(user) = settings.username() {
            builder = builder
                .set_client_to_redis_username(user)
                .set_client_to_sentinel_username(user);
        }
        if let Some(password) = settings.password() {
            builder = builder
                .set_client_to_redis_password(password)
                .set_client_to_sentinel_password(password);
        }
        #[cfg(feature = "tls")]
        if let Some(ca_pem) = &self.ca_pem {
            builder = builder
                .set_client_to_redis_certificates(tls::certificates(ca_pem))
                .set_client_to_sentinel_certificates(tls::certificates(ca_pem));
        }
        let client = builder.build().map_err(invalid)?;
        Ok(Target::Sentinel(Box::new(tokio::sync::Mutex::new(client))))
    }
}

impl fmt::Debug for ValkeyBuilder {
    /// Leaves out the addresses, which may have passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyBuilder")
            .field("topology", &self.topology)
            .field("time_limit", &self.time_limit)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "tls")]
mod tls {
    use redis::TlsCertificates;

    pub(super) fn certificates(ca_pem: &[u8]) -> TlsCertificates {
        TlsCertificates {
            client_tls: None,
            root_cert: Some(ca_pem.to_vec()),
        }
    }
}
