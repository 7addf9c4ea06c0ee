use std::{path::PathBuf, process::ExitCode};

use authz_core::Algorithm;
use authz_testkit::{Dashboard, DevIssuer, Registry, TokenStyle};
use serde_json::json;

/// Start a development issuer with a dashboard on this machine
///
/// The dashboard creates APIs, scopes, roles and users, issues tokens in a test lab, calls your API, and
/// breaks the key server on request. The token endpoint and `authz token` issue tokens too. The issuer gives
/// any token to anyone who asks: it is for development only.
#[derive(Debug, clap::Args)]
pub(crate) struct IssuerOptions {
    /// The port; 0 picks a free one
    #[arg(long, default_value_t = 3011)]
    port: u16,
    /// The default audience of tokens, for requests that don't name one
    #[arg(long, value_name = "URI", default_value = crate::token::AUDIENCE)]
    audience: String,
    /// The algorithm that signs tokens; may be repeated
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    algorithm: Vec<Algorithm>,
    /// The lifetime of tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    lifetime: u32,
    /// Issue tokens as Auth0 does (`typ` `JWT`) instead of `at+jwt`
    #[arg(long)]
    auth0_style: bool,
    /// Read APIs, scopes, roles, users, organizations and clients from this TOML file, and write the
    /// dashboard's changes back to it; without a file they last until the issuer stops
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The running API that the dashboard calls
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3010")]
    api_url: String,
    /// The port of that API's inspector, which explains its decisions
    #[arg(long, value_name = "PORT", default_value_t = 3012)]
    inspector_port: u16,
}

pub(crate) async fn run(options: &IssuerOptions, json: bool) -> anyhow::Result<ExitCode> {
    let registry = match &options.config {
        Some(path) => Registry::open(path)?,
        None => Registry::in_memory(),
    };
    let dashboard = Dashboard::new(registry)
        .api_url(&options.api_url)
        .inspector_port(options.inspector_port);
    let mut builder = DevIssuer::builder()
        .dashboard(dashboard)
        .port(options.port)
        .audience(&options.audience)
        .token_lifetime(options.lifetime.into())
        .algorithms(options.algorithm.iter().copied());
    if options.auth0_style {
        builder = builder.token_style(TokenStyle::Auth0);
    }
    let issuer = builder.start().await.map_err(|error| {
        let error = anyhow::Error::from(error);
        anyhow::anyhow!("{error:#}: choose another port with --port, where 0 is any free one")
    })?;
    announce(&issuer, json);
    tokio::signal::ctrl_c().await?;
    issuer.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn announce(issuer: &DevIssuer, json: bool) {
    if json {
        let announcement = json!({
            "dashboard": issuer.issuer(),
            "issuer": issuer.issuer(),
            "audience": issuer.audience(),
            "jwks_uri": issuer.jwks_uri(),
            "token_endpoint": issuer.token_endpoint(),
        });
        return println!("{announcement}");
    }
    println!("dashboard {}", issuer.issuer());
    println!("issuer    {}", issuer.issuer());
    println!("audience  {}", issuer.audience());
    println!("keys      {}", issuer.jwks_uri());
    println!();
    println!(
        "a token:       authz token --scope read:messages --issuer {}",
        issuer.issuer()
    );
    println!(
        "what is wrong: authz doctor --issuer {} --audience {} --token-file FILE",
        issuer.issuer(),
        issuer.audience()
    );
    println!("For development only. Stop it with Ctrl-C.");
}
