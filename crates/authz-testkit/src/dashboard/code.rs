//! Servers that protect a registered API, ready to paste.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{refusal::Refusal, settings::Dashboard};
use crate::{
    registry::{Api, secret_bytes},
    state::State,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeChoice {
    api: String,
}

/// Returns a program and its dependencies for each framework.
pub(super) fn servers(
    choice: &CodeChoice,
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
    let adapter = dependency(&format!("authz-{framework}"));
    format!(
        "[dependencies]\n{adapter}\n{server}\n{base64}\
         tokio = {{ version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }}\n\
         tracing-subscriber = \"0.3\"\n"
    )
}

/// Returns the line for the adapter: by path if this program was built in a checkout that is still there.
fn dependency(package: &str) -> String {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(package);
    match beside.canonicalize() {
        Ok(path) => format!("{package} = {{ path = {:?} }}", path.display().to_string()),
        Err(_) => format!("{package} = \"{}\"", env!("CARGO_PKG_VERSION")),
    }
}

/// Puts this API's values in place of the quickstart's.
fn adapted(program: &str, framework: &str, api: &Api, issuer: &str) -> String {
    let algorithm = api.algorithm.name();
    let is_secret = secret_bytes(api.algorithm).is_some();
    let audience = &api.identifier;
    let mut described = format!("Issuer::new({issuer:?}).audience({audience:?})");
    let mut uses = String::new();
    if algorithm != "RS256" {
        uses = format!("use authz_{framework}::Algorithm;\n");
        described = format!(
            "Issuer::new({issuer:?})\n        .audience({audience:?})\n        \
             .algorithms([Algorithm::{algorithm}])"
        );
    }
    if is_secret {
        uses += &format!("use authz_{framework}::jwks::SharedSecret;\n");
        let constructor = algorithm.to_ascii_lowercase();
        described += &format!("\n        .keys(SharedSecret::{constructor}(secret)?)");
    }
    let policy = match api.scopes.keys().next() {
        Some(scope) => format!("scope({scope:?})"),
        None => "any_valid_token()".to_owned(),
    };
    let mut program = program
        .replace(ISSUER, &described)
        .replace("scope(\"read:messages\")", &policy);
    if api.scopes.is_empty() {
        // Sorted, as rustfmt leaves it.
        program = match program.contains("get_or_head, scope}") {
            true => program.replacen("get_or_head, scope}", "any_valid_token, get_or_head}", 1),
            false => program.replacen(", scope}", ", any_valid_token}", 1),
        };
    }
    program.insert_str(0, &uses);
    if is_secret {
        let read = "    // The API's secret in base64url, as the dashboard showed it.\n    \
                    let secret = URL_SAFE_NO_PAD.decode(std::env::var(\"API_SECRET\")?)?;\n    \
                    let issuer";
        program = program.replacen("    let issuer", read, 1);
        // Its place in the alphabet.
        let before = match framework {
            "axum" => "\n#[tokio::main]",
            "warp" => "use warp::",
            _ => "use poem::",
        };
        let base64 = "use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};\n";
        program = program.replacen(before, &format!("{base64}{before}"), 1);
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
