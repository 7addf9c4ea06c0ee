use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

/// Where `authz issuer` listens.
pub(crate) const ISSUER: &str = "http://127.0.0.1:3011/";
/// The API that its tokens are for.
pub(crate) const AUDIENCE: &str = "https://quickstart.example/api";

/// Get an access token from a running development issuer
///
/// Prints only the token, for use in a command line:
///
///   curl -H "Authorization: Bearer $(authz token --scope read:messages)" http://127.0.0.1:3010/api/private
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct TokenOptions {
    /// Scopes, separated by spaces; may be repeated. Default: a token without scopes
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// The issuer's URL
    #[arg(long, value_name = "URL", env = "AUTHZ_ISSUER", default_value = ISSUER)]
    issuer: String,
    /// The API that the token is for
    #[arg(long, value_name = "URI", env = "AUTHZ_AUDIENCE", default_value = AUDIENCE)]
    audience: String,
    /// The lifetime of the token. Default: the issuer's
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    expires_in: Option<u64>,
    /// The client that requests the token; the development issuer accepts any
    #[arg(long, value_name = "ID", default_value = "authz-cli")]
    client_id: String,
    /// The organization of the token: its claim `org_id`
    #[arg(long, value_name = "ORG")]
    organization: Option<String>,
    /// Roles, separated by spaces; may be repeated
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
}

pub(crate) async fn run(options: &TokenOptions, json: bool) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::new();
    let base = options.issuer.trim_end_matches('/');
    let discovery = client.get(format!("{base}/.well-known/openid-configuration"));
    let endpoint = member(discovery, "token_endpoint").await?;
    // Servers take several audiences, separated by commas; a token is for one API.
    let audience = options.audience.split(',').next().unwrap_or_default();
    let mut body = json!({
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
    let token = member(client.post(endpoint).json(&body), "access_token").await?;
    if json {
        println!(
            "{}",
            json!({ "access_token": token, "token_type": "Bearer" })
        );
    } else {
        println!("{token}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns a text of the JSON object that is answered.
async fn member(request: reqwest::RequestBuilder, name: &str) -> anyhow::Result<String> {
    let (client, request) = request.build_split();
    let request = request?;
    let url = request.url().clone();
    let response = client.execute(request).await.with_context(|| {
        format!(
            "no development issuer answers at {url}: start one with `authz issuer`, or name the one \
             that is running with --issuer or AUTHZ_ISSUER"
        )
    })?;
    let (status, text) = (response.status(), response.text().await?);
    ensure!(status.is_success(), "{url} answered {status}: {text}");
    let json: Value = serde_json::from_str(&text)
        .with_context(|| format!("{url} did not answer with JSON; is this an issuer?"))?;
    let member = json[name].as_str().map(str::to_owned);
    member.with_context(|| format!("the answer of {url} has no \"{name}\""))
}
