use serde_json::{Map, Value};

use super::report::{Outcome, Report};

/// What a token is bound to (RFC 7800): the request must prove each.
#[derive(Clone, Copy)]
pub(super) struct TokenBinding<'t> {
    /// Of a key (RFC 9449 section 6.1).
    pub(super) jkt: Option<&'t str>,
    /// Of a client certificate (RFC 8705 section 3.1).
    x5t: Option<&'t str>,
}

impl<'t> TokenBinding<'t> {
    pub(super) fn of(claims: &'t Map<String, Value>) -> Self {
        let member = |name: &str| claims.get("cnf")?.get(name)?.as_str();
        Self {
            jkt: member("jkt"),
            x5t: member("x5t#S256"),
        }
    }

    pub(super) const fn is_bound(self) -> bool {
        self.jkt.is_some() || self.x5t.is_some()
    }

    /// Says what a request with the token must carry, and what the server must accept.
    pub(super) fn explain(self, report: &mut Report) {
        if let Some(jkt) = self.jkt {
            report.step(
                "bound to a key",
                Outcome::Note,
                format!(
                    "cnf.jkt is {jkt}: send `Authorization: DPoP TOKEN` and a field `DPoP` with a new proof by that key \
                     for each request; the server needs `Issuer::dpop` (AUTHZ_DPOP=accepted)"
                ),
            );
        }
        if let Some(x5t) = self.x5t {
            report.step(
                "bound to a certificate",
                Outcome::Note,
                format!(
                    "cnf.x5t#S256 is {x5t}: connect with the client certificate whose SHA-256 it is; the server needs \
                     `Issuer::mutual_tls` (AUTHZ_TLS_CLIENT=optional, or AUTHZ_CLIENT_CERT_HEADER behind a proxy)"
                ),
            );
        }
    }
}
