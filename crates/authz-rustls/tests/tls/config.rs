//! Settings that can't work are errors.

use authz_rustls::{ClientAuth, TlsConfig, TlsErrorKind};

use crate::{client::Identity, servers::config};

#[test]
fn an_error_says_what_is_wrong() {
    let (one, other) = (Identity::self_signed(), Identity::self_signed());
    let (chain, key) = (one.certificate.pem(), one.key.serialize_pem());
    let broken = chain.replace("-----END", "!-----END");
    for (chain, key, kind, text) in [
        (
            "",
            &*key,
            TlsErrorKind::Certificate,
            "no certificate in PEM",
        ),
        (
            &*key,
            &key,
            TlsErrorKind::Certificate,
            "no certificate in PEM",
        ),
        (
            &broken,
            &key,
            TlsErrorKind::Certificate,
            "the server's certificate chain: ",
        ),
        (
            &chain,
            "",
            TlsErrorKind::PrivateKey,
            "the server's private key: ",
        ),
        (
            &chain,
            &chain,
            TlsErrorKind::PrivateKey,
            "the server's private key: ",
        ),
    ] {
        let error = TlsConfig::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(format!("{error:?}"), error.to_string());
    }
    let key = other.key.serialize_pem();
    let error = TlsConfig::from_pem(chain.as_bytes(), key.as_bytes())
        .unwrap()
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), TlsErrorKind::PrivateKey, "{error}");
    for authorities in ["", &*key, &*broken] {
        let config = config(&one).client_auth(ClientAuth::Optional);
        let error = config
            .client_authorities_pem(authorities.as_bytes())
            .unwrap_err();
        assert_eq!(error.kind(), TlsErrorKind::ClientAuthorities, "{error}");
    }
}

#[test]
fn a_private_key_is_not_printed() {
    let one = Identity::self_signed();
    let text = format!("{:?}", config(&one));
    assert!(text.contains("secret key elided"), "{text}");
}
