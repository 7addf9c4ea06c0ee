//! Keys and the runtimes that fetch them: whatever becomes of a runtime, keys are as fresh as they
//! would be otherwise, and no request waits for ever.

mod support;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use authz_core::{
    Authorizer, Issuer, Reason, Rejection, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, RefreshMode, RemoteJwks},
};
use support::{Failure, KeyServer, build, key, pass, refusal, settle, status, token};
use tokio::runtime::{Builder, Runtime};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// With a clock of its own that stands still.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Fails where `run` hangs.
fn within_ten_seconds<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || done.send(run()));
    result
        .recv_timeout(10 * SECOND)
        .expect("an answer within ten seconds")
}

/// One poll, outside of any runtime unless the thread has entered one.
fn poll_once(authorizer: &Authorizer, token: &str) -> Poll<Result<(), Rejection>> {
    let future = pin!(authorizer.verify(token));
    let polled = future.poll(&mut Context::from_waker(Waker::noop()));
    polled.map(|decision| decision.map(drop))
}

mod ended {
    use super::*;

    #[test]
    fn a_withdrawn_key_is_refused_after_the_runtime_that_fetched_it_has_ended() {
        for mode in [RefreshMode::Background, RefreshMode::OnRequest] {
            let (old, new) = (key(), key());
            let server = KeyServer::new([old.clone()]);
            let cached = token(&old).build();
            let first = runtime();
            let authorizer = first.block_on(async {
                let authorizer = build(server.keys().refresh_mode(mode));
                assert_eq!(status(&authorizer, &cached).await, 200);
                authorizer
            });
            drop(first);
            server.withdraw(&old);
            server.publish(&new);
            runtime().block_on(async {
                tokio::time::advance(10 * MINUTE).await;
                assert_eq!(status(&authorizer, &cached).await, 401, "{mode:?}");
                assert_eq!(status(&authorizer, &token(&old).build()).await, 401);
                assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
            });
        }
    }

    #[test]
    fn the_outage_window_ends_for_cached_tokens_too() {
        for window in [Duration::ZERO, 2 * HOUR] {
            let key = key();
            let server = KeyServer::new([key.clone()]);
            let cached = token(&key).build();
            let first = runtime();
            let authorizer = first.block_on(async {
                let authorizer = build(server.keys().outage_window(window));
                assert_eq!(status(&authorizer, &cached).await, 200);
                authorizer
            });
            drop(first);
            server.fail(Failure::Hang);
            runtime().block_on(async {
                tokio::time::advance(10 * MINUTE + window).await;
                let rejection = refusal(&authorizer, &cached).await;
                assert_eq!(rejection.reason(), Reason::KeysUnavailable);
                assert!(!authorizer.is_ready());
            });
        }
    }

    /// The runtime at hand goes on where the ended one left off: nobody has to ask for it.
    #[test]
    fn the_background_task_is_started_again() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let first = runtime();
        let authorizer = first.block_on(async {
            let authorizer = server.authorizer();
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            authorizer
        });
        drop(first);
        runtime().block_on(async {
            tokio::time::advance(10 * MINUTE).await;
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            let requests = server.requests();
            for _ in 0..12 {
                pass(5 * MINUTE).await;
            }
            assert!(server.requests() >= requests + 5, "{}", server.requests());
        });
    }

    #[test]
    fn a_fetch_that_ended_with_its_runtime_is_made_again_at_once() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.hold();
        let first = runtime();
        let authorizer = first.block_on(async {
            let authorizer = server.authorizer();
            settle().await;
            authorizer
        });
        assert_eq!(server.requests(), 1);
        drop(first);
        server.release();
        let second = runtime();
        assert_eq!(
            second.block_on(status(&authorizer, &token(&key).build())),
            200
        );
    }
}

mod shutting_down {
    use super::*;

    /// A task that is spawned on such a runtime is dropped at once, in the caller's thread.
    #[test]
    fn a_request_is_answered_503() {
        for mode in [RefreshMode::Background, RefreshMode::OnRequest] {
            let answer = within_ten_seconds(move || {
                let key = key();
                let server = KeyServer::new([key.clone()]);
                let runtime = runtime();
                let handle = runtime.handle().clone();
                drop(runtime);
                let _context = handle.enter();
                let authorizer = build(server.keys().refresh_mode(mode));
                poll_once(&authorizer, &token(&key).build())
            });
            let Poll::Ready(Err(rejection)) = answer else {
                panic!("{answer:?}");
            };
            assert_eq!(rejection.reason(), Reason::KeysUnavailable);
        }
    }

    #[test]
    fn keys_at_hand_serve_and_a_due_refresh_is_left_to_others() {
        within_ten_seconds(|| {
            let key = key();
            let server = KeyServer::new([key.clone()]);
            let first = runtime();
            let authorizer = first.block_on(async {
                let authorizer = build(server.keys().refresh_mode(RefreshMode::OnRequest));
                assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
                tokio::time::advance(9 * MINUTE).await;
                authorizer
            });
            let handle = first.handle().clone();
            drop(first);
            let _context = handle.enter();
            let answer = poll_once(&authorizer, &token(&key).build());
            assert!(matches!(answer, Poll::Ready(Ok(()))), "{answer:?}");
        });
    }
}

mod none {
    use super::*;

    #[test]
    fn a_request_that_needs_a_key_is_answered_503() {
        let answer = within_ten_seconds(|| {
            let key = key();
            let server = KeyServer::new([key.clone()]);
            poll_once(&server.authorizer(), &token(&key).build())
        });
        let Poll::Ready(Err(rejection)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(rejection.reason(), Reason::KeysUnavailable);
    }

    #[test]
    fn known_keys_serve() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let first = runtime();
        let authorizer = first.block_on(async {
            let authorizer = server.authorizer();
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            authorizer
        });
        let answer = poll_once(&authorizer, &token(&key).build());
        assert!(matches!(answer, Poll::Ready(Ok(()))), "{answer:?}");
    }
}

mod idle {
    use super::*;

    #[test]
    fn a_fetch_that_nobody_drives_is_given_up_at_its_time_limit() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        server.hold();
        let (first, second) = (runtime(), runtime());
        let authorizer = first.block_on(async {
            let authorizer = server.authorizer();
            settle().await;
            authorizer
        });
        assert_eq!(server.requests(), 1);
        server.release();
        second.block_on(async {
            let start = tokio::time::Instant::now();
            assert_eq!(status(&authorizer, &token(&key).build()).await, 503);
            assert!(start.elapsed() <= 5 * SECOND, "{:?}", start.elapsed());
            tokio::time::advance(SECOND).await;
            assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        });
        // The old answer comes too late to count.
        server.withdraw(&key);
        first.block_on(settle());
        assert_eq!(
            second.block_on(status(&authorizer, &token(&key).build())),
            200
        );
    }

    /// The background task sleeps on a runtime that nobody drives: requests do its work.
    #[test]
    fn an_overdue_refresh_is_started_by_a_request() {
        let (old, new) = (key(), key());
        let server = KeyServer::new([old.clone()]);
        let cached = token(&old).build();
        let (first, second) = (runtime(), runtime());
        let authorizer = first.block_on(async {
            let authorizer = server.authorizer();
            assert_eq!(status(&authorizer, &cached).await, 200);
            authorizer
        });
        server.withdraw(&old);
        server.publish(&new);
        second.block_on(async {
            tokio::time::advance(10 * MINUTE).await;
            assert_eq!(status(&authorizer, &cached).await, 401);
            assert_eq!(status(&authorizer, &token(&new).build()).await, 200);
        });
    }
}

/// Whatever is not ours may ask the authorizer while we call it.
mod reentry {
    use std::{error::Error, fmt, sync::OnceLock};

    use authz_core::{Algorithm, Tenants};

    use super::*;

    /// What is dropped together with an error, as the span that it was made in.
    #[derive(Clone, Default)]
    struct Asks(Arc<OnceLock<Authorizer>>);

    impl Drop for Asks {
        fn drop(&mut self) {
            if let Some(authorizer) = self.0.get() {
                drop(authorizer.key_status());
                authorizer.retire_tenant("https://gone.login.example/");
            }
        }
    }

    impl fmt::Debug for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Asks")
        }
    }

    impl fmt::Display for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("asks")
        }
    }

    impl Error for Asks {}

    /// Fails three times.
    #[derive(Clone, Debug)]
    struct Fails(KeyServer, Arc<AtomicUsize>, Asks);

    #[async_trait]
    impl Fetcher for Fails {
        async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
            if self.1.fetch_add(1, Ordering::SeqCst) < 3 {
                return Err(FetchError::transport(self.2.clone()));
            }
            self.0.get(request).await
        }
    }

    #[test]
    fn of_an_error_that_is_forgotten() {
        within_ten_seconds(|| {
            runtime().block_on(async {
                let key = key();
                let asks = Asks::default();
                let fails = Fails(KeyServer::new([key.clone()]), Arc::default(), asks.clone());
                let keys = RemoteJwks::at("https://issuer.example/jwks").fetcher(fails);
                let authorizer = build(keys);
                asks.0.set(authorizer.clone()).unwrap();
                for _ in 0..10 {
                    pass(SECOND).await;
                }
                assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
            });
        });
    }

    #[test]
    fn of_the_error_of_a_tenant_that_is_retired() {
        within_ten_seconds(|| {
            runtime().block_on(async {
                let key = key();
                let asks = Asks::default();
                let fails = Fails(KeyServer::new([]), Arc::default(), asks.clone());
                let tenants = Tenants::matching(
                    Issuer::new("https://{tenant}.login.example/")
                        .audience("https://api.example")
                        .algorithms([Algorithm::ES256])
                        .key_settings(move |keys| keys.fetcher(fails.clone())),
                )
                .max(1);
                let authorizer = support::authorizer().tenants(tenants).build().unwrap();
                asks.0.set(authorizer.clone()).unwrap();
                let issuer = |name: &str| format!("https://{name}.login.example/");
                for name in ["a", "b"] {
                    let token = token(&key).issuer(issuer(name)).build();
                    assert_eq!(status(&authorizer, &token).await, 503);
                }
                authorizer.retire_tenant(&issuer("b"));
                assert!(authorizer.key_status().is_empty());
            });
        });
    }
}

mod panics {
    use super::*;

    #[derive(Clone, Debug)]
    struct PanicsOnce(KeyServer, Arc<AtomicUsize>);

    #[async_trait]
    impl Fetcher for PanicsOnce {
        async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
            assert_ne!(self.1.fetch_add(1, Ordering::SeqCst), 0, "the first fetch");
            self.0.get(request).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_the_fetcher_count_as_failed_fetches() {
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let fetcher = PanicsOnce(server, Arc::default());
        let keys = RemoteJwks::at("https://issuer.example/jwks").fetcher(fetcher);
        let authorizer = build(keys);
        assert_eq!(status(&authorizer, &token(&key).build()).await, 503);
        let keys = &authorizer.key_status()[0].keys;
        assert_eq!((keys.fetches, keys.failures), (1, 1));
        pass(SECOND).await;
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    }

    /// Panics over the warning that a key is not used, and over that of the failure that follows.
    struct Choosy;

    impl std::io::Write for Choosy {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            let lines = String::from_utf8_lossy(line);
            // What it panicked over before still stands in the buffer.
            let last = lines.trim_end().lines().last().unwrap_or_default();
            assert!(!last.contains("not used"), "a subscriber that panics");
            assert!(!last.contains("not refreshed"), "and once more");
            Ok(line.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_log_subscriber_count_as_failed_fetches() {
        let subscriber = tracing_subscriber::fmt().with_writer(|| Choosy).finish();
        let _default = tracing::subscriber::set_default(subscriber);
        let key = key();
        let server = KeyServer::new([key.clone()]);
        let odd = serde_json::json!({"kty": "odd", "kid": "odd"});
        server.serve(serde_json::json!({"keys": [odd, key.public_jwk()]}).to_string());
        let authorizer = server.authorizer();
        assert_eq!(status(&authorizer, &token(&key).build()).await, 503);
        server.recover();
        pass(SECOND).await;
        assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
        assert_eq!(server.requests(), 2);
    }
}
