//! What is sent through each proxy, and the answer that must come.

use authz_testkit::{Algorithm, DevIssuer, SigningKey};
use serde_json::json;

use super::proxy::Proxy;
use crate::tls::{Client, Expected, OTHER, OWNER};

/// One request through a proxy.
pub(super) struct Row {
    pub(super) name: &'static str,
    token: Token,
    /// The certificate that the client presents.
    presents: Option<&'static str>,
    /// Names of header fields that claim the certificate of the token.
    forged: Vec<String>,
    pub(super) expected: Expected,
}

#[derive(Clone, Copy)]
enum Token {
    /// Not bound to anything.
    Bearer,
    /// Bound to the certificate [`OWNER`].
    Certificate,
    /// The same, on a connection that resumes a TLS session where the proxy allows it.
    Resumed,
    /// Bound to a key, with a proof for the public address.
    Key,
    /// Bound to a key, with a proof for the address of the server behind the proxy.
    KeyElsewhere,
}

const OK: Expected = Expected(200, None);
const INVALID: Expected = Expected(401, Some("invalid_token"));
const BAD_PROOF: Expected = Expected(401, Some("invalid_dpop_proof"));
const PATH: &str = "/api/private";

/// What must hold with the documented configuration.
pub(super) fn all(proxy: &Proxy) -> Vec<Row> {
    use Token::{Bearer, Certificate, Key, KeyElsewhere, Resumed};

    let field = || vec![proxy.field.to_owned()];
    let twice = || vec![proxy.field.to_owned(); 2];
    // CGI and its heirs make one name of both spellings.
    let underscores = || vec![proxy.field.replace('-', "_")];
    let rows: [(_, _, _, Vec<String>, _); 12] = [
        ("its certificate", Certificate, Some(OWNER), vec![], OK),
        (
            "another certificate",
            Certificate,
            Some(OTHER),
            vec![],
            INVALID,
        ),
        ("its certificate, resumed", Resumed, Some(OWNER), vec![], OK),
        (
            "another certificate, resumed",
            Resumed,
            Some(OTHER),
            field(),
            INVALID,
        ),
        ("no certificate", Certificate, None, vec![], INVALID),
        (
            "no certificate, the field forged",
            Certificate,
            None,
            field(),
            INVALID,
        ),
        (
            "no certificate, the field forged twice",
            Certificate,
            None,
            twice(),
            INVALID,
        ),
        (
            "no certificate, forged with underscores",
            Certificate,
            None,
            underscores(),
            INVALID,
        ),
        (
            "another certificate, the field forged",
            Certificate,
            Some(OTHER),
            field(),
            INVALID,
        ),
        (
            "a bearer token without a certificate",
            Bearer,
            None,
            vec![],
            OK,
        ),
        ("DPoP for the public address", Key, None, vec![], OK),
        (
            "DPoP for the address behind the proxy",
            KeyElsewhere,
            None,
            vec![],
            BAD_PROOF,
        ),
    ];
    rows.into_iter().map(row).collect()
}

/// What happens if the proxy does not remove the field: the reason why it must.
pub(super) fn with_hole(proxy: &Proxy) -> Vec<Row> {
    let forged = vec![proxy.field.to_owned()];
    let name =
        "THE HOLE of a proxy that keeps the client's field: no certificate, the field forged";
    vec![row((name, Token::Certificate, None, forged, OK))]
}

/// The adapters share the core: one accepted and one refused request show that they pass the peer on.
pub(super) fn of_other_frameworks() -> Vec<Row> {
    let rows = [
        (
            "its certificate",
            Token::Certificate,
            Some(OWNER),
            vec![],
            OK,
        ),
        ("no certificate", Token::Certificate, None, vec![], INVALID),
    ];
    rows.into_iter().map(row).collect()
}

type Columns = (
    &'static str,
    Token,
    Option<&'static str>,
    Vec<String>,
    Expected,
);

fn row((name, token, presents, forged, expected): Columns) -> Row {
    Row {
        name,
        token,
        presents,
        forged,
        expected,
    }
}

impl Row {
    /// Returns the status line, the header fields and the body of the answer.
    pub(super) fn send(
        &self,
        proxy: &Proxy,
        issuer: &DevIssuer,
        client: &Client,
        behind: &str,
    ) -> anyhow::Result<String> {
        let key = SigningKey::shared(Algorithm::ES256);
        let token = issuer.token().scope("read:messages");
        let owner = client.identity(OWNER)?;
        let (token, address) = match self.token {
            Token::Bearer => (token, None),
            Token::Certificate | Token::Resumed => {
                let confirmation = json!({ "x5t#S256": owner.thumbprint() });
                (token.claim("cnf", confirmation), None)
            }
            Token::Key => (token.bound_to(&key), Some(client.base_url())),
            Token::KeyElsewhere => (token.bound_to(&key), Some(behind.to_owned())),
        };
        let token = token.build();
        let mut fields = match address {
            None => vec![format!("Authorization: Bearer {token}")],
            Some(address) => {
                let proof = key.proof("GET", &format!("{address}{PATH}"), &token);
                vec![
                    format!("Authorization: DPoP {token}"),
                    format!("DPoP: {}", proof.build()),
                ]
            }
        };
        let value = (proxy.field_value)(owner);
        fields.extend(self.forged.iter().map(|name| format!("{name}: {value}")));
        match (self.token, self.presents) {
            (Token::Resumed, Some(certificate)) => client.get_resumed(PATH, certificate, &fields),
            _ => client.get(PATH, self.presents, &fields),
        }
    }
}
