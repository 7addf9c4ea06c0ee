use super::proxy::Proxy;
use crate::tls::Identity;

pub(super) const CADDY: Proxy = Proxy {
    name: "Caddy",
    header_setting: "caddy",
    field: "X-Client-Cert",
    field_value: Identity::der_base64,
    program: ("caddy", "bin/caddy"),
    version: "version",
    arguments: &[
        "run",
        "--config",
        "FOLDER/Caddyfile",
        "--adapter",
        "caddyfile",
    ],
    files: &[("Caddyfile", AROUND)],
    edits: &[("api.example {", "api.example:PORT {")],
    hole: (
        "header_up X-Client-Cert {http.request.tls.client.certificate_der_base64}",
        "",
    ),
};

/// No second server for redirects or administration.
const AROUND: &str = "\
{
    admin off
    auto_https disable_redirects
    default_bind 127.0.0.1
}
BLOCK
";
