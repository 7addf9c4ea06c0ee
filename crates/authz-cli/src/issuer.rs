use std::process::ExitCode;

use authz_core::Algorithm;
use authz_testkit::{DevIssuer, TokenStyle};

/// Start a development issuer on this machine
///
/// It issues any token that is asked for: for development alone. Tokens come from its token endpoint,
/// or by `authz token`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The port; 0 picks a free one
    #[arg(long, default_value_t = 3011)]
    port: u16,
    /// The API that tokens are for, unless a request names another
    #[arg(long, value_name = "URI", default_value = crate::token::AUDIENCE)]
    audience: String,
    /// The algorithm that signs; may be repeated
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    algorithm: Vec<Algorithm>,
    /// How long tokens are good for
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    lifetime: u32,
    /// Issue tokens as Auth0 does (`typ` `JWT`) instead of `at+jwt`
    #[arg(long)]
    auth0_style: bool,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut builder = DevIssuer::builder()
        .port(options.port)
        .audience(&options.audience)
        .token_lifetime(options.lifetime.into())
        .algorithms(options.algorithm.iter().copied());
    if options.auth0_style {
        builder = builder.token_style(TokenStyle::Auth0);
    }
    let issuer = builder.start().await?;
    println!("issuer    {}", issuer.issuer());
    println!("audience  {}", issuer.audience());
    println!("keys      {}", issuer.jwks_uri());
    println!();
    println!(
        "A token:       authz token --scope read:messages --issuer {}",
        issuer.issuer()
    );
    println!(
        "What is wrong: authz doctor --issuer {} --audience {} --token-file FILE",
        issuer.issuer(),
        issuer.audience()
    );
    println!("Development only. Stop it with Ctrl-C.");
    tokio::signal::ctrl_c().await?;
    issuer.stop().await;
    Ok(ExitCode::SUCCESS)
}
