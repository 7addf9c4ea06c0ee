//! DPoP (RFC 9449) around the checks of a single proof, which the table of attacks has: nonces, proofs
//! seen before, challenges, several guards.

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use authz_core::{
    Algorithm, Authorizer, AuthorizerBuilder, Binding, BuildErrorKind, CheckedProof, CryptoBackend,
    Dpop, DpopProofs, Issuer, ManualClock, NonceKey, Policy, ProofId, Reason, Rejection,
    ReplayError, ReplayStore, RequestParts, any_valid_token, async_trait, jwks::StaticKeys, scope,
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{
    HeaderMap, Request,
    header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};
use support::{AUDIENCE, ISSUER, KeyServer};

const NOW: u64 = 1_900_000_000;
const URL: &str = "https://api.example/messages";

struct Api {
    authorizer: Authorizer,
    clock: ManualClock,
    client: SigningKey,
    token: String,
}

impl Api {
    fn new(dpop: Dpop, proofs: DpopProofs) -> Self {
        Self::build(dpop, proofs, |builder| builder)
    }

    fn build(
        dpop: Dpop,
        proofs: DpopProofs,
        change: impl Fn(AuthorizerBuilder) -> AuthorizerBuilder,
    ) -> Self {
        let key = SigningKey::shared(Algorithm::ES256).with_kid("issuer");
        let keys = json!({ "keys": [key.public_jwk()] }).to_string();
        let issuer = Issuer::new(ISSUER)
            .audience(AUDIENCE)
            .algorithms([Algorithm::ES256])
            .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap())
            .dpop(dpop);
        let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW));
        let builder = Authorizer::builder()
            .crypto_backend(CryptoBackend::available()[0])
            .issuer(issuer)
            .clock(clock.clone())
            .dpop_proofs(proofs);
        let client = SigningKey::generate(Algorithm::ES256);
        Self {
            authorizer: change(builder).build().unwrap(),
            token: good(&key).bound_to(&client).build(),
            clock,
            client,
        }
    }

    fn proof(&self) -> TokenBuilder {
        let proof = self.client.proof("GET", URL, &self.token);
        proof.now(NOW)
    }

    async fn get(&self, proof: &str) -> Result<authz_core::Authorized, Rejection> {
        self.get_with(proof, &any_valid_token(), None).await
    }

    async fn get_with(
        &self,
        proof: &str,
        policy: &Policy,
        checked: Option<&CheckedProof>,
    ) -> Result<authz_core::Authorized, Rejection> {
        let request = self.request(proof);
        let parts = RequestParts::from(&request);
        let parts = checked.map_or(parts, |it| parts.with_checked_proof(it));
        self.authorizer.authorize(&parts, policy).await
    }

    fn request(&self, proof: &str) -> Request<()> {
        Request::get("/messages?page=2")
            .header(AUTHORIZATION, format!("DPoP {}", self.token))
            .header("dpop", proof)
            .body(())
            .unwrap()
    }
}

fn good(key: &SigningKey) -> TokenBuilder {
    TokenBuilder::new(key)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .now(NOW)
        .scope("read")
}

fn proofs() -> DpopProofs {
    DpopProofs::for_public_url("https://api.example")
}

fn reason<T>(decision: Result<T, Rejection>) -> Option<Reason> {
    decision.err().map(|rejection| rejection.reason())
}

fn challenges(rejection: &Rejection) -> Vec<String> {
    let headers = rejection.headers();
    let values = headers.get_all(WWW_AUTHENTICATE).iter();
    values.map(|it| it.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_proof_is_accepted_once() {
    let api = Api::new(Dpop::Accepted, proofs());
    let (first, second) = (api.proof().build(), api.proof().build());
    for proof in [&first, &second] {
        let caller = api.get(proof).await.unwrap();
        assert_eq!(caller.binding(), Some(Binding::Dpop));
    }
    let rejection = api.get(&first).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::ReplayedProof);
    let [challenge] = &challenges(&rejection)[..] else {
        panic!("one challenge");
    };
    assert!(
        challenge.starts_with(r#"DPoP realm="https://api.example", error="invalid_dpop_proof""#)
    );
    assert!(challenge.contains(r#"algs="RS256 PS256 ES256 ES384 ES512 EdDSA""#));
    // A proof is signed anew, but says the same.
    let again = api.proof().claim("jti", "one");
    assert_eq!(reason(api.get(&again.clone().build()).await), None);
    let replayed = Some(Reason::ReplayedProof);
    assert_eq!(reason(api.get(&again.clone().build()).await), replayed);
    let json = String::from_utf8(again.payload_json()).unwrap();
    let escaped = again.raw_payload(json.replace(r#""one""#, r#""\u006fne""#));
    assert_eq!(reason(api.get(&escaped.build()).await), replayed);
    // Another client may choose the same.
    let mut other = Api::new(Dpop::Accepted, proofs());
    other.authorizer = api.authorizer.clone();
    let same = other.proof().claim("jti", "one").build();
    assert_eq!(reason(other.get(&same).await), None);
}

#[tokio::test]
async fn a_proof_is_remembered_for_as_long_as_it_is_accepted() {
    let settings = proofs().clock_skew(Duration::from_secs(50));
    let nonces = proofs().nonces(NonceKey::from_bytes([7; 32]));
    for (proofs, ahead) in [(settings, 50), (nonces, 60)] {
        let api = Api::new(Dpop::Accepted, proofs);
        let at = |millis: u64| UNIX_EPOCH + Duration::from_millis(NOW * 1000 + millis);
        // The clock of the client, or of the server that made the nonce, is ahead.
        api.clock.set(at(ahead * 1000));
        let mut proof = api.proof().claim("iat", NOW + ahead);
        if let Err(rejection) = api.get(&api.proof().build()).await {
            let headers = rejection.headers();
            proof = proof.claim("nonce", headers["dpop-nonce"].to_str().unwrap());
        }
        let proof = proof.build();
        api.clock.set(at(0));
        assert!(api.get(&proof).await.is_ok());
        for second in 0..300 {
            api.clock.set(at(second * 1000 + 999));
            assert!(api.get(&proof).await.is_err(), "after {second} s");
        }
    }
}

#[tokio::test]
async fn the_field_and_the_scheme_have_no_letter_case() {
    let api = Api::new(Dpop::Accepted, proofs());
    let request = Request::get("/messages")
        .header("AUTHORIZATION", format!("dpOp {}", api.token))
        .header("DPOP", api.proof().build())
        .body(())
        .unwrap();
    let parts = RequestParts::from(&request);
    let decision = api.authorizer.authorize(&parts, &any_valid_token()).await;
    assert_eq!(decision.unwrap().binding(), Some(Binding::Dpop));
}

/// FAPI 2.0 Security Profile section 5.4.1, which does not allow RS256.
#[tokio::test]
async fn only_the_listed_algorithms_are_accepted() {
    let fapi = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];
    let mut api = Api::new(Dpop::Accepted, proofs().algorithms(fapi));
    let issuer = SigningKey::shared(Algorithm::ES256).with_kid("issuer");
    for algorithm in fapi.into_iter().chain([Algorithm::RS256]) {
        api.client = SigningKey::shared(algorithm);
        api.token = good(&issuer).bound_to(&api.client).build();
        let refused = (algorithm == Algorithm::RS256).then_some(Reason::InvalidProof);
        assert_eq!(reason(api.get(&api.proof().build()).await), refused);
    }
}

/// Whoever can't get through anyhow must not use up the proof of somebody who can.
#[tokio::test]
async fn a_proof_is_recorded_after_every_other_check() {
    let api = Api::new(Dpop::Accepted, proofs());
    let proof = api.proof().build();
    let rejection = (api.get_with(&proof, &scope("write"), None).await).unwrap_err();
    assert_eq!(rejection.reason(), Reason::InsufficientScope);
    let challenges = challenges(&rejection);
    assert!(
        challenges.len() == 1 && challenges[0].starts_with("DPoP "),
        "{challenges:?}"
    );
    assert!(api.get(&proof).await.is_ok());
}

#[tokio::test]
async fn the_guards_of_one_request_share_its_proof() {
    let api = Api::new(Dpop::Accepted, proofs());
    let (proof, other) = (api.proof().build(), api.proof().build());
    let checked = CheckedProof::default();
    for policy in [scope("read"), any_valid_token()] {
        assert!(api.get_with(&proof, &policy, Some(&checked)).await.is_ok());
    }
    let replayed = Some(Reason::ReplayedProof);
    assert_eq!(reason(api.get(&proof).await), replayed);
    // Another proof in the same request is recorded too.
    let policy = any_valid_token();
    assert!(api.get_with(&other, &policy, Some(&checked)).await.is_ok());
    assert_eq!(
        reason(api.get_with(&other, &policy, Some(&checked)).await),
        replayed
    );
}

#[tokio::test]
async fn the_challenges_name_every_open_scheme() {
    let bearer = r#"Bearer realm="https://api.example", scope="read""#;
    let dpop = r#"DPoP realm="https://api.example", scope="read", algs="ES256 EdDSA""#;
    for (mode, expected) in [
        (Dpop::Accepted, vec![bearer, dpop]),
        (Dpop::Required, vec![dpop]),
    ] {
        let proofs = proofs().algorithms([Algorithm::EdDSA, Algorithm::ES256]);
        let api = Api::new(mode, proofs);
        let request = Request::get("/messages").body(()).unwrap();
        let parts = RequestParts::from(&request);
        let rejection = api.authorizer.authorize(&parts, &scope("read")).await;
        assert_eq!(challenges(&rejection.unwrap_err()), expected);

        let bound =
            Request::get("/messages").header(AUTHORIZATION, format!("Bearer {}", api.token));
        let bound = bound.body(()).unwrap();
        let rejection = api
            .authorizer
            .authorize(&RequestParts::from(&bound), &scope("read"))
            .await;
        let rejection = rejection.unwrap_err();
        assert_eq!(rejection.reason(), Reason::SenderConstrained);
        let challenges = challenges(&rejection);
        assert!(challenges[0].starts_with("Bearer ") && challenges[0].contains("invalid_token"));
        assert!(challenges[1].starts_with("DPoP ") && !challenges[1].contains("error"));
    }
}

#[tokio::test]
async fn where_it_is_required_a_token_must_be_bound() {
    let api = Api::new(Dpop::Required, proofs());
    let key = SigningKey::shared(Algorithm::ES256).with_kid("issuer");
    for scheme in ["Bearer", "DPoP"] {
        let request = Request::get("/messages")
            .header(AUTHORIZATION, format!("{scheme} {}", good(&key).build()))
            .body(())
            .unwrap();
        let parts = RequestParts::from(&request);
        let decision = api.authorizer.authorize(&parts, &any_valid_token()).await;
        assert_eq!(reason(decision), Some(Reason::UnboundToken), "{scheme}");
    }
    assert!(api.get(&api.proof().build()).await.is_ok());
    // Without a request there is no proof.
    let decision = api.authorizer.verify(&api.token).await;
    assert_eq!(reason(decision), Some(Reason::SenderConstrained));
}

#[tokio::test]
async fn nonces_turn_each_minute_and_are_recognized_for_one_more() {
    let key = NonceKey::from_bytes([7; 32]);
    let api = Api::new(Dpop::Required, proofs().nonces(key));
    let rejection = api.get(&api.proof().build()).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::MissingNonce);
    assert_eq!(rejection.status(), 401);
    assert!(challenges(&rejection)[0].contains(r#"error="use_dpop_nonce""#));
    assert_eq!(rejection.headers()["cache-control"], "no-store");
    let nonce = rejection.headers()["dpop-nonce"]
        .to_str()
        .unwrap()
        .to_owned();
    let with = |nonce: &str| api.proof().claim("nonce", nonce).build();

    // The nonce for the next request, if the response has one.
    let get = async |proof: String| {
        let checked = CheckedProof::default();
        let policy = any_valid_token();
        api.get_with(&proof, &policy, Some(&checked)).await.unwrap();
        let mut headers = HeaderMap::new();
        checked.finish(&mut headers);
        assert_eq!(headers.contains_key(CACHE_CONTROL), !headers.is_empty());
        let nonce = headers.get("dpop-nonce")?.to_str().unwrap();
        Some(nonce.to_owned())
    };
    assert_eq!(get(with(&nonce)).await, None);
    // The server's nonce says when the proof was made, whatever the client's clock shows.
    for seconds in [-7200, 7200] {
        let wrong_clock = api.proof().claim("nonce", &*nonce).issued_in(seconds);
        assert!(api.get(&wrong_clock.build()).await.is_ok());
    }

    api.clock.advance(Duration::from_secs(60));
    let next = get(with(&nonce)).await.unwrap();
    assert_ne!(next, nonce);
    assert_eq!(get(with(&next)).await, None);
    // A server whose clock is behind gets nonces of the next minute.
    api.clock.set(UNIX_EPOCH + Duration::from_secs(NOW));
    assert!(api.get(&with(&next)).await.is_ok());

    api.clock.advance(Duration::from_secs(120));
    let missing = Some(Reason::MissingNonce);
    assert_eq!(reason(api.get(&with(&nonce)).await), missing);
    let mut forged = next.clone().into_bytes();
    for at in 0..forged.len() {
        let byte = forged[at];
        forged[at] = if byte == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(forged.clone()).unwrap();
        assert_eq!(reason(api.get(&with(&text)).await), missing, "{text}");
        forged[at] = byte;
    }
    // Cut to the minute without a MAC, and with three bytes of it, which could be guessed.
    for nonce in [
        "",
        "AQ",
        &next[1..],
        &next[..12],
        &next[..16],
        &format!("{next}A"),
    ] {
        assert_eq!(reason(api.get(&with(nonce)).await), missing, "{nonce}");
    }
    let other = Api::new(
        Dpop::Required,
        proofs().nonces(NonceKey::from_bytes([8; 32])),
    );
    let proof = other.proof().claim("nonce", next).build();
    assert_eq!(reason(other.get(&proof).await), missing);
}

#[test]
fn a_nonce_key_is_32_bytes_and_not_shown() {
    let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let key = NonceKey::from_base64url(text).unwrap();
    assert_eq!(format!("{key:?}"), "NonceKey(..)");
    for wrong in ["", "AAEC", &format!("{text}="), &format!("{text}AA")] {
        let error = NonceKey::from_base64url(wrong).unwrap_err();
        assert!(error.to_string().contains("43 characters"));
    }
}

#[derive(Debug, Default)]
struct Store {
    seen: Mutex<std::collections::HashSet<ProofId>>,
    asked: AtomicUsize,
    longest: Mutex<Duration>,
}

#[async_trait]
impl ReplayStore for Store {
    async fn insert(&self, proof: ProofId, ttl: Duration) -> Result<bool, ReplayError> {
        tokio::task::yield_now().await;
        self.asked.fetch_add(1, Ordering::Relaxed);
        *self.longest.lock().unwrap() = ttl;
        Ok(self.seen.lock().unwrap().insert(proof))
    }
}

#[tokio::test]
async fn servers_with_one_store_accept_a_proof_once() {
    let store = Arc::new(Store::default());
    let servers: Vec<_> = (0..3)
        .map(|_| Api::new(Dpop::Accepted, proofs().replay_store(Arc::clone(&store))))
        .collect();
    let proof = servers[0].proof().build();
    let request = servers[0].request(&proof);
    let mut accepted = 0;
    for server in &servers {
        for _ in 0..3 {
            let parts = RequestParts::from(&request);
            let decision = server
                .authorizer
                .authorize(&parts, &any_valid_token())
                .await;
            match reason(decision) {
                None => accepted += 1,
                Some(reason) => assert_eq!(reason, Reason::ReplayedProof),
            }
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(store.asked.load(Ordering::Relaxed), 9);
    // A proof is acceptable for 60 s, from 10 s before on, and the servers' clocks differ.
    assert_eq!(*store.longest.lock().unwrap(), Duration::from_secs(80));
    // A request that is refused for another reason does not ask.
    let other = servers[0].proof().claim("htm", "POST").build();
    assert_eq!(
        reason(servers[0].get(&other).await),
        Some(Reason::InvalidProof)
    );
    assert_eq!(store.asked.load(Ordering::Relaxed), 9);
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl ReplayStore for Broken {
    async fn insert(&self, _: ProofId, _: Duration) -> Result<bool, ReplayError> {
        Err(ReplayError::new("the store is gone").with_retry_after(Duration::from_secs(3)))
    }
}

#[tokio::test]
async fn without_the_store_the_answer_is_503() {
    let api = Api::new(Dpop::Accepted, proofs().replay_store(Broken));
    let rejection = api.get(&api.proof().build()).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::ReplayStoreUnavailable);
    assert_eq!(rejection.status(), 503);
    assert_eq!(challenges(&rejection), [""; 0]);
    assert_eq!(rejection.headers()[RETRY_AFTER], "3");
    assert!(rejection.body().contains("temporarily_unavailable"));
}

#[tokio::test]
async fn a_full_memory_refuses_until_proofs_expire() {
    const PROOFS: usize = 2000;
    let api = Api::new(Dpop::Accepted, proofs().replay_bytes(PROOFS * 150));
    let mut accepted = 0;
    let mut first_refusal = None;
    for _ in 0..2 * PROOFS {
        match api.get(&api.proof().build()).await {
            Ok(_) => accepted += 1,
            Err(rejection) => {
                assert_eq!(rejection.reason(), Reason::ReplayStoreUnavailable);
                assert!(rejection.retry_after().unwrap() <= 60);
                first_refusal.get_or_insert(rejection);
            }
        }
    }
    assert!(first_refusal.is_some());
    // The memory is divided among shards, and the proofs are not the same in each.
    assert!(
        (PROOFS * 9 / 10..=PROOFS * 11 / 10).contains(&accepted),
        "{accepted}"
    );
    api.clock.advance(Duration::from_secs(85));
    let fresh = api.proof().now(NOW + 85).build();
    assert!(api.get(&fresh).await.is_ok());
}

#[tokio::test]
async fn a_token_whose_key_is_fetched_first_is_checked_the_same() {
    let (issuer, client) = (
        SigningKey::generate(Algorithm::ES256),
        SigningKey::generate(Algorithm::ES256),
    );
    let server = KeyServer::new([issuer.clone()]);
    let keys = authz_core::jwks::RemoteJwks::at("https://issuer.example/keys");
    let keys = keys.fetcher(server.clone()).build().unwrap();
    let authorizer = Authorizer::builder()
        .crypto_backend(CryptoBackend::available()[0])
        .issuer(
            Issuer::new(ISSUER)
                .audience(AUDIENCE)
                .algorithms([Algorithm::ES256])
                .keys(keys)
                .dpop(Dpop::Required),
        )
        .clock(ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW)))
        .dpop_proofs(proofs())
        .build()
        .unwrap();
    let rotated = SigningKey::generate(Algorithm::ES256);
    for (key, htm, expected) in [
        (&issuer, "GET", None),
        (&rotated, "POST", Some(Reason::InvalidProof)),
    ] {
        server.publish(key);
        let token = good(key).bound_to(&client).build();
        let proof = client.proof("GET", URL, &token).now(NOW).claim("htm", htm);
        let request = Request::get("/messages")
            .header(AUTHORIZATION, format!("DPoP {token}"))
            .header("dpop", proof.build())
            .body(())
            .unwrap();
        let policy = any_valid_token();
        let parts = RequestParts::from(&request);
        assert_eq!(
            reason(authorizer.authorize(&parts, &policy).await),
            expected
        );
        let again = reason(authorizer.authorize(&parts, &policy).await);
        assert_eq!(again, expected.or(Some(Reason::ReplayedProof)));
    }
}

#[test]
fn the_metadata_say_what_is_accepted() {
    for (mode, required) in [
        (Dpop::Off, None),
        (Dpop::Accepted, None),
        (Dpop::Required, Some(true)),
    ] {
        let proofs = proofs().algorithms([Algorithm::ES256]);
        let api = Api::build(mode, proofs, |it| it.resource("https://api.example"));
        let json = api.authorizer.resource_metadata().unwrap().json();
        let json: Value = serde_json::from_str(json).unwrap();
        let algorithms = json.get("dpop_signing_alg_values_supported");
        let expected = (mode != Dpop::Off).then(|| json!(["ES256"]));
        assert_eq!(algorithms, expected.as_ref());
        let is_required = json.get("dpop_bound_access_tokens_required");
        assert_eq!(is_required.and_then(Value::as_bool), required);
    }
}

#[test]
fn settings_that_cannot_work_say_what_to_do() {
    let build = |proofs: Option<DpopProofs>| {
        let key = SigningKey::shared(Algorithm::ES256);
        let keys = json!({ "keys": [key.public_jwk()] }).to_string();
        let issuer = Issuer::new(ISSUER)
            .audience(AUDIENCE)
            .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap());
        let builder = Authorizer::builder()
            .crypto_backend(CryptoBackend::available()[0])
            .issuer(issuer.dpop(Dpop::Accepted));
        let builder = proofs
            .into_iter()
            .fold(builder, AuthorizerBuilder::dpop_proofs);
        builder.build().unwrap_err()
    };
    let error = build(None);
    assert_eq!(error.kind(), BuildErrorKind::MissingPublicUrl);
    assert!(error.to_string().contains("for_public_url"), "{error}");
    for (wrong, part) in [
        (DpopProofs::for_public_url("api.example"), "absolute"),
        (proofs().public_url_of("v1", "https://api.example"), "/v1"),
        (proofs().algorithms([]), "at least one"),
        (proofs().algorithms([Algorithm::HS256]), "shared secret"),
        (proofs().max_age(Duration::from_secs(3601)), "3600 s"),
        (proofs().clock_skew(Duration::from_secs(301)), "300 s"),
    ] {
        let error = build(Some(wrong));
        assert_eq!(error.kind(), BuildErrorKind::InvalidSetting);
        assert!(error.to_string().contains(part), "{error}");
    }
}
