//! Requests and programs, and what comes back.

use std::process::Command;

use anyhow::{Context as _, ensure};
use blackbox::{
    http::{Request, Response},
    server::Server,
};

pub(crate) fn send(request: &Request, server: &Server) -> anyhow::Result<Response> {
    request.send(server.address()).with_context(|| {
        let (name, method, target) = (server.name(), request.method(), request.target());
        format!("{name} gave no answer to {method} {target}")
    })
}

/// A text in a JSON object.
pub(crate) fn member(json: &str, name: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(json).ok()?;
    object.get(name)?.as_str().map(str::to_owned)
}

/// What a program that ends by itself prints.
pub(crate) fn output_of(program: &str, mut command: Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{program} cannot be run"))?;
    let (status, stderr) = (output.status, String::from_utf8_lossy(&output.stderr));
    ensure!(
        status.success(),
        "{program} ended with {status}: {}",
        stderr.trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
