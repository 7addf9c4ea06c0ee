//! A key of one kind used as one of another, the public key as an HMAC secret above all.

use authz_core::{Algorithm, Reason};
use authz_testkit::SigningKey;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{bad, good};
use crate::{Attack, Attempt, ring};

const CONFUSION: &str = "RFC 8725 section 2.1";
const FAMILIES: &str = "RFC 8725 section 3.1";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = secrets()
        .into_iter()
        .map(|(name, secret, advisories)| {
            bad(
                format!("hs256-with-{name}"),
                CONFUSION,
                Reason::KeyNotForAlgorithm,
                move || forged(Algorithm::HS256, secret()).kid(Some("rs256")),
            )
            .catches(advisories)
        })
        .collect();
    rows.extend([
        bad(
            "hs384-with-pem",
            CONFUSION,
            Reason::KeyNotForAlgorithm,
            || forged(Algorithm::HS384, ring().rs256.public_pem()).kid(Some("rs256")),
        ),
        bad(
            "hs512-with-pem",
            CONFUSION,
            Reason::KeyNotForAlgorithm,
            || forged(Algorithm::HS512, ring().rs256.public_pem()).kid(Some("rs256")),
        ),
        bad(
            "hs256-with-pem-of-a-key-without-alg",
            CONFUSION,
            Reason::KeyNotForAlgorithm,
            || forged(Algorithm::HS256, ring().rsa.public_pem()).kid(Some("rsa")),
        )
        .catches(&["CVE-2026-44699", "CVE-2026-22818", "CVE-2026-33322"]),
        bad(
            "hs256-with-pem-and-no-kid",
            CONFUSION,
            Reason::UnknownKey,
            || forged(Algorithm::HS256, ring().rs256.public_pem()).kid(None),
        ),
        bad(
            "hs256-with-pem-where-the-key-is-pem",
            CONFUSION,
            Reason::UnknownKey,
            || {
                Attempt::from(forged(Algorithm::HS256, ring().rs256.public_pem()))
                    .pem(&ring().rs256)
                    .control(ring().signed(&ring().rs256).build())
            },
        )
        .catches(&["CVE-2023-48223", "CVE-2021-41106"]),
        bad(
            "rs256-where-a-secret-is-shared",
            CONFUSION,
            Reason::KeyNotForAlgorithm,
            || Attempt::from(ring().signed(&ring().rs256)).shared(),
        ),
    ]);
    rows.extend(macs());
    rows.extend(families());
    rows
}

type Secret = fn() -> Vec<u8>;

/// What an attacker who has read the key set might think that the server takes for a secret.
#[rustfmt::skip]
fn secrets() -> Vec<(&'static str, Secret, &'static [&'static str])> {
    vec![
        ("pem", || pem().into(), &["CVE-2026-33322", "CVE-2024-37568", "GHSA-ww5h-9m49-7xx4"]),
        ("pem-trimmed", || pem().trim().into(), &[]),
        ("pem-in-one-line", || pem().replace('\n', "").into(), &[]),
        ("pem-with-crlf", || pem().replace('\n', "\r\n").into(), &[]),
        ("pem-after-a-space", || format!(" {}", pem()).into(), &["CVE-2026-34950", "GHSA-ww5h-9m49-7xx4"]),
        ("pem-after-a-line-break", || format!("\n{}", pem()).into(), &["CVE-2026-34950"]),
        ("pem-after-a-tab", || format!("\t{}", pem()).into(), &[]),
        ("pem-after-a-byte-order-mark", || format!("\u{feff}{}", pem()).into(), &["GHSA-ww5h-9m49-7xx4"]),
        ("pem-after-a-comment", || format!("the key:\n{}", pem()).into(), &["GHSA-ww5h-9m49-7xx4"]),
        ("pem-and-a-line-break", || format!("{}\n", pem()).into(), &[]),
        ("base64-of-pem", || STANDARD.encode(pem()).into(), &[]),
        ("pkcs1-pem", || pkcs1_pem().into(), &["CVE-2023-48223"]),
        ("pkcs1-pem-after-a-space", || format!(" {}", pkcs1_pem()).into(), &["CVE-2026-34950"]),
        ("der", || ring().rs256.public_der(), &[]),
        ("base64-of-der", || STANDARD.encode(ring().rs256.public_der()).into(), &[]),
        ("pkcs1-der", pkcs1, &[]),
        ("jwk", || ring().rs256.public_jwk().to_string().into(), &["CVE-2026-48526", "GHSA-g3jj-5cmm-3hxx"]),
        ("the-key-set", || ring().published().to_string().into(), &["GHSA-g3jj-5cmm-3hxx"]),
        ("n-as-text", || member("n").into(), &[]),
        ("n-as-bytes", || modulus(), &[]),
        ("openssh", || openssh().into(), &["CVE-2022-29217", "CVE-2024-33663"]),
        ("kid", || b"rs256".to_vec(), &[]),
        ("nothing", Vec::new, &["CVE-2026-49852", "CVE-2026-45363", "GHSA-gmvf-9v4p-v8jc", "CVE-2026-44699"]),
        ("a-nul-byte", || vec![0], &[]),
        ("the-word-null", || b"null".to_vec(), &["GHSA-gmvf-9v4p-v8jc"]),
        ("the-word-undefined", || b"undefined".to_vec(), &[]),
        ("the-word-secret", || b"secret".to_vec(), &[]),
        ("the-issuer", || b"https://issuer.example/".to_vec(), &[]),
    ]
}

/// Signatures by a secret that is none.
fn macs() -> Vec<Attack> {
    let mut rows = vec![
        bad(
            "hs256-with-the-secret-empty",
            "RFC 7518 section 3.2",
            Reason::InvalidSignature,
            || Attempt::from(forged(Algorithm::HS256, [])).shared(),
        )
        .catches(&["CVE-2026-49852", "CVE-2026-45363"]),
        bad(
            "hs256-with-the-secret-cut-short",
            "RFC 7518 section 3.2",
            Reason::InvalidSignature,
            || Attempt::from(forged(Algorithm::HS256, [7; 31])).shared(),
        ),
        // HMAC pads a short key with zeros: only the length rule keeps secrets apart here.
        good(
            "twin-hs256-secret-padded-with-zeros-is-the-same-secret",
            "RFC 2104 section 3",
            || Attempt::from(forged(Algorithm::HS256, [&[7; 32][..], &[0]].concat())).shared(),
        ),
        bad(
            "hs512-where-hs256-is-shared",
            "RFC 8725 section 3.1",
            Reason::KeyNotForAlgorithm,
            || Attempt::from(forged(Algorithm::HS512, [7; 32])).shared(),
        ),
    ];
    for (name, len) in [("one-byte", 1), ("half", 16), ("31-bytes", 31)] {
        rows.push(bad(
            format!("hs256-mac-of-{name}"),
            "RFC 7518 section 3.2",
            Reason::InvalidSignature,
            move || {
                let token = forged(Algorithm::HS256, [7; 32]).build();
                Attempt::token(crate::sign::bend(&token, |mac| mac[..len].to_vec())).shared()
            },
        ));
    }
    rows
}

/// Every header with every key that does not go with it.
fn families() -> Vec<Attack> {
    let keys = ["rs256", "ps256", "es256", "es384", "es512", "ed25519"];
    let algorithms = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"];
    let mut rows = Vec::new();
    for (kid, fits) in keys.into_iter().zip(algorithms) {
        for alg in algorithms.into_iter().filter(|alg| *alg != fits) {
            let lower = alg.to_lowercase();
            rows.push(bad(
                format!("{lower}-with-the-key-{kid}"),
                FAMILIES,
                Reason::KeyNotForAlgorithm,
                move || ring().signed(ring().named(kid)).header("alg", alg),
            ));
        }
    }
    rows
}

fn forged(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> authz_testkit::TokenBuilder {
    ring().signed(&SigningKey::hmac(algorithm, secret))
}

fn pem() -> String {
    ring().rs256.public_pem()
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1): the end of `SubjectPublicKeyInfo`, after the bit
/// string's header.
fn pkcs1() -> Vec<u8> {
    ring().rs256.public_der()[24..].to_vec()
}

fn pkcs1_pem() -> String {
    let text = STANDARD.encode(pkcs1());
    format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n")
}

fn member(name: &str) -> String {
    let jwk = ring().rs256.public_jwk();
    jwk[name]
        .as_str()
        .expect("a member of an RSA key")
        .to_owned()
}

fn modulus() -> Vec<u8> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(member("n"))
        .expect("a modulus of ours")
}

/// `ssh-rsa`, `e`, `n`, each with its length before it (RFC 4253 section 6.6).
fn openssh() -> String {
    let n = [&[0][..], &modulus()].concat();
    let fields = [&b"ssh-rsa"[..], &[1, 0, 1], &n];
    let wire: Vec<u8> = fields
        .into_iter()
        .flat_map(|field| [&(field.len() as u32).to_be_bytes()[..], field].concat())
        .collect();
    format!("ssh-rsa {}", STANDARD.encode(wire))
}

impl Attempt {
    /// A server that shares 32 bytes with its issuer.
    fn shared(self) -> Self {
        self.secret(Algorithm::HS256, [7; 32])
            .control(forged(Algorithm::HS256, [7; 32]).build())
    }
}
