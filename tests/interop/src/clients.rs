//! The tutorial's client calls by curl, Python's `http.client` and Node's `fetch`.
//!
//! The servers run as a newcomer runs them, without any configuration: each has the development
//! issuer in it. A client is told the API's address and finds the issuer in the API's metadata
//! (RFC 9728).

use std::process::Command;

use anyhow::Context as _;
use blackbox::{http::Request, server::Server};

use crate::{
    calls,
    servers::{self, Binaries},
    tally::{Tally, Verdict},
};

/// A call: where to, asking for which scope, and the status expected.
const CALLS: [(&str, &str, u16); 4] = [
    ("/api/public", "read:messages", 200),
    ("/api/private", "read:messages", 200),
    ("/api/private", "write:messages", 403),
    ("/api/messages", "read:messages write:messages", 200),
];

const CLIENTS: [(&str, Client); 3] = [
    ("client curl", curl),
    ("client Python", python),
    ("client Node", node),
];

/// The audience of the development issuer's tokens.
const AUDIENCE: &str = "https://quickstart.example/api";

/// Gets a token, calls the API, and gives what a person would see: the status and the body.
type Client = fn(&Target<'_>) -> anyhow::Result<String>;

struct Target<'a> {
    issuer: &'a str,
    audience: &'a str,
    scope: &'a str,
    url: &'a str,
}

/// Lets every client make every call to every server.
pub(crate) fn run(binaries: &Binaries, tally: &mut Tally) -> anyhow::Result<()> {
    let servers = binaries.start(&[])?;
    println!(
        "\nclients: {} calls by curl, Python and Node to each server",
        CALLS.len()
    );
    for server in &servers {
        servers::wait_until_ready(server)?;
        let issuer = issuer_of(server)?;
        for (name, client) in CLIENTS {
            for (path, scope, status) in CALLS {
                let url = format!("{}{path}", server.base_url());
                let answer = client(&Target {
                    issuer: &issuer,
                    audience: AUDIENCE,
                    scope,
                    url: &url,
                })?;
                let verdict = match answer.starts_with(&format!("{status} ")) {
                    true => Verdict::Same,
                    false => {
                        println!(
                            "  UNEXPECTED {name} calling {url} with scope {scope:?}: expected {status}, got {answer}"
                        );
                        Verdict::Unexpected
                    }
                };
                tally.count(name, server.name(), verdict);
            }
        }
    }
    servers.into_iter().try_for_each(servers::stop)?;
    Ok(())
}

fn issuer_of(server: &Server) -> anyhow::Result<String> {
    let answer = calls::send(
        &Request::get("/.well-known/oauth-protected-resource"),
        server,
    )?;
    let metadata: Option<serde_json::Value> = serde_json::from_str(&answer.text()).ok();
    let issuer = metadata
        .as_ref()
        .and_then(|metadata| metadata.get("authorization_servers")?.get(0)?.as_str());
    issuer.map(str::to_owned).with_context(|| {
        let (name, status, text) = (server.name(), answer.status(), answer.text());
        format!("{name}'s metadata name no authorization server: {status} {text}")
    })
}

/// Two commands, as the tutorial prints them; the token goes from the first to the second.
fn curl(target: &Target<'_>) -> anyhow::Result<String> {
    let body = serde_json::json!({
        "grant_type": "client_credentials",
        "client_id": "interop",
        "client_secret": "interop",
        "audience": target.audience,
        "scope": target.scope,
    });
    let endpoint = format!("{}/oauth/token", target.issuer.trim_end_matches('/'));
    let answer = calls::output_of(
        "curl",
        curl_with(&[
            "--request",
            "POST",
            "--header",
            "content-type: application/json",
            "--data",
            &body.to_string(),
            "--url",
            &endpoint,
        ]),
    )?;
    let token = calls::member(&answer, "access_token")
        .with_context(|| format!("the development issuer gave curl no access token: {answer}"))?;

    let authorization = format!("authorization: Bearer {token}");
    let output = calls::output_of(
        "curl",
        curl_with(&[
            "--header",
            &authorization,
            "--write-out",
            "\n%{http_code}",
            "--url",
            target.url,
        ]),
    )?;
    let (body, status) = output.rsplit_once('\n').unwrap_or(("", &output));
    Ok(format!("{status} {body}"))
}

/// Quiet, without a proxy, and never for long: everything is on this machine.
fn curl_with(arguments: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "30",
        ])
        .args(arguments);
    command
}

fn python(target: &Target<'_>) -> anyhow::Result<String> {
    script("python3", "call.py", target)
}

fn node(target: &Target<'_>) -> anyhow::Result<String> {
    script("node", "call.mjs", target)
}

fn script(program: &'static str, file: &str, target: &Target<'_>) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.current_dir(servers::scripts()).args([
        file,
        target.issuer,
        target.audience,
        target.scope,
        target.url,
    ]);
    calls::output_of(program, command)
}
