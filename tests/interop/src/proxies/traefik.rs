use super::proxy::Proxy;
use crate::tls::Identity;

pub(super) const TRAEFIK: Proxy = Proxy {
    name: "Traefik",
    header_setting: "traefik",
    field: "X-Forwarded-Tls-Client-Cert",
    field_value: Identity::percent_encoded_base64,
    program: ("traefik", "bin/traefik"),
    version: "version",
    arguments: &["--configFile=FOLDER/traefik.yaml"],
    files: &[("traefik.yaml", AROUND), ("api.yaml", "BLOCK")],
    edits: &[
        ("address: \":443\"", "address: \"127.0.0.1:PORT\""),
        ("/etc/traefik/", "FOLDER/"),
    ],
    hole: (
        "  https:\n",
        "  https:\n    forwardedHeaders:\n      insecure: true\n",
    ),
};

/// It asks nobody on the internet.
const AROUND: &str = "\
global:
  checkNewVersion: false
  sendAnonymousUsage: false
BLOCK
";
