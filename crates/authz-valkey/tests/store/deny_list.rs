use std::time::{Duration, Instant, SystemTime};

use authz_core::{Authorizer, Issuer, Reason, Revocations};
use authz_testkit::DevIssuer;
use authz_valkey::{DenyList, Valkey, ValkeyErrorKind};
use blackbox::store::Store;
use tokio::task::JoinHandle;

use crate::{proxy::Proxy, stage::until};

const ISSUER: &str = "https://login.example/";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// One of the servers that share a list.
struct Server {
    list: DenyList,
    revocations: Revocations,
    following: JoinHandle<std::convert::Infallible>,
}

impl Server {
    fn start(url: &str) -> Self {
        Self::with(url, Revocations::new(), |list| list)
    }

    fn with(
        url: &str,
        revocations: Revocations,
        settings: impl FnOnce(DenyList) -> DenyList,
    ) -> Self {
        let list = settings(DenyList::new(&Valkey::connect(url).unwrap()));
        Self {
            following: tokio::spawn(list.follow(&revocations)),
            list,
            revocations,
        }
    }

    async fn until_in_step(&self) {
        until("the list is in step", async || self.is_in_step()).await;
    }

    async fn until_it_has(&self, entries: usize) -> Duration {
        let what = format!("{entries} entries");
        until(&what, async || self.revocations.len() == entries).await
    }

    fn is_in_step(&self) -> bool {
        self.revocations.status().feeds.iter().all(|it| it.in_step)
    }

    async fn deny(&self, token: &str) {
        let until = SystemTime::now() + HOUR;
        self.list.deny_token(ISSUER, token, until).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.following.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_dead_everywhere_within_2_seconds() {
    for store in Store::each(&[]) {
        let dev = DevIssuer::start().await;
        let issuer = dev.issuer();
        let (one, two) = (Server::start(&store.url()), Server::start(&store.url()));
        let authorizer = Authorizer::builder()
            .issuer(
                Issuer::new(issuer)
                    .audience(dev.audience())
                    .jwks_uri(dev.jwks_uri()),
            )
            .revocations(two.revocations.clone())
            .build()
            .unwrap();
        two.until_in_step().await;
        let standing = async |token: &str| {
            let verified = authorizer.verify(token).await;
            verified.err().map(|it| it.reason())
        };
        let now = SystemTime::now();
        for claim in ["jti", "sub", "sid", "client_id"] {
            let token = dev.token().claim(claim, "revoked").build();
            let other = dev.token().claim(claim, "other").build();
            assert_eq!(standing(&token).await, None, "{claim}");
            let (list, before) = (&one.list, now + HOUR);
            match claim {
                "jti" => list.deny_token(issuer, "revoked", before).await,
                "sub" => list.deny_subject(issuer, "revoked", before, before).await,
                "sid" => list.deny_session(issuer, "revoked", before, before).await,
                _ => list.deny_client(issuer, "revoked", before, before).await,
            }
            .unwrap();
            let took = until(claim, async || {
                standing(&token).await == Some(Reason::Revoked)
            })
            .await;
            assert!(took < Duration::from_secs(2), "{claim}: {took:?}");
            assert_eq!(standing(&other).await, None, "{claim}");
        }
        // Newer tokens are accepted.
        let (list, hour_ago) = (&one.list, now - HOUR);
        list.deny_subject(issuer, "back", hour_ago, now + HOUR)
            .await
            .unwrap();
        two.until_it_has(5).await;
        let token = dev.token().subject("back").build();
        assert_eq!(standing(&token).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_server_loads_all_entries() {
    for store in Store::each(&[]) {
        let one = Server::start(&store.url());
        let before = Server::start("redis://127.0.0.1:1");
        for number in 0..2_500 {
            one.deny(&number.to_string()).await;
        }
        let two = Server::start(&store.url());
        assert!(!two.is_in_step());
        two.until_in_step().await;
        assert_eq!(two.revocations.len(), 2_500);
        // Without a store, a server does not know that there are no entries.
        assert!(!before.is_in_step());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_cut_off_catches_up() {
    for store in Store::each(&[]) {
        let mut proxy = Proxy::start(store.address()).await;
        let one = Server::start(&store.url());
        let two = Server::with(&proxy.url(), Revocations::new(), |list| {
            list.max_staleness(Duration::from_secs(1))
        });
        one.deny("before").await;
        two.until_it_has(1).await;
        two.until_in_step().await;
        proxy.cut().await;
        one.deny("meanwhile").await;
        until("the list is out of step", async || !two.is_in_step()).await;
        assert_eq!(two.revocations.len(), 1);
        proxy.mend().await;
        let took = two.until_it_has(2).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
        two.until_in_step().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_lost_its_entries_takes_nothing_back() {
    for mut store in Store::each(&[]) {
        let (one, two) = (Server::start(&store.url()), Server::start(&store.url()));
        one.deny("before").await;
        two.until_it_has(1).await;
        store.kill();
        let until = SystemTime::now() + HOUR;
        let lost = one
            .list
            .deny_token(ISSUER, "lost", until)
            .await
            .unwrap_err();
        assert_eq!(lost.kind(), ValkeyErrorKind::Unavailable);
        store.start_again();
        // An identifier that is earlier than all that were read: the store's clock may have been set back.
        let add = "XADD authz:deny 1-1 action deny kind token issuer i name n issued_before 0 until 9999999999";
        store.command(add).unwrap();
        let took = two.until_it_has(2).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_end() {
    for store in Store::each(&[]) {
        let lifetime = Duration::from_secs(2);
        let short = |list: DenyList| list.max_lifetime(lifetime);
        let one = Server::with(&store.url(), Revocations::new(), short);
        let deny = async |name: &str| {
            let until = SystemTime::now() + Duration::from_secs(1);
            one.list.deny_token(ISSUER, name, until).await.unwrap();
        };
        let began = Instant::now();
        for number in 0..300 {
            deny(&number.to_string()).await;
        }
        // In the store by the store's clock, with the next entries.
        let oldest = || store.command("XRANGE authz:deny - + COUNT 1").unwrap();
        let first = oldest();
        until("the store has removed entries", async || {
            deny("another").await;
            oldest() != first
        })
        .await;
        assert!(began.elapsed() >= lifetime, "{:?}", began.elapsed());
        // In each server by its own.
        until("the list has ended", async || {
            one.revocations.status().entries == 0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_ends_too_late_is_an_error() {
    for store in Store::each(&[]) {
        let one = Server::start(&store.url());
        let until = SystemTime::now() + 26 * HOUR;
        let error = one.list.deny_token(ISSUER, "a", until).await.unwrap_err();
        assert_eq!(error.kind(), ValkeyErrorKind::EndsTooLate);
        assert!(error.to_string().contains("max_lifetime"), "{error}");
        let longer = one.list.clone().max_lifetime(27 * HOUR);
        longer.deny_token(ISSUER, "a", until).await.unwrap();
        one.until_it_has(1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_taken_back() {
    for store in Store::each(&[]) {
        let (one, two) = (Server::start(&store.url()), Server::start(&store.url()));
        let (now, list) = (SystemTime::now(), &one.list);
        list.deny_token(ISSUER, "a", now + HOUR).await.unwrap();
        list.deny_subject(ISSUER, "a", now, now + HOUR)
            .await
            .unwrap();
        list.deny_session(ISSUER, "a", now, now + HOUR)
            .await
            .unwrap();
        list.deny_client(ISSUER, "a", now, now + HOUR)
            .await
            .unwrap();
        list.deny_client(ISSUER, "b", now, now + HOUR)
            .await
            .unwrap();
        two.until_it_has(5).await;
        list.allow_token(ISSUER, "a").await.unwrap();
        two.until_it_has(4).await;
        list.allow_subject(ISSUER, "a").await.unwrap();
        two.until_it_has(3).await;
        list.allow_session(ISSUER, "a").await.unwrap();
        two.until_it_has(2).await;
        list.allow_client(ISSUER, "a").await.unwrap();
        two.until_it_has(1).await;
        // A server that starts now reads the same history.
        let three = Server::start(&store.url());
        three.until_in_step().await;
        assert_eq!(three.revocations.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_entry_does_not_hide_the_next() {
    for store in Store::each(&[]) {
        for fields in [
            "action deny kind device issuer i name n issued_before 0 until 9999999999",
            "action forget kind token issuer i name n issued_before 0 until 9999999999",
            "action deny kind token issuer i name n issued_before 0 until never",
            "action deny kind token issuer i name n issued_before 0 until 18446744073709551615",
            "action deny kind token issuer i issued_before 0 until 9999999999",
            "greeting hello",
        ] {
            let answer = store
                .command(&format!("XADD authz:deny * {fields}"))
                .unwrap();
            assert!(answer.starts_with('$'), "{answer}");
        }
        let one = Server::start(&store.url());
        one.deny("a").await;
        one.until_it_has(1).await;
        one.until_in_step().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_list_is_out_of_step() {
    for store in Store::each(&[]) {
        let small = Revocations::builder().max_bytes(1000).build();
        let full = Server::with(&store.url(), small, |list| {
            list.max_staleness(Duration::from_secs(1))
        });
        full.until_in_step().await;
        let one = Server::start(&store.url());
        for number in 0..50 {
            one.deny(&number.to_string()).await;
        }
        until("the list is out of step", async || !full.is_in_step()).await;
        assert!(one.is_in_step());
    }
}
