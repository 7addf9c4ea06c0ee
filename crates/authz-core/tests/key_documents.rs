//! The documents that keys come from: key sets and metadata, where they are, and what they may hold.

mod support;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use authz_core::{
    Algorithm, Issuer, Reason, async_trait,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, KeySet, RefreshMode, RemoteJwks,
        RemoteJwksBuilder, SharedSecret, StaticKeys,
    },
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use support::{
    AUDIENCE, ISSUER, KeyServer, build, builder, key, pass, refusal, settle, status, token,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

const OPENID: &str = "https://issuer.example/.well-known/openid-configuration";
const OAUTH: &str = "https://issuer.example/.well-known/oauth-authorization-server";

/// A web with an answer for each address; 404 for the others.
#[derive(Clone, Default)]
struct Web(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    answers: HashMap<String, Answer>,
    requests: Vec<(String, HeaderMap)>,
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Answers 304 to whoever sends a validator, whatever it is.
    not_modified: bool,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    fn serve(
        &self,
        url: &str,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: impl Into<Vec<u8>>,
    ) {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let answer = Answer {
            status,
            headers: headers.collect(),
            body: body.into(),
            not_modified: false,
        };
        self.0
            .lock()
            .unwrap()
            .answers
            .insert(url.to_owned(), answer);
    }

    fn metadata(&self, jwks_uri: &str) {
        let document = json!({"issuer": ISSUER, "jwks_uri": jwks_uri});
        self.serve(OPENID, 200, &[], document.to_string());
    }

    fn keys(&self, url: &str, headers: &[(&'static str, &'static str)], keys: &[&SigningKey]) {
        self.serve(url, 200, headers, jwks(keys).to_string());
    }

    fn always_not_modified(&self, url: &str) {
        let mut web = self.0.lock().unwrap();
        web.answers.get_mut(url).unwrap().not_modified = true;
    }

    fn requests(&self) -> Vec<String> {
        let web = self.0.lock().unwrap();
        web.requests.iter().map(|(url, _)| url.clone()).collect()
    }

    fn discovered(&self) -> RemoteJwksBuilder {
        RemoteJwks::discover(ISSUER).fetcher(self.clone())
    }
}

#[async_trait]
impl Fetcher for Web {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let mut web = self.0.lock().unwrap();
        let url = request.url.to_string();
        web.requests.push((url.clone(), request.headers.clone()));
        let Some(answer) = web.answers.get(&url) else {
            return Ok(Fetched {
                status: StatusCode::NOT_FOUND,
                headers: HeaderMap::new(),
                body: Default::default(),
            });
        };
        let conditional = request.headers.contains_key("if-none-match")
            || request.headers.contains_key("if-modified-since");
        let not_modified = answer.not_modified && conditional;
        Ok(Fetched {
            status: StatusCode::from_u16(if not_modified { 304 } else { answer.status }).unwrap(),
            headers: answer.headers.clone(),
            body: if not_modified {
                Vec::new()
            } else {
                answer.body.clone()
            }
            .into(),
        })
    }
}

fn jwks(keys: &[&SigningKey]) -> Value {
    json!({"keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>()})
}

/// What went wrong with the last fetch.
async fn error(keys: RemoteJwksBuilder) -> String {
    let authorizer = build(keys);
    settle().await;
    let status = &authorizer.key_status()[0].keys;
    let error = status.last_error.as_ref().expect("a fetch that failed");
    error.to_string()
}

mod validators {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn belong_to_the_address_they_came_from() {
        for validator in [
            ("etag", "\"1\""),
            ("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT"),
        ] {
            let (old, new) = (key(), key());
            let web = Web::default();
            web.metadata("https://issuer.example/old");
            web.keys("https://issuer.example/old", &[validator], &[&old]);
            let authorizer = build(web.discovered());
            assert_eq!(status(&authorizer, &token(&old).build()).await, 200);

            // The key set moves, and the server at the new address answers 304 to any validator.
            web.serve("https://issuer.example/old", 410, &[], "");
            web.metadata("https://issuer.example/new");
            web.keys("https://issuer.example/new", &[], &[&new]);
            web.always_not_modified("https://issuer.example/new");
            pass(20 * MINUTE).await;
            assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
            assert_eq!(status(&authorizer, &token(&old).build()).await, 401);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn are_dropped_when_there_is_nothing_left_that_could_be_unmodified() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.use_etags();
        let authorizer = build(server.keys().outage_window(Duration::ZERO));
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        // The keys lapse while the fetch that would have confirmed them is under way.
        server.hold();
        pass(9 * MINUTE + 58 * SECOND).await;
        pass(3 * SECOND).await;
        assert!(!authorizer.is_ready());
        server.release();
        pass(30 * SECOND).await;
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn bring_304_only_for_a_set_that_is_held() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.use_etags();
        let keys = server.keys().refresh_mode(RefreshMode::OnRequest);
        let authorizer = build(keys.outage_window(Duration::ZERO));
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        pass(599 * SECOND).await;
        server.hold();
        // Starts the fetch, which is answered when the keys have lapsed.
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        pass(2 * SECOND).await;
        server.release();
        settle().await;
        let requests = server.requests();
        pass(SECOND).await;
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        assert!(server.requests() <= requests + 1);
    }
}

mod key_sets {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn that_have_moved_are_found_within_one_fetch() {
        for gone in [404, 410] {
            let (old, new) = (key(), key());
            let web = Web::default();
            web.metadata("https://issuer.example/old");
            web.keys("https://issuer.example/old", &[], &[&old]);
            let authorizer = build(web.discovered());
            assert_eq!(status(&authorizer, &token(&old).build()).await, 200);
            web.serve("https://issuer.example/old", gone, &[], "");
            web.metadata("https://issuer.example/new");
            web.keys("https://issuer.example/new", &[], &[&new]);
            assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_any_number_of_keys_work_while_they_fit_into_the_bytes() {
        let keys: Vec<_> = (0..401).map(|_| key()).collect();
        let server = KeyServer::new(keys.clone());
        let authorizer = server.authorizer();
        let last = keys.last().unwrap();
        assert_eq!(status(&authorizer, &token(last).build()).await, 200);

        let limited = build(server.keys().max_keys(400));
        assert_eq!(status(&limited, &token(last).build()).await, 503);
    }

    /// Whatever the fetcher makes of the limit that it is told.
    #[tokio::test(start_paused = true)]
    async fn longer_than_the_limit_are_refused() {
        let key = key();
        for (padding, answer) in [(500, 200), (512, 503)] {
            let server = KeyServer::new([]);
            let padding = "x".repeat(padding * 1024);
            let document = json!({"keys": [key.public_jwk()], "padding": padding});
            server.serve(document.to_string());
            let authorizer = server.authorizer();
            assert_eq!(status(&authorizer, &token(&key).build()).await, answer);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn may_begin_with_a_byte_order_mark() {
        let key = key();
        let mut body = b"\xef\xbb\xbf".to_vec();
        body.extend(jwks(&[&key]).to_string().bytes());
        let web = Web::default();
        web.serve("https://issuer.example/keys", 200, &[], body);
        let mut metadata = b"\xef\xbb\xbf".to_vec();
        let document = json!({"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys"});
        metadata.extend(document.to_string().bytes());
        web.serve(OPENID, 200, &[], metadata);
        let authorizer = build(web.discovered());
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn are_asked_for_without_a_content_coding_and_one_is_named() {
        let key = key();
        let web = Web::default();
        web.metadata("https://issuer.example/keys");
        web.keys(
            "https://issuer.example/keys",
            &[("content-encoding", "gzip")],
            &[&key],
        );
        let error = error(web.discovered()).await;
        assert!(error.contains("encoded (\"gzip\")"), "{error}");
        for (_, headers) in &web.0.lock().unwrap().requests {
            assert_eq!(headers["accept-encoding"], "identity");
        }

        web.keys(
            "https://issuer.example/keys",
            &[("content-encoding", "identity")],
            &[&key],
        );
        let authorizer = build(web.discovered());
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    #[tokio::test]
    async fn may_hold_null_for_what_a_key_does_not_have() {
        let key = key();
        for member in ["alg", "use", "kid", "key_ops", "x5c", "d", "issuer"] {
            let mut jwk = key.public_jwk();
            jwk[member] = Value::Null;
            let keys = StaticKeys::from_jwks(json!({"keys": [jwk]}).to_string().as_bytes());
            let authorizer = builder(keys.unwrap()).build().unwrap();
            assert_eq!(
                status(&authorizer, &token(&key).build()).await,
                200,
                "{member}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn that_are_the_metadata_are_told_from_others() {
        let web = Web::default();
        web.metadata("https://issuer.example/keys");
        let error = error(RemoteJwks::at(OPENID).fetcher(web)).await;
        assert!(
            error.contains("the document is the issuer's metadata")
                && error.contains("\"https://issuer.example/keys\""),
            "{error}"
        );
    }
}

mod candidates {
    use super::*;

    fn nameless(keys: &[SigningKey]) -> StaticKeys {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                let mut jwk = key.public_jwk();
                jwk.as_object_mut().unwrap().remove("kid");
                jwk
            })
            .collect();
        StaticKeys::from_jwks(json!({"keys": keys}).to_string().as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn of_a_token_without_kid_are_tried_up_to_a_limit_that_is_told() {
        let keys: Vec<_> = (0..10).map(|_| key()).collect();
        let without_kid = |key: &SigningKey| token(&key.clone().without_kid()).build();
        let authorizer = builder(nameless(&keys)).build().unwrap();
        for key in &keys[..8] {
            assert_eq!(status(&authorizer, &without_kid(key)).await, 200);
        }
        let rejection = refusal(&authorizer, &without_kid(&keys[8])).await;
        assert_eq!(rejection.reason(), Reason::TooManyCandidateKeys);
        assert_eq!(rejection.status(), 401);

        let more = Issuer::new(ISSUER)
            .audience(AUDIENCE)
            .algorithms([Algorithm::ES256])
            .keys(nameless(&keys))
            .key_candidates(10);
        let authorizer = support::authorizer().issuer(more).build().unwrap();
        assert_eq!(status(&authorizer, &without_kid(&keys[9])).await, 200);
        let forged = refusal(&authorizer, &without_kid(&key())).await;
        assert_eq!(forged.reason(), Reason::InvalidSignature);
    }

    /// The same rule for every source of keys: a key without `kid` may have signed a token with any
    /// `kid` that no key has.
    #[tokio::test(start_paused = true)]
    async fn are_the_keys_without_kid_where_no_key_has_the_tokens() {
        let (named, unnamed, other) = (key(), key(), key());
        let mut jwk = unnamed.public_jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        let set = json!({"keys": [named.public_jwk(), jwk]}).to_string();

        let server = KeyServer::new([]);
        server.serve(set.clone());
        let fixed = StaticKeys::from_jwks(set.as_bytes()).unwrap();
        for authorizer in [server.authorizer(), builder(fixed).build().unwrap()] {
            assert_eq!(status(&authorizer, &token(&named).build()).await, 200);
            assert_eq!(status(&authorizer, &token(&unnamed).build()).await, 200);
            let renamed = unnamed.clone().with_kid("whatever");
            assert_eq!(status(&authorizer, &token(&renamed).build()).await, 200);
            let claimed = unnamed.clone().with_kid(named.kid().unwrap());
            assert_eq!(status(&authorizer, &token(&claimed).build()).await, 401);
            assert_eq!(status(&authorizer, &token(&other).build()).await, 401);
        }
        // The unknown kid was looked for; the forgery under a known one was not.
        assert_eq!(server.requests(), 2);
    }

    /// A set with a key without `kid` does not hide a key that is published later.
    #[tokio::test(start_paused = true)]
    async fn are_looked_for_anew_where_none_of_them_signed_the_token() {
        let (unnamed, new) = (key(), key());
        let mut jwk = unnamed.public_jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        let server = KeyServer::new([]);
        server.serve(json!({"keys": [jwk]}).to_string());
        let authorizer = server.authorizer();
        assert_eq!(status(&authorizer, &token(&unnamed).build()).await, 200);
        server.serve(json!({"keys": [jwk, new.public_jwk()]}).to_string());
        assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
        assert_eq!(server.requests(), 2);
    }
}

mod several_sources {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn of_one_issuer_are_told_apart_by_the_algorithm() {
        let secret = SigningKey::hmac(Algorithm::HS256, [7; 32]);
        let key = key();
        let server = KeyServer::new([key.clone()]);
        for turned in [false, true] {
            let issuer = Issuer::new(ISSUER)
                .audience(AUDIENCE)
                .algorithms([Algorithm::ES256, Algorithm::HS256]);
            let old = SharedSecret::hs256([7; 32]).unwrap();
            let new = server.keys().build().unwrap();
            let issuer = if turned {
                issuer.keys(new).keys(old)
            } else {
                issuer.keys(old).keys(new)
            };
            let authorizer = support::authorizer().issuer(issuer).build().unwrap();
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            assert_eq!(status(&authorizer, &token(&secret).build()).await, 200);
            let forged = SigningKey::hmac(Algorithm::HS256, [8; 32]);
            assert_eq!(status(&authorizer, &token(&forged).build()).await, 401);
            // A public key is never a secret.
            let confused = SigningKey::hmac(Algorithm::HS256, key.public_jwk().to_string());
            assert_eq!(status(&authorizer, &token(&confused).build()).await, 401);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fail_each_for_themselves() {
        let secret = SigningKey::hmac(Algorithm::HS256, [7; 32]);
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.fail(support::Failure::Status(500));
        let issuer = Issuer::new(ISSUER)
            .audience(AUDIENCE)
            .algorithms([Algorithm::ES256, Algorithm::HS256])
            .keys(server.keys().build().unwrap())
            .keys(SharedSecret::hs256([7; 32]).unwrap());
        let authorizer = support::authorizer().issuer(issuer).build().unwrap();
        assert_eq!(status(&authorizer, &token(&secret).build()).await, 200);
        assert_eq!(status(&authorizer, &token(&key).build()).await, 503);
        assert!(!authorizer.is_ready());
    }
}

mod discovery {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stops_where_the_server_asks_to_be_left_alone() {
        for status in [429, 503] {
            let web = Web::default();
            web.serve(OPENID, status, &[("retry-after", "20")], "");
            let authorizer = build(web.discovered());
            for _ in 0..12 {
                pass(SECOND).await;
                let rejection = refusal(&authorizer, &token(&key()).build()).await;
                assert_eq!(rejection.status(), 503);
            }
            assert_eq!(web.requests(), [OPENID]);
            let keys = &authorizer.key_status()[0].keys;
            let error = keys.last_error.as_ref().unwrap().to_string();
            assert!(error.contains(&status.to_string()), "{error}");
            pass(10 * SECOND).await;
            assert_eq!(web.requests().len(), 2);
        }
    }

    /// As with `max-age`, a number too large to hold is still a long time.
    #[tokio::test(start_paused = true)]
    async fn stops_for_longer_than_a_number_can_say() {
        let web = Web::default();
        let asked = [("retry-after", "99999999999999999999999")];
        web.serve(OPENID, 503, &asked, "");
        let authorizer = build(web.discovered());
        for _ in 0..4 {
            pass(MINUTE).await;
            assert_eq!(status(&authorizer, &token(&key()).build()).await, 503);
        }
        assert_eq!(web.requests(), [OPENID]);
    }

    #[tokio::test(start_paused = true)]
    async fn tells_the_first_places_error_and_every_place() {
        for (status, body, told) in [
            (403, "", "403 Forbidden"),
            (500, "", "500 Internal"),
            (200, "<html>", "not a JSON object"),
            (200, r#"{"issuer": "https://issuer.example/"}"#, "jwks_uri"),
            (302, "", "redirect"),
        ] {
            let web = Web::default();
            web.serve(OPENID, status, &[], body);
            let error = error(web.discovered()).await;
            assert!(error.contains(told), "{error}");
            assert!(!error.contains("404"), "{error}");
            assert!(
                error.contains(&format!("tried {OPENID}, {OAUTH}")),
                "{error}"
            );
        }
        // A place that merely has nothing says less than one in trouble.
        let web = Web::default();
        web.serve(OAUTH, 500, &[], "");
        let error = error(web.discovered()).await;
        assert!(error.contains("500 Internal"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn may_begin_at_another_address_than_the_issuers() {
        let key = key();
        for issuer in [
            "acme.com",
            "http://adfs.example/adfs",
            "https://public.example/",
        ] {
            let inside = "http://keycloak:8080/metadata";
            let web = Web::default();
            let document = json!({"issuer": issuer, "jwks_uri": "http://keycloak:8080/keys"});
            web.serve(inside, 200, &[], document.to_string());
            web.keys("http://keycloak:8080/keys", &[], &[&key]);
            let keys = |hosts: &[&str]| {
                RemoteJwks::discover(issuer)
                    .metadata_url(inside)
                    .dangerous_allow_http(hosts.iter().copied())
                    .fetcher(web.clone())
                    .build()
            };
            let authorizer = support::authorizer()
                .issuer(
                    Issuer::new(issuer)
                        .audience(AUDIENCE)
                        .algorithms([Algorithm::ES256])
                        .keys(keys(&["keycloak"]).unwrap()),
                )
                .build()
                .unwrap();
            let token = TokenBuilder::new(&key)
                .issuer(issuer)
                .audience(AUDIENCE)
                .build();
            assert_eq!(status(&authorizer, &token).await, 200, "{issuer}");
            let error = keys(&[]).unwrap_err().to_string();
            assert!(error.contains("dangerous_allow_http"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_another_address_is_held_to_the_issuer_all_the_same() {
        let web = Web::default();
        let document =
            json!({"issuer": "https://evil.example/", "jwks_uri": "https://evil.example/k"});
        web.serve(
            "https://inside.example/metadata",
            200,
            &[],
            document.to_string(),
        );
        let keys = web
            .discovered()
            .metadata_url("https://inside.example/metadata");
        let error = error(keys).await;
        assert!(error.contains("not the configured issuer"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn over_https_does_not_lead_to_plain_http() {
        for jwks_uri in ["http://127.0.0.1:8500/k", "http://other.example/k"] {
            let web = Web::default();
            web.metadata(jwks_uri);
            let error = error(web.discovered().dangerous_allow_http(["keycloak"])).await;
            assert!(error.contains("not an https URL"), "{error}");
        }
    }
}

mod settings {
    use super::*;

    #[test]
    fn that_no_time_can_be_reckoned_with_are_errors_that_name_them() {
        let max = Duration::MAX;
        let keys = || RemoteJwks::at("https://issuer.example/keys");
        for (setting, keys) in [
            ("timeout", keys().timeout(max)),
            ("connect_timeout", keys().connect_timeout(max)),
            ("default_lifetime", keys().default_lifetime(max)),
            ("lifetime_bounds", keys().lifetime_bounds(SECOND..=max)),
            ("outage_window", keys().outage_window(max)),
            ("unknown_kid_fetches", keys().unknown_kid_fetches(5, max)),
            ("first_retry", keys().first_retry(max)),
            ("timeout", keys().timeout(Duration::ZERO)),
            ("first_retry", keys().first_retry(Duration::ZERO)),
        ] {
            let error = keys.build().unwrap_err().to_string();
            assert!(error.starts_with(setting), "{error}");
        }
        let issuer = support::issuer()
            .leeway(max)
            .jwks_uri("https://issuer.example/keys");
        let error = support::authorizer().issuer(issuer).build();
        assert!(error.unwrap_err().to_string().starts_with("leeway"));
        let tenants = authz_core::Tenants::matching(
            Issuer::new("https://{tenant}.login.example/").audience(AUDIENCE),
        )
        .new_tenants(5, max);
        let error = support::authorizer().tenants(tenants).build();
        assert!(error.unwrap_err().to_string().starts_with("new_tenants"));
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_hundred_years_work() {
        let years = 100 * 365 * 24 * HOUR;
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = build(
            server
                .keys()
                .timeout(years)
                .default_lifetime(years)
                .lifetime_bounds(years..=years)
                .outage_window(years)
                .unknown_kid_fetches(u32::MAX, years)
                .first_retry(years),
        );
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        assert_eq!(status(&authorizer, &support::stranger(1)).await, 401);
        server.fail(support::Failure::Status(500));
        assert_eq!(status(&authorizer, &support::stranger(2)).await, 503);
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    #[cfg(feature = "reqwest")]
    #[test]
    fn a_file_of_authorities_must_exist_and_hold_certificates() {
        let keys = || RemoteJwks::at("https://issuer.example/keys");
        let error = keys().ca_file("/does/not/exist.pem").build().unwrap_err();
        assert!(error.to_string().contains("/does/not/exist.pem"), "{error}");
        for pem in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let error = keys().ca_pem(pem).build().unwrap_err().to_string();
            assert!(
                error.contains("certificate authorities can't be used"),
                "{error}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_in_an_address_reach_no_error_and_no_debug() {
        let secret = "s3cret";
        let address =
            format!("https://user:{secret}@issuer.example/keys?api-key={secret}&{secret}#{secret}");
        let web = Web::default();
        let keys = RemoteJwks::at(&address).fetcher(web.clone());
        let debug = format!("{keys:?}");
        assert!(
            debug.contains("issuer.example") && !debug.contains(secret),
            "{debug}"
        );
        let authorizer = build(keys);
        settle().await;
        let shown = format!("{:?} {authorizer:?}", authorizer.key_status());
        assert!(shown.contains("issuer.example/keys?api-key=***"), "{shown}");
        assert!(!shown.contains(secret), "{shown}");
        // What the issuer's address and its metadata say, as far as they reach an error.
        let issuer = format!("https://user:{secret}@issuer.example/");
        for metadata in [
            json!({}),
            json!({"issuer": issuer.replace("user", "x"), "jwks_uri": address}),
            json!({"issuer": issuer, "jwks_uri": address.replace("https", "http")}),
        ] {
            let server = KeyServer::new([]);
            server.serve(metadata.to_string());
            for keys in [RemoteJwks::discover(&issuer), server.keys()] {
                let authorizer = build(keys.fetcher(server.clone()));
                settle().await;
                let status = authorizer.key_status();
                let error = status[0].keys.last_error.as_ref().unwrap();
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        for keys in [
            RemoteJwks::at(address.replace("https", "http")),
            RemoteJwks::at(format!("https://user:{secret}@[/?{secret}")),
            // A password that was not percent-encoded.
            RemoteJwks::at(format!("https://user:a/{secret}@issuer.example/keys")),
            RemoteJwks::at(format!("https://user:{secret}#1@issuer.example/keys")),
            RemoteJwks::at(format!("https://user:{secret}?1@issuer.example/keys")),
            RemoteJwks::at(format!("https://user:x1#{secret}@issuer.example/keys")),
            // What a URL parser makes an address of all the same.
            RemoteJwks::at(format!("http:/user:{secret}@issuer.example/keys")),
            RemoteJwks::at(format!("http:user:{secret}@issuer.example/keys")),
            RemoteJwks::at(format!("http:\\\\user:{secret}@issuer.example\\keys")),
            RemoteJwks::at(format!("ht\ntp://user:{secret}@issuer.example/keys")),
            RemoteJwks::at(format!("http:///user:{secret}@issuer.example/keys")),
        ] {
            let debug = format!("{keys:?}");
            assert!(!debug.contains(secret), "{debug}");
            let error = keys.build().unwrap_err();
            assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        }
        let issuer = Issuer::new(ISSUER).audience(AUDIENCE).jwks_uri(&address);
        assert!(!format!("{issuer:?}").contains(secret), "{issuer:?}");
    }

    #[test]
    fn a_set_of_the_users_own_is_bounded_by_nothing_but_memory() {
        let keys: Vec<_> = (0..150).map(|_| key()).collect();
        let set = jwks(&keys.iter().collect::<Vec<_>>()).to_string();
        assert_eq!(KeySet::parse(set.as_bytes()).unwrap().keys.len(), 150);
    }
}
