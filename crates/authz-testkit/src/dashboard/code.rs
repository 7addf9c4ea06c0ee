//! Servers that protect a registered API, ready to paste.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{refusal::Refusal, settings::Dashboard};
use crate::{
    registry::{Api, secret_bytes},
    state::State,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    api: String,
}

/// Returns a program and its dependencies for each framework.
pub(super) fn servers(
    choice: &Choice,
    state: &State,
    dashboard: &Dashboard,
) -> Result<Value, Refusal> {
    let settings = dashboard.registry.settings();
    let api = settings
        .api(&choice.api)
        .ok_or_else(|| Refusal::invalid("api", format!("{:?} is not an API", choice.api)))?;
    let server = |(name, server, program): (&str, &str, &str)| {
        json!({
            "framework": name,
            "title": name,
            "manifest": manifest(name, server, api),
            "code": adapted(program, name, api, &state.identity.issuer),
        })
    };
    Ok(FRAMEWORKS.into_iter().map(server).collect())
}

fn manifest(framework: &str, server: &str, api: &Api) -> String {
    let base64 = match secret_bytes(api.algorithm) {
        Some(_) => "base64 = \"0.23\"\n",
        None => "",
    };
    format!(
        "[dependencies]\nauthz-{framework} = \"{}\"\n{server}\n{base64}\
         tokio = {{ version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }}\n\
         tracing-subscriber = \"0.3\"\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Puts this API's values in place of the quickstart's.
fn adapted(program: &str, framework: &str, api: &Api, issuer: &str) -> String {
    let described = format!("Issuer::new({issuer:?}).audience({:?})", api.identifier);
    let algorithm = api.algorithm.name();
    let mut uses = Vec::new();
    let described = match secret_bytes(api.algorithm) {
        Some(_) => {
            uses.push("Algorithm");
            uses.push("jwks::SharedSecret");
            let constructor = algorithm.to_ascii_lowercase();
            format!(
                "{described}\n        .algorithms([Algorithm::{algorithm}])\n        \
                 .keys(SharedSecret::{constructor}(secret)?)"
            )
        }
        None if algorithm != "RS256" => {
            uses.push("Algorithm");
            format!("{described}\n        .algorithms([Algorithm::{algorithm}])")
        }
        None => described,
    };
    let policy = match api.scopes.keys().next() {
        Some(scope) => format!("scope({scope:?})"),
        None => "any_valid_token()".to_owned(),
    };
    let mut program = program
        .replace(ISSUER, &described)
        .replace("scope(\"read:messages\")", &policy);
    if api.scopes.is_empty() {
        program = program.replacen(", scope}", ", any_valid_token}", 1);
    }
    if !uses.is_empty() {
        let line = format!("use authz_{framework}::{{{}}};\n", uses.join(", "));
        program.insert_str(0, &line);
    }
    if uses.len() > 1 {
        let read = "    // The API's secret in base64url, as the dashboard showed it.\n    \
                    let secret = URL_SAFE_NO_PAD.decode(std::env::var(\"API_SECRET\")?)?;\n    \
                    let issuer";
        program = program.replacen("    let issuer", read, 1);
        program.insert_str(
            0,
            "use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};\n",
        );
    }
    program
}

const FRAMEWORKS: [(&str, &str, &str); 3] = [
    ("axum", "axum = \"0.8\"", include_str!("code/axum.rs")),
    (
        "warp",
        "warp = { version = \"0.4\", features = [\"server\"] }",
        include_str!("code/warp.rs"),
    ),
    ("poem", "poem = \"3\"", include_str!("code/poem.rs")),
];

/// How the programs describe the issuer.
const ISSUER: &str =
    "Issuer::new(\"http://127.0.0.1:3011/\").audience(\"https://quickstart.example/api\")";
