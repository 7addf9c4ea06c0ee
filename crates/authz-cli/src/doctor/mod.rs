//! What is wrong with an issuer, its keys, or a token: every step with what was expected and what came.

mod api;
mod binding;
mod discovery;
mod fetch;
mod report;
mod status;
mod tls;
mod token;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::bail;
use authz_core::Policy;

use self::{fetch::Http, report::Report};

/// Find out what is wrong with an issuer, its keys or a token
///
/// Looks for the issuer's metadata and keys as a server would, and checks the token in the order in which
/// a server does. It sends requests only to the issuer or API that you name, and to the status list of a valid
/// token, and stores nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorOptions {
    /// The issuer, exactly as in the token's `iss`
    #[arg(long, value_name = "URL", required_unless_present = "api")]
    issuer: Option<String>,
    /// The identifier of the API: the token's `aud`
    #[arg(long, value_name = "URI", required_unless_present = "api")]
    audience: Option<String>,
    /// The address of the key set, if the issuer's metadata do not name it
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// The file with the shared secret of HS256 tokens, or `-` for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    secret_file: Option<String>,
    /// The file with the token, or `-` for stdin
    #[arg(long, value_name = "FILE")]
    token_file: Option<String>,
    /// A PEM file of certificate authorities to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A policy for the token, as in `scope("read:messages")`
    #[arg(long, value_name = "POLICY", requires = "token_file")]
    policy: Option<Policy>,
    /// A protected endpoint of a running API: follows the metadata that its challenge names (RFC 9728)
    #[arg(long, value_name = "URL", conflicts_with_all = ["issuer", "audience"])]
    api: Option<String>,
}

pub(crate) async fn run(options: &DoctorOptions, json: bool) -> anyhow::Result<ExitCode> {
    let http = Http::new(Duration::from_secs(5), options.ca_file.as_deref())?;
    let mut report = Report::default();
    if let Some(api) = &options.api {
        api::examine(&http, api, &mut report).await;
    } else if let (Some(issuer), Some(audience)) = (&options.issuer, &options.audience) {
        examine(&http, options, issuer, audience, &mut report).await?;
    } else {
        bail!("give --issuer and --audience, or --api");
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::from(u8::from(!report.is_good())))
}

async fn examine(
    http: &Http,
    options: &DoctorOptions,
    issuer: &str,
    audience: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    let keys = match &options.secret_file {
        Some(file) => token::secret(crate::source::read(file)?, report),
        None => discovery::keys(http, issuer, options.jwks_uri.as_deref(), report).await,
    };
    if let Some(file) = &options.token_file {
        let token = crate::source::token(file)?;
        let subject = token::Subject {
            issuer,
            audience,
            token: &token,
            policy: options.policy.as_ref(),
            skew: report.skew,
        };
        token::examine(&subject, keys, http, report).await?;
    }
    Ok(())
}
