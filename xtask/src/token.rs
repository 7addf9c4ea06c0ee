//! `cargo xtask token`: `authz token` of this checkout.

use std::{process::ExitCode, sync::OnceLock};

use anyhow::Context as _;

use crate::process;

/// Where the demo's development issuer listens.
pub(crate) const ISSUER: &str = "http://127.0.0.1:3011/";
/// The API that the development issuer's tokens are for.
pub(crate) const AUDIENCE: &str = "https://quickstart.example/api";

/// Get an access token from a running development issuer, as `authz token` does
#[derive(Clone, Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct XtaskTokenOptions {
    /// The options of `authz token`, such as --scope read:messages
    #[arg(
        value_name = "OPTION",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    options: Vec<String>,
}

pub(crate) fn run(options: &XtaskTokenOptions) -> anyhow::Result<ExitCode> {
    let token = ["token".to_owned()].into_iter();
    let arguments: Vec<String> = token.chain(options.options.iter().cloned()).collect();
    process::run_package("authz-cli", &arguments)
}

/// Gets a token for the example servers, with these scopes.
pub(crate) fn fetch(
    issuer: &str,
    scope: &str,
    organization: Option<&str>,
) -> anyhow::Result<String> {
    static COMMAND: OnceLock<std::path::PathBuf> = OnceLock::new();
    let command = match COMMAND.get() {
        Some(command) => command,
        None => {
            let built = process::build(["authz"], &["--package=authz-cli"])?;
            let built = built.into_iter().next();
            COMMAND.get_or_init(|| built.unwrap_or_else(|| "authz".into()))
        }
    };
    let mut token = std::process::Command::new(command);
    token.args(["token", "--issuer", issuer, "--audience", AUDIENCE]);
    if !scope.is_empty() {
        token.args(["--scope", scope]);
    }
    if let Some(organization) = organization {
        token.args(["--organization", organization]);
    }
    let printed = process::output(&mut token).context("`authz token` gave no token")?;
    Ok(printed.trim().to_owned())
}
