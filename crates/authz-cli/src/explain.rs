use std::process::ExitCode;

use anyhow::{Context as _, bail};
use authz_core::{Authorized, Policy, RequestParts};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, Request, Uri};
use serde_json::{Map, Value};

/// Show why a policy allows or denies a token
///
/// The token's claims are taken as they are: neither the signature nor the times are checked
/// (`authz doctor` does that).
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainOptions {
    /// The policy, as in `scope("read:messages") and role("admin")`
    #[arg(long, value_name = "POLICY")]
    policy: Policy,
    /// The file with the token, or `-` for stdin
    #[arg(long, value_name = "FILE")]
    token_file: String,
    /// The request, as in `GET /orgs/acme?x=1`
    #[arg(long, value_name = "REQUEST")]
    request: Option<String>,
    /// The path with its parameters, as in `/orgs/{org}`
    #[arg(long, value_name = "PATTERN", requires = "request")]
    path: Option<String>,
}

pub(crate) fn run(options: &ExplainOptions, json: bool) -> anyhow::Result<ExitCode> {
    let token = crate::source::token(&options.token_file)?;
    let caller = caller(claims(&token)?);
    let decision = match &options.request {
        None => caller.explain(&options.policy),
        Some(text) => {
            let request = request(text)?;
            let parts = RequestParts::new(request.method(), request.uri(), request.headers());
            let params = match &options.path {
                Some(pattern) => params(pattern, request.uri().path())?,
                None => Vec::new(),
            };
            caller.explain_for(&options.policy, &parts.with_path_params(&params))
        }
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&decision)?);
    } else {
        println!("{decision}");
    }
    Ok(ExitCode::from(u8::from(!decision.allowed)))
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> anyhow::Result<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        bail!("this is not a signed JWT, which has three parts separated by dots");
    };
    let json = URL_SAFE_NO_PAD
        .decode(payload.trim_end_matches('='))
        .context("the token's second part is not base64url")?;
    serde_json::from_slice(&json).context("the token's claims are not a JSON object")
}

/// A caller with these claims, at a time when they hold.
pub(crate) fn caller(claims: Map<String, Value>) -> Authorized {
    let mut caller = authz_testkit::caller();
    for (name, value) in claims {
        // The times may have passed, and `cnf` needs a proof.
        if !["exp", "nbf", "iat", "cnf", "aud", "iss"].contains(&&*name) {
            caller = caller.claim(name, value);
        } else if name == "iss"
            && let Some(issuer) = value.as_str()
        {
            caller = caller.issuer(issuer);
        } else if name == "aud" && (value.is_string() || value.is_array()) {
            caller = caller.audience(value);
        }
    }
    caller.build()
}

pub(crate) fn request(text: &str) -> anyhow::Result<Request<()>> {
    let (method, target) = text
        .split_once(' ')
        .context("a request is a method and a path, as in `GET /messages`")?;
    Ok(Request::builder()
        .method(method.parse::<Method>().context("the request's method")?)
        .uri(target.trim().parse::<Uri>().context("the request's path")?)
        .body(())?)
}

/// The parameters that `path` has by `pattern`, whose braces are whole segments.
fn params(pattern: &str, path: &str) -> anyhow::Result<Vec<(String, String)>> {
    let (mut names, mut values) = (pattern.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (names.next(), values.next()) {
            (None, None) => return Ok(params),
            (Some(name), Some(value)) => {
                match name.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                    Some(name) => params.push((name.to_owned(), value.to_owned())),
                    None if name == value => {}
                    None => bail!("the path {path} does not match {pattern}"),
                }
            }
            _ => bail!("the path {path} does not match {pattern}"),
        }
    }
}
