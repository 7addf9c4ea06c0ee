//! The development issuer, for users without an issuer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use authz_core::Algorithm;
use authz_testkit::{Dashboard, DevIssuer, Registry, StartError};

use crate::{READ, WRITE};

/// The issuer's port, if it is free. `cargo xtask token` uses it.
const PORT: u16 = 3011;

/// Starts an issuer in this process, on its usual port if that is free. Its dashboard knows the API.
pub(crate) async fn start(
    algorithms: &[Algorithm],
    api: &str,
    inspector_port: Option<u16>,
) -> Result<DevIssuer, StartError> {
    let signs = algorithms.first().map_or("RS256", |it| it.name());
    let registry = include_str!("issuer.toml").replace("RS256", signs);
    let registry = Registry::from_toml(&registry).unwrap_or_else(|_| Registry::in_memory());
    let dashboard = Dashboard::new(registry).api_url(api);
    let dashboard = (inspector_port.into_iter()).fold(dashboard, Dashboard::inspector_port);
    let builder = DevIssuer::builder()
        .algorithms(algorithms.iter().copied())
        .dashboard(dashboard);
    match builder.clone().port(PORT).start().await {
        // Another example server may be running.
        Err(_) => builder.start().await,
        started => started,
    }
}

/// Returns a `curl` line to try the server. It has double quotes, which every shell supports.
pub(crate) fn announcement(issuer: &DevIssuer, base: &str) -> String {
    let name = issuer.issuer();
    let token = issuer.token().scope(&format!("{READ} {WRITE}")).build();
    format!(
        "development issuer {name}\ndashboard {name}\ntry it:\n\
         curl -H \"Authorization: Bearer {token}\" {base}/api/private\n"
    )
}

/// Returns the server's URL for clients on this machine.
pub(crate) fn base_url(scheme: &str, listening: SocketAddr) -> String {
    let ip = match listening.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, listening.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_can_be_called() {
        for (listening, url) in [
            ("127.0.0.1:3010", "http://127.0.0.1:3010"),
            ("0.0.0.0:3010", "http://127.0.0.1:3010"),
            ("[::]:80", "http://[::1]:80"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
        ] {
            assert_eq!(base_url("http", listening.parse().unwrap()), url);
        }
    }

    #[tokio::test]
    async fn the_usual_port_may_be_taken() {
        let api = "http://127.0.0.1:3010";
        let one = start(&[Algorithm::ES256], api, None).await.unwrap();
        let two = start(&[Algorithm::ES256], api, None).await.unwrap();
        assert_ne!(one.port(), two.port());
        assert!(one.key_for(Algorithm::ES256).is_some());
    }
}
