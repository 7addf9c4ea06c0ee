use std::process::ExitCode;

use anyhow::Context as _;
use authz_core::rules::Rules;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum RulesCommand {
    /// Check a table of rules, and show which rule applies to a request
    Check {
        /// The table, in TOML or JSON (by the file's extension)
        file: String,
        /// The request, as in `GET /orgs/acme/messages`
        #[arg(long, value_name = "REQUEST")]
        request: Option<String>,
    },
    /// Print the rules of a table, one per line
    Table {
        /// The table, in TOML or JSON (by the file's extension)
        file: String,
    },
}

/// The rules as they are written.
#[derive(Deserialize, Serialize)]
struct WrittenRules {
    rules: Vec<WrittenRule>,
}

#[derive(Deserialize, Serialize)]
struct WrittenRule {
    #[serde(default)]
    methods: Vec<String>,
    path: String,
    policy: String,
    #[serde(default)]
    optional: bool,
}

pub(crate) fn run(command: &RulesCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        RulesCommand::Check { file, request } => check(file, request.as_deref(), json),
        RulesCommand::Table { file } => table(file, json),
    }
}

fn check(file: &str, request: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let (rules, ..) = load(file)?;
    let Some(request) = request else {
        println!(
            "{}",
            if json {
                json!({ "good": true }).to_string()
            } else {
                format!("{file} is good")
            }
        );
        return Ok(ExitCode::SUCCESS);
    };
    let request = crate::explain::request(request)?;
    let found = rules.rule_for(request.method(), request.uri().path());
    let (policy, optional) = match &found {
        None => ("deny (no rule)".to_owned(), false),
        Some(rule) => match rule.policy() {
            None => ("public".to_owned(), false),
            Some(policy) => (policy.to_string(), rule.is_optional()),
        },
    };
    let params = found
        .as_ref()
        .map(|it| it.path_params().to_vec())
        .unwrap_or_default();
    if json {
        println!(
            "{}",
            json!({ "policy": policy, "optional": optional, "path_params": params })
        );
    } else {
        println!("{policy}{}", if optional { ", optional" } else { "" });
        for (name, value) in params {
            println!("  path({name:?}) = {value:?}");
        }
    }
    Ok(ExitCode::from(u8::from(found.is_none())))
}

fn table(file: &str, json: bool) -> anyhow::Result<ExitCode> {
    let (_, text, is_json) = load(file)?;
    let file: WrittenRules = if is_json {
        serde_json::from_str(&text)?
    } else {
        toml::from_str(&text)?
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&file)?);
        return Ok(ExitCode::SUCCESS);
    }
    for rule in file.rules {
        let methods = if rule.methods.is_empty() {
            "*".to_owned()
        } else {
            rule.methods.join(",")
        };
        let optional = if rule.optional { " (optional)" } else { "" };
        println!("{methods:<12} {:<40} {}{optional}", rule.path, rule.policy);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a table that can be used, and its text.
fn load(file: &str) -> anyhow::Result<(Rules, String, bool)> {
    let (text, is_json) = read(file)?;
    let rules = if is_json {
        Rules::from_json(&text)
    } else {
        Rules::from_toml(&text)
    };
    let rules = rules.with_context(|| format!("{file} can't be used"))?;
    Ok((rules, text, is_json))
}

fn read(file: &str) -> anyhow::Result<(String, bool)> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{file:?} can't be read"))?;
    Ok((text, file.ends_with(".json")))
}
