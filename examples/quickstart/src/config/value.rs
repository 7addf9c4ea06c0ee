//! What each value may be. An error continues the sentence that begins with the variable.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
};

use authz_core::{Algorithm, rules::Rules};
use http::{HeaderValue, Uri};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

type Result<T> = std::result::Result<T, String>;

fn check<T>(value: Option<T>, problem: &str) -> Result<T> {
    value.ok_or_else(|| problem.to_owned())
}

/// An address that keys or metadata are fetched from.
pub(super) fn fetched_from(text: &str, http_hosts: Option<&[String]>) -> Result<String> {
    let url = Url::parse(text).map_err(|error| {
        format!("is not an absolute URL ({error}): it begins with https:// and a host name")
    })?;
    let host = url.host_str().unwrap_or_default();
    let mut listed = http_hosts.into_iter().flatten();
    let is_allowed =
        is_secure(&url) || url.scheme() == "http" && listed.any(|it| it.eq_ignore_ascii_case(host));
    check(
        is_allowed.then(|| text.to_owned()),
        "does not begin with https://; plain http is only for this machine's own addresses and the \
         hosts of AUTHZ_ALLOW_HTTP",
    )
}

/// Https, or plain http on this machine.
fn is_secure(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_loopback
}

pub(super) fn http_host(text: &str) -> Result<String> {
    // A host with anything else in it becomes a URL whose host is not just that.
    let is_host = !text.contains('*')
        && Url::parse(&format!("http://{text}/")).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default();
            host.eq_ignore_ascii_case(text) && url.path() == "/"
        });
    is_host.then(|| text.to_owned()).ok_or_else(|| {
        format!(
            "names {text:?}, which is not a host: leave out scheme, port and path, as in keycloak"
        )
    })
}

/// `AUTH0_DOMAIN` is short for this.
pub(super) fn auth0_issuer(domain: &str) -> Result<String> {
    let issuer = format!("https://{domain}/");
    let is_domain = Url::parse(&issuer).is_ok_and(|url| {
        let is_whole = url.as_str().eq_ignore_ascii_case(&issuer) && url.path() == "/";
        is_whole && url.username().is_empty()
    });
    check(
        is_domain.then_some(issuer),
        "is not a domain: leave out https:// and the path, as in tenant.eu.auth0.com",
    )
}

pub(super) fn ca_file(path: &str) -> Result<String> {
    let pem = fs::read(path).map_err(unreadable)?;
    let has_any = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
    check(
        has_any.then(|| path.to_owned()),
        "has no certificate in it: give a PEM file with -----BEGIN CERTIFICATE-----",
    )
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unreadable(error: io::Error) -> String {
    format!("cannot be read ({error}): a relative path begins where the server is started")
}

/// The origin as browsers spell it: in lower case, without the scheme's own port.
pub(super) fn origin(text: &str) -> Result<HeaderValue> {
    if text.contains('*') {
        return Err(
            "allows origins that nobody listed: list them one by one, separated by \
                    commas, as in https://app.example"
                .to_owned(),
        );
    }
    let canonical = || {
        let (_, authority) = text.split_once("://")?;
        let url = Url::parse(text).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let origin = format!("{}://{host}{port}", url.scheme());
        // The frameworks' layers read it as a URI.
        let is_origin =
            !authority.contains(['/', '\\', '?', '#', '@']) && origin.parse::<Uri>().is_ok();
        HeaderValue::try_from(origin).ok().filter(|_| is_origin)
    };
    canonical().ok_or_else(|| {
        format!(
            "names {text:?}, which is not an origin: give scheme, host and port without a path, \
             as in https://app.example"
        )
    })
}

pub(super) fn algorithm(name: &str) -> Result<Algorithm> {
    match Algorithm::from_name(name) {
        Some(secret @ (Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)) => Err(format!(
            "names {secret}, whose tokens are checked with a secret that the issuer shares: this \
             server takes public keys only; let the issuer sign with RS256 or ES256"
        )),
        Some(public) => Ok(public),
        None => Err(format!(
            "names {name:?}: use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, \
             ES512, EdDSA"
        )),
    }
}

pub(super) fn host(text: &str) -> Result<IpAddr> {
    let address = match text {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        address => address.parse().ok(),
    };
    let problem = "is not an IP address: give one as in 127.0.0.1, 0.0.0.0 or ::1, or localhost";
    check(address, problem)
}

pub(super) fn port(text: &str) -> Result<u16> {
    let problem = "is not a port: give a number from 0 to 65535, where 0 is any free one";
    check(text.parse().ok(), problem)
}

pub(super) fn resource(text: &str) -> Result<String> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| is_secure(url) && url.fragment().is_none());
    check(
        url.map(|_| text.to_owned()),
        "is not an absolute https URL without fragment, as in https://api.example (RFC 9728 section \
         1.2); plain http is only for this machine's own addresses",
    )
}

pub(super) fn rules(path: &str) -> Result<Rules> {
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Rules::from_toml(&text).map_err(|error| format!("is not a table of rules: {error}"))
}

pub(super) fn log_filter(text: &str) -> Result<EnvFilter> {
    EnvFilter::try_new(text).map_err(|error| {
        format!("is not a log filter ({error}): give a level, as in info or debug, or target=level")
    })
}
