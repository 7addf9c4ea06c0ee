//! One value each: what it may be, and what it becomes.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use authz_core::{Algorithm, rules::Rules};
use http::{HeaderValue, Uri};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::{ConfigError, Mistake, Setting};

type Result<T> = std::result::Result<T, ConfigError>;

/// An address that keys or metadata are fetched from.
pub(super) fn key_server(setting: Setting, http_hosts: &[String]) -> Result<String> {
    secure(&setting, http_hosts)?;
    Ok(setting.value)
}

pub(super) fn http_hosts(setting: &Setting) -> Result<Vec<String>> {
    // A host with anything else in it becomes a URL whose host is not just that.
    let is_host = |name: &str| {
        let url = Url::parse(&format!("http://{name}/"));
        !name.contains('*')
            && url.is_ok_and(|url| {
                let host = url.host_str().unwrap_or_default();
                host.eq_ignore_ascii_case(name) && url.path() == "/"
            })
    };
    let host = |name: &str| match is_host(name) {
        true => Ok(name.to_owned()),
        false => Err(setting.mistake(Mistake::NotHttpHost(name.to_owned()))),
    };
    setting.parts().map(|part| host(part?)).collect()
}

pub(super) fn ca_file(setting: &Setting) -> Result<PathBuf> {
    let pem =
        fs::read(&setting.value).map_err(|error| setting.mistake(Mistake::Unreadable(error)))?;
    let has_certificate = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
    if !has_certificate {
        return Err(setting.mistake(Mistake::NoCertificate));
    }
    Ok(PathBuf::from(&setting.value))
}

pub(super) fn origins(setting: &Setting) -> Result<Vec<HeaderValue>> {
    let canonical = |text: &str| {
        if text.contains('*') {
            return Err(setting.mistake(Mistake::AnyOrigin));
        }
        let origin = origin(text).and_then(|origin| HeaderValue::try_from(origin).ok());
        origin.ok_or_else(|| setting.mistake(Mistake::NotOrigin(text.to_owned())))
    };
    setting.parts().map(|part| canonical(part?)).collect()
}

/// The origin as browsers spell it: in lower case, without the scheme's own port.
fn origin(text: &str) -> Option<String> {
    let (_, authority) = text.split_once("://")?;
    if authority.contains(['/', '\\', '?', '#', '@']) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let scheme = url.scheme();
    let origin = match url.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    // The frameworks' layers read it as a URI.
    origin.parse::<Uri>().is_ok().then_some(origin)
}

/// `AUTH0_DOMAIN` is short for this.
pub(super) fn auth0_issuer(domain: &str) -> String {
    format!("https://{domain}/")
}

pub(super) fn domain(setting: &Setting) -> Result<String> {
    let issuer = auth0_issuer(&setting.value);
    // A domain with anything else in it becomes a URL that is not just that domain.
    match Url::parse(&issuer) {
        Ok(url)
            if url.as_str().eq_ignore_ascii_case(&issuer)
                && url.path() == "/"
                && url.username().is_empty() =>
        {
            Ok(issuer)
        }
        _ => Err(setting.mistake(Mistake::NotDomain)),
    }
}

pub(super) fn audiences(setting: &Setting) -> Result<Vec<String>> {
    let parts = setting.parts().map(|part| part.map(str::to_owned));
    parts.collect()
}

pub(super) fn algorithms(setting: &Setting) -> Result<Vec<Algorithm>> {
    let algorithm = |name: &str| match Algorithm::from_name(name) {
        Some(secret @ (Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)) => {
            Err(setting.mistake(Mistake::SharedSecret(secret)))
        }
        Some(public) => Ok(public),
        None => Err(setting.mistake(Mistake::UnknownAlgorithm(name.to_owned()))),
    };
    setting.parts().map(|part| algorithm(part?)).collect()
}

pub(super) fn host(setting: &Setting) -> Result<IpAddr> {
    if setting.value == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let address = setting.value.parse();
    address.map_err(|_| setting.mistake(Mistake::NotHost))
}

pub(super) fn port(setting: &Setting) -> Result<u16> {
    let port = setting.value.parse();
    port.map_err(|_| setting.mistake(Mistake::NotPort))
}

pub(super) fn resource(setting: Setting) -> Result<String> {
    match Url::parse(&setting.value) {
        Ok(url) if is_secure(&url) && url.fragment().is_none() => Ok(setting.value),
        _ => Err(setting.mistake(Mistake::NotResource)),
    }
}

pub(super) fn rules(setting: &Setting) -> Result<Rules> {
    let text = fs::read_to_string(&setting.value)
        .map_err(|error| setting.mistake(Mistake::Unreadable(error)))?;
    Rules::from_toml(&text).map_err(|error| setting.mistake(Mistake::NotRules(error)))
}

pub(super) fn log_filter(setting: &Setting) -> Result<EnvFilter> {
    let filter = EnvFilter::try_new(&setting.value);
    filter.map_err(|error| setting.mistake(Mistake::NotLogFilter(error)))
}

fn secure(setting: &Setting, http_hosts: &[String]) -> Result<()> {
    let url =
        Url::parse(&setting.value).map_err(|error| setting.mistake(Mistake::NotUrl(error)))?;
    let host = url.host_str().unwrap_or_default();
    let listed = http_hosts.iter().any(|it| it.eq_ignore_ascii_case(host));
    if is_secure(&url) || url.scheme() == "http" && listed {
        return Ok(());
    }
    Err(setting.mistake(Mistake::Insecure))
}

/// Https, or plain http on this machine.
fn is_secure(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && loopback
}

impl Setting {
    pub(super) fn mistake(&self, mistake: Mistake) -> ConfigError {
        ConfigError::Invalid {
            variable: self.variable,
            value: self.value.clone(),
            mistake,
        }
    }

    /// The parts between commas.
    fn parts(&self) -> impl Iterator<Item = Result<&str>> {
        self.value.split(',').map(str::trim).map(|part| {
            if part.is_empty() {
                return Err(self.mistake(Mistake::EmptyPart));
            }
            Ok(part)
        })
    }
}
