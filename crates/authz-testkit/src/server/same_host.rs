#[cfg(feature = "dashboard")]
use http::{HeaderMap, header};

/// Returns whether a request names this machine in `Host`. A page whose own name was made to resolve to
/// `127.0.0.1` (DNS rebinding) names itself.
#[cfg(feature = "dashboard")]
pub(crate) fn is_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    host.to_str().is_ok_and(is_this_machine)
}

/// Returns whether a host name, with or without a port, is one of this machine's own.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "[::1]", "localhost"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}
