//! What the programs call.

use std::{collections::BTreeMap, net::SocketAddr};

use authz_axum::{Authorizer, Issuer, RequireExt as _, scope};
use authz_testkit::DevIssuer;
use axum::{Router, extract::Request, routing::get};
use http::header::AUTHORIZATION;
use http_body_util::BodyExt as _;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

/// Starts an API that accepts the tokens of `issuer`, and returns its address.
pub(crate) async fn api(issuer: &DevIssuer) -> SocketAddr {
    let authorizer = Authorizer::builder()
        .issuer(Issuer::new(issuer.issuer()).audience(issuer.audience()))
        .build()
        .unwrap();
    let private = get(async || "for readers only");
    let private = private.layer(authorizer.require(scope("read:messages")));
    serve(Router::new().route("/api/private", private)).await
}

/// A server that takes down what it receives and answers 200.
pub(crate) struct Recorder {
    address: SocketAddr,
    received: UnboundedReceiver<(String, String, Vec<u8>)>,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let (record, received) = unbounded_channel();
        let app = Router::new().fallback(async move |request: Request| {
            let (head, body) = request.into_parts();
            let authorization = head.headers.get(AUTHORIZATION);
            let authorization = authorization.map_or(&[][..], |it| it.as_bytes());
            let authorization = String::from_utf8_lossy(authorization).into_owned();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            record
                .send((head.uri.to_string(), authorization, body))
                .unwrap();
        });
        let address = serve(app).await;
        Self { address, received }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the form of the next request.
    pub(crate) fn form(&mut self) -> BTreeMap<String, String> {
        let (_, _, body) = self.received.try_recv().expect("there was a request");
        let body = String::from_utf8(body).expect("a form is text");
        let form = reqwest::Url::parse(&format!("http://localhost/?{body}")).unwrap();
        form.query_pairs().into_owned().collect()
    }

    /// Returns the path and the `Authorization` field of the next request.
    pub(crate) fn call(&mut self) -> (String, String) {
        let (path, authorization, _) = self.received.try_recv().expect("there was a request");
        (path, authorization)
    }
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
