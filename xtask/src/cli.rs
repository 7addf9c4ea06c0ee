//! The command line.
//!
//! A word that is mistyped is an error that names the nearest one: clap's `suggestions`.

use blackbox::servers::Framework;
use clap::{
    Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use crate::{bench, demo, interop, soak, test_all, token};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The commands of the authz repository",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Options),
    TestAll(test_all::Options),
    Token(token::Command),
    Interop(interop::Options),
    Soak(soak::Options),
    Bench(bench::Options),
}

/// Reads `axum`, `warp` or `poem`.
pub(crate) fn framework() -> impl TypedValueParser<Value = Framework> {
    PossibleValuesParser::new(Framework::ALL.map(Framework::name))
        .try_map(|name| name.parse::<Framework>())
}
