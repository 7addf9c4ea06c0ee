use authz_core::jwks::KeySet;
use serde_json::Value;
use url::Url;

use super::{
    fetch::{FetchedAnswer, Http},
    report::{Diagnosis, Outcome, Report},
};

/// More seconds than this between two clocks will refuse good tokens: the default leeway is less.
const MAX_SKEW: i64 = 30;

/// The issuer's keys, as far as they can be had.
pub(super) enum FoundKeys {
    Set(KeySet),
    Secret(authz_core::jwks::SharedSecret),
    /// Nothing can be said about signatures.
    None,
}

/// Finds the issuer's keys as a server does, and says what is wrong on the way.
pub(super) async fn keys(
    http: &Http,
    issuer: &str,
    jwks_uri: Option<&str>,
    report: &mut Report,
) -> FoundKeys {
    let uri = match jwks_uri {
        Some(uri) => Some(uri.to_owned()),
        None => discover(http, issuer, report).await,
    };
    let Some(uri) = uri else {
        return FoundKeys::None;
    };
    let answer = match http.get(&uri, report).await {
        Ok(answer) => answer,
        Err(error) => {
            report.step("key set", Outcome::Bad, format!("{uri}: {error}"));
            report.diagnose_unless_explained(
                Diagnosis::KeyServerDown,
                format!("the key server at {uri} does not answer: {error}"),
                "check the address, DNS, firewalls and proxies from the machine that runs the API; meanwhile its requests with new keys get 503",
            );
            return FoundKeys::None;
        }
    };
    clock(&answer, report);
    if answer.status != 200 {
        report.step(
            "key set",
            Outcome::Bad,
            format!("{uri}: {}", answer.shown()),
        );
        wrong_uri(&uri, &format!("it answers {}", answer.shown()), report);
        return FoundKeys::None;
    }
    match KeySet::parse(&answer.body) {
        Ok(parsed) => {
            let usable = parsed.keys.len();
            let outcome = if usable > 0 {
                Outcome::Good
            } else {
                Outcome::Bad
            };
            report.step("key set", outcome, format!("{uri}, {usable} usable keys"));
            for key in parsed.keys.iter() {
                let algorithms: Vec<_> = key.algorithms().map(|it| it.name()).collect();
                let kid = key.kid().unwrap_or("without kid");
                report.step(format!("key {kid}"), Outcome::Good, algorithms.join(", "));
            }
            for skipped in &parsed.skipped {
                let kid = skipped.kid.as_deref().unwrap_or("without kid");
                report.step(
                    format!("key {kid}"),
                    Outcome::Note,
                    format!("not used: {}", skipped.error),
                );
            }
            if usable == 0 {
                report.diagnose(
                    Diagnosis::UnusableKeys,
                    format!("no key of {uri} can be used"),
                    "let the issuer sign with RS256, PS256, ES256 or EdDSA and publish the public key with `use` \"sig\"",
                );
            }
            FoundKeys::Set(parsed.keys)
        }
        Err(error) => {
            report.step("key set", Outcome::Bad, format!("{uri}: {error}"));
            wrong_uri(&uri, &error.to_string(), report);
            FoundKeys::None
        }
    }
}

fn wrong_uri(uri: &str, problem: &str, report: &mut Report) {
    report.diagnose_unless_explained(
        Diagnosis::WrongJwksUri,
        format!("there is no key set at {uri}: {problem}"),
        "use the `jwks_uri` of the issuer's metadata (/.well-known/openid-configuration), or leave the address out",
    );
}

/// The address of the key set, from the issuer's metadata.
async fn discover(http: &Http, issuer: &str, report: &mut Report) -> Option<String> {
    let Ok(url) = Url::parse(issuer) else {
        report.step("metadata", Outcome::Bad, format!("{issuer:?} is not a URL"));
        return None;
    };
    let mut is_down = None;
    for place in places(&url) {
        match http.get(&place, report).await {
            Ok(answer) => {
                clock(&answer, report);
                if answer.status == 200 {
                    return read(&place, issuer, &answer, report);
                }
                report.step(
                    "metadata",
                    Outcome::Note,
                    format!("{place}: {}", answer.shown()),
                );
            }
            Err(error) => {
                report.step("metadata", Outcome::Bad, format!("{place}: {error}"));
                is_down = Some(error);
                break;
            }
        }
    }
    if let Some(error) = is_down {
        report.diagnose_unless_explained(
            Diagnosis::KeyServerDown,
            format!("the issuer at {issuer} does not answer: {error}"),
            "check the address, DNS, firewalls and proxies from the machine that runs the API; meanwhile its requests get 503",
        );
        return None;
    }
    report.step("metadata", Outcome::Bad, "found nowhere".to_owned());
    let elsewhere = elsewhere(http, &url).await;
    let (what, todo) = match elsewhere {
        Some((place, named)) => (
            format!("the metadata are not where the issuer {issuer} says, but at {place}: they are those of {named}"),
            format!("configure the issuer as {named:?} if its tokens have that `iss`, or name the address with `discovery_url`"),
        ),
        None => (
            format!("no metadata at any address that follows from {issuer}"),
            "check the issuer's path (a realm, a tenant, a version); if it has no metadata, give the address of its key set with --jwks-uri".to_owned(),
        ),
    };
    report.diagnose_unless_explained(Diagnosis::MetadataPath, what, todo);
    None
}

fn read(place: &str, issuer: &str, answer: &FetchedAnswer, report: &mut Report) -> Option<String> {
    let Ok(metadata) = serde_json::from_slice::<Value>(&answer.body) else {
        report.step("metadata", Outcome::Bad, format!("{place}: not JSON"));
        report.diagnose(
            Diagnosis::MetadataPath,
            format!("{place} does not answer with JSON"),
            "check whether a login page or a proxy answers in place of the issuer",
        );
        return None;
    };
    let named = metadata["issuer"].as_str().unwrap_or_default();
    if named != issuer {
        report.step(
            "metadata",
            Outcome::Bad,
            format!("{place}: of issuer {named:?}, not {issuer:?}"),
        );
        if named.trim_end_matches('/') == issuer.trim_end_matches('/') {
            slash(named, issuer, report);
        } else {
            report.diagnose(
                Diagnosis::WrongIssuer,
                format!("the metadata at {place} are those of {named}"),
                format!("configure the issuer as {named:?}, exactly as its tokens name it"),
            );
        }
        // What else is wrong shows further on.
    } else {
        report.step("metadata", Outcome::Good, place.to_owned());
    }
    let introspection = metadata["introspection_endpoint"].as_str();
    report.introspection = introspection.map(str::to_owned);
    let uri = metadata["jwks_uri"].as_str().map(str::to_owned);
    if uri.is_none() {
        report.step(
            "jwks_uri",
            Outcome::Bad,
            "the metadata have none".to_owned(),
        );
    }
    uri
}

pub(super) fn slash(right: &str, configured: &str, report: &mut Report) {
    report.diagnose(
        Diagnosis::IssuerSlash,
        format!("the issuer is {right:?}, and {configured:?} was given: only the slash at the end differs"),
        format!("configure {right:?}: issuers are compared to the letter"),
    );
}

/// Metadata that stand where they don't belong.
async fn elsewhere(http: &Http, issuer: &Url) -> Option<(String, String)> {
    let segments: Vec<_> = issuer
        .path_segments()?
        .filter(|it| !it.is_empty())
        .collect();
    for kept in (0..segments.len()).rev() {
        let mut shorter = issuer.clone();
        shorter.set_path(&segments.get(..kept)?.join("/"));
        for place in places(&shorter) {
            if let Ok(answer) = http.get(&place, &mut Report::default()).await
                && answer.status == 200
                && let Ok(metadata) = serde_json::from_slice::<Value>(&answer.body)
                && let Some(named) = metadata["issuer"].as_str()
            {
                return Some((place, named.to_owned()));
            }
        }
    }
    None
}

/// OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.
fn places(issuer: &Url) -> Vec<String> {
    let path = issuer.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url.to_string()
    };
    let mut places = vec![
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ];
    if !path.is_empty() {
        places.push(at(format!("/.well-known/openid-configuration{path}")));
    }
    places
}

fn clock(answer: &FetchedAnswer, report: &mut Report) {
    let Some(skew) = answer.skew() else {
        return;
    };
    let first = report.skew.is_none();
    if first || report.skew.is_some_and(|it| it.abs() < skew.abs()) {
        report.skew = Some(skew);
    }
    if skew.abs() > MAX_SKEW && !report.has(Diagnosis::ClockSkew) {
        let (ahead, seconds) = if skew > 0 {
            ("ahead of", skew)
        } else {
            ("behind", -skew)
        };
        report.step(
            "clock",
            Outcome::Bad,
            format!("the issuer's is {seconds} s {ahead} this machine's"),
        );
        report.diagnose(
            Diagnosis::ClockSkew,
            format!("the issuer's clock is {seconds} s {ahead} this machine's"),
            "synchronize both clocks (NTP): tokens are refused as expired or not yet valid otherwise",
        );
    }
}
