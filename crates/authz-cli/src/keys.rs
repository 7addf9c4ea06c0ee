use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, ensure};
use authz_core::jwks::KeySet;
use serde_json::json;

/// Show the keys of a key set, and what each can be used for
#[derive(Debug, clap::Args)]
pub(crate) struct KeysOptions {
    /// The address of the key set
    url: String,
    /// Fetch the set again at this interval, and print it when it changes
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    watch: Option<u64>,
}

pub(crate) async fn run(options: &KeysOptions, json: bool) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()?;
    let mut last = String::new();
    loop {
        let shown = show(&client, &options.url, json).await?;
        if shown != last {
            println!("{shown}");
            last = shown;
        }
        let Some(seconds) = options.watch else {
            return Ok(ExitCode::SUCCESS);
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        }
    }
}

async fn show(client: &reqwest::Client, url: &str, json: bool) -> anyhow::Result<String> {
    let response = client
        .get(url)
        .send()
        .await
        .with_context(|| format!("{url} does not answer"))?;
    ensure!(
        response.status().is_success(),
        "{url} answered {}",
        response.status()
    );
    let parsed = KeySet::parse(&response.bytes().await?)?;
    let usable = parsed.keys.iter().map(|key| {
        let algorithms: Vec<_> = key.algorithms().map(|it| it.name()).collect();
        json!({ "kid": key.kid(), "algorithms": algorithms })
    });
    let skipped = parsed
        .skipped
        .iter()
        .map(|key| json!({ "kid": key.kid, "unusable": key.error.to_string() }));
    let keys: Vec<_> = usable.chain(skipped).collect();
    if json {
        return Ok(serde_json::to_string_pretty(&json!({ "keys": keys }))?);
    }
    let lines = keys.iter().map(|key| {
        let kid = key["kid"].as_str().unwrap_or("(no kid)");
        match key["unusable"].as_str() {
            Some(why) => format!("✗ {kid}: {why}"),
            None => {
                let names = key["algorithms"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|it| it.as_str());
                format!("✓ {kid}: {}", names.collect::<Vec<_>>().join(", "))
            }
        }
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
