//! Advisories of other libraries whose cause lies in configuration, key sources or logs rather than
//! in a token. `docs/advisories.md` names these tests; those about tokens are rows of
//! `tests/attacks`.

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use authz_core::{
    Algorithm, BuildErrorKind, Issuer, RequestParts, TokenSource, any_valid_token, async_trait,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, KeyLookup, KeySet, RemoteJwks,
        SharedSecret, StaticKeys, UnknownKey,
    },
    policy::all_scopes,
    scope,
};
use authz_testkit::SigningKey;
use http::{HeaderMap, Request, StatusCode, header::AUTHORIZATION};
use support::{AUDIENCE, ISSUER, builder, key, status, token};

/// GHSA-8wpc-h4q6-8fxv, GHSA-gmvf-9v4p-v8jc: a verifier with no key, or a resolver that finds none.
#[tokio::test]
async fn without_a_key_nothing_is_accepted() {
    #[derive(Debug)]
    struct Nothing;

    #[async_trait]
    impl JwksProvider for Nothing {
        fn lookup(&self, _: &authz_core::ProtectedHeader<'_>) -> KeyLookup {
            KeyLookup::Unknown(UnknownKey::NotInSet)
        }
    }

    for document in [r#"{"keys":[]}"#, "{}", r#"{"keys":[null]}"#] {
        assert!(StaticKeys::from_jwks(document.as_bytes()).is_err());
    }
    let by_provider = builder(Nothing).build().unwrap();
    let by_empty_set = builder(StaticKeys::from(KeySet::default()))
        .build()
        .unwrap();
    for authorizer in [by_provider, by_empty_set] {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::shared(algorithm);
            for token in [
                token(&key).build(),
                token(&key).kid(None).build(),
                token(&key).header("alg", "none").build(),
            ] {
                assert_eq!(status(&authorizer, &token).await, 401, "{algorithm}");
            }
        }
    }
}

/// CVE-2026-49852, CVE-2026-45363, CVE-2026-44699: HMAC with an empty key.
#[test]
fn an_empty_or_short_secret_is_refused() {
    for len in [0, 1, 31] {
        assert!(SharedSecret::hs256(vec![7; len]).is_err(), "{len}");
    }
    assert!(SharedSecret::hs256([7; 32]).is_ok());
    assert!(SharedSecret::hs384([7; 47]).is_err());
    assert!(SharedSecret::hs384([7; 48]).is_ok());
    assert!(SharedSecret::hs512([7; 63]).is_err());
    assert!(SharedSecret::hs512([7; 64]).is_ok());
}

/// CVE-2022-29217, CVE-2024-33663, CVE-2023-48223, CVE-2026-34950, CVE-2026-48526,
/// GHSA-ww5h-9m49-7xx4, GHSA-g3jj-5cmm-3hxx: a public key taken for a secret.
#[test]
fn a_public_key_is_no_secret() {
    let key = SigningKey::shared(Algorithm::ES256);
    let (pem, jwk) = (key.public_pem(), key.public_jwk().to_string());
    let openssh = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 someone@example";
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    for text in [&*pem, &jwk, openssh, certificate] {
        for before in ["", " ", "\n", "\t", "\r\n"] {
            for after in ["", "\n"] {
                let text = format!("{before}{text}{after}");
                assert!(SharedSecret::hs256(text.clone()).is_err(), "{text:?}");
            }
        }
    }
    for hidden in [format!("\u{feff}{pem}"), format!("key:\n{pem}")] {
        assert!(SharedSecret::hs256(hidden.clone()).is_err(), "{hidden:?}");
    }
    assert!(SharedSecret::hs256("a passphrase for ssh-like things, long enough").is_ok());
}

/// CVE-2021-41106: the name of a key's file, taken for the key.
#[test]
fn a_path_is_no_key() {
    for text in ["file:///etc/keys/public.pem", "/etc/keys/public.pem", ""] {
        assert!(StaticKeys::from_pem(text, Algorithm::RS256).is_err());
        assert!(StaticKeys::from_jwks(text.as_bytes()).is_err());
    }
}

/// CVE-2026-22817, PYSEC-2026-176: a key that chooses no algorithm, or any.
#[test]
fn a_key_serves_its_own_kind_of_algorithm_alone() {
    let pem = SigningKey::shared(Algorithm::ES256).public_pem();
    for algorithm in Algorithm::ALL {
        let fits = algorithm == Algorithm::ES256;
        assert_eq!(
            StaticKeys::from_pem(&pem, algorithm).is_ok(),
            fits,
            "{algorithm}"
        );
    }
    let issuer = Issuer::new(ISSUER).audience(AUDIENCE).algorithms([]);
    let none = support::authorizer().issuer(issuer).build();
    let error = none.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::InvalidSetting);
    assert!(error.to_string().contains("list of algorithms"), "{error}");
}

/// CVE-2026-55689, CVE-2026-40946, CVE-2026-30223: the audience goes unchecked when none is set.
#[test]
fn without_an_audience_nothing_is_built() {
    let keys = || SharedSecret::hs256([7; 32]).unwrap();
    let without = support::authorizer()
        .issuer(Issuer::new(ISSUER).keys(keys()))
        .build();
    assert_eq!(without.unwrap_err().kind(), BuildErrorKind::MissingAudience);
    let empty = support::authorizer()
        .issuer(Issuer::new(ISSUER).audience("").keys(keys()))
        .build();
    assert_eq!(empty.unwrap_err().kind(), BuildErrorKind::MissingAudience);
    let no_issuer = support::authorizer()
        .issuer(Issuer::new("").audience(AUDIENCE).keys(keys()))
        .build();
    assert_eq!(no_issuer.unwrap_err().kind(), BuildErrorKind::MissingIssuer);
}

/// CVE-2026-30223, CVE-2026-55669, GHSA-wxg7-w2v3-w38g: claims checked with one source of keys and
/// not with another.
#[tokio::test]
async fn every_source_of_keys_checks_every_claim() {
    let ec = SigningKey::shared(Algorithm::ES256);
    let secret = SigningKey::hmac(Algorithm::HS256, [7; 32]);
    let set = serde_json::json!({"keys": [ec.public_jwk()]}).to_string();
    let rules = || support::issuer().algorithms([Algorithm::ES256, Algorithm::HS256]);
    for (key, issuer) in [
        (
            &ec,
            rules().keys(StaticKeys::from_jwks(set.as_bytes()).unwrap()),
        ),
        (
            &ec,
            rules().keys(StaticKeys::from_pem(&ec.public_pem(), Algorithm::ES256).unwrap()),
        ),
        (
            &ec,
            rules().keys(Serves::new(&set).keys("https://issuer.example/")),
        ),
        (&secret, rules().keys(SharedSecret::hs256([7; 32]).unwrap())),
    ] {
        let authorizer = support::authorizer().issuer(issuer).build().unwrap();
        let good = || token(key);
        assert_eq!(status(&authorizer, &good().build()).await, 200);
        for bad in [
            good().without("iss"),
            good().without("aud"),
            good().without("exp"),
            good().issuer("https://other.example/"),
            good().audience("https://other.example"),
            good().expires_in(-3600),
            good().not_before_in(3600),
            good().issued_in(3600),
            good().typ(Some("dpop+jwt")),
            good().header("crit", serde_json::json!(["exp"])),
            good().signature([0; 64]),
        ] {
            assert_eq!(status(&authorizer, &bad.build()).await, 401);
        }
    }
}

/// CVE-2026-48522: keys from `file:`, `ftp:` and `data:`; CVE-2026-41413: from inside the network.
#[tokio::test]
async fn keys_come_by_https_alone() {
    let refused = [
        "file:///etc/keys.json",
        "ftp://issuer.example/keys",
        "data:application/json,{\"keys\":[]}",
        "http://issuer.example/keys",
        "http://169.254.169.254/keys",
        "http://127.0.0.1.attacker.example/keys",
        "javascript:alert(1)",
        "//issuer.example/keys",
        "",
    ];
    for address in refused {
        assert!(RemoteJwks::at(address).build().is_err(), "{address}");
        assert!(RemoteJwks::discover(address).build().is_err(), "{address}");
    }
    // And where the issuer's metadata lead: not even to this machine.
    for address in refused
        .into_iter()
        .chain(["http://127.0.0.1/keys", "http://localhost/keys"])
    {
        let server = Serves::metadata(address);
        let authorizer = builder(server.keys(ISSUER)).build().unwrap();
        assert_eq!(status(&authorizer, &token(&key()).build()).await, 503);
        let asked = server.asked.lock().unwrap().clone();
        assert!(
            asked.iter().all(|url| url.contains("/.well-known/")),
            "{asked:?}"
        );
    }
}

/// CVE-2026-32301: an unverified claim becomes part of an address.
#[tokio::test]
async fn nothing_in_a_token_becomes_an_address() {
    let good = key();
    let server = Serves::new(&serde_json::json!({"keys": [good.public_jwk()]}).to_string());
    let authorizer = builder(server.keys(ISSUER)).build().unwrap();
    assert_eq!(status(&authorizer, &token(&good).build()).await, 200);
    let before = server.asked.lock().unwrap().clone();
    let attacker = "https://attacker.example/";
    for token in [
        token(&good).issuer(attacker),
        token(&good)
            .claim("tid", attacker)
            .issuer(format!("{ISSUER}../{attacker}")),
        token(&key()).header("jku", attacker).kid(Some(attacker)),
    ] {
        assert_eq!(status(&authorizer, &token.build()).await, 401);
    }
    let asked = server.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|url| before.contains(url)), "{asked:?}");
}

/// CVE-2021-21378: "missing is allowed" lets in what is not missing but wrong.
#[tokio::test]
async fn optional_lets_absence_pass_and_nothing_else() {
    let key = key();
    let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let authorizer = builder(StaticKeys::from_jwks(set.as_bytes()).unwrap())
        .token_source(TokenSource::cookie("token"))
        .build()
        .unwrap();
    let decide = async |authorization: Option<String>| {
        let mut request = Request::new(());
        if let Some(value) = authorization {
            let value = value.parse().unwrap();
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let parts = RequestParts::from(&request);
        let decision = authorizer
            .authorize_optional(&parts, &any_valid_token())
            .await;
        decision.map(|caller| caller.is_some())
    };
    let bearer = |token: authz_testkit::TokenBuilder| Some(format!("Bearer {}", token.build()));
    assert!(!decide(None).await.unwrap());
    assert!(decide(bearer(token(&key))).await.unwrap());
    for bad in [
        bearer(token(&key).issuer("https://other.example/")),
        bearer(token(&key).without("iss")),
        bearer(token(&key).expires_in(-3600)),
        bearer(token(&key).signature([0; 64])),
        Some("Bearer".to_owned()),
        Some("Bearer x".to_owned()),
    ] {
        assert!(decide(bad.clone()).await.is_err(), "{bad:?}");
    }
}

/// GHSA-qvp4-rpmr-xwrr: a cached token skips checks that another route asks for.
#[tokio::test]
async fn a_cached_token_is_held_to_every_policy() {
    let key = key();
    let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let authorizer = builder(StaticKeys::from_jwks(set.as_bytes()).unwrap())
        .build()
        .unwrap();
    let mut request = Request::new(());
    let value = format!("Bearer {}", token(&key).scope("read a b c d").build());
    request
        .headers_mut()
        .insert(AUTHORIZATION, value.parse().unwrap());
    let parts = RequestParts::from(&request);
    // So long that the token's having met it is remembered.
    let met = all_scopes(["a", "b", "c", "d", "read"]);
    let unmet = all_scopes(["a", "b", "c", "d", "write"]);
    for _ in 0..3 {
        assert!(authorizer.authorize(&parts, &met).await.is_ok());
        assert!(authorizer.authorize(&parts, &unmet).await.is_err());
        assert!(
            authorizer
                .authorize(&parts, &(met.clone() & scope("x")))
                .await
                .is_err()
        );
        assert!(authorizer.authorize(&parts, &scope("read")).await.is_ok());
        let refused = authorizer
            .authorize(&parts, &scope("write"))
            .await
            .unwrap_err();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(authorizer.cache_status().unwrap().tokens, 1);
}

/// A server that answers with metadata at the well-known addresses and with a key set elsewhere.
#[derive(Clone, Debug)]
struct Serves {
    jwks_uri: String,
    key_set: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Serves {
    fn new(key_set: &str) -> Self {
        Self {
            jwks_uri: "https://issuer.example/keys".to_owned(),
            key_set: key_set.to_owned(),
            asked: Arc::default(),
        }
    }

    fn metadata(jwks_uri: &str) -> Self {
        Self {
            jwks_uri: jwks_uri.to_owned(),
            ..Self::new("{}")
        }
    }

    fn keys(&self, issuer: &str) -> RemoteJwks {
        RemoteJwks::discover(issuer)
            .fetcher(self.clone())
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap()
    }
}

#[async_trait]
impl Fetcher for Serves {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let url = request.url.to_string();
        self.asked.lock().unwrap().push(url.clone());
        let body = if url.contains("/.well-known/") {
            serde_json::json!({"issuer": ISSUER, "jwks_uri": self.jwks_uri}).to_string()
        } else {
            self.key_set.clone()
        };
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        })
    }
}
