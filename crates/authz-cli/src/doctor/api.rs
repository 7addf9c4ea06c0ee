use http::header::WWW_AUTHENTICATE;
use serde_json::Value;

use super::{
    discovery,
    fetch::{FetchedAnswer, Http},
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
    // Several schemes have a field each, or share one.
    let fields = answer.headers.get_all(WWW_AUTHENTICATE).iter();
    let fields: Vec<_> = fields.filter_map(|it| it.to_str().ok()).collect();
    let challenge = fields.join(", ");
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
    if let Some(dpop) = of_scheme(&challenge, "dpop") {
        bound_tokens(
            dpop,
            of_scheme(&challenge, "bearer").is_some(),
            &answer,
            report,
        );
    }
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
    if metadata["tls_client_certificate_bound_access_tokens"] == true {
        let detail = "tokens may be bound to a client certificate (cnf.x5t#S256): connect with that certificate";
        report.step("certificates", Outcome::Note, detail.to_owned());
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

/// Says what a client has to do for tokens that are bound to a key (RFC 9449 section 7.1).
fn bound_tokens(
    challenge: &str,
    accepts_bearer: bool,
    answer: &FetchedAnswer,
    report: &mut Report,
) {
    let kind = match accepts_bearer {
        true => "tokens that are bound to a key are accepted beside bearer tokens",
        false => {
            "only tokens that are bound to a key are accepted: request one with a proof, in the field `DPoP` of the \
                  token request"
        }
    };
    let algorithms =
        parameter(challenge, "algs").unwrap_or("an algorithm of the issuer's metadata");
    report.step(
        "DPoP",
        Outcome::Note,
        format!(
            "{kind}; send them with `Authorization: DPoP TOKEN`, and with a new proof for each request in the field `DPoP`, \
             signed with {algorithms}"
        ),
    );
    if parameter(challenge, "error") != Some("use_dpop_nonce") {
        return;
    }
    match answer.header("dpop-nonce") {
        Some(nonce) => report.step(
            "nonce",
            Outcome::Note,
            format!("repeat the request with a new proof whose claim `nonce` is that of the field `DPoP-Nonce`: {nonce}"),
        ),
        None => {
            report.step("nonce", Outcome::Bad, "the field `DPoP-Nonce` is missing".to_owned());
            not_an_api(
                "the challenge asks for a nonce (use_dpop_nonce) and the answer has none",
                "let the API, and each proxy before it, send the field `DPoP-Nonce` (RFC 9449 section 9)",
                report,
            );
        }
    }
}

fn not_an_api(what: &str, todo: &str, report: &mut Report) {
    report.diagnose(Diagnosis::NotAnApi, what, todo);
}

/// Returns the challenge of this scheme, in lower case here, and what follows it. Schemes have no case.
fn of_scheme<'a>(challenges: &'a str, scheme: &str) -> Option<&'a str> {
    let mut start = 0;
    for part in challenges.split(',') {
        let name = part.trim_start().split(' ').next().unwrap_or_default();
        if name.eq_ignore_ascii_case(scheme) {
            return challenges.get(start..);
        }
        start += part.len() + 1;
    }
    None
}

/// A quoted parameter of a challenge (RFC 9110 section 11.6.1), without escapes: addresses and scopes have none.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}
