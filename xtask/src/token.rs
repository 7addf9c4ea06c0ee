//! `cargo xtask token`: an access token from a running development issuer.
//!
//! The same two requests that any client makes: the issuer's discovery document (OpenID Connect
//! Discovery 1.0 section 4) names the token endpoint, and the client credentials grant (RFC 6749
//! section 4.4) gets the token there.

use std::process::ExitCode;

use anstream::println;
use blackbox::http::{HttpError, Request, Response, split_url};
use serde_json::Value;

/// Where the demo's development issuer listens.
pub(crate) const ISSUER: &str = "http://127.0.0.1:3011/";
/// The API that the development issuer's tokens are for.
pub(crate) const AUDIENCE: &str = "https://quickstart.example/api";

/// Get an access token from a running development issuer
///
/// Prints the token alone, so that it fits into a command line:
///
///   curl -H "Authorization: Bearer $(cargo xtask token --scope read:messages)" http://127.0.0.1:3010/api/private
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Command {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    subject: Subject,
}

/// What every token has.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Scopes, separated by spaces; may be given several times. None: a token without scope
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// The issuer's URL; the default is where `cargo xtask demo` starts one
    #[arg(long, value_name = "URL", env = "AUTHZ_ISSUER", default_value = ISSUER)]
    pub(crate) issuer: String,
    /// The API that the token is for
    #[arg(long, value_name = "URI", env = "AUTHZ_AUDIENCE", default_value = AUDIENCE)]
    pub(crate) audience: String,
    /// How long the token is good for; the issuer's choice when not given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) expires_in: Option<u64>,
    /// The client that asks; the development issuer accepts any
    #[arg(long, value_name = "ID", default_value = "cargo-xtask")]
    pub(crate) client_id: String,
}

/// What the issuer knows of whom the token is about.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Subject {
    /// The organization that the token is for: its claim org_id
    #[arg(long, value_name = "ORG")]
    pub(crate) organization: Option<String>,
    /// Roles, separated by spaces; may be given several times
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,
}

pub(crate) fn run(Command { options, subject }: &Command) -> Result<ExitCode, TokenError> {
    println!("{}", fetch_about(subject, options)?);
    Ok(ExitCode::SUCCESS)
}

/// Asks the issuer for a token.
pub(crate) fn fetch(options: &Options) -> Result<String, TokenError> {
    fetch_about(&Subject::default(), options)
}

/// Asks the issuer for a token about somebody of whom it knows more.
pub(crate) fn fetch_about(subject: &Subject, options: &Options) -> Result<String, TokenError> {
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        options.issuer.trim_end_matches('/')
    );
    let document = json(&discovery, &get(&discovery)?)?;
    let endpoint = member(&discovery, &document, "token_endpoint")?;

    // Servers take several audiences, separated by commas; a token is for one API.
    let audience = options.audience.split(',').next().unwrap_or_default();
    let mut body = serde_json::json!({
        "grant_type": "client_credentials",
        "client_id": options.client_id,
        "client_secret": "any",
        "audience": audience.trim(),
    });
    if !options.scope.is_empty() {
        body["scope"] = options.scope.join(" ").into();
    }
    if let Some(organization) = &subject.organization {
        body["organization"] = organization.as_str().into();
    }
    if !subject.role.is_empty() {
        body["roles"] = subject.role.join(" ").into();
    }
    if let Some(seconds) = options.expires_in {
        body["expires_in"] = seconds.into();
    }
    let (address, path) = split_url(&endpoint)?;
    let answer = Request::post(path)
        .json(body.to_string())
        .send(address)
        .map_err(|source| TokenError::Unreachable {
            url: endpoint.clone(),
            source,
        })?;
    let answer = json(&endpoint, &answer)?;
    member(&endpoint, &answer, "access_token")
}

fn get(url: &str) -> Result<Response, TokenError> {
    let (address, path) = split_url(url)?;
    let unreachable = |source| TokenError::Unreachable {
        url: url.to_owned(),
        source,
    };
    Request::get(path).send(address).map_err(unreachable)
}

fn json(url: &str, answer: &Response) -> Result<Value, TokenError> {
    let text = answer.text();
    if answer.status() != 200 {
        return Err(TokenError::Refused {
            url: url.to_owned(),
            status: answer.status(),
            body: text,
        });
    }
    serde_json::from_str(&text).map_err(|source| TokenError::NotJson {
        url: url.to_owned(),
        source,
    })
}

fn member(url: &str, document: &Value, name: &'static str) -> Result<String, TokenError> {
    let value = document[name].as_str().map(str::to_owned);
    value.ok_or_else(|| TokenError::NoMember {
        url: url.to_owned(),
        name,
    })
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TokenError {
    #[error(
        "no development issuer answers at {url}; start one with `cargo xtask demo`, or name the \
         issuer that is running with --issuer or AUTHZ_ISSUER"
    )]
    Unreachable { url: String, source: HttpError },
    #[error("`cargo xtask token` asks development issuers only")]
    Url(#[from] HttpError),
    #[error("{url} answered {status}: {body}")]
    Refused {
        url: String,
        status: u16,
        body: String,
    },
    #[error("what {url} answered is not JSON; is this an issuer?")]
    NotJson {
        url: String,
        source: serde_json::Error,
    },
    #[error("the answer of {url} has no \"{name}\"")]
    NoMember { url: String, name: &'static str },
}
