use serde_json::Value;

use super::{
    discovery,
    fetch::Http,
    report::{Diagnosis, Outcome, Report},
};

/// What a client meets that knows nothing but the API's address (RFC 9728).
pub(super) async fn examine(http: &Http, api: &str, report: &mut Report) {
    let answer = match http.get(api, report).await {
        Ok(answer) => answer,
        Err(error) => {
            report.step("API", Outcome::Bad, format!("{api}: {error}"));
            return not_an_api(
                &format!("{api} does not answer"),
                "check the address",
                report,
            );
        }
    };
    let challenge = answer
        .header("www-authenticate")
        .unwrap_or_default()
        .to_owned();
    if answer.status != 401 || challenge.is_empty() {
        report.step(
            "challenge",
            Outcome::Bad,
            format!("{api}: {}", answer.shown()),
        );
        let what = format!("{api} answers {} without a challenge", answer.shown());
        return not_an_api(
            &what,
            "give a protected endpoint: one that answers 401 without a token",
            report,
        );
    }
    report.step("challenge", Outcome::Good, challenge.clone());
    let Some(metadata_url) = parameter(&challenge, "resource_metadata") else {
        report.step(
            "resource metadata",
            Outcome::Note,
            "the challenge names none: clients have to be told the issuer".to_owned(),
        );
        return;
    };
    let metadata = match http.get(metadata_url, report).await {
        Ok(answer) if answer.status == 200 => serde_json::from_slice::<Value>(&answer.body).ok(),
        _ => None,
    };
    let Some(metadata) = metadata else {
        report.step(
            "resource metadata",
            Outcome::Bad,
            format!("nothing at {metadata_url}"),
        );
        let what = format!("the challenge names {metadata_url}, where there are no metadata");
        return not_an_api(
            &what,
            "serve the metadata (`metadata_routes`), outside of nested routers",
            report,
        );
    };
    let resource = metadata["resource"].as_str().unwrap_or_default();
    report.step("resource", Outcome::Good, resource.to_owned());
    if let Some(scopes) = parameter(&challenge, "scope") {
        report.step("scopes", Outcome::Note, scopes.to_owned());
    }
    for issuer in metadata["authorization_servers"]
        .as_array()
        .into_iter()
        .flatten()
    {
        if let Some(issuer) = issuer.as_str() {
            report.step("issuer", Outcome::Note, issuer.to_owned());
            discovery::keys(http, issuer, None, report).await;
        }
    }
}

fn not_an_api(what: &str, todo: &str, report: &mut Report) {
    report.diagnose(Diagnosis::NotAnApi, what, todo);
}

/// A quoted parameter of a challenge (RFC 9110 section 11.6.1), without escapes: addresses and scopes have none.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}
