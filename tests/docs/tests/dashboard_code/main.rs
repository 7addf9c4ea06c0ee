//! The servers that the dashboard shows for an API. They are files here, so that they are compiled.
//! `UPDATE_PAGES=1 cargo test -p docs-tests --test dashboard_code` writes them anew.

macro_rules! programs {
    ($($name:ident in $file:literal),* $(,)?) => {
        $(
            #[path = $file]
            #[allow(dead_code, clippy::pedantic, reason = "as the dashboard shows it")]
            mod $name;
        )*

        const FILES: &[(&str, &str)] = &[$((stringify!($name), $file)),*];
    };
}

// With the quickstart's values, a program is the dashboard's template itself.
programs!(
    axum_rs256 in "../../../../crates/authz-testkit/src/dashboard/code/axum.rs",
    warp_rs256 in "../../../../crates/authz-testkit/src/dashboard/code/warp.rs",
    poem_rs256 in "../../../../crates/authz-testkit/src/dashboard/code/poem.rs",
    axum_es256 in "axum_es256.rs",
    warp_es256 in "warp_es256.rs",
    poem_es256 in "poem_es256.rs",
    axum_hs256 in "axum_hs256.rs",
    warp_hs256 in "warp_hs256.rs",
    poem_hs256 in "poem_hs256.rs",
);

use std::fs;

use authz_testkit::{Dashboard, DevIssuer, Registry};
use docs_tests::root;
use serde_json::{Value, json};

#[tokio::test]
async fn the_dashboard_shows_programs_that_compile() {
    let registry = r#"
        [[api]]
        identifier = "https://quickstart.example/api"
        scopes = { "read:messages" = "", "write:messages" = "" }
        [[api]]
        identifier = "https://es256.example"
        algorithm = "ES256"
        [[api]]
        identifier = "https://hs256.example"
        algorithm = "HS256"
        scopes = { "read" = "" }
    "#;
    let dashboard = Dashboard::new(Registry::from_toml(registry).unwrap());
    let issuer = DevIssuer::builder().dashboard(dashboard).start().await;
    let issuer = issuer.unwrap();
    let html = reqwest::get(issuer.issuer()).await.unwrap().text().await;
    let html = html.unwrap();
    let (_, token) = html.split_once("name=\"authz-token\" content=\"").unwrap();
    let (token, _) = token.split_once('"').unwrap();
    let mut seen = 0;
    for (algorithm, api) in [
        ("rs256", "https://quickstart.example/api"),
        ("es256", "https://es256.example"),
        ("hs256", "https://hs256.example"),
    ] {
        let request = reqwest::Client::new()
            .post(format!("{}dashboard/code", issuer.issuer()))
            .header("authz-token", token)
            .json(&json!({ "api": api }));
        let servers: Vec<Value> = request.send().await.unwrap().json().await.unwrap();
        for server in servers {
            let name = format!("{}_{algorithm}", server["framework"].as_str().unwrap());
            let file = FILES.iter().find(|(file, _)| *file == name);
            let (_, file) = file.unwrap_or_else(|| panic!("{name} is not compiled"));
            let code = server["code"].as_str().unwrap();
            let code = code.replace(issuer.issuer(), "http://127.0.0.1:3011/");
            let path = root().join("tests/docs/tests/dashboard_code").join(file);
            if std::env::var_os("UPDATE_PAGES").is_some() {
                fs::write(&path, &code).unwrap();
            }
            let file = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                file == code,
                "{name}.rs is not what the dashboard shows: run UPDATE_PAGES=1 cargo test -p \
                 docs-tests --test dashboard_code"
            );
            let manifest = server["manifest"].as_str().unwrap();
            assert_eq!(manifest.contains("base64"), algorithm == "hs256");
            seen += 1;
        }
    }
    assert_eq!(seen, FILES.len());
}
