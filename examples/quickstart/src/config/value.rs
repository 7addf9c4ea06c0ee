//! What each value may be. An error continues the sentence that begins with the variable, or with the
//! part of a list.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
};

use authz_core::{Algorithm, ClientCertificateHeader, rules::Rules};
use authz_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use authz_testkit::SigningKey;
use http::{HeaderValue, Uri};
use tracing_subscriber::EnvFilter;
use url::Url;

pub(super) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

type Result<T, E = &'static str> = std::result::Result<T, E>;

/// An address that keys or metadata are fetched from.
pub(super) fn fetched_from(text: &str, http_hosts: Option<&[String]>) -> Result<String> {
    let url = Url::parse(text)
        .map_err(|_| "is not an absolute URL: it begins with https:// and a host name")?;
    let host = url.host_str().unwrap_or_default();
    let mut listed = http_hosts.into_iter().flatten();
    let is_allowed =
        is_secure(&url) || url.scheme() == "http" && listed.any(|it| it.eq_ignore_ascii_case(host));
    is_allowed.then(|| text.to_owned()).ok_or(
        "does not begin with https://; plain http is only for this machine's own addresses and the \
         hosts of AUTHZ_ALLOW_HTTP",
    )
}

/// Https, or plain http on this machine.
fn is_secure(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_loopback = address.is_ok_and(|it| it.is_loopback())
        || host == "localhost"
        || host.ends_with(".localhost");
    url.scheme() == "https" || url.scheme() == "http" && is_loopback
}

/// Parses a host, with a port or without. Anything else in `text` makes another URL of it.
fn authority(text: &str) -> Option<Url> {
    let origin = format!("https://{text}/");
    let url = Url::parse(&origin).ok()?;
    let is_whole = url.as_str().eq_ignore_ascii_case(&origin) && url.path() == "/";
    (is_whole && !text.contains(['@', '*'])).then_some(url)
}

pub(super) fn http_host(text: &str) -> Result<String> {
    let url = authority(text).filter(|url| url.port().is_none());
    url.map(|_| text.to_owned())
        .ok_or("is not a host: leave out scheme, port and path, as in keycloak")
}

/// `AUTH0_DOMAIN` is short for this.
pub(super) fn auth0_issuer(domain: &str) -> Result<String> {
    let issuer = authority(domain).map(|_| format!("https://{domain}/"));
    issuer.ok_or("is not a domain: leave out https:// and the path, as in tenant.eu.auth0.com")
}

pub(super) fn ca_file(path: &str) -> Result<String, String> {
    let pem = fs::read(path).map_err(|error| unreadable(&error))?;
    let has_any = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
    let problem = "has no certificate in it: give a PEM file with -----BEGIN CERTIFICATE-----";
    has_any.then(|| path.to_owned()).ok_or(problem.to_owned())
}

pub(super) fn unreadable(error: &io::Error) -> String {
    format!("cannot be read ({error}): a relative path begins where the server is started")
}

/// Whether something is required.
pub(super) const REQUIRED: [(&str, bool); 2] = [("off", false), ("required", true)];

/// One of these names.
pub(super) fn one_of<T: Copy>(choices: &[(&str, T)]) -> impl Fn(&str) -> Result<T, String> {
    |text| {
        let chosen = choices.iter().find(|(name, _)| *name == text);
        chosen.map(|(_, it)| *it).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            format!("is not one of {}", names.join(", "))
        })
    }
}

/// A proxy, and for some the name of the header field that it is configured to send: `nginx:x-cert`.
pub(super) fn certificate_header(text: &str) -> Result<ClientCertificateHeader> {
    let (proxy, name) = text.split_once(':').unwrap_or((text, "x-client-cert"));
    let is_named = text.contains(':');
    let header = match proxy {
        "rfc9440" if !is_named => Ok(ClientCertificateHeader::rfc9440()),
        "xfcc" if !is_named => Ok(ClientCertificateHeader::envoy_xfcc()),
        "traefik" if !is_named => Ok(ClientCertificateHeader::traefik()),
        "alb" if !is_named => Ok(ClientCertificateHeader::aws_alb()),
        "nginx" => ClientCertificateHeader::nginx(name),
        "haproxy" => ClientCertificateHeader::haproxy(name),
        "caddy" => ClientCertificateHeader::caddy(name),
        _ => {
            return Err(
                "is not one of rfc9440, xfcc, nginx, haproxy, traefik, caddy, alb; nginx, haproxy and \
                 caddy may name their header field, as in nginx:x-client-cert, which is the default",
            );
        }
    };
    header.map_err(|_| "has a name that no header field can have")
}

/// The address that clients use. It is only compared.
pub(super) fn public_url(text: &str) -> Result<String> {
    let is_address = |it: &Url| matches!(it.scheme(), "https" | "http") && it.has_host();
    let url = Url::parse(text).ok().filter(is_address);
    let is_plain = !text.contains(['?', '#', '@']);
    (url.is_some() && is_plain)
        .then(|| text.to_owned())
        .ok_or("is not an https or http URL without query, fragment and user, as in https://api.example/v1")
}

/// The origin as browsers spell it: in lower case, without the scheme's own port.
pub(super) fn origin(text: &str) -> Result<HeaderValue> {
    let canonical = || {
        let (_, authority) = text.split_once("://")?;
        let url = Url::parse(text).ok()?;
        let origin = url.as_str().trim_end_matches('/');
        let has_more = authority.contains(['/', '\\', '?', '#', '@', '*']);
        // The frameworks' layers read it as a URI.
        let is_origin = !authority.is_empty() && !has_more && origin.parse::<Uri>().is_ok();
        HeaderValue::from_str(origin).ok().filter(|_| is_origin)
    };
    canonical().ok_or(
        "is not an origin: give scheme, host and port without a path, as in https://app.example, \
         and list origins one by one, without *",
    )
}

pub(super) fn algorithm(name: &str) -> Result<Algorithm> {
    let with_public_key = Algorithm::from_name(name).filter(|_| !name.starts_with("HS"));
    with_public_key.ok_or(
        "is not an algorithm whose tokens are checked with a public key: use one of RS256, RS384, \
         RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, ML-DSA-44, ML-DSA-65, ML-DSA-87",
    )
}

/// A key in a PEM file (`PRIVATE KEY`), and its algorithm.
pub(super) fn signing_key(path: &str) -> Result<SigningKey, String> {
    let pem = fs::read(path).map_err(|error| unreadable(&error))?;
    let der = PrivatePkcs8KeyDer::from_pem_slice(&pem);
    let der =
        der.map_err(|_| "has no key in it: give a PEM file with -----BEGIN PRIVATE KEY-----")?;
    let mut algorithms = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA].into_iter();
    let key = algorithms.find_map(|it| SigningKey::from_pkcs8(it, der.secret_pkcs8_der()).ok());
    key.ok_or("has no key of P-256, RSA or Ed25519 in it".to_owned())
}

pub(super) fn host(text: &str) -> Result<IpAddr> {
    let problem = "is not an IP address: give one as in 127.0.0.1, 0.0.0.0 or ::1, or localhost";
    match text {
        "localhost" => Ok(LOCALHOST),
        _ => text.parse().map_err(|_| problem),
    }
}

pub(super) fn port(text: &str) -> Result<u16> {
    (text.parse())
        .map_err(|_| "is not a port: give a number from 0 to 65535, where 0 is any free one")
}

pub(super) fn fixed_port(text: &str) -> Result<u16> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or("is not a port: give a number from 1 to 65535")
}

pub(super) fn resource(text: &str) -> Result<String> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| is_secure(url) && url.fragment().is_none());
    url.map(|_| text.to_owned()).ok_or(
        "is not an absolute https URL without fragment, as in https://api.example (RFC 9728 section \
         1.2); plain http is only for this machine's own addresses",
    )
}

pub(super) fn rules(path: &str) -> Result<Rules, String> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    Rules::from_toml(&text).map_err(|error| format!("is not a table of rules: {error}"))
}

pub(super) fn log_filter(text: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(text).map_err(|error| {
        format!("is not a log filter ({error}): give a level, as in info or debug, or target=level")
    })
}
