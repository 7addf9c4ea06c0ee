use super::proxy::Proxy;

pub(super) const ENVOY: Proxy = Proxy {
    name: "Envoy",
    header_setting: "xfcc",
    field: "X-Forwarded-Client-Cert",
    field_value: |it| format!("Hash={}", it.sha256_hex()),
    program: ("envoy", "envoy/_bin/envoy"),
    version: "--version",
    arguments: &[
        "--config-path",
        "FOLDER/envoy.yaml",
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        "error",
    ],
    files: &[("envoy.yaml", "BLOCK")],
    edits: &[(
        "address: 0.0.0.0, port_value: 443",
        "address: 127.0.0.1, port_value: PORT",
    )],
    hole: ("SANITIZE_SET", "ALWAYS_FORWARD_ONLY"),
};
