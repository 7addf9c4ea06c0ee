use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, header::DATE};

/// GET requests to issuers: redirects are shown, not followed.
pub(super) struct Http(reqwest::Client);

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// More than any key set or metadata document.
const MAX_BYTES: usize = 1024 * 1024;

impl Http {
    pub(super) fn new(timeout: Duration) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .user_agent(concat!("authz-doctor/", env!("CARGO_PKG_VERSION")));
        client.build().map(Self)
    }

    /// The error has all causes: the last one says most.
    pub(super) async fn get(&self, url: &str) -> Result<Answer, String> {
        let mut response = self.0.get(url).send().await.map_err(|it| causes(&it))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|it| causes(&it))? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(format!("the answer is longer than {MAX_BYTES} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body,
        })
    }
}

impl Answer {
    /// The server's clock minus this machine's, in seconds, by the `Date` field.
    pub(super) fn skew(&self) -> Option<i64> {
        let date = httpdate::parse_http_date(self.header(DATE.as_str())?).ok()?;
        let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
        Some(match date.duration_since(SystemTime::now()) {
            Ok(ahead) => seconds(ahead),
            Err(behind) => -seconds(behind.duration()),
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The status, and where a redirect leads.
    pub(super) fn shown(&self) -> String {
        match self.header("location") {
            Some(to) if self.status.is_redirection() => {
                format!("{}, a redirect to {to}", self.status)
            }
            _ => self.status.to_string(),
        }
    }
}

fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
