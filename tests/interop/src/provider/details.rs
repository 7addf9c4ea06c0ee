//! Policies about rich authorization details (RFC 9396) that the provider has put into tokens.

use std::{env, fs, process};

use blackbox::http::Request;
use serde_json::{Value, json};

use super::{
    check::{NO_SCOPE, OK, check},
    check_all,
    grant::{Grant, Provider},
    requests::{READ, RESOURCE},
};
use crate::{
    servers::{self, Binaries},
    tally::Tally,
};

const RULES: &str = r#"
[[rules]]
path = "/api/private"
policy = '''
scope("read:messages") and detail("payment_initiation",
    member("actions") contains "initiate"
    and member("instructedAmount.currency") == "EUR"
    and member("instructedAmount.amount") >= query("amount"))
'''
"#;

pub(super) fn run(binaries: &Binaries, tally: &mut Tally) -> anyhow::Result<()> {
    let provider = Provider::start(0, "")?;
    let rules = env::temp_dir().join(format!("authz-interop-{}.toml", process::id()));
    fs::write(&rules, RULES)?;
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &provider.issuer()),
        ("AUTHZ_AUDIENCE", RESOURCE),
        ("AUTHZ_RULES", &rules.to_string_lossy()),
    ])?;
    servers.iter().try_for_each(servers::wait_until_ready)?;

    let payment = |currency: &str, amount: &str, actions: &[&str]| {
        json!({
            "type": "payment_initiation",
            "actions": actions,
            "instructedAmount": { "currency": currency, "amount": amount },
        })
    };
    let elsewhere = |mut element: Value| {
        element["locations"] = json!(["https://elsewhere.example/api"]);
        element
    };
    let here = |mut element: Value| {
        element["locations"] = json!([RESOURCE]);
        element
    };
    let euros = payment("EUR", "123.50", &["initiate"]);
    let halves = json!([
        payment("USD", "123.50", &["initiate"]),
        payment("EUR", "123.50", &["status"]),
    ]);
    let mut checks = Vec::new();
    for (name, details, amount, expected) in [
        ("a payment within its limit", json!([euros]), "123.5", OK),
        ("above its limit", json!([euros]), "123.51", NO_SCOPE),
        ("no amount", json!([euros]), "much", NO_SCOPE),
        ("for this API", json!([here(euros.clone())]), "1", OK),
        (
            "for another API",
            json!([elsewhere(euros.clone())]),
            "1",
            NO_SCOPE,
        ),
        ("halves of two payments", halves, "1", NO_SCOPE),
    ] {
        let wanted = [("authorization_details", details.to_string())];
        let grant = Grant::new("service-rs256", RESOURCE, READ);
        let token = provider.token_with(grant, &wanted, None)?;
        let request = Request::get(format!("/api/private?amount={amount}")).bearer(&token);
        checks.push(check(name, request, expected));
    }
    let plain = provider.token(Grant::new("service-rs256", RESOURCE, READ))?;
    let request = Request::get("/api/private?amount=1").bearer(&plain);
    checks.push(check("no authorization details", request, NO_SCOPE));
    println!(
        "\noidc-provider: {} requests with authorization details",
        checks.len()
    );
    check_all(&checks, &servers, tally)?;
    servers.into_iter().try_for_each(servers::stop)?;
    fs::remove_file(rules)?;
    provider.stop()?;
    Ok(())
}
