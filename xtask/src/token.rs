//! `cargo xtask token`: an access token from a running development issuer.
//!
//! The same two requests that any client makes: the issuer's discovery document (OpenID Connect
//! Discovery 1.0 section 4) names the token endpoint, and the client credentials grant (RFC 6749
//! section 4.4) gets the token there.

use std::process::ExitCode;

use anstream::println;
use anyhow::{Context as _, ensure};
use blackbox::http::{Request, split_url};
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
pub(crate) struct Options {
    /// Scopes, separated by spaces; may be given several times. None: a token without scope
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// The issuer's URL; the default is where `cargo xtask demo` starts one
    #[arg(long, value_name = "URL", env = "AUTHZ_ISSUER", default_value = ISSUER)]
    issuer: String,
    /// The API that the token is for
    #[arg(long, value_name = "URI", env = "AUTHZ_AUDIENCE", default_value = AUDIENCE)]
    audience: String,
    /// How long the token is good for; the issuer's choice when not given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    expires_in: Option<u64>,
    /// The client that asks; the development issuer accepts any
    #[arg(long, value_name = "ID", default_value = "cargo-xtask")]
    client_id: String,
    /// The organization that the token is for: its claim org_id
    #[arg(long, value_name = "ORG")]
    organization: Option<String>,
    /// Roles, separated by spaces; may be given several times
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
}

impl Options {
    /// A token for the example servers, with these scopes.
    pub(crate) fn new(client: &str, issuer: &str, scope: &str, organization: Option<&str>) -> Self {
        Self {
            scope: vec![scope.to_owned()],
            issuer: issuer.to_owned(),
            audience: AUDIENCE.to_owned(),
            expires_in: None,
            client_id: client.to_owned(),
            organization: organization.map(str::to_owned),
            role: Vec::new(),
        }
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    println!("{}", fetch(options)?);
    Ok(ExitCode::SUCCESS)
}

/// Asks the issuer for a token.
pub(crate) fn fetch(options: &Options) -> anyhow::Result<String> {
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        options.issuer.trim_end_matches('/')
    );
    let endpoint = member(&discovery, Request::get, "token_endpoint")?;

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
    if let Some(organization) = &options.organization {
        body["organization"] = organization.as_str().into();
    }
    if !options.role.is_empty() {
        body["roles"] = options.role.join(" ").into();
    }
    if let Some(seconds) = options.expires_in {
        body["expires_in"] = seconds.into();
    }
    let post = |path| Request::post(path).json(body.to_string());
    member(&endpoint, post, "access_token")
}

/// A text in the JSON that is answered at this URL.
fn member(url: &str, request: impl Fn(String) -> Request, name: &str) -> anyhow::Result<String> {
    let (address, path) =
        split_url(url).context("`cargo xtask token` asks development issuers only")?;
    let answer = request(path).send(address).with_context(|| {
        format!(
            "no development issuer answers at {url}; start one with `cargo xtask demo`, or name \
             the issuer that is running with --issuer or AUTHZ_ISSUER"
        )
    })?;
    let (status, text) = (answer.status(), answer.text());
    ensure!(status == 200, "{url} answered {status}: {text}");
    let json: Value = serde_json::from_str(&text)
        .with_context(|| format!("what {url} answered is not JSON; is this an issuer?"))?;
    let member = json[name].as_str().map(str::to_owned);
    member.with_context(|| format!("the answer of {url} has no \"{name}\""))
}
