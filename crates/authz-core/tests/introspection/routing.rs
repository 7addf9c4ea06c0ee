//! Which issuer a token is shown to: one at most.

use authz_core::{
    BuildErrorKind, ClientAuthentication, Dpop, DpopProofs, Introspection, Issuer, MutualTls,
    Reason, RequestParts, Tenants, any_valid_token, jwks::SharedSecret,
};
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use serde_json::{Value, json};

use crate::{
    server::{
        ENDPOINT, NOW, Server, active, api, api_with, changed, client, issuer, issuer_named,
        opaque, secs,
    },
    support::{self, AUDIENCE, ISSUER},
};

const OTHER: &str = "https://other.example/";

fn jwt(key: &SigningKey, issuer: &str) -> TokenBuilder {
    TokenBuilder::new(key)
        .issuer(issuer)
        .audience(AUDIENCE)
        .now(NOW)
}

fn key(kid: &str) -> SigningKey {
    SigningKey::generate(Algorithm::ES256).with_kid(kid)
}

#[tokio::test(start_paused = true)]
async fn opaque_tokens_go_by_their_prefix() {
    let servers = [Server::new(), Server::new()];
    for (server, iss) in servers.iter().zip([ISSUER, OTHER]) {
        server.says_otherwise(changed("iss", iss));
    }
    let first = issuer(&servers[0], opaque().token_prefix("a_").token_prefix("aa_"));
    let second = issuer_named(OTHER, &servers[1], opaque().token_prefix("b_"));
    let api = api_with(first, |builder| builder.issuer(second));
    for (token, expected, calls) in [
        ("a_1", None, [1, 0]),
        ("b_1", None, [1, 1]),
        ("aa_1", None, [2, 1]),
        ("c_1", Some(Reason::OpaqueToken), [2, 1]),
        ("A_1", Some(Reason::OpaqueToken), [2, 1]),
        ("a_", None, [3, 1]),
    ] {
        assert_eq!(api.reason(token).await, expected, "{token}");
        assert_eq!(servers.each_ref().map(Server::calls), calls, "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_jwt_is_not_opaque_however_malformed() {
    let server = Server::new();
    server.says_otherwise(active());
    let known = key("known");
    server.publish(&known);
    let api = api(issuer(&server, opaque()));
    assert_eq!(api.reason(&jwt(&known, ISSUER).build()).await, None);
    let other = jwt(&known, OTHER).build();
    let encrypted = format!("{}.AA.AA.AA.AA", other.split('.').next().unwrap());
    for (token, expected) in [
        (other.clone(), Reason::WrongIssuer),
        (format!("{other}=="), Reason::MalformedToken),
        (
            other.rsplit_once('.').unwrap().0.to_owned(),
            Reason::MalformedToken,
        ),
        (encrypted, Reason::EncryptedToken),
        (jwt(&key("unknown"), ISSUER).build(), Reason::UnknownKey),
        (
            jwt(&known, ISSUER).signature([1; 64]).build(),
            Reason::InvalidSignature,
        ),
    ] {
        assert_eq!(api.reason(&token).await, Some(expected), "{token}");
    }
    assert_eq!(server.calls(), 0);
    assert_eq!(api.reason("v4.local.AAAA").await, None);
    assert_eq!(server.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn always_asks_about_the_jwts_of_the_issuer_that_they_name() {
    let (server, other) = (Server::new(), Server::new());
    let (ours, theirs) = (key("ours"), key("theirs"));
    server.publish(&ours);
    other.publish(&theirs);
    let first = issuer(&server, Introspection::always(client()).endpoint(ENDPOINT));
    let second = {
        let other = other.clone();
        Issuer::new(OTHER)
            .audience(AUDIENCE)
            .algorithms([Algorithm::ES256])
            .jwks_uri("https://other.example/jwks")
            .key_settings(move |keys| keys.fetcher(other.clone()))
    };
    let api = api_with(first, |builder| builder.issuer(second));
    // Another issuer's token is verified here and shown to nobody.
    assert_eq!(api.reason(&jwt(&theirs, OTHER).build()).await, None);
    assert_eq!(
        api.reason(&jwt(&ours, OTHER).build()).await,
        Some(Reason::UnknownKey)
    );
    assert_eq!((server.calls(), other.calls()), (0, 0));

    // The signature is good, but the issuer decides, and what the token says does not count.
    let token = jwt(&ours, ISSUER).scope("admin").subject("forged").build();
    assert_eq!(api.reason(&token).await, Some(Reason::InactiveToken));
    server.says(&token, active());
    api.pass(secs(5)).await;
    let caller = api.get(&token, &any_valid_token()).await.unwrap();
    assert_eq!(caller.subject(), Some("user"));
    assert_eq!(caller.scopes().to_string(), "read write");
    assert_eq!(caller.algorithm(), None);
    server.revoke(&token);
    api.pass(secs(30)).await;
    assert_eq!(api.reason(&token).await, Some(Reason::InactiveToken));
    assert_eq!(server.calls(), 3);
    server.says("opaque", active());
    assert_eq!(api.reason("opaque").await, None);
}

#[tokio::test(start_paused = true)]
async fn always_needs_no_keys() {
    let server = Server::new();
    server.says_otherwise(active());
    let fetcher = server.clone();
    let issuer = Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .key_settings(move |keys| keys.fetcher(fetcher.clone()))
        .introspect(Introspection::always(client()).endpoint(ENDPOINT));
    let api = api(issuer);
    assert!(api.authorizer.is_ready());
    assert_eq!(api.reason("opaque").await, None);
    assert_eq!(api.reason(&jwt(&key("any"), ISSUER).build()).await, None);
    assert_eq!(server.gets(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn fallback_asks_only_if_no_key_fits() {
    let server = Server::new();
    server.says_otherwise(active());
    let known = key("known");
    server.publish(&known);
    let api = api(issuer(
        &server,
        Introspection::fallback(client()).endpoint(ENDPOINT),
    ));
    for (token, expected, calls) in [
        (jwt(&known, ISSUER).build(), None, 0),
        (
            jwt(&known, ISSUER).signature([1; 64]).build(),
            Some(Reason::InvalidSignature),
            0,
        ),
        (
            jwt(&known, ISSUER).expires_in(-100).build(),
            Some(Reason::Expired),
            0,
        ),
        (
            jwt(&known, ISSUER).header("alg", "HS256").build(),
            Some(Reason::AlgorithmNotAllowed),
            0,
        ),
        (
            jwt(&key("1"), ISSUER).audience("x").build(),
            Some(Reason::WrongAudience),
            0,
        ),
        (jwt(&key("1"), OTHER).build(), Some(Reason::WrongIssuer), 0),
        (jwt(&key("2"), ISSUER).build(), None, 1),
        (jwt(&key("2"), ISSUER).build(), None, 2),
        (jwt(&key("3"), ISSUER).kid(None::<&str>).build(), None, 3),
        ("opaque".to_owned(), None, 4),
    ] {
        assert_eq!(api.reason(&token).await, expected, "{token}");
        assert_eq!(server.calls(), calls, "{token}");
        assert_eq!(api.reason(&token).await, expected, "{token}");
        assert_eq!(server.calls(), calls, "{token}");
    }
}

#[test]
fn wrong_settings_are_errors_of_build() {
    let issuer = |name: &str, introspection: Introspection| {
        let secret = SharedSecret::hs256([7; 32]).unwrap();
        Issuer::new(name)
            .audience(AUDIENCE)
            .algorithms([Algorithm::HS256])
            .keys(secret)
            .key_settings(|keys| keys.fetcher(Server::new()))
            .introspect(introspection)
    };
    let two = |one: Introspection, other: Introspection| {
        let builder = support::authorizer().issuer(issuer(ISSUER, one));
        builder.issuer(issuer(OTHER, other)).build()
    };
    for (one, other, fine) in [
        (opaque(), opaque(), false),
        (opaque().token_prefix("a_"), opaque(), false),
        (
            opaque().token_prefix("a_"),
            opaque().token_prefix("a_"),
            false,
        ),
        (
            opaque().token_prefix("a_"),
            opaque().token_prefix("a_b_"),
            false,
        ),
        (
            opaque().token_prefix("a_"),
            opaque().token_prefix("b_"),
            true,
        ),
    ] {
        let built = two(one, other);
        let kind = built.as_ref().err().map(authz_core::BuildError::kind);
        assert_eq!(kind, (!fine).then_some(BuildErrorKind::Introspection));
        if let Err(error) = built {
            assert!(error.to_string().contains("token_prefix"), "{error}");
        }
    }
    let basic = ClientAuthentication::client_secret_basic;
    for (introspection, kind, message) in [
        (
            opaque().positive_ttl(secs(61)),
            BuildErrorKind::InvalidSetting,
            "positive_ttl is 61s",
        ),
        (
            opaque().negative_ttl(secs(61)),
            BuildErrorKind::InvalidSetting,
            "negative_ttl",
        ),
        (
            opaque().timeout(secs(0)),
            BuildErrorKind::InvalidSetting,
            "timeout is 0ns",
        ),
        (
            opaque().allow_stale(secs(3601)),
            BuildErrorKind::InvalidSetting,
            "allow_stale",
        ),
        (
            opaque().concurrency(0),
            BuildErrorKind::InvalidSetting,
            "concurrency is 0",
        ),
        (
            opaque().invalid_tokens(0, secs(1)),
            BuildErrorKind::InvalidSetting,
            "budget",
        ),
        (
            opaque().token_prefix(""),
            BuildErrorKind::InvalidSetting,
            "token_prefix is empty",
        ),
        (
            Introspection::opaque(basic("", "s")),
            BuildErrorKind::InvalidSetting,
            "identifier is empty",
        ),
        (
            Introspection::opaque(basic("c", "")),
            BuildErrorKind::InvalidSetting,
            "secret is empty",
        ),
        (
            opaque().endpoint("nonsense"),
            BuildErrorKind::Introspection,
            "not a URL",
        ),
        (
            opaque().endpoint("http://issuer.example/i"),
            BuildErrorKind::Introspection,
            "does not use https",
        ),
    ] {
        let error = support::authorizer()
            .issuer(issuer(ISSUER, introspection))
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let pattern = Issuer::new("https://{tenant}.example.com/")
        .audience(AUDIENCE)
        .introspect(opaque());
    let error = support::authorizer()
        .tenants(Tenants::matching(pattern))
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Introspection);
}

/// RFC 9449 section 6.2: an issuer must say in its answer what a token is bound to. Some do not.
#[tokio::test(start_paused = true)]
async fn a_bound_jwt_stays_bound_whatever_the_answer_says() {
    let client_key = key("client");
    let (jkt, other) = (client_key.thumbprint(), key("other").thumbprint());
    let x5t = json!({ "jkt": jkt, "x5t#S256": jkt });
    let bound = |cnf: &Value| jwt(&key("unknown"), ISSUER).claim("cnf", cnf.clone());
    for introspect in [Introspection::fallback, Introspection::always] {
        for (own, answer, expected) in [
            (json!({ "jkt": jkt }), json!({ "jkt": jkt }), None),
            (json!({ "jkt": jkt }), Value::Null, Some(())),
            (json!({ "jkt": jkt }), json!({ "jkt": other }), Some(())),
            (x5t.clone(), json!({ "jkt": jkt }), Some(())),
        ] {
            let server = Server::new();
            server.publish(&key("known"));
            server.says_otherwise(changed("cnf", answer.clone()));
            let introspection = introspect(client()).endpoint(ENDPOINT);
            let issuer = issuer(&server, introspection)
                .dpop(Dpop::Accepted)
                .mutual_tls(MutualTls::Accepted);
            let proofs = DpopProofs::for_public_url("https://api.example");
            let api = api_with(issuer, |builder| builder.dpop_proofs(proofs));
            let token = bound(&own).build();
            // As a bearer token, never; with its proof, if the answer says the same.
            let constrained = Some(Reason::SenderConstrained);
            assert_eq!(api.reason(&token).await, constrained, "{own}, {answer}");
            let proof = client_key.proof("GET", "https://api.example/messages", &token);
            let request = http::Request::get("/messages")
                .header("authorization", format!("DPoP {token}"))
                .header("dpop", proof.now(NOW).build())
                .body(())
                .unwrap();
            let parts = RequestParts::from(&request);
            let decision = api.authorizer.authorize(&parts, &any_valid_token()).await;
            let refused = decision.err().map(|it| it.reason());
            assert_eq!(refused, expected.and(constrained), "{own}, {answer}");
        }
    }
}
