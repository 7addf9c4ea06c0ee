use super::{
    certificate::ClientCertificate, decode::MalformedCertificate, header::ClientCertificateHeader,
    trusted_proxies::TrustedProxies,
};
use crate::request::RequestParts;

/// Returns the certificate with which the client authenticated, or `None` if there isn't one that counts.
///
/// With `from`, the peer decides which place is read: a trusted proxy's header, any other peer's
/// connection, and nothing if the peer is unknown, because its certificate may be the proxy's own.
pub(crate) fn client_certificate(
    parts: &RequestParts<'_>,
    from: Option<&(ClientCertificateHeader, TrustedProxies)>,
) -> Result<Option<ClientCertificate>, MalformedCertificate> {
    let connection = parts.connection_certificate().cloned();
    let Some((header, proxies)) = from else {
        return Ok(connection);
    };
    match parts.peer() {
        Some(peer) if proxies.contains(peer) => header.read(parts.headers),
        Some(_) => Ok(connection),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method, Uri};

    use super::*;
    use crate::client_certificate::PeerAddress;

    const HEADER: &[u8] = &[0x30, 1, 1];
    const CONNECTION: &[u8] = &[0x30, 1, 2];

    #[test]
    fn the_peer_decides_where_the_certificate_comes_from() {
        let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
        let from = (ClientCertificateHeader::rfc9440(), proxies);
        let (proxy, other) = (Some("10.1.2.3"), Some("192.0.2.1"));
        let (in_header, in_connection) = (Ok(Some(HEADER)), Ok(Some(CONNECTION)));
        for (name, configured, peer, header, connection, expected) in [
            ("no setting", false, proxy, ":MAEB:", true, in_connection),
            (
                "no setting, no TLS",
                false,
                proxy,
                ":MAEB:",
                false,
                Ok(None),
            ),
            ("proxy", true, proxy, ":MAEB:", false, in_header),
            ("proxy with its own", true, proxy, ":MAEB:", true, in_header),
            ("proxy's client has none", true, proxy, "", true, Ok(None)),
            ("proxy, malformed", true, proxy, "MAEB", true, Err(())),
            (
                "mapped",
                true,
                Some("::ffff:10.1.2.3"),
                ":MAEB:",
                true,
                in_header,
            ),
            ("forged", true, other, ":MAEB:", false, Ok(None)),
            (
                "forged, with its own",
                true,
                other,
                ":MAEB:",
                true,
                in_connection,
            ),
            (
                "forged, malformed",
                true,
                other,
                "MAEB",
                true,
                in_connection,
            ),
            ("unknown peer", true, None, ":MAEB:", false, Ok(None)),
            (
                "unknown peer, maybe the proxy",
                true,
                None,
                ":MAEB:",
                true,
                Ok(None),
            ),
        ] {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert("client-cert", HeaderValue::from_static(header));
            }
            let uri = Uri::from_static("/");
            let certificate = ClientCertificate::from_der(CONNECTION);
            let mut parts = RequestParts::new(&Method::GET, &uri, &headers);
            if connection {
                parts = parts.with_client_certificate(&certificate);
            }
            if let Some(peer) = peer {
                parts = parts.with_peer(peer.parse().unwrap());
            }
            let found = client_certificate(&parts, configured.then_some(&from));
            let found = match &found {
                Ok(found) => Ok(found.as_ref().and_then(ClientCertificate::der)),
                Err(_) => Err(()),
            };
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn the_extensions_of_a_request_describe_its_connection() {
        let peer = PeerAddress(([10, 0, 0, 1], 1).into());
        let request = http::Request::builder()
            .extension(ClientCertificate::from_der(CONNECTION))
            .extension(peer)
            .body(())
            .unwrap();
        let parts = RequestParts::from(&request).with_connection(request.extensions());
        assert_eq!(parts.peer(), Some(peer.0.ip()));
        let found = client_certificate(&parts, None).unwrap().unwrap();
        assert_eq!(found.der(), Some(CONNECTION));
    }
}
