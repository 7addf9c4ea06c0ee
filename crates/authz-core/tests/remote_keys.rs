//! The guarantees about keys that are fetched: each row of the table in the guide is a test here.

mod support;

use std::{sync::Arc, time::Duration};

use authz_core::{
    Authorizer, Reason,
    jwks::{JwksProvider, RefreshMode},
};
use support::{Failure, KeyServer, build, key, pass, refusal, settle, status, stranger, token};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

mod start {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn key_server_down_answers_503_and_never_401() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.fail(Failure::Status(500));
        let authorizer = server.authorizer();
        let rejection = refusal(&authorizer, &token(&key).build()).await;
        assert_eq!(rejection.status(), 503);
        assert_eq!(rejection.reason(), Reason::KeysUnavailable);
        assert_eq!(rejection.challenge(), None);
        assert!(
            rejection
                .retry_after()
                .is_some_and(|seconds| (1..=12).contains(&seconds))
        );
        assert!(!authorizer.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn recovers_by_itself_within_12_seconds() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.fail(Failure::Reset);
        let authorizer = server.authorizer();
        for _ in 0..600 {
            pass(SECOND).await;
        }
        // Backed off: hardly more than one attempt per 12 s, whatever requests do.
        let attempts = server.requests();
        assert!(
            (50..=70).contains(&attempts),
            "{attempts} attempts in 10 minutes"
        );
        server.recover();
        pass(12 * SECOND).await;
        assert!(authorizer.is_ready());
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_do_not_add_to_the_retries() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.fail(Failure::Status(500));
        let authorizer = server.authorizer();
        let good = token(&key).build();
        for second in 0..60 {
            for i in 0..20 {
                assert_eq!(status(&authorizer, &good).await, 503);
                assert_eq!(status(&authorizer, &stranger(second * 20 + i)).await, 503);
            }
            pass(SECOND).await;
        }
        let attempts = server.requests();
        assert!(attempts <= 12, "{attempts} attempts in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_the_first_keys_and_share_their_fetch() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.hold();
        let authorizer = server.authorizer();
        let good = token(&key).build();
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let (authorizer, good) = (authorizer.clone(), good.clone());
                tokio::spawn(async move { status(&authorizer, &good).await })
            })
            .collect();
        settle().await;
        server.release();
        for request in waiting {
            assert_eq!(request.await.unwrap(), 200);
        }
        assert_eq!(server.requests(), 1);
    }

    #[test]
    fn needs_no_runtime_to_be_built() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        assert_eq!(
            runtime.block_on(status(&authorizer, &token(&key).build())),
            200
        );
    }
}

mod outage {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn known_keys_serve_for_the_whole_window_and_no_longer() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        let cached = token(&key).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.fail(Failure::Status(503));
        // 10 minutes of lifetime and 24 hours of outage window.
        pass(24 * HOUR + 9 * MINUTE).await;
        assert_eq!(status(&authorizer, &cached).await, 200);
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        assert!(authorizer.is_ready());
        pass(2 * MINUTE).await;
        // Cached tokens are no exception.
        assert_eq!(
            refusal(&authorizer, &cached).await.reason(),
            Reason::KeysUnavailable
        );
        assert_eq!(status(&authorizer, &token(&key).build()).await, 503);
        assert!(!authorizer.is_ready());
        server.recover();
        pass(MINUTE).await;
        assert_eq!(status(&authorizer, &cached).await, 200);
    }

    /// Retries are a minute apart while there are keys, and not any more from when there are none.
    #[tokio::test(start_paused = true)]
    async fn once_the_keys_have_lapsed_it_is_asked_every_12_seconds() {
        for mode in [RefreshMode::Background, RefreshMode::OnRequest] {
            for _ in 0..5 {
                let key = key();
                let server = KeyServer::new([key.clone()]);
                let keys = server.keys().refresh_mode(mode).outage_window(HOUR);
                let authorizer = build(keys);
                let good = token(&key).build();
                assert_eq!(status(&authorizer, &good).await, 200);
                server.fail(Failure::Status(500));
                while status(&authorizer, &good).await == 200 {
                    pass(SECOND).await;
                }
                server.recover();
                pass(12 * SECOND).await;
                assert_eq!(status(&authorizer, &good).await, 200, "{mode:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_unusable_set_never_replaces_a_good_one() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":{}}"#,
            r#"{"keys":[null]}"#,
            r#"{"keys":[{"kty":"oct","k":"AAAA","kid":"x"}]}"#,
            "<html></html>",
            r#"{"keys":[{"kty":"RSA""#,
        ] {
            let key = key();
            let server = KeyServer::new([key.clone()]);
            let authorizer = server.authorizer();
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            server.serve(body);
            pass(10 * MINUTE).await;
            assert!(server.requests() > 1, "{body}");
            assert_eq!(
                status(&authorizer, &token(&key).build()).await,
                200,
                "{body}"
            );
            let keys = &authorizer.key_status()[0].keys;
            assert!(keys.last_error.is_some(), "{body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn backs_off_and_reports_what_is_wrong() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        server.fail(Failure::Status(500));
        pass(HOUR).await;
        for _ in 0..3600 {
            pass(SECOND).await;
        }
        let attempts = server.requests();
        assert!(
            (55..=100).contains(&attempts),
            "{attempts} attempts in an hour"
        );
        let keys = &authorizer.key_status()[0].keys;
        assert_eq!(keys.keys, 1);
        assert!(keys.age.is_some_and(|age| age >= HOUR));
        assert!(
            keys.last_error
                .as_ref()
                .unwrap()
                .to_string()
                .contains("500")
        );
        assert_eq!(keys.fetches, attempts as u64);
        assert_eq!(keys.failures, attempts as u64 - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_respected_by_every_kind_of_fetch() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        server.fail(Failure::RetryAfter(429, 120));
        let rejection = refusal(&authorizer, &stranger(1)).await;
        assert_eq!(
            (rejection.status().as_u16(), rejection.retry_after()),
            (503, Some(120))
        );
        let attempts = server.requests();
        for i in 0..119 {
            pass(SECOND).await;
            assert_eq!(status(&authorizer, &stranger(i)).await, 503);
        }
        assert_eq!(server.requests(), attempts);
        server.recover();
        pass(2 * SECOND).await;
        assert_eq!(server.requests(), attempts + 1);
        assert_eq!(status(&authorizer, &stranger(1)).await, 401);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_server_costs_its_requests_the_timeout_and_others_nothing() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        let good = token(&key);
        assert_eq!(status(&authorizer, &good.clone().build()).await, 200);
        server.fail(Failure::Hang);
        let unknown = tokio::spawn({
            let authorizer = authorizer.clone();
            async move { status(&authorizer, &stranger(1)).await }
        });
        settle().await;
        let before = tokio::time::Instant::now();
        for i in 0..100 {
            assert_eq!(
                status(&authorizer, &good.clone().claim("n", i).build()).await,
                200
            );
        }
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert!(!unknown.is_finished());
        assert_eq!(unknown.await.unwrap(), 503);
        assert_eq!(before.elapsed(), 5 * SECOND);
    }
}

mod unknown_kid {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ten_thousand_at_once_cause_one_fetch() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        assert_eq!(status(&authorizer, &token(&old).build()).await, 200);
        server.publish(&new);
        server.hold();
        let (good, bad): (Arc<str>, Arc<str>) = (token(&new).build().into(), stranger(0).into());
        let waiting: Vec<_> = (0..10_000)
            .map(|i| {
                let (authorizer, good, bad) = (authorizer.clone(), good.clone(), bad.clone());
                let token = if i % 2 == 0 { good } else { bad };
                tokio::spawn(async move { (i, status(&authorizer, &token).await) })
            })
            .collect();
        settle().await;
        // A key that is known does not wait with them.
        assert_eq!(status(&authorizer, &token(&old).build()).await, 200);
        server.release();
        for request in waiting {
            let (i, status) = request.await.unwrap();
            assert_eq!(status, if i % 2 == 0 { 200 } else { 401 });
        }
        assert_eq!(server.requests(), 2);
        assert_eq!(server.most_concurrent(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn fetches_come_out_of_a_bucket_of_5_refilled_every_12_seconds() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        for i in 0..100 {
            let rejection = refusal(&authorizer, &stranger(i)).await;
            assert_eq!(rejection.reason(), Reason::UnknownKey);
        }
        assert_eq!(server.requests(), 1 + 5);
        for i in 100..1000 {
            pass(SECOND / 10).await;
            assert_eq!(status(&authorizer, &stranger(i)).await, 401);
        }
        // 90 s: seven more.
        assert_eq!(server.requests(), 1 + 5 + 7);
    }

    #[tokio::test(start_paused = true)]
    async fn is_looked_for_again_soon_and_then_less_and_less_often() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        for _ in 0..100 {
            assert_eq!(status(&authorizer, &stranger("same")).await, 401);
        }
        assert_eq!(server.requests(), 2);
        pass(999 * MILLISECOND).await;
        assert_eq!(status(&authorizer, &stranger("same")).await, 401);
        assert_eq!(server.requests(), 2);
        // Asked for without end, it costs a second look, a third, and in the end one per 12 s.
        for _ in 0..600 {
            pass(100 * MILLISECOND).await;
            assert_eq!(status(&authorizer, &stranger("same")).await, 401);
        }
        let looks = server.requests() - 1;
        assert!((6..=9).contains(&looks), "{looks} in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_published_a_second_after_its_first_token_is_found_a_second_later() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old]);
        let authorizer = server.authorizer();
        settle().await;
        assert_eq!(status(&authorizer, &token(&new).build()).await, 401);
        pass(SECOND).await;
        server.publish(&new);
        pass(SECOND).await;
        assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_refetch_is_503_and_counts_against_the_bucket() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        server.fail(Failure::Status(500));
        for i in 0..100 {
            let rejection = refusal(&authorizer, &stranger(i)).await;
            assert_eq!(rejection.reason(), Reason::KeysUnavailable);
            assert!(
                rejection
                    .retry_after()
                    .is_some_and(|seconds| (1..=12).contains(&seconds))
            );
        }
        assert_eq!(server.requests(), 1 + 5);
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn rotation_during_a_flood_is_found_within_12_seconds() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        let mut flood = 0..;
        for _ in 0..100 {
            status(&authorizer, &stranger(flood.next().unwrap())).await;
        }
        server.publish(&new);
        let good = token(&new).build();
        let mut waited = Duration::ZERO;
        while status(&authorizer, &good).await != 200 {
            pass(SECOND / 4).await;
            waited += SECOND / 4;
            for _ in 0..10 {
                status(&authorizer, &stranger(flood.next().unwrap())).await;
            }
            assert!(waited <= 12 * SECOND, "not accepted after {waited:?}");
        }
        assert!(waited > SECOND, "the flood did not empty the bucket");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_can_not_starve_the_routine_refresh() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        let mut i = 0;
        for _ in 0..700 {
            for _ in 0..10 {
                i += 1;
                status(&authorizer, &stranger(i)).await;
            }
            pass(SECOND).await;
        }
        let bucket = 5 + 700 / 12;
        let requests = server.requests();
        assert!(requests <= 1 + bucket + 2, "{requests} requests");
        // With the server failing the bucket's fetches fail too, and the schedule goes on by itself.
        server.fail(Failure::Status(500));
        server.publish(&new);
        pass(20 * MINUTE).await;
        server.recover();
        pass(MINUTE).await;
        let keys = &authorizer.key_status()[0].keys;
        assert_eq!(keys.keys, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_during_an_outage_does_not_put_off_the_routine_attempts() {
        let server = KeyServer::new([key()]);
        let authorizer = server.authorizer();
        settle().await;
        server.fail(Failure::Status(500));
        pass(10 * MINUTE).await;
        let before = server.requests();
        for i in 0..600 {
            assert_eq!(status(&authorizer, &stranger(i)).await, 503);
            pass(SECOND).await;
        }
        // What the bucket gives, and one attempt a minute besides.
        let attempts = server.requests() - before;
        let bucket = 5 + 600 / 12;
        assert!(
            (bucket + 8..=bucket + 16).contains(&attempts),
            "{attempts} attempts"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn no_fetch_for_a_token_that_would_be_refused_anyway() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        let unknown = token(&key).kid(Some("unknown"));
        for refused in [
            unknown.clone().issuer("https://other.example/"),
            unknown.clone().audience("https://other.example"),
            unknown.clone().expires_in(-120),
            unknown.clone().not_before_in(120),
            unknown.clone().without("exp"),
            unknown.clone().typ(Some("dpop+jwt")),
            unknown.clone().header("alg", "RS256"),
            unknown.clone().header("alg", "none"),
            unknown.clone().header("crit", ["exp"].as_slice()),
            unknown
                .clone()
                .claim("cnf", serde_json::json!({"jkt": "x"})),
        ] {
            assert_eq!(status(&authorizer, &refused.build()).await, 401);
        }
        assert_eq!(server.requests(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_fetch_for_a_known_kid_with_a_bad_signature_or_another_algorithm() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let keys = server.keys();
        let issuer = support::issuer()
            .algorithms(authz_testkit::Algorithm::ALL)
            .keys(keys.build().unwrap());
        let authorizer = support::authorizer().issuer(issuer).build().unwrap();
        settle().await;
        let forged = token(&key).signature([7; 64]).build();
        assert_eq!(
            refusal(&authorizer, &forged).await.reason(),
            Reason::InvalidSignature
        );
        let confused = token(&key).header("alg", "RS256").build();
        assert_eq!(
            refusal(&authorizer, &confused).await.reason(),
            Reason::KeyNotForAlgorithm
        );
        assert_eq!(server.requests(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_away_does_not_cancel_the_fetch() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        server.publish(&new);
        server.hold();
        let good = token(&new).build();
        let impatient = tokio::spawn({
            let (authorizer, good) = (authorizer.clone(), good.clone());
            async move { status(&authorizer, &good).await }
        });
        settle().await;
        impatient.abort();
        settle().await;
        server.release();
        settle().await;
        assert_eq!(status(&authorizer, &good).await, 200);
        assert_eq!(server.requests(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_routine_fetch_under_way_is_followed_by_one_of_its_own() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        server.hold();
        pass(10 * MINUTE).await;
        // Answered already, but not arrived yet, when the new key is published.
        assert_eq!(server.requests(), 2);
        server.publish(&new);
        let waiting = tokio::spawn({
            let (authorizer, good) = (authorizer.clone(), token(&new).build());
            async move { status(&authorizer, &good).await }
        });
        settle().await;
        assert_eq!(server.requests(), 2);
        server.release();
        assert_eq!(waiting.await.unwrap(), 200);
        assert_eq!(server.requests(), 3);
        assert_eq!(server.most_concurrent(), 1);
    }
}

mod refresh {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn happens_ahead_of_expiry_while_no_request_waits() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        for _ in 0..60 {
            pass(MINUTE).await;
            let before = tokio::time::Instant::now();
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            assert_eq!(before.elapsed(), Duration::ZERO);
        }
        // Every 7.5 to 8.75 minutes.
        let requests = server.requests();
        assert!((7..=9).contains(&requests), "{requests} in an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn a_withdrawn_key_is_refused_within_the_lifetime_cached_tokens_included() {
        let (kept, withdrawn) = (key(), key());
        let server = KeyServer::new([kept.clone(), withdrawn.clone()]);
        let authorizer = server.authorizer();
        let (good, cached) = (token(&kept).build(), token(&withdrawn).build());
        assert_eq!(status(&authorizer, &good).await, 200);
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.withdraw(&withdrawn);
        assert_eq!(status(&authorizer, &cached).await, 200);
        pass(10 * MINUTE).await;
        assert_eq!(
            refusal(&authorizer, &cached).await.reason(),
            Reason::UnknownKey
        );
        assert_eq!(status(&authorizer, &token(&withdrawn).build()).await, 401);
        assert_eq!(status(&authorizer, &good).await, 200);
        // Tokens of keys that stayed were not verified again.
        assert_eq!(authorizer.cache_status().unwrap().tokens, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn another_key_under_an_old_kid_replaces_the_old_one() {
        let (old, new) = (key().with_kid("same"), key().with_kid("same"));
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        let cached = token(&old).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.withdraw(&old);
        server.publish(&new);
        pass(10 * MINUTE).await;
        assert_eq!(
            refusal(&authorizer, &cached).await.reason(),
            Reason::InvalidSignature
        );
        assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn lifetime_comes_from_the_server_within_bounds() {
        for (cache_control, at_least, at_most) in [
            ("max-age=3600", 6, 9),
            ("max-age=1", 340, 490),
            ("no-store", 340, 490),
            ("max-age=31536000", 1, 1),
        ] {
            let key = key();
            let server = KeyServer::new([key.clone()]);
            server.header("cache-control", cache_control);
            let _authorizer = server.authorizer();
            for _ in 0..6 * 360 {
                pass(10 * SECOND).await;
            }
            let requests = server.requests();
            assert!(
                (at_least..=at_most).contains(&requests),
                "{cache_control}: {requests} in six hours"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn not_modified_renews_the_keys() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.use_etags();
        let authorizer = server.authorizer();
        let cached = token(&key).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        for _ in 0..6 {
            pass(10 * MINUTE).await;
        }
        assert!(server.not_modified() >= 5);
        let keys = &authorizer.key_status()[0].keys;
        assert!(keys.age.is_some_and(|age| age <= 10 * MINUTE));
        assert_eq!(keys.failures, 0);
        assert_eq!(status(&authorizer, &cached).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn ends_with_the_last_handle() {
        let server = KeyServer::new([key()]);
        let authorizer = server.authorizer();
        let clone = authorizer.clone();
        settle().await;
        drop(authorizer);
        pass(10 * MINUTE).await;
        assert_eq!(server.requests(), 2);
        drop(clone);
        pass(24 * HOUR).await;
        assert_eq!(server.requests(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_without_kid_finds_a_rotated_key() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let authorizer = server.authorizer();
        settle().await;
        assert_eq!(
            status(&authorizer, &token(&old).kid(None).build()).await,
            200
        );
        server.publish(&new);
        assert_eq!(
            status(&authorizer, &token(&new).kid(None).build()).await,
            200
        );
        assert_eq!(server.requests(), 2);
        let forged = token(&key()).kid(None).build();
        for _ in 0..100 {
            assert_eq!(status(&authorizer, &forged).await, 401);
        }
        assert!(server.requests() <= 3, "{}", server.requests());
    }
}

mod on_request {
    use super::*;

    fn on_request(server: &KeyServer) -> Authorizer {
        build(server.keys().refresh_mode(RefreshMode::OnRequest))
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_happens_without_requests() {
        let server = KeyServer::new([key()]);
        let _authorizer = on_request(&server);
        pass(24 * HOUR).await;
        assert_eq!(server.requests(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_starts_the_refresh_and_is_served_from_the_keys_at_hand() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = on_request(&server);
        let cached = token(&key).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        pass(9 * MINUTE).await;
        assert_eq!(server.requests(), 1);
        server.hold();
        let before = tokio::time::Instant::now();
        assert_eq!(status(&authorizer, &cached).await, 200);
        assert_eq!(before.elapsed(), Duration::ZERO);
        settle().await;
        assert_eq!(server.requests(), 2);
        server.release();
    }

    #[tokio::test(start_paused = true)]
    async fn past_the_lifetime_a_request_waits_so_that_a_withdrawn_key_is_refused() {
        let (kept, withdrawn) = (key(), key());
        let server = KeyServer::new([kept.clone(), withdrawn.clone()]);
        let authorizer = on_request(&server);
        let cached = token(&withdrawn).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.withdraw(&withdrawn);
        pass(HOUR).await;
        assert_eq!(status(&authorizer, &cached).await, 401);
        assert_eq!(status(&authorizer, &token(&kept).build()).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_server_makes_no_request_wait_while_there_are_keys() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = on_request(&server);
        let cached = token(&key).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.fail(Failure::Hang);
        for second in 0..3600 {
            pass(SECOND).await;
            let start = tokio::time::Instant::now();
            assert_eq!(status(&authorizer, &cached).await, 200);
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            assert_eq!(start.elapsed(), Duration::ZERO, "after {second} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_idle_time_a_hanging_server_costs_half_a_second_at_most() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = on_request(&server);
        let cached = token(&key).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.fail(Failure::Hang);
        pass(5 * HOUR).await;
        let start = tokio::time::Instant::now();
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let (authorizer, cached) = (authorizer.clone(), cached.clone());
                tokio::spawn(async move { status(&authorizer, &cached).await })
            })
            .collect();
        for request in waiting {
            assert_eq!(request.await.unwrap(), 200);
        }
        assert!(
            start.elapsed() <= 500 * MILLISECOND,
            "{:?}",
            start.elapsed()
        );
        let start = tokio::time::Instant::now();
        assert_eq!(status(&authorizer, &cached).await, 200);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_survived_for_the_window() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let authorizer = on_request(&server);
        let cached = token(&key).build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        server.fail(Failure::Status(500));
        for _ in 0..24 {
            pass(HOUR).await;
            assert_eq!(status(&authorizer, &cached).await, 200);
            assert_eq!(status(&authorizer, &stranger(1)).await, 503);
        }
        pass(HOUR).await;
        assert_eq!(status(&authorizer, &cached).await, 503);
        server.recover();
        pass(MINUTE).await;
        assert_eq!(status(&authorizer, &cached).await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_key_among_good_ones_is_skipped() {
    let good = key();
    let server = KeyServer::new([]);
    let jwks = serde_json::json!({"keys": [
        null, 7, {"kty": "EC"}, {"kty": "AKP", "kid": "pq"}, {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "RSA", "kid": "weak", "n": "AQ", "e": "AQAB"}, good.public_jwk(),
    ]});
    server.serve(jwks.to_string());
    let authorizer = server.authorizer();
    assert_eq!(status(&authorizer, &token(&good).build()).await, 200);
    assert_eq!(authorizer.key_status()[0].keys.keys, 1);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_fetcher_does_not_block_the_next_fetch() {
    #[derive(Debug)]
    struct Panics(KeyServer, std::sync::atomic::AtomicBool);

    #[authz_core::async_trait]
    impl authz_core::jwks::Fetcher for Panics {
        async fn get(
            &self,
            request: authz_core::jwks::FetchRequest<'_>,
        ) -> Result<authz_core::jwks::Fetched, authz_core::jwks::FetchError> {
            assert!(
                self.1.swap(true, std::sync::atomic::Ordering::SeqCst),
                "the first time"
            );
            self.0.get(request).await
        }
    }

    let key = key();
    let server = KeyServer::new([key.clone()]);
    let keys = server.keys().fetcher(Panics(server.clone(), false.into()));
    let authorizer = build(keys);
    assert_eq!(status(&authorizer, &token(&key).build()).await, 503);
    pass(MINUTE).await;
    assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
}

#[tokio::test(start_paused = true)]
async fn providers_are_usable_by_themselves() {
    let key = key();
    let server = KeyServer::new([key.clone()]);
    let keys = server.keys().build().unwrap();
    assert!(!keys.status().ready);
    settle().await;
    let state = keys.status();
    assert!(state.ready);
    assert_eq!(state.key_ids, [key.kid().unwrap()]);
    assert!(state.next_refresh.is_some());
}

mod ready {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_for_the_keys_while_the_key_server_is_down() {
        for mode in [RefreshMode::Background, RefreshMode::OnRequest] {
            let key = key();
            let server = KeyServer::new([key.clone()]);
            server.fail(Failure::Status(503));
            let authorizer = build(server.keys().refresh_mode(mode));
            let waiting = tokio::spawn({
                let authorizer = authorizer.clone();
                async move { authorizer.ready().await }
            });
            pass(Duration::from_secs(120)).await;
            assert!(!waiting.is_finished() && !authorizer.is_ready());
            // The backoff holds for those who wait as well.
            assert!(server.requests() < 20, "{} requests", server.requests());
            server.recover();
            pass(Duration::from_secs(61)).await;
            assert!(waiting.is_finished() && authorizer.is_ready(), "{mode:?}");
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            authorizer.ready().await;
        }
    }
}
