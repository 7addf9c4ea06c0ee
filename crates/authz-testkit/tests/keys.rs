//! Keys of every algorithm, and what a verifier makes of their public halves.

mod support;

use authz_testkit::{Algorithm, SigningKey};
use aws_lc_rs::signature::UnparsedPublicKey;
use serde_json::json;
use support::{decode, signature_verifies};

#[test]
fn signatures_verify_under_the_public_jwk() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::shared(algorithm);
        let jwk = key.public_jwk();
        let signature = key.sign(b"message");
        assert!(
            signature_verifies(b"message", &signature, &jwk),
            "{algorithm}"
        );
        assert!(
            !signature_verifies(b"massage", &signature, &jwk),
            "{algorithm}"
        );

        let stranger = SigningKey::generate(algorithm).public_jwk();
        assert!(
            !signature_verifies(b"message", &signature, &stranger),
            "{algorithm}"
        );
    }
}

#[test]
fn signatures_have_the_length_that_jose_gives_them() {
    for (algorithm, length) in [
        (Algorithm::HS256, 32),
        (Algorithm::HS384, 48),
        (Algorithm::HS512, 64),
        (Algorithm::RS256, 256),
        (Algorithm::PS512, 256),
        (Algorithm::ES256, 64),
        (Algorithm::ES384, 96),
        (Algorithm::ES512, 132),
        (Algorithm::EdDSA, 64),
        (Algorithm::MLDSA44, 2420),
        (Algorithm::MLDSA65, 3309),
        (Algorithm::MLDSA87, 4627),
    ] {
        let signature = SigningKey::shared(algorithm).sign(b"message");
        assert_eq!(signature.len(), length, "{algorithm}");
    }
}

#[test]
fn jwks_say_what_the_key_is_and_nothing_secret() {
    for (algorithm, kty, members) in [
        (Algorithm::RS256, "RSA", &["e", "n"][..]),
        (Algorithm::ES256, "EC", &["crv", "x", "y"]),
        (Algorithm::ES512, "EC", &["crv", "x", "y"]),
        (Algorithm::EdDSA, "OKP", &["crv", "x"]),
        (Algorithm::MLDSA65, "AKP", &["pub"]),
        (Algorithm::HS256, "oct", &["k"]),
    ] {
        let key = SigningKey::shared(algorithm).with_kid("one");
        let jwk = key.public_jwk();
        assert_eq!(jwk["kty"], kty);
        assert_eq!(jwk["kid"], "one");
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["alg"], algorithm.name());

        let mut expected = [&["alg", "kid", "kty", "use"], members].concat();
        expected.sort_unstable();
        let mut names: Vec<_> = jwk.as_object().unwrap().keys().collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{algorithm}");
    }
    let nameless = SigningKey::shared(Algorithm::ES256).without_kid();
    assert_eq!(nameless.public_jwk().get("kid"), None);
    assert_eq!(nameless.kid(), None);
}

#[test]
fn coordinates_keep_their_leading_zeros() {
    // One key in 128 has such a coordinate; P-521's first byte is 0 or 1, so half of them do.
    for _ in 0..8 {
        let jwk = SigningKey::generate(Algorithm::ES512).public_jwk();
        for coordinate in ["x", "y"] {
            assert_eq!(decode(jwk[coordinate].as_str().unwrap()).len(), 66);
        }
    }
}

#[test]
fn der_and_pem_are_the_same_public_key() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256};

    let verifies =
        |key: &SigningKey, how: &'static dyn aws_lc_rs::signature::VerificationAlgorithm| {
            UnparsedPublicKey::new(how, key.public_der())
                .verify(b"message", &key.sign(b"message"))
                .is_ok()
        };
    assert!(verifies(
        &SigningKey::shared(Algorithm::RS256),
        &RSA_PKCS1_2048_8192_SHA256
    ));
    assert!(verifies(
        &SigningKey::shared(Algorithm::ES256),
        &ECDSA_P256_SHA256_FIXED
    ));
    assert!(verifies(&SigningKey::shared(Algorithm::EdDSA), &ED25519));

    let key = SigningKey::shared(Algorithm::RS256);
    let pem = key.public_pem();
    let lines: Vec<_> = pem.lines().collect();
    assert_eq!(lines.first(), Some(&"-----BEGIN PUBLIC KEY-----"));
    assert_eq!(lines.last(), Some(&"-----END PUBLIC KEY-----"));
    let inner = &lines[1..lines.len() - 1];
    assert!(inner[..inner.len() - 1].iter().all(|line| line.len() == 64));
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, inner.concat());
    assert_eq!(der.unwrap(), key.public_der());
}

#[test]
#[should_panic(expected = "no public half")]
fn an_hmac_key_has_no_pem() {
    let _ = SigningKey::generate(Algorithm::HS256).public_pem();
}

#[test]
fn generated_keys_differ_and_shared_ones_do_not() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS256] {
        let [one, other] = [
            SigningKey::generate(algorithm),
            SigningKey::generate(algorithm),
        ];
        assert_ne!(one.kid(), other.kid());
        assert_ne!(
            one.with_kid("").public_jwk(),
            other.with_kid("").public_jwk()
        );

        let [one, other] = [SigningKey::shared(algorithm), SigningKey::shared(algorithm)];
        assert_eq!(one.public_jwk(), other.public_jwk());
    }
    let [rs, ps] = [Algorithm::RS256, Algorithm::PS256].map(SigningKey::shared);
    assert_ne!(rs.public_jwk()["n"], ps.public_jwk()["n"]);
}

#[test]
fn rsa_keys_have_the_size_that_was_asked_for() {
    let key = SigningKey::generate_rsa(Algorithm::RS256, 3072);
    assert_eq!(key.sign(b"").len(), 384);
    assert_eq!(decode(key.public_jwk()["n"].as_str().unwrap()).len(), 384);
    assert_eq!(key.public_jwk()["e"], "AQAB");
}

#[test]
fn a_shared_secret_is_taken_as_it_is() {
    let key = SigningKey::hmac(Algorithm::HS256, "short");
    assert_eq!(key.secret(), Some(&b"short"[..]));
    assert_eq!(key.public_jwk()["k"], "c2hvcnQ");
    assert_eq!(
        SigningKey::hmac(Algorithm::HS256, []).secret(),
        Some(&[][..])
    );
    for (algorithm, length) in [(Algorithm::HS256, 32), (Algorithm::HS512, 64)] {
        let generated = SigningKey::generate(algorithm);
        assert_eq!(generated.secret().map(<[u8]>::len), Some(length));
    }
    assert_eq!(SigningKey::shared(Algorithm::ES256).secret(), None);
}

#[test]
fn one_rsa_key_can_sign_with_another_rsa_algorithm() {
    let key = SigningKey::shared(Algorithm::RS256).with_algorithm(Algorithm::PS384);
    assert_eq!(key.algorithm(), Algorithm::PS384);
    assert!(signature_verifies(
        b"message",
        &key.sign(b"message"),
        &key.public_jwk()
    ));
}

#[test]
#[should_panic(expected = "needs another kind of key")]
fn no_key_signs_for_another_family() {
    let _ = SigningKey::shared(Algorithm::ES256).with_algorithm(Algorithm::ES384);
}

#[test]
fn a_private_key_can_be_kept_and_read_again() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::shared(algorithm);
        let Some(der) = key.to_pkcs8() else {
            assert!(key.secret().is_some(), "{algorithm}");
            continue;
        };
        let again = SigningKey::from_pkcs8(algorithm, &der).unwrap();
        assert_eq!(
            again.with_kid("").public_jwk(),
            key.with_kid("").public_jwk(),
            "{algorithm}"
        );
    }
    let rsa = SigningKey::shared(Algorithm::RS256).to_pkcs8().unwrap();
    let error = SigningKey::from_pkcs8(Algorithm::ES256, &rsa).unwrap_err();
    assert_eq!(error.to_string(), "not a PKCS #8 private key for ES256");
}

/// The seed of zeros and the thumbprints of RFC 9964 appendix A.1.
#[test]
fn an_ml_dsa_key_is_expanded_from_its_seed() {
    for (algorithm, object_identifier, thumbprint) in [
        (
            Algorithm::MLDSA44,
            0x11,
            "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o",
        ),
        (
            Algorithm::MLDSA65,
            0x12,
            "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM",
        ),
        (
            Algorithm::MLDSA87,
            0x13,
            "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU",
        ),
    ] {
        // RFC 9881 section 6: the seed alone, `[0] OCTET STRING`.
        let head = [
            &[0x30, 0x34, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09][..],
            &[
                0x60,
                0x86,
                0x48,
                0x01,
                0x65,
                0x03,
                0x04,
                0x03,
                object_identifier,
            ],
            &[0x04, 0x22, 0x80, 0x20],
        ];
        let der = [&head.concat()[..], &[0; 32]].concat();
        let key = SigningKey::from_pkcs8(algorithm, &der).unwrap();
        assert_eq!(key.thumbprint(), thumbprint, "{algorithm}");
        assert_eq!(key.to_pkcs8().unwrap(), der, "{algorithm}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let key = SigningKey::hmac(Algorithm::HS256, "swordfish").with_kid("k1");
    let shown = format!("{key:?} {:?}", authz_testkit::TokenBuilder::new(&key));
    assert!(shown.contains("k1"));
    assert!(!shown.contains("swordfish"));
    assert!(!shown.contains(&format!("{:?}", b"swordfish")));
    assert_eq!(json!(key.kid()), "k1");
}
