//! What takes the place of `aud`, claims that are required, keys that name their issuer, keys out
//! of certificates.

mod support;

use std::{sync::Arc, time::Duration};

use authz_core::{
    Algorithm, Authorizer, Issuer, ProtectedHeader, Reason, VerificationKey, async_trait,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, KeyLookup, StaticKeys, UnknownKey,
    },
};
use authz_testkit::{SigningKey, TokenBuilder};
use serde_json::{Value, json};

const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aBcDeFgHi";

#[derive(Debug)]
struct Unreachable;

#[async_trait]
impl Fetcher for Unreachable {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::transport("nothing is there"))
    }
}

fn keys(jwks: &[Value]) -> StaticKeys {
    StaticKeys::from_jwks(json!({ "keys": jwks }).to_string().as_bytes()).unwrap()
}

async fn outcome(authorizer: &Authorizer, token: TokenBuilder) -> Option<Reason> {
    let outcome = authorizer.verify(&token.build()).await;
    outcome.err().map(|rejection| rejection.reason())
}

#[tokio::test]
async fn clients_take_the_place_of_an_audience_that_is_not_there() {
    let key = SigningKey::shared(Algorithm::RS256);
    let authorizer = support::authorizer()
        .issuer(
            Issuer::new(POOL)
                .clients_instead_of_audience()
                .clients(["our-app"])
                .required_claim("token_use", "access")
                .keys(keys(&[key.public_jwk()])),
        )
        .build()
        .unwrap();
    let access = TokenBuilder::new(&key)
        .issuer(POOL)
        .without("aud")
        .client_id("our-app")
        .claim("token_use", "access");
    for (name, token, refused) in [
        ("access token", access.clone(), None),
        (
            "other client",
            access.clone().client_id("other"),
            Some(Reason::WrongClient),
        ),
        (
            "no client",
            access.clone().without("client_id"),
            Some(Reason::WrongClient),
        ),
        (
            "client as azp",
            access.clone().without("client_id").claim("azp", "our-app"),
            None,
        ),
        (
            "ID token",
            access.clone().claim("token_use", "id"),
            Some(Reason::WrongClaim),
        ),
        (
            "no token_use",
            access.clone().without("token_use"),
            Some(Reason::WrongClaim),
        ),
        (
            "array",
            access.clone().claim("token_use", json!(["access"])),
            Some(Reason::WrongClaim),
        ),
        (
            "an audience that is not ours",
            access.clone().audience("other"),
            Some(Reason::WrongAudience),
        ),
        (
            "client of the wrong type",
            access.clone().claim("client_id", 1),
            Some(Reason::MalformedClaims),
        ),
    ] {
        assert_eq!(outcome(&authorizer, token).await, refused, "{name}");
    }
}

#[test]
fn nothing_takes_the_place_of_an_audience_in_silence() {
    let error = support::authorizer()
        .issuer(Issuer::new(POOL).clients_instead_of_audience())
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("no clients that replace it"),
        "{error}"
    );
}

#[tokio::test]
async fn a_claim_takes_the_place_of_an_audience_and_a_client_that_are_not_there() {
    const WORKOS: &str = "https://api.workos.com";
    let key = SigningKey::shared(Algorithm::RS256);
    let issuer = || {
        Issuer::new(WORKOS)
            .required_claim_instead_of_audience("org_id", "org_1")
            .keys(keys(&[key.public_jwk()]))
    };
    let build = |issuer| support::authorizer().issuer(issuer).build().unwrap();
    let (without, with) = (build(issuer()), build(issuer().audience("api")));
    let ours = TokenBuilder::new(&key)
        .issuer(WORKOS)
        .without("aud")
        .without("client_id")
        .claim("org_id", "org_1");
    let wrong_claim = Some(Reason::WrongClaim);
    let wrong_audience = Some(Reason::WrongAudience);
    for (name, token, refused) in [
        ("ours", ours.clone(), [None, None]),
        (
            "another organization's",
            ours.clone().claim("org_id", "org_2"),
            [wrong_claim; 2],
        ),
        ("nobody's", ours.clone().without("org_id"), [wrong_claim; 2]),
        (
            "in a list",
            ours.clone().claim("org_id", json!(["org_1"])),
            [wrong_claim; 2],
        ),
        (
            "for this API",
            ours.clone().audience("api"),
            [wrong_audience, None],
        ),
        (
            "for another API",
            ours.clone().audience("other"),
            [wrong_audience; 2],
        ),
        (
            "for nobody",
            ours.clone().claim("aud", json!([])),
            [wrong_audience; 2],
        ),
    ] {
        for (authorizer, refused) in [(&without, refused[0]), (&with, refused[1])] {
            assert_eq!(outcome(authorizer, token.clone()).await, refused, "{name}");
        }
    }
}

#[test]
fn rules_about_claims_that_say_nothing_are_refused() {
    for issuer in [
        Issuer::new(POOL).required_claim_instead_of_audience("org_id", ""),
        Issuer::new(POOL).required_claim_instead_of_audience("", "org_1"),
        Issuer::new(POOL)
            .audience("a")
            .required_claim("token_use", ""),
        Issuer::new(POOL).audience("a").claim_if_present("typ", ""),
        Issuer::new(POOL).audience("a").one_of_claims([""]),
        Issuer::new(POOL).audience("a").one_of_claims([""; 0]),
        Issuer::new(POOL).audience("a").refused_claim(""),
    ] {
        let error = support::authorizer().issuer(issuer).build().unwrap_err();
        assert!(error.to_string().contains("empty name or value"), "{error}");
    }
}

#[test]
fn a_resource_is_reached_by_https() {
    let resource = |resource: &str| {
        let key = SigningKey::shared(Algorithm::RS256);
        let issuer = Issuer::new(POOL)
            .audience("a")
            .keys(keys(&[key.public_jwk()]));
        support::authorizer()
            .issuer(issuer)
            .resource(resource)
            .build()
    };
    for fine in [
        "https://api.example",
        "https://api.example/v1?x=y",
        "http://127.0.0.1:3010",
        "http://localhost:3010/",
        "http://[::1]:3010/",
    ] {
        assert!(resource(fine).is_ok(), "{fine}");
    }
    for wrong in [
        "http://api.internal/",
        "http://127.0.0.1.example/",
        "https://user:secret@api.example/",
        "https://api.example/#x",
        "ftp://api.example/",
        "urn:api",
        "api",
    ] {
        let error = resource(wrong).unwrap_err().to_string();
        assert!(
            error.contains(r#".resource("https://api.example")"#),
            "{error}"
        );
    }
}

/// AD FS calls itself by http, others by no URL at all: with the keys' address given, nothing is ever
/// fetched from the issuer.
#[tokio::test]
async fn an_issuer_that_is_not_fetched_from_is_only_compared() {
    let key = SigningKey::shared(Algorithm::RS256);
    for issuer in [
        "acme.com",
        "http://adfs.example/adfs/services/trust",
        "acme",
    ] {
        let elsewhere = Issuer::new(issuer)
            .audience("api")
            .jwks_uri("https://adfs.example/adfs/discovery/keys")
            .key_settings(|keys| keys.fetcher(Unreachable));
        let build = support::authorizer().issuer(elsewhere).build();
        assert!(build.is_ok(), "{issuer}: {:?}", build.err());
        let authorizer = support::authorizer()
            .issuer(
                Issuer::new(issuer)
                    .audience("api")
                    .keys(keys(&[key.public_jwk()])),
            )
            .build()
            .unwrap();
        let token = |issuer: &str| TokenBuilder::new(&key).issuer(issuer).audience("api");
        assert_eq!(outcome(&authorizer, token(issuer)).await, None);
        let other = format!("{issuer}/");
        let refused = Some(Reason::WrongIssuer);
        assert_eq!(outcome(&authorizer, token(&other)).await, refused);
    }
}

#[tokio::test]
async fn a_key_that_names_its_issuer_serves_no_other() {
    let tenant = "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0";
    let key = SigningKey::shared(Algorithm::RS256);
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    for (own, serves) in [
        (Value::Null, true),
        (json!(tenant), true),
        (json!(template), true),
        (
            json!("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
            false,
        ),
        (json!("https://sts.windows.net/{tenantid}/"), false),
        (json!("https://login.microsoftonline.com/{tenantid}"), false),
    ] {
        let mut jwk = key.public_jwk();
        if !own.is_null() {
            jwk["issuer"] = own.clone();
        }
        let authorizer = support::authorizer()
            .issuer(Issuer::new(tenant).audience("api").keys(keys(&[jwk])))
            .build()
            .unwrap();
        let token = TokenBuilder::new(&key).issuer(tenant).audience("api");
        let refused = (!serves).then_some(Reason::InvalidSignature);
        assert_eq!(outcome(&authorizer, token).await, refused, "{own}");
    }
}

/// Certificates by `kid`, as Firebase publishes them, in a provider of the user's own.
#[derive(Debug)]
struct Certificates(Vec<Arc<VerificationKey>>);

#[async_trait]
impl JwksProvider for Certificates {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        let named = |key: &&Arc<VerificationKey>| key.kid() == header.key_id();
        match self.0.iter().find(named) {
            Some(key) => KeyLookup::Found(Arc::clone(key).into()),
            None => KeyLookup::Unknown(UnknownKey::NotInSet),
        }
    }
}

#[tokio::test]
async fn certificates_by_kid_are_a_provider_of_ones_own() {
    let key = SigningKey::generate(Algorithm::RS256).with_kid("a");
    let other = SigningKey::generate(Algorithm::RS256).with_kid("b");
    let certificates = json!({"a": certificate(&key), "b": certificate(&other)});
    let certificates = certificates.as_object().unwrap().iter().map(|(kid, pem)| {
        let pem = pem.as_str().unwrap();
        Arc::new(VerificationKey::from_pem(kid, pem, Algorithm::RS256).unwrap())
    });
    let authorizer = support::authorizer()
        .issuer(
            Issuer::new("https://securetoken.google.com/project")
                .audience("project")
                .keys(Certificates(certificates.collect())),
        )
        .build()
        .unwrap();
    let token = |key: &SigningKey| {
        TokenBuilder::new(key)
            .issuer("https://securetoken.google.com/project")
            .audience("project")
    };
    assert_eq!(outcome(&authorizer, token(&key)).await, None);
    assert_eq!(outcome(&authorizer, token(&other)).await, None);
    let forged = token(&key).signed_by(&other);
    assert_eq!(
        outcome(&authorizer, forged).await,
        Some(Reason::InvalidSignature)
    );
    let unknown = token(&key).kid(Some("c"));
    assert_eq!(
        outcome(&authorizer, unknown).await,
        Some(Reason::UnknownKey)
    );
}

/// The frame of an X.509 certificate around the key (RFC 5280 section 4.1). Nothing but the key is
/// looked at, so the rest is as short as the structure allows.
fn certificate(key: &SigningKey) -> String {
    let der = |tag: u8, content: &[u8]| {
        let len = content.len();
        let mut out = vec![tag];
        match len {
            0..=0x7f => out.push(len as u8),
            0x80..=0xff => out.extend([0x81, len as u8]),
            _ => out.extend([0x82, (len >> 8) as u8, len as u8]),
        }
        out.extend_from_slice(content);
        out
    };
    let empty = der(0x30, &[]);
    let version = der(0xa0, &der(0x02, &[2]));
    let serial = der(0x02, &[1]);
    let signed = [
        &version[..],
        &serial,
        &empty,
        &empty,
        &empty,
        &empty,
        &key.public_der(),
    ];
    let signed = der(0x30, &signed.concat());
    let whole = der(0x30, &[&signed[..], &empty, &der(0x03, &[0])].concat());
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(whole);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

#[test]
fn keys_in_pem_are_read_for_every_kind_and_refused_when_they_do_not_fit() {
    for algorithm in Algorithm::ALL {
        if algorithm.name().starts_with("HS") {
            continue;
        }
        let key = SigningKey::shared(algorithm);
        assert!(
            StaticKeys::from_pem(&key.public_pem(), algorithm).is_ok(),
            "{algorithm}"
        );
        let wrong = if algorithm == Algorithm::EdDSA {
            Algorithm::ES256
        } else {
            Algorithm::EdDSA
        };
        assert!(
            StaticKeys::from_pem(&key.public_pem(), wrong).is_err(),
            "{algorithm}"
        );
        let pem = key.public_pem();
        for cut in 0..pem.len() {
            // A text cut short is an error, never a panic.
            assert!(
                StaticKeys::from_pem(&pem[..cut], algorithm).is_err()
                    || cut > pem.trim_end().len() - 1
            );
        }
    }
    let error = StaticKeys::from_pem(
        "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----",
        Algorithm::RS256,
    );
    assert!(error.unwrap_err().to_string().contains("PRIVATE KEY"));
}

/// A provider of the application's, whose key store is down.
#[derive(Debug)]
struct Down;

#[async_trait]
impl JwksProvider for Down {
    fn lookup(&self, _: &ProtectedHeader<'_>) -> KeyLookup {
        KeyLookup::unavailable(Duration::from_millis(6500), "the key store does not answer")
    }
}

#[tokio::test]
async fn a_provider_of_the_applications_own_can_say_that_it_does_not_know() {
    let shared: Arc<dyn JwksProvider> = Arc::new(Down);
    let issuer = Issuer::new("https://issuer.example/").audience("api");
    let authorizer = support::authorizer()
        .issuer(issuer.keys(shared))
        .build()
        .unwrap();
    let token = TokenBuilder::new(&SigningKey::shared(Algorithm::RS256))
        .issuer("https://issuer.example/")
        .audience("api")
        .build();
    let rejection = authorizer.verify(&token).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::KeysUnavailable);
    assert_eq!(
        (rejection.status().as_u16(), rejection.retry_after()),
        (503, Some(7))
    );
}
