use std::{
    error::Error,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use authz_core::jwks::ReqwestFetcher;
use http::{HeaderMap, StatusCode, header::DATE};
use url::Url;

use super::{
    report::{Diagnosis, Outcome, Report},
    tls,
};

/// GET requests as a server's: redirects are followed within one origin.
pub(super) struct Http(reqwest::Client);

pub(super) struct FetchedAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// More than any key set or metadata document.
const MAX_BYTES: usize = 1024 * 1024;

/// As many as a server follows.
const MAX_REDIRECTS: usize = 3;

impl Http {
    pub(super) fn new(timeout: Duration, ca_file: Option<&Path>) -> anyhow::Result<Self> {
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .tls_info(true)
            .user_agent(concat!("authz-doctor/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = ca_file {
            let pem =
                fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let bundle = reqwest::Certificate::from_pem_bundle(&pem)
                .with_context(|| format!("{} is not a PEM file of certificates", path.display()))?;
            client = client.tls_certs_merge(bundle);
        }
        Ok(Self(client.build()?))
    }

    /// Returns the same client for the engine.
    pub(super) fn fetcher(&self) -> ReqwestFetcher {
        ReqwestFetcher::from(self.0.clone())
    }

    /// Reports redirects and certificates. The error has all causes: the last one says most.
    pub(super) async fn get(
        &self,
        url: &str,
        report: &mut Report,
    ) -> Result<FetchedAnswer, String> {
        let mut url = Url::parse(url).map_err(|error| format!("{url:?} is not a URL: {error}"))?;
        for _ in 0..=MAX_REDIRECTS {
            let response = match self.0.get(url.clone()).send().await {
                Ok(response) => response,
                Err(error) => return Err(failed(&url, &error, report)),
            };
            tls::accepted(&url, &response, report);
            let answer = read(response).await?;
            let Some(next) = answer.redirect(&url) else {
                return Ok(answer);
            };
            if next.origin() != url.origin() {
                refused(&url, &next, "which is another origin", report);
                return Ok(answer);
            }
            let detail = format!("{url} leads to {next}, which servers follow within one origin");
            report.step("redirect", Outcome::Note, detail);
            url = next;
        }
        refused(&url, &url, "after too many redirects", report);
        Err(format!("more than {MAX_REDIRECTS} redirects in a row"))
    }
}

async fn read(mut response: reqwest::Response) -> Result<FetchedAnswer, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|it| causes(&it))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(format!("the answer is longer than {MAX_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(FetchedAnswer {
        status: response.status(),
        headers: response.headers().clone(),
        body,
    })
}

fn failed(url: &Url, error: &reqwest::Error, report: &mut Report) -> String {
    if let Some(problem) = tls::cause_of(error) {
        tls::refused(url, problem, report);
    }
    causes(error)
}

fn refused(from: &Url, to: &Url, why: &str, report: &mut Report) {
    let detail = format!("{from} leads to {to}, {why}");
    report.step("redirect", Outcome::Bad, detail.clone());
    report.diagnose(
        Diagnosis::RedirectRefused,
        format!("{detail}: servers don't follow that"),
        format!("configure the address that it leads to, {to}, or let {from} answer itself"),
    );
}

impl FetchedAnswer {
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

    fn redirect(&self, from: &Url) -> Option<Url> {
        let location = self
            .header("location")
            .filter(|_| self.status.is_redirection());
        location.and_then(|location| from.join(location).ok())
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
