//! Tokens that are bound to a client certificate (RFC 8705 section 3).

use authz_core::{
    Algorithm, Authorizer, AuthorizerBuilder, Binding, ClientCertificate, ClientCertificateHeader,
    CryptoBackend, Dpop, DpopProofs, Issuer, MutualTls, Reason, Rejection, RequestParts,
    TrustedProxies, any_valid_token, jwks::StaticKeys,
};
use authz_testkit::{SigningKey, TokenBuilder};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, header::AUTHORIZATION};
use serde_json::{Value, json};

/// The certificate of RFC 8705 Appendix A, and its thumbprint.
const CERTIFICATE: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";
const THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
const PROXY: [u8; 4] = [10, 0, 0, 7];

fn key() -> SigningKey {
    SigningKey::shared(Algorithm::ES256).with_kid("issuer")
}

fn authorizer(
    mode: MutualTls,
    change: impl FnOnce(Issuer) -> Issuer,
    settings: impl FnOnce(AuthorizerBuilder) -> AuthorizerBuilder,
) -> Authorizer {
    let keys = json!({ "keys": [key().public_jwk()] }).to_string();
    let issuer = Issuer::new("https://issuer.example/")
        .audience("https://api.example")
        .algorithms([Algorithm::ES256])
        .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap())
        .mutual_tls(mode);
    let builder = Authorizer::builder()
        .crypto_backend(CryptoBackend::available()[0])
        .issuer(change(issuer));
    settings(builder).build().unwrap()
}

fn bound() -> TokenBuilder {
    TokenBuilder::new(&key()).claim("cnf", json!({ "x5t#S256": THUMBPRINT }))
}

fn certificate() -> ClientCertificate {
    ClientCertificate::from_der(STANDARD.decode(CERTIFICATE).unwrap())
}

fn request(token: TokenBuilder) -> Request<()> {
    let value = format!("Bearer {}", token.build());
    Request::get("/")
        .header(AUTHORIZATION, value)
        .body(())
        .unwrap()
}

async fn decide(
    authorizer: &Authorizer,
    parts: &RequestParts<'_>,
) -> Result<Option<Binding>, Reason> {
    let decision = authorizer.authorize(parts, &any_valid_token()).await;
    decision
        .map(|it| it.binding())
        .map_err(|it: Rejection| it.reason())
}

#[tokio::test]
async fn a_bound_token_needs_its_certificate() {
    let bound = request(bound());
    let unbound = request(TokenBuilder::new(&key()));
    let own = certificate();
    let other = ClientCertificate::from_der(vec![0x30, 1, 1]);
    let is_bound = Ok(Some(Binding::MutualTls));
    for (mode, request, certificate, expected) in [
        (MutualTls::Accepted, &bound, Some(&own), is_bound),
        (MutualTls::Required, &bound, Some(&own), is_bound),
        (
            MutualTls::Off,
            &bound,
            Some(&own),
            Err(Reason::SenderConstrained),
        ),
        (
            MutualTls::Accepted,
            &bound,
            None,
            Err(Reason::WrongCertificate),
        ),
        (
            MutualTls::Accepted,
            &bound,
            Some(&other),
            Err(Reason::WrongCertificate),
        ),
        (MutualTls::Accepted, &unbound, None, Ok(None)),
        (MutualTls::Accepted, &unbound, Some(&own), Ok(None)),
        (
            MutualTls::Required,
            &unbound,
            Some(&own),
            Err(Reason::UnboundToken),
        ),
    ] {
        let authorizer = authorizer(mode, |it| it, |it| it);
        let parts = RequestParts::from(request);
        let parts = certificate.map_or(parts, |it| parts.with_client_certificate(it));
        // The second time, the token is in the cache.
        for _ in 0..2 {
            assert_eq!(decide(&authorizer, &parts).await, expected, "{mode:?}");
        }
    }
}

#[tokio::test]
async fn the_header_of_a_trusted_proxy_counts_and_no_other() {
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
    let from = |it: AuthorizerBuilder| {
        it.client_certificate_from(ClientCertificateHeader::rfc9440(), proxies)
    };
    let authorizer = authorizer(MutualTls::Accepted, |it| it, from);
    let mut request = request(bound());
    let value = format!(":{CERTIFICATE}:");
    request
        .headers_mut()
        .insert("client-cert", value.parse().unwrap());
    let parts = RequestParts::from(&request);
    let wrong = Err(Reason::WrongCertificate);
    for (peer, expected) in [
        (Some(PROXY), Ok(Some(Binding::MutualTls))),
        // A caller who writes the header itself, and one whose address is unknown.
        (Some([192, 0, 2, 1]), wrong),
        (None, wrong),
    ] {
        let parts = peer.map_or(parts, |it| parts.with_peer(it.into()));
        assert_eq!(decide(&authorizer, &parts).await, expected, "{peer:?}");
    }
    let twice = request.headers()["client-cert"].clone();
    request.headers_mut().append("client-cert", twice);
    let parts = RequestParts::from(&request).with_peer(PROXY.into());
    assert_eq!(decide(&authorizer, &parts).await, wrong);
}

/// A proxy that leaves the caller's own header field in place lets anybody present any certificate, which is not
/// secret. This is why the setting says what a proxy must do.
#[tokio::test]
async fn a_proxy_that_passes_on_the_callers_own_header_is_a_hole() {
    let proxies = TrustedProxies::new(["10.0.0.7"]).unwrap();
    let from = |it: AuthorizerBuilder| {
        it.client_certificate_from(ClientCertificateHeader::rfc9440(), proxies)
    };
    let authorizer = authorizer(MutualTls::Accepted, |it| it, from);
    let mut stolen = request(bound());
    let written_by_the_thief = format!(":{CERTIFICATE}:").parse().unwrap();
    stolen
        .headers_mut()
        .insert("client-cert", written_by_the_thief);
    let passed_on = RequestParts::from(&stolen).with_peer(PROXY.into());
    assert_eq!(
        decide(&authorizer, &passed_on).await,
        Ok(Some(Binding::MutualTls))
    );
}

#[tokio::test]
async fn a_token_bound_twice_needs_both() {
    let client = SigningKey::shared(Algorithm::ES256);
    let cnf = json!({ "jkt": client.thumbprint(), "x5t#S256": THUMBPRINT });
    let token = TokenBuilder::new(&key()).claim("cnf", cnf).build();
    let proofs = DpopProofs::for_public_url("https://api.example");
    let authorizer = authorizer(
        MutualTls::Accepted,
        |it| it.dpop(Dpop::Accepted),
        |it| it.dpop_proofs(proofs),
    );
    let request = |proof: bool| {
        let request = Request::get("/").header(AUTHORIZATION, format!("DPoP {token}"));
        let proof = proof.then(|| client.proof("GET", "https://api.example/", &token).build());
        let request = proof
            .into_iter()
            .fold(request, |it, proof| it.header("dpop", proof));
        request.body(()).unwrap()
    };
    for (proof, certificate, expected) in [
        (true, Some(certificate()), Ok(Some(Binding::Dpop))),
        (true, None, Err(Reason::WrongCertificate)),
        (false, Some(certificate()), Err(Reason::InvalidProof)),
    ] {
        let request = request(proof);
        let parts = RequestParts::from(&request);
        let parts = (certificate.as_ref()).map_or(parts, |it| parts.with_client_certificate(it));
        assert_eq!(decide(&authorizer, &parts).await, expected);
    }
}

#[test]
fn the_metadata_say_so() {
    for (mode, expected) in [(MutualTls::Off, None), (MutualTls::Accepted, Some(true))] {
        let authorizer = authorizer(mode, |it| it, |it| it.resource("https://api.example"));
        let json: Value =
            serde_json::from_str(authorizer.resource_metadata().unwrap().json()).unwrap();
        let member = json.get("tls_client_certificate_bound_access_tokens");
        assert_eq!(member.and_then(Value::as_bool), expected);
    }
}
