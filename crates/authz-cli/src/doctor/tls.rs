//! The certificate of a server.

use std::{
    error::Error,
    io,
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::tls::TlsInfo;
use url::Url;
use x509_parser::parse_x509_certificate;

use super::report::{Diagnosis, Outcome, Report};

/// Reports a certificate that was accepted, once for each host.
pub(super) fn accepted(url: &Url, response: &reqwest::Response, report: &mut Report) {
    let info = response.extensions().get::<TlsInfo>();
    let Some(der) = info.and_then(TlsInfo::peer_certificate) else {
        return;
    };
    if !report.is_first(url) {
        return;
    }
    let host = url.host_str().unwrap_or_default();
    let Ok((_, certificate)) = parse_x509_certificate(der) else {
        return report.step("TLS", Outcome::Good, format!("{host}: trusted"));
    };
    let end = certificate.validity().not_after;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    let days = (end.timestamp() - now) / (24 * 60 * 60);
    let outcome = match days < SOON {
        true => Outcome::Note,
        false => Outcome::Good,
    };
    let detail = format!("{host}: the certificate is trusted and expires in {days} days");
    report.step("TLS", outcome, detail);
}

/// Returns the error of TLS that made the request fail.
pub(super) fn cause_of(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        // An error of io hides the one that it wraps from `source`.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

pub(super) fn refused(url: &Url, problem: &rustls::Error, report: &mut Report) {
    let host = url.host_str().unwrap_or_default();
    report.step("TLS", Outcome::Bad, format!("{host}: {problem}"));
    if matches!(problem, rustls::Error::InvalidMessage(_)) {
        let what = format!("what answers at {host} does not speak TLS: {problem}");
        return report.diagnose(
            Diagnosis::Tls,
            what,
            "check the scheme and the port of the address",
        );
    }
    report.diagnose(
        Diagnosis::Tls,
        format!("no trusted connection to {host}: {problem}"),
        "let the server send its whole chain and a certificate for this name; for a private authority give its \
         certificate with --ca-file, and to servers with `ca_file` (AUTHZ_CA_FILE)",
    );
}

/// A certificate that expires within this many days deserves a look.
const SOON: i64 = 14;
