use std::{error::Error, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use reqwest::redirect;

use super::{
    builder_error::{RemoteJwksError, RemoteJwksErrorKind},
    fetcher::{FetchRequest, Fetched, Fetcher, PostRequest},
};
use crate::{
    jwks::fetch_error::FetchError,
    untrusted::{Bounded, ERROR_BYTES},
};

/// A [`Fetcher`] based on [`reqwest`].
///
/// Your own client is used unchanged, with its redirect policy and trust anchors. The limits on
/// bytes and time still apply. For introspection and polls, it must not follow redirects.
#[derive(Clone, Debug)]
pub struct ReqwestFetcher {
    client: reqwest::Client,
    /// Follows no redirects, because a POST carries secrets.
    posting: reqwest::Client,
}

impl ReqwestFetcher {
    /// Maximum number of redirects.
    const MAX_REDIRECTS: usize = 3;

    /// Creates the default client: redirects only within one origin, no cookies, no decompression.
    /// It trusts `certificates` (PEM) in addition to the system's certificate authorities. A second client is
    /// created only if it `posts`.
    pub(super) fn new(
        connect_timeout: Duration,
        direct: bool,
        certificates: &[Vec<u8>],
        posts: bool,
    ) -> Result<Self, RemoteJwksError> {
        let mut roots = Vec::new();
        for pem in certificates {
            let bundle = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| RemoteJwksError::certificates(&transport(error)))?;
            if bundle.is_empty() {
                let problem = "the PEM text has no certificate";
                return Err(RemoteJwksError::certificates(&problem));
            }
            roots.extend(bundle);
        }
        let own_roots = !roots.is_empty();
        let build = |redirects: redirect::Policy| {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("authz/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(connect_timeout)
                .redirect(redirects);
            if direct {
                builder = builder.no_proxy();
            }
            if own_roots {
                builder = builder.tls_certs_merge(roots.clone());
            }
            builder.build().map_err(|error| match own_roots {
                true => RemoteJwksError::certificates(&transport(error)),
                false => RemoteJwksError::new(
                    RemoteJwksErrorKind::Client,
                    format!("the HTTP client could not be created: {}", transport(error)),
                ),
            })
        };
        let client = build(redirect::Policy::custom(same_origin))?;
        let posting = match posts {
            true => build(redirect::Policy::none())?,
            false => client.clone(),
        };
        Ok(Self { client, posting })
    }
}

impl From<reqwest::Client> for ReqwestFetcher {
    fn from(client: reqwest::Client) -> Self {
        let posting = client.clone();
        Self { client, posting }
    }
}

#[async_trait]
impl Fetcher for ReqwestFetcher {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let get = self.client.get(request.url.clone());
        let response = get.headers(request.headers.clone()).send().await;
        read(response.map_err(transport)?, request.max_bytes).await
    }

    async fn post(&self, request: PostRequest<'_>) -> Result<Fetched, FetchError> {
        let response = self
            .posting
            .post(request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send()
            .await
            .map_err(transport)?;
        // The application's own client may follow redirects. Its first request then shows it.
        if response.url() != request.url {
            return Err(FetchError::redirect(
                "configure the HTTP client not to follow redirects",
            ));
        }
        read(response, request.max_bytes).await
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Fetched, FetchError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body: body.freeze(),
    })
}

/// Follows redirects only within the first origin. Another origin could replace the keys, or be an
/// internal address (server-side request forgery).
fn same_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let Some(first) = attempt.previous().first() else {
        return attempt.stop();
    };
    if attempt.previous().len() > ReqwestFetcher::MAX_REDIRECTS {
        let limit = ReqwestFetcher::MAX_REDIRECTS;
        return attempt.error(RefusedRedirect(format!("more than {limit} in a row")));
    }
    if attempt.url().origin() == first.origin() {
        return attempt.follow();
    }
    let to = attempt.url().origin().ascii_serialization();
    attempt.error(RefusedRedirect(format!("it leads to another origin, {to}")))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct RefusedRedirect(String);

fn transport(error: reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(RefusedRedirect(reason)) = error.downcast_ref() {
            return FetchError::redirect(reason);
        }
        cause = error.source();
    }
    FetchError::transport(Chain(error.without_url()))
}

/// Adds the causes to reqwest's message, because an operator needs them.
#[derive(Debug)]
struct Chain(reqwest::Error);

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A cause may quote the server, for example the names in its certificate.
        write!(f, "{}", Bounded(&self.0, ERROR_BYTES))?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {}", Bounded(error, ERROR_BYTES))?;
            source = error.source();
        }
        Ok(())
    }
}

impl Error for Chain {}
