//! What an answer must say, and how long it is used.

use std::time::{SystemTime, UNIX_EPOCH};

use authz_core::{
    Algorithm, Binding, Dpop, DpopProofs, Introspection, ManualClock, Reason, RequestParts,
    Revocations, any_valid_token, policy::claim, scope,
};
use authz_testkit::SigningKey;
use http::{
    Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::{
    server::{
        Api, ENDPOINT, NOW, Server, active, api, api_with, changed, client, get, issuer, opaque,
        secs,
    },
    support::{self, AUDIENCE, ISSUER},
};

#[tokio::test(start_paused = true)]
async fn the_answer_takes_the_place_of_the_claims() {
    let server = Server::new();
    server.says("opaque.token-1", active());
    let api = api(issuer(&server, opaque()));
    let policy = scope("read") & claim("client_id").equals("app");
    let caller = api.get("opaque.token-1", &policy).await.unwrap();
    assert_eq!(caller.issuer(), ISSUER);
    assert_eq!(caller.subject(), Some("user"));
    assert_eq!(caller.client_id(), Some("app"));
    assert_eq!(caller.audiences().collect::<Vec<_>>(), [AUDIENCE]);
    assert_eq!(caller.scopes().to_string(), "read write");
    assert_eq!(caller.claims()["exp"], NOW + 3600);
    assert_eq!((caller.algorithm(), caller.key_id()), (None, None));
    let unmet = api
        .get("opaque.token-1", &scope("admin"))
        .await
        .unwrap_err();
    assert_eq!(unmet.reason(), Reason::InsufficientScope);

    assert_eq!(server.calls(), 1);
    let call = server.call(0);
    assert_eq!(call.url, ENDPOINT);
    let field = |name| call.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(field(ACCEPT), "application/json");
    assert_eq!(field(CONTENT_TYPE), "application/x-www-form-urlencoded");
    assert_eq!(field(AUTHORIZATION), "Basic YXBpOmh1c2gtaHVzaA==");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        pair("token", "opaque.token-1"),
        pair("token_type_hint", "access_token"),
    ];
    assert_eq!(call.form, expected);
}

#[tokio::test(start_paused = true)]
async fn everything_is_checked_again_here() {
    let thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    let rows: Vec<(&str, Value, Option<Reason>)> = vec![
        ("good", active(), None),
        ("no iss", changed("iss", ()), None),
        ("no exp", changed("exp", ()), None),
        (
            "no scope, no sub",
            json!({"active": true, "aud": [AUDIENCE, "x"]}),
            None,
        ),
        ("another token type", changed("token_type", "N_A"), None),
        (
            "another issuer",
            changed("iss", "https://issuer.example"),
            Some(Reason::WrongIssuer),
        ),
        ("no aud", changed("aud", ()), Some(Reason::WrongAudience)),
        (
            "another aud",
            changed("aud", "https://other.example"),
            Some(Reason::WrongAudience),
        ),
        (
            "aud of the client",
            changed("aud", "api"),
            Some(Reason::WrongAudience),
        ),
        (
            "empty aud",
            changed("aud", json!([])),
            Some(Reason::WrongAudience),
        ),
        ("past exp", changed("exp", NOW - 60), Some(Reason::Expired)),
        ("exp within the leeway", changed("exp", NOW - 59), None),
        (
            "future nbf",
            changed("nbf", NOW + 61),
            Some(Reason::NotYetValid),
        ),
        ("nbf within the leeway", changed("nbf", NOW + 60), None),
        (
            "future iat",
            changed("iat", NOW + 61),
            Some(Reason::IssuedInFuture),
        ),
        (
            "exp as text",
            changed("exp", "1900003600"),
            Some(Reason::MalformedClaims),
        ),
        (
            "aud as a number",
            changed("aud", 1),
            Some(Reason::MalformedClaims),
        ),
        (
            "bound to a key",
            changed("cnf", json!({"jkt": thumbprint})),
            Some(Reason::SenderConstrained),
        ),
        (
            "bound to a certificate",
            changed("cnf", json!({"x5t#S256": thumbprint})),
            Some(Reason::SenderConstrained),
        ),
        (
            "bound to something",
            changed("cnf", json!({"kid": "1"})),
            Some(Reason::SenderConstrained),
        ),
        (
            "DPoP without a key",
            changed("token_type", "dpop"),
            Some(Reason::SenderConstrained),
        ),
        (
            "not active",
            json!({"active": false}),
            Some(Reason::InactiveToken),
        ),
        (
            "not active, but good",
            changed("active", false),
            Some(Reason::InactiveToken),
        ),
        (
            "active as text",
            changed("active", "true"),
            Some(Reason::IntrospectionUnavailable),
        ),
        (
            "active as a number",
            changed("active", 1),
            Some(Reason::IntrospectionUnavailable),
        ),
        (
            "no active",
            changed("active", ()),
            Some(Reason::IntrospectionUnavailable),
        ),
    ];
    for (name, answer, expected) in rows {
        let server = Server::new();
        server.says("t", &answer);
        let api = api(issuer(&server, opaque()));
        // The second request is decided by what is remembered, unless the answer was unusable.
        for _ in 0..2 {
            assert_eq!(api.reason("t").await, expected, "{name}");
        }
        let unusable = expected == Some(Reason::IntrospectionUnavailable);
        assert_eq!(server.calls(), if unusable { 2 } else { 1 }, "{name}");
    }
}

/// A parser that takes the last of two members, or the first, would believe half of these.
#[tokio::test(start_paused = true)]
async fn an_answer_has_one_meaning() {
    let good = active().to_string();
    let more = |members: &str| format!("{},{members}}}", good.trim_end_matches('}'));
    let unusable = Some(Reason::IntrospectionUnavailable);
    for (body, expected) in [
        (format!("\u{feff}{good}\r\n"), None),
        (format!("{good}{good}"), unusable),
        (format!("[{good}]"), unusable),
        (more(r#""active":true"#), unusable),
        (more(r#""\u0061ctive":true"#), unusable),
        (more(r#""x":{"a":1,"a":2}"#), unusable),
        (
            more(&format!(r#""x":{}{}"#, "[".repeat(200), "]".repeat(200))),
            unusable,
        ),
        (more(r#""cnf":null"#), Some(Reason::SenderConstrained)),
        (more(r#""nbf":null"#), Some(Reason::MalformedClaims)),
    ] {
        let server = Server::new();
        server.says("t", &body);
        let api = api(issuer(&server, opaque()));
        assert_eq!(api.reason("t").await, expected, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_of_revocations_holds_for_answers() {
    let server = Server::new();
    server.says("t", active());
    server.hold();
    let list = Revocations::builder().clock(ManualClock::at(now())).build();
    let revocations = list.clone();
    let api = api_with(issuer(&server, opaque()), |it| it.revocations(revocations));
    let authorizer = api.authorizer.clone();
    let waiting = tokio::spawn(async move { get(&authorizer, "t", &any_valid_token()).await });
    support::settle().await;
    // While the issuer is asked.
    let (before, until) = (now() + secs(1), now() + secs(600));
    list.deny_subject(ISSUER, "user", before, until).unwrap();
    server.release();
    let revoked = waiting.await.unwrap().unwrap_err();
    assert_eq!(revoked.reason(), Reason::Revoked);
    // And while its answer is cached.
    assert!(list.allow_subject(ISSUER, "user"));
    assert_eq!(api.reason("t").await, None);
    list.deny_client(ISSUER, "app", before, until).unwrap();
    assert_eq!(api.reason("t").await, Some(Reason::Revoked));
    assert_eq!(server.calls(), 1);
}

fn now() -> SystemTime {
    UNIX_EPOCH + secs(NOW)
}

#[tokio::test(start_paused = true)]
async fn the_rules_of_the_issuer_hold_for_answers() {
    let server = Server::new();
    for (token, answer) in [
        ("good", changed("typ", "Bearer")),
        ("refresh", changed("typ", "Refresh")),
        ("other-client", changed("client_id", "other")),
    ] {
        server.says(token, answer);
    }
    let issuer = issuer(&server, opaque())
        .clients(["app"])
        .claim_if_present("typ", "Bearer");
    let api = api(issuer);
    assert_eq!(api.reason("good").await, None);
    assert_eq!(api.reason("refresh").await, Some(Reason::WrongClaim));
    assert_eq!(api.reason("other-client").await, Some(Reason::WrongClient));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_without_audiences_must_be_configured_so() {
    let server = Server::new();
    server.says("t", changed("aud", ()));
    let issuer = issuer(&server, opaque())
        .clients(["app"])
        .clients_instead_of_audience();
    assert_eq!(api(issuer).reason("t").await, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_used_for_its_time() {
    let server = Server::new();
    server.says("t", active());
    let api = api(issuer(&server, opaque().positive_ttl(secs(40))));
    for (wait, calls) in [(0, 1), (39, 1), (1, 2), (39, 2)] {
        api.pass(secs(wait)).await;
        assert_eq!(api.reason("t").await, None);
        assert_eq!(server.calls(), calls);
    }
    // Revoked: accepted until the answer's time is over.
    server.revoke("t");
    assert_eq!(api.reason("t").await, None);
    api.pass(secs(1)).await;
    for (wait, calls) in [(0, 3), (4, 3), (1, 4)] {
        api.pass(secs(wait)).await;
        assert_eq!(api.reason("t").await, Some(Reason::InactiveToken));
        assert_eq!(server.calls(), calls);
    }
    // An answer may change its mind.
    server.says("t", active());
    api.pass(secs(5)).await;
    assert_eq!(api.reason("t").await, None);
}

#[tokio::test(start_paused = true)]
async fn times_are_checked_on_every_hit() {
    let server = Server::new();
    server.says("expiring", changed("exp", NOW + 10));
    server.says("beginning", changed("nbf", NOW + 30));
    let api = api(issuer(&server, opaque()).leeway(secs(30)));
    assert_eq!(api.reason("expiring").await, None);
    assert_eq!(api.reason("beginning").await, None);
    api.clock.advance(secs(39));
    assert_eq!(api.reason("expiring").await, None);
    assert_eq!(server.calls(), 2);
    api.clock.advance(secs(1));
    assert_eq!(api.reason("expiring").await, Some(Reason::Expired));
    // The clock was set back.
    api.clock.set(UNIX_EPOCH + secs(NOW - 1));
    assert_eq!(api.reason("beginning").await, Some(Reason::NotYetValid));
}

#[tokio::test(start_paused = true)]
async fn a_token_without_exp_is_good_for_as_long_as_the_answer() {
    let server = Server::new();
    server.says("t", changed("exp", ()));
    let api = api(issuer(&server, opaque()));
    let caller = api.get("t", &any_valid_token()).await.unwrap();
    assert_eq!(caller.expires_at(), UNIX_EPOCH + secs(NOW + 30));
    api.pass(secs(30)).await;
    assert_eq!(api.reason("t").await, None);
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bound_token_needs_its_proof_each_time() {
    let server = Server::new();
    let key = SigningKey::generate(Algorithm::ES256);
    let bound = json!({ "jkt": key.thumbprint() });
    let mut answer = changed("cnf", bound);
    answer["token_type"] = "DPoP".into();
    server.says("t", answer);
    let issuer = issuer(&server, opaque()).dpop(Dpop::Accepted);
    let proofs = DpopProofs::for_public_url("https://api.example");
    let api = api_with(issuer, |builder| builder.dpop_proofs(proofs));
    let send = async |api: &Api, proof: Option<String>| {
        let mut request = Request::get("/messages").header(AUTHORIZATION, "DPoP t");
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let request = request.body(()).unwrap();
        let parts = RequestParts::from(&request);
        let decision = api.authorizer.authorize(&parts, &any_valid_token()).await;
        decision.map(|it| it.binding()).map_err(|it| it.reason())
    };
    let proof = |key: &SigningKey| {
        let proof = key.proof("GET", "https://api.example/messages", "t");
        Some(proof.now(NOW).build())
    };
    for _ in 0..2 {
        assert_eq!(send(&api, proof(&key)).await, Ok(Some(Binding::Dpop)));
        assert_eq!(send(&api, None).await, Err(Reason::InvalidProof));
        let other = SigningKey::generate(Algorithm::ES256);
        assert_eq!(send(&api, proof(&other)).await, Err(Reason::OtherProofKey));
        assert_eq!(api.reason("t").await, Some(Reason::SenderConstrained));
    }
    assert_eq!(server.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn responses_say_what_the_caller_can_do() {
    let server = Server::new();
    let api = api(issuer(&server, opaque()));
    let inactive = api.get("t", &any_valid_token()).await.unwrap_err();
    assert_eq!(inactive.status(), 401);
    let challenge = inactive.challenge().unwrap();
    assert!(
        challenge
            .to_str()
            .unwrap()
            .contains(r#"error="invalid_token""#)
    );
    server.fail(support::Failure::Status(500));
    let unavailable = api.get("u", &any_valid_token()).await.unwrap_err();
    assert_eq!(unavailable.status(), 503);
    assert_eq!(unavailable.challenges().len(), 0);
    assert_eq!(unavailable.retry_after(), Some(1));
    assert!(unavailable.body().contains("temporarily_unavailable"));
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_recent_answers_still_count() {
    let server = Server::new();
    server.says("t", active());
    let introspection = Introspection::opaque(client()).endpoint(ENDPOINT);
    let api = api_with(issuer(&server, introspection), |it| it.cache_bytes(0));
    for (wait, calls) in [(0, 1), (4, 1), (1, 2)] {
        api.pass(secs(wait)).await;
        assert_eq!(api.reason("t").await, None);
        assert_eq!(server.calls(), calls);
    }
}
