//! The forms of header fields that carry a certificate.

use http::{HeaderMap, header::InvalidHeaderName};

use super::{
    certificate::ClientCertificate, decode::MalformedCertificate, header::ClientCertificateHeader,
};
use crate::crypto::CryptoBackend;

/// RFC 8705 appendix A.
const DER: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";
/// Its `x5t#S256`, in hexadecimal: A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0.
const SHA256: &str = "0380ed2f626650c840b2f263e6d2b29fae12ab39ae5db32b25ad27efad72e6fd";
/// Any DER sequence that is not the certificate above.
const OTHER: &str = "MAEB";

fn pem(der: &str) -> String {
    let lines: Vec<_> = der
        .as_bytes()
        .chunks(64)
        .map(|it| str::from_utf8(it).unwrap())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// Percent-encodes as nginx and Envoy do.
fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Percent-encodes as an AWS load balancer does.
fn alb(text: &str) -> String {
    text.replace('\n', "%0A").replace(' ', "%20")
}

fn named(
    form: fn(&str) -> Result<ClientCertificateHeader, InvalidHeaderName>,
) -> ClientCertificateHeader {
    form("x-cert").unwrap()
}

fn read(header: &ClientCertificateHeader, fields: &[(&'static str, String)]) -> HeaderOutcome {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().unwrap());
    }
    match header.read(&headers) {
        Ok(None) => HeaderOutcome::Absent,
        Ok(Some(it)) if it.sha256(CryptoBackend::fastest()) == expected() => HeaderOutcome::Found,
        Ok(Some(_)) => HeaderOutcome::Other,
        Err(MalformedCertificate(why)) => HeaderOutcome::Malformed(why),
    }
}

#[derive(Debug, PartialEq)]
enum HeaderOutcome {
    Absent,
    Found,
    Other,
    Malformed(&'static str),
}

fn expected() -> [u8; 32] {
    let bytes = SHA256.as_bytes().chunks(2);
    let bytes: Vec<_> = bytes
        .map(|it| u8::from_str_radix(str::from_utf8(it).unwrap(), 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

#[test]
fn every_backend_computes_the_thumbprint_of_rfc_8705() {
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };

    let certificate = ClientCertificate::from_der(STANDARD.decode(DER).unwrap());
    for backend in CryptoBackend::available() {
        let sha256 = certificate.clone().sha256(*backend);
        let fresh = ClientCertificate::from_der(certificate.der().unwrap().to_vec());
        assert_eq!(fresh.sha256(*backend), sha256);
        let thumbprint = URL_SAFE_NO_PAD.encode(sha256);
        assert_eq!(thumbprint, "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        assert_eq!(
            ClientCertificate::from_sha256(sha256).sha256(*backend),
            sha256
        );
    }
    assert_eq!(format!("{certificate:?}"), "ClientCertificate { .. }");
}

#[test]
fn every_form_carries_the_certificate_of_rfc_8705() {
    use HeaderOutcome::{Absent, Found};

    let [rfc9440, xfcc, traefik, aws] = [
        ClientCertificateHeader::rfc9440(),
        ClientCertificateHeader::envoy_xfcc(),
        ClientCertificateHeader::traefik(),
        ClientCertificateHeader::aws_alb(),
    ];
    let nginx = named(ClientCertificateHeader::nginx);
    let haproxy = named(ClientCertificateHeader::haproxy);
    let caddy = named(ClientCertificateHeader::caddy);
    let (one, other) = (pem(DER), pem(OTHER));
    for (header, name, value, outcome) in [
        (&rfc9440, "client-cert", format!(":{DER}:"), Found),
        (&rfc9440, "client-cert", format!("  :{DER}: "), Found),
        (&rfc9440, "x-cert", format!(":{DER}:"), Absent),
        (&xfcc, XFCC, format!("Hash={SHA256}"), Found),
        (
            &xfcc,
            XFCC,
            format!("hash={}", SHA256.to_uppercase()),
            Found,
        ),
        (
            &xfcc,
            XFCC,
            format!("By=spiffe://a/b;Hash={SHA256};URI=spiffe://c/d"),
            Found,
        ),
        (&xfcc, XFCC, format!("Cert=\"{}\"", escaped(&one)), Found),
        // The hash counts.
        (
            &xfcc,
            XFCC,
            format!("Cert=\"{}\";Hash={SHA256}", escaped(&other)),
            Found,
        ),
        // The last element counts.
        (
            &xfcc,
            XFCC,
            format!(
                "Hash={};Subject=\"CN=a\", By=b;Hash={SHA256}",
                "00".repeat(32)
            ),
            Found,
        ),
        // A name of the caller's choice does not begin an element.
        (
            &xfcc,
            XFCC,
            format!("Hash={};URI=a,Hash={SHA256}", "00".repeat(32)),
            HeaderOutcome::Malformed("a comma after a name that may contain it"),
        ),
        (
            &xfcc,
            XFCC,
            format!("By=b;Subject=\"CN=\\\",Hash=0;\\\\\";Hash={SHA256}"),
            Found,
        ),
        (&xfcc, XFCC, String::new(), Absent),
        (&nginx, "x-cert", escaped(&one), Found),
        (&nginx, "x-cert", escaped(&one.replace('\n', "\r\n")), Found),
        (&nginx, "x-cert", String::new(), Absent),
        (&haproxy, "x-cert", DER.to_owned(), Found),
        (&haproxy, "x-cert", format!("\"{DER}\""), Found),
        (&haproxy, "x-cert", String::new(), Absent),
        (&haproxy, "x-cert", "\"\"".to_owned(), Absent),
        (&traefik, TRAEFIK, escaped(DER), Found),
        (&traefik, TRAEFIK, DER.to_owned(), Found),
        (&traefik, TRAEFIK, format!("{DER},{OTHER}"), Found),
        (&traefik, TRAEFIK, escaped(&format!("{DER},{OTHER}")), Found),
        (&traefik, TRAEFIK, String::new(), Absent),
        (&caddy, "x-cert", DER.to_owned(), Found),
        (&caddy, "x-cert", String::new(), Absent),
        (
            &caddy,
            "x-cert",
            "{http.request.tls.client.certificate_der_base64}".to_owned(),
            Absent,
        ),
        (&aws, ALB_LEAF, alb(&one), Found),
        (&aws, ALB_CHAIN, alb(&one), Found),
        (&aws, ALB_CHAIN, alb(&format!("{one}{other}")), Found),
        (&aws, ALB_CHAIN, String::new(), Absent),
    ] {
        assert_eq!(
            read(header, &[(name, value.clone())]),
            outcome,
            "{header:?} {value}"
        );
        assert_eq!(read(header, &[]), Absent);
        // Two fields are refused, even if they are equal or empty.
        if outcome != Absent || value.is_empty() {
            let twice = [(name, value.clone()), (name, value)];
            assert!(
                matches!(read(header, &twice), HeaderOutcome::Malformed(_)),
                "{header:?}"
            );
        }
    }
}

#[test]
fn a_field_has_at_most_16_kib() {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let header = named(ClientCertificateHeader::caddy);
    for (bytes, outcome) in [
        (12 * 1024, HeaderOutcome::Other),
        (
            12 * 1024 + 1,
            HeaderOutcome::Malformed("the field has more than 16 KiB"),
        ),
    ] {
        let [high, low] = u16::try_from(bytes - 4).unwrap().to_be_bytes();
        let mut der = vec![0x30, 0x82, high, low];
        der.resize(bytes, 0);
        assert_eq!(read(&header, &[("x-cert", STANDARD.encode(der))]), outcome);
    }
}

#[test]
fn anything_else_is_malformed() {
    let rfc9440 = &ClientCertificateHeader::rfc9440();
    let xfcc = &ClientCertificateHeader::envoy_xfcc();
    let traefik = &ClientCertificateHeader::traefik();
    let aws = &ClientCertificateHeader::aws_alb();
    let nginx = &named(ClientCertificateHeader::nginx);
    let caddy = &named(ClientCertificateHeader::caddy);
    let haproxy = &named(ClientCertificateHeader::haproxy);
    let one = pem(DER);
    for (header, name, values) in [
        (
            rfc9440,
            "client-cert",
            vec![
                String::new(),
                ":".to_owned(),
                "::".to_owned(),
                DER.to_owned(),
                format!(":{DER}"),
                format!(":{DER}:;a=b"),
                format!(":{DER}:, :{DER}:"),
                format!("(:{DER}:)"),
                format!(": {DER}:"),
                // No padding, stray bits, base64url, several sequences, text after the sequence.
                format!(":{}:", DER.trim_end_matches('=')),
                ":MAEC=:".to_owned(),
                format!(":{}:", DER.replace('/', "_").replace('+', "-")),
                ":MAEBMAEB:".to_owned(),
                ":MAEBAA==:".to_owned(),
                ":MAIB:".to_owned(),
                // Lengths that are indefinite or not in their shortest form; not a sequence.
                ":MIAB:".to_owned(),
                ":MIEBAQ==:".to_owned(),
                ":MIIAAQE=:".to_owned(),
                ":MYEB:".to_owned(),
                format!(":{}:", "A".repeat(16 * 1024)),
            ],
        ),
        (
            xfcc,
            XFCC,
            vec![
                "Hash".to_owned(),
                "By=a".to_owned(),
                format!("Hash={SHA256},By=a"),
                format!("Hash={SHA256},"),
                format!("Hash={SHA256};"),
                format!(",Hash={SHA256}"),
                format!("Hash={SHA256};Hash={SHA256}"),
                format!("Hash={SHA256};URI=a;HASH={}", "00".repeat(32)),
                format!("Hash={}", &SHA256[2..]),
                format!("Hash={SHA256}00"),
                format!("Hash=+{}", &SHA256[1..]),
                format!("Hash=\"{SHA256}"),
                format!("Hash={SHA256}\""),
                format!("Hash=\"{SHA256}\"x"),
                format!("By=a\"b;Hash={SHA256}"),
                format!("Subject=\"a\"b\";Hash={SHA256}"),
                format!("Subject=\"\\\";Hash={SHA256}"),
                format!("a b=c;Hash={SHA256}"),
                format!("=a;Hash={SHA256}"),
                format!("Cert=\"{}\"", escaped(DER)),
            ],
        ),
        (
            nginx,
            "x-cert",
            vec![
                DER.to_owned(),
                escaped(DER),
                escaped(&one).replace("%2B", "+%"),
                escaped(&one).replace("%2B", " "),
                escaped(&one).replace("%2B", "%2"),
                escaped(&one).replace("%2B", "%zz"),
                escaped(&format!("{one}{one}")),
                escaped(&format!("{one}x")),
                escaped(&format!("x{one}")),
                escaped(&one.replace("CERTIFICATE", "PUBLIC KEY")),
                format!("{}%FF", escaped(&one)),
            ],
        ),
        (
            haproxy,
            "x-cert",
            vec![format!("\"{DER}"), escaped(DER), format!("{DER} ,{DER}")],
        ),
        (
            caddy,
            "x-cert",
            vec![
                format!("\"{DER}\""),
                escaped(DER),
                format!("{DER},{DER}"),
                "{http.request.tls.client.certificate_pem}".to_owned(),
            ],
        ),
        (traefik, TRAEFIK, vec![format!(",{DER}"), escaped(&one)]),
        (
            aws,
            ALB_LEAF,
            vec![alb(&one).replace('+', " "), alb(&format!("{one}{one}"))],
        ),
        (aws, ALB_CHAIN, vec![alb(&format!("{one}x{one}"))]),
    ] {
        for value in values {
            let outcome = read(header, &[(name, value.clone())]);
            assert!(
                matches!(outcome, HeaderOutcome::Malformed(_)),
                "{value}: {outcome:?}"
            );
        }
    }
    let both = [(ALB_CHAIN, alb(&one)), (ALB_LEAF, alb(&one))];
    assert!(matches!(read(aws, &both), HeaderOutcome::Malformed(_)));
}

proptest::proptest! {
    #[test]
    fn no_value_makes_a_parser_panic(value in r#"[ -~]{0,80}|([HashCert=;,\\"%:0-9a-f-]|Hash=|Cert="|%0A|MAEB){0,40}"#) {
        for (header, name) in [
            (ClientCertificateHeader::rfc9440(), "client-cert"),
            (ClientCertificateHeader::envoy_xfcc(), XFCC),
            (named(ClientCertificateHeader::nginx), "x-cert"),
            (named(ClientCertificateHeader::haproxy), "x-cert"),
            (ClientCertificateHeader::traefik(), TRAEFIK),
            (named(ClientCertificateHeader::caddy), "x-cert"),
            (ClientCertificateHeader::aws_alb(), ALB_CHAIN),
        ] {
            proptest::prop_assert_ne!(read(&header, &[(name, value.clone())]), HeaderOutcome::Found);
        }
    }
}

const XFCC: &str = "x-forwarded-client-cert";
const TRAEFIK: &str = "x-forwarded-tls-client-cert";
const ALB_LEAF: &str = "x-amzn-mtls-clientcert-leaf";
const ALB_CHAIN: &str = "x-amzn-mtls-clientcert";
