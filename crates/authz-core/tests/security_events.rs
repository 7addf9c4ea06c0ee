//! Security events (RFC 8417, Shared Signals Framework 1.0, CAEP 1.0, RISC 1.0) that revoke tokens.

mod support;

use std::time::{Duration, UNIX_EPOCH};

use authz_core::{
    Authorizer, EventKind, ManualClock, Reason, Revocations, RevokedTokens, SecurityEvents,
    SecurityEventsBuilder, SubjectId,
    jwks::{SharedSecret, StaticKeys},
};
use authz_testkit::{SigningKey, TokenBuilder, Transmitter};
use serde_json::{Value, json};
use support::{ISSUER, authorizer, issuer, key, token};

const NOW: u64 = 1_800_000_000;
const TRANSMITTER: &str = "https://login.example";
const RECEIVER: &str = "https://api.example/events";

struct Api {
    key: SigningKey,
    transmitter: Transmitter,
    transmitter_key: SigningKey,
    revocations: Revocations,
    events: SecurityEvents,
    authorizer: Authorizer,
    clock: ManualClock,
}

impl Api {
    fn new() -> Self {
        Self::with(|events| events)
    }

    fn with(settings: impl FnOnce(SecurityEventsBuilder) -> SecurityEventsBuilder) -> Self {
        Self::with_list(Revocations::builder().max_bytes(1 << 20), settings)
    }

    fn with_list(
        list: authz_core::RevocationsBuilder,
        settings: impl FnOnce(SecurityEventsBuilder) -> SecurityEventsBuilder,
    ) -> Self {
        let (key, transmitter_key) = (key(), key());
        let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW));
        let revocations = list.clock(clock.clone()).build();
        let events = SecurityEvents::from_transmitter(TRANSMITTER, keys(&transmitter_key))
            .audience(RECEIVER)
            .crypto_backend(authz_core::CryptoBackend::available()[0])
            .clock(clock.clone());
        let authorizer = authorizer()
            .issuer(issuer().keys(keys(&key)))
            .clock(clock.clone())
            .revocations(revocations.clone())
            .build()
            .unwrap();
        Self {
            transmitter: Transmitter::new(&transmitter_key, TRANSMITTER, RECEIVER),
            events: settings(events).build(revocations.clone()).unwrap(),
            key,
            transmitter_key,
            revocations,
            authorizer,
            clock,
        }
    }

    fn event(&self, event_type: &str, subject: Value) -> TokenBuilder {
        self.transmitter.event(event_type, subject).now(NOW)
    }

    async fn status(&self, set: impl AsRef<[u8]>) -> u16 {
        self.events.receive(set.as_ref()).await.status().as_u16()
    }

    /// Whether tokens issued a second before the event, and at the same time, are accepted.
    async fn accepted(&self) -> [bool; 2] {
        let token = |issued: u64| {
            let token = token(&self.key)
                .now(NOW)
                .subject("user")
                .claim("iat", issued);
            token.claim("jti", "id").claim("sid", "session").build()
        };
        let verify = async |issued| match self.authorizer.verify(&token(issued)).await {
            Ok(_) => true,
            Err(rejection) => {
                assert_eq!(rejection.reason(), Reason::Revoked);
                false
            }
        };
        [verify(NOW - 1).await, verify(NOW).await]
    }
}

fn keys(key: &SigningKey) -> StaticKeys {
    let set = json!({ "keys": [key.public_jwk()] }).to_string();
    StaticKeys::from_jwks(set.as_bytes()).unwrap()
}

fn user() -> Value {
    json!({ "format": "iss_sub", "iss": ISSUER, "sub": "user" })
}

#[tokio::test]
async fn events_revoke_the_tokens_issued_before_them() {
    for (event_type, revokes) in [
        ("session-revoked", true),
        ("token-claims-change", true),
        ("credential-change", true),
        ("account-disabled", true),
        ("credential-compromise", true),
        ("session-established", false),
        ("verification", false),
        ("https://other.example/event", false),
        ("https://other.example/session-revoked", false),
    ] {
        let api = Api::new();
        assert_eq!(api.status(api.event(event_type, user()).build()).await, 202);
        assert_eq!(api.accepted().await, [!revokes, true], "{event_type}");
    }
}

#[tokio::test]
async fn subjects() {
    let simple = |format: &str, name: &str| json!({ "format": format, name: "x" });
    for (subject, accepted) in [
        (
            json!({ "format": "jwt_id", "iss": ISSUER, "jti": "id" }),
            [false, false],
        ),
        (
            json!({ "format": "jwt_id", "iss": ISSUER, "jti": "other" }),
            [true, true],
        ),
        (
            json!({ "format": "iss_sub", "iss": "https://other.example", "sub": "user" }),
            [true, true],
        ),
        (
            json!({ "format": "complex", "user": user() }),
            [false, true],
        ),
        (
            json!({ "format": "complex", "user": user(), "session": simple("opaque", "id") }),
            [false, true],
        ),
        (simple("opaque", "id"), [true, true]),
        (simple("email", "email"), [true, true]),
        (simple("phone_number", "phone_number"), [true, true]),
    ] {
        let api = Api::new();
        let event = api.event("session-revoked", subject.clone()).build();
        assert_eq!(api.status(event).await, 202, "{subject}");
        assert_eq!(api.accepted().await, accepted, "{subject}");
    }
    for subject in [
        json!(null),
        json!("user"),
        json!({}),
        json!({ "format": "iss_sub", "iss": ISSUER }),
        json!({ "format": "jwt_id", "jti": "id" }),
        json!({ "format": "complex", "user": "user" }),
        json!({ "format": "complex", "user": { "format": "complex", "user": user() } }),
    ] {
        let api = Api::new();
        let event = api.event("session-revoked", subject.clone()).build();
        assert_eq!(api.status(event).await, 400, "{subject}");
    }
}

#[tokio::test]
async fn the_application_translates_subjects() {
    let api = Api::with(|events| {
        events.revoke(|event| {
            assert_eq!(event.kind, EventKind::SessionRevoked);
            let SubjectId::Complex {
                session: Some(session),
                ..
            } = &event.subject
            else {
                return event.revoked_tokens();
            };
            assert_eq!(**session, SubjectId::Opaque("s-1".to_owned()));
            let (issuer, session) = (ISSUER.to_owned(), "session".to_owned());
            vec![RevokedTokens::Session { issuer, session }]
        })
    });
    let session = json!({ "format": "opaque", "id": "s-1" });
    let subject = json!({ "format": "complex", "session": session, "tenant": session });
    assert_eq!(
        api.status(api.event("session-revoked", subject).build())
            .await,
        202
    );
    assert_eq!(api.accepted().await, [false, true]);
}

#[tokio::test]
async fn event_timestamp_counts_before_iat() {
    for (timestamp, accepted) in [(NOW, [false, true]), (NOW - 1, [true, true])] {
        let api = Api::new();
        let members = json!({ "event_timestamp": timestamp });
        let event = api
            .transmitter
            .event_with("session-revoked", user(), members)
            .now(NOW);
        assert_eq!(api.status(event.build()).await, 202);
        assert_eq!(api.accepted().await, accepted);
    }
    for wrong in [json!("x"), json!(-1), json!(null), json!(1e300)] {
        let api = Api::new();
        let members = json!({ "event_timestamp": wrong });
        let event = api
            .transmitter
            .event_with("session-revoked", user(), members)
            .now(NOW);
        assert_eq!(api.status(event.build()).await, 400, "{wrong}");
    }
}

/// Milliseconds, or a clock that is wrong: the user can log in again.
#[tokio::test]
async fn a_time_in_the_future_does_not_revoke_the_tokens_of_later_logins() {
    for (time, revoked_for) in [(NOW * 1000, 60), (NOW + 3600, 60), (NOW + 30, 30)] {
        for in_event in [true, false] {
            let api = Api::new();
            let members = match in_event {
                true => json!({ "event_timestamp": time }),
                false => json!({}),
            };
            let event = (api.transmitter).event_with("session-revoked", user(), members);
            let iat = if in_event { NOW } else { time };
            assert_eq!(api.status(event.claim("iat", iat).build()).await, 202);
            api.clock.advance(Duration::from_secs(3600));
            for (issued, accepted) in [(0, false), (revoked_for - 1, false), (revoked_for, true)] {
                let token = token(&api.key).now(NOW + issued).subject("user");
                let token = token.expires_in(7200).build();
                let decision = api.authorizer.verify(&token).await;
                assert_eq!(decision.is_ok(), accepted, "{time}, {issued}");
            }
        }
    }
}

#[tokio::test]
async fn a_created_credential_revokes_nothing() {
    for (change, revokes) in [("create", false), ("revoke", true), ("update", true)] {
        let api = Api::new();
        let members = json!({ "change_type": change });
        let event = api
            .transmitter
            .event_with("credential-change", user(), members)
            .now(NOW);
        assert_eq!(api.status(event.build()).await, 202);
        assert_eq!(api.accepted().await, [!revokes, true], "{change}");
    }
}

#[tokio::test]
async fn an_invalid_event_has_no_effect_and_says_why() {
    type Change = fn(TokenBuilder) -> TokenBuilder;
    let two = json!({ "https://a.example": {}, "https://b.example": {} });
    let cases: [(&str, Change, &str); 20] = [
        ("no typ", |set| set.typ(None), "invalid_request"),
        (
            "an access token's typ",
            |set| set.typ(Some("at+jwt")),
            "invalid_request",
        ),
        ("sub", |set| set.subject("user"), "invalid_request"),
        (
            "sub null",
            |set| set.claim("sub", Value::Null),
            "invalid_request",
        ),
        ("exp", |set| set.claim("exp", NOW + 60), "invalid_request"),
        (
            "another issuer",
            |set| set.issuer("https://other.example"),
            "invalid_issuer",
        ),
        ("no issuer", |set| set.without("iss"), "invalid_issuer"),
        (
            "another audience",
            |set| set.audience("https://other.example"),
            "invalid_audience",
        ),
        ("no audience", |set| set.without("aud"), "invalid_audience"),
        (
            "another key",
            |set| set.signed_by(&key()),
            "authentication_failed",
        ),
        (
            "an unknown key",
            |set| set.key(&key().with_kid("x")),
            "invalid_key",
        ),
        (
            "no signature",
            |set| set.header("alg", "none"),
            "invalid_request",
        ),
        (
            "a critical extension",
            |set| set.header("crit", json!(["x"])),
            "invalid_request",
        ),
        ("no jti", |set| set.without("jti"), "invalid_request"),
        ("jti empty", |set| set.claim("jti", ""), "invalid_request"),
        ("no iat", |set| set.without("iat"), "invalid_request"),
        ("no events", |set| set.without("events"), "invalid_request"),
        (
            "events empty",
            |set| set.claim("events", json!({})),
            "invalid_request",
        ),
        ("no sub_id", |set| set.without("sub_id"), "invalid_request"),
        (
            "an event that is a string",
            |set| set.claim("events", json!({ "a:b": "x" })),
            "invalid_request",
        ),
    ];
    for (name, change, err) in cases {
        refused(name, change, err).await;
    }
    refused(
        "two events",
        move |set| set.claim("events", two),
        "invalid_request",
    )
    .await;
    let api = Api::new();
    for body in ["", "a.b", "a.b.c", "{}"] {
        assert_eq!(api.status(body).await, 400, "{body}");
    }
}

async fn refused(name: &str, change: impl FnOnce(TokenBuilder) -> TokenBuilder, err: &str) {
    let api = Api::new();
    let set = change(api.event("session-revoked", user())).build();
    let response = api.events.receive(set.as_bytes()).await;
    assert_eq!(response.status(), 400, "{name}");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(body["err"], err, "{name}: {body}");
    assert!(body["description"].is_string());
    assert!(api.revocations.is_empty(), "{name}");
}

#[tokio::test]
async fn repeated_names_are_refused() {
    let api = Api::new();
    let payload = format!(
        r#"{{"iss":"{TRANSMITTER}","aud":"{RECEIVER}","iat":{NOW},"jti":"a","sub_id":{},"events":{{"a:b":{{}}}},"jti":"b"}}"#,
        user()
    );
    let set = api
        .event("session-revoked", user())
        .raw_payload(payload)
        .build();
    assert_eq!(api.status(set).await, 400);
}

#[tokio::test]
async fn an_event_counts_once_and_in_any_order() {
    let api = Api::new();
    let event = |jti: &str, at: u64| {
        let members = json!({ "event_timestamp": at });
        let event = api
            .transmitter
            .event_with("session-revoked", user(), members);
        event.now(NOW).claim("jti", jti).build()
    };
    let (late, early) = (event("late", NOW), event("early", NOW - 100));
    for set in [&late, &early, &late] {
        assert_eq!(api.status(set).await, 202);
    }
    assert_eq!(api.accepted().await, [false, true]);
    // An operator has taken the entry back. The event that comes again does not add it.
    assert!(api.revocations.allow_subject(ISSUER, "user"));
    assert_eq!(api.status(&late).await, 202);
    assert_eq!(api.accepted().await, [true, true]);
}

#[tokio::test]
async fn a_full_list_is_503_so_that_the_event_is_sent_again() {
    let api = Api::with_list(Revocations::builder().max_bytes(76), |it| it);
    let until = UNIX_EPOCH + Duration::from_secs(NOW + 60);
    api.revocations.deny_token(ISSUER, "other", until).unwrap();
    let event = api.event("session-revoked", user()).build();
    let response = api.events.receive(event.as_bytes()).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    assert!(api.revocations.allow_token(ISSUER, "other"));
    assert_eq!(api.status(&event).await, 202);
    assert_eq!(api.accepted().await, [false, true]);
}

#[tokio::test]
async fn an_event_is_no_access_token_and_an_access_token_is_no_event() {
    let api = Api::new();
    let access = TokenBuilder::new(&api.transmitter_key)
        .issuer(TRANSMITTER)
        .audience(RECEIVER);
    assert_eq!(api.status(access.build()).await, 400);
    // An API that trusts the transmitter as its issuer, with the same key and audience.
    let trusting = authorizer()
        .issuer(
            authz_core::Issuer::new(TRANSMITTER)
                .audience(RECEIVER)
                .algorithms([authz_core::Algorithm::ES256])
                .keys(keys(&api.transmitter_key)),
        )
        .build()
        .unwrap();
    let event = api.event("session-revoked", user()).build();
    let rejection = trusting.verify(&event).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::WrongTokenType);
}

#[test]
fn an_audience_is_required() {
    let keys = SharedSecret::hs256([7; 32]).unwrap();
    let error = SecurityEvents::from_transmitter(TRANSMITTER, keys).build(Revocations::new());
    assert!(error.unwrap_err().to_string().contains("audience"));
}
