use std::net::SocketAddr;

use tonic::{
    Request, Status,
    client::Grpc,
    codegen::{http::uri::PathAndQuery, tokio_stream},
    metadata::MetadataValue,
    transport::Channel,
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_prost::ProstCodec;

type Codec = ProstCodec<String, String>;

/// A client of [`Messages`](crate::Messages) and of the health service, with a token or without.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    token: Option<String>,
}

impl Client {
    /// Connects to a server.
    ///
    /// # Panics
    ///
    /// When nothing listens there.
    pub async fn connect(server: SocketAddr) -> Self {
        let channel = Channel::from_shared(format!("http://{server}")).expect("is an address");
        Self {
            channel: channel.connect().await.expect("the server listens"),
            token: None,
        }
    }

    /// The same client, with a token for each call.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            channel: self.channel.clone(),
            token: Some(token.into()),
        }
    }

    /// Calls a unary method of `messages.v1.Messages`.
    ///
    /// # Errors
    ///
    /// The status of the response.
    pub async fn unary(&self, method: &str) -> Result<String, Status> {
        let request = self.request(String::new());
        let mut client = self.ready().await;
        let answer = client.unary(request, path(method), Codec::default());
        Ok(answer.await?.into_inner())
    }

    /// Calls a method that responds with a stream.
    ///
    /// # Errors
    ///
    /// The status of the response.
    pub async fn server_streaming(&self, method: &str) -> Result<Option<String>, Status> {
        let request = self.request(String::new());
        let mut client = self.ready().await;
        let answer = client.server_streaming(request, path(method), Codec::default());
        answer.await?.into_inner().message().await
    }

    /// Calls a method with a stream that does not end before the response.
    ///
    /// # Errors
    ///
    /// The status of the response.
    pub async fn client_streaming(&self, method: &str) -> Result<String, Status> {
        let request = self.request(tokio_stream::pending::<String>());
        let mut client = self.ready().await;
        let answer = client.client_streaming(request, path(method), Codec::default());
        Ok(answer.await?.into_inner())
    }

    /// Asks the health service.
    ///
    /// # Errors
    ///
    /// The status of the response.
    pub async fn health(&self) -> Result<(), Status> {
        let mut client = HealthClient::new(self.channel.clone());
        let service = String::new();
        let answer = client.check(self.request(HealthCheckRequest { service }));
        answer.await.map(drop)
    }

    async fn ready(&self) -> Grpc<Channel> {
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.expect("the server listens");
        client
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let value = MetadataValue::try_from(format!("Bearer {token}"));
            let value = value.expect("a token is visible ASCII");
            request.metadata_mut().insert("authorization", value);
        }
        request
    }
}

fn path(method: &str) -> PathAndQuery {
    let path = format!("/messages.v1.Messages/{method}");
    path.parse().expect("is a path")
}
