use std::time::{Duration, Instant};

use authz_core::ReplayStore;
use authz_valkey::Valkey;
use blackbox::store::Store;

use crate::{
    proxy::Proxy,
    stage::{insert, proof, until, until_it_works},
};

const LIMIT: Duration = Duration::from_millis(500);
/// What a busy machine may add to a time limit.
const SLACK: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_inserted_by_exactly_one_of_three_connections() {
    for store in Store::each(&[]) {
        let connections = [(); 3].map(|()| {
            let patient = Valkey::builder(&store.url()).time_limit(Duration::from_secs(20));
            patient.connect().unwrap()
        });
        let ttl = Duration::from_secs(600);
        for _ in 0..100 {
            let rounds = (0..100).map(|_| {
                let (proof, connections) = (proof(), connections.clone());
                tokio::spawn(async move {
                    let [a, b, c] = connections.each_ref().map(|it| it.insert(proof, ttl));
                    let (a, b, c) = tokio::join!(a, b, c);
                    [a, b, c].map(Result::unwrap)
                })
            });
            for round in rounds.collect::<Vec<_>>() {
                let inserted = round.await.unwrap();
                assert_eq!(inserted.iter().filter(|it| **it).count(), 1, "{inserted:?}");
            }
        }
        assert_eq!(store.command("DBSIZE").unwrap(), ":10000\r\n");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_expires() {
    for store in Store::each(&[]) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        let (proof, ttl) = (proof(), Duration::from_millis(700));
        until_it_works(&valkey).await;
        let began = Instant::now();
        assert!(valkey.insert(proof, ttl).await.unwrap());
        assert!(!valkey.insert(proof, ttl).await.unwrap());
        until("the entry has expired", async || {
            valkey.insert(proof, ttl).await.unwrap()
        })
        .await;
        assert!(began.elapsed() >= ttl, "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_store_is_an_error_and_works_again_within_2_seconds() {
    for mut store in Store::each(&[]) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        until_it_works(&valkey).await;
        store.kill();
        for _ in 0..100 {
            let began = Instant::now();
            let error = valkey.insert(proof(), LIMIT).await.unwrap_err();
            assert!(
                began.elapsed() < LIMIT + SLACK,
                "{:?}: {error}",
                began.elapsed()
            );
        }
        store.start_again();
        let took = until_it_works(&valkey).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_store_is_an_error_within_the_time_limit() {
    for store in Store::each(&[]) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        until_it_works(&valkey).await;
        store.freeze();
        let lost = proof();
        for proof in [lost, proof()] {
            let began = Instant::now();
            let error = valkey
                .insert(proof, Duration::from_secs(60))
                .await
                .unwrap_err();
            assert!(
                began.elapsed() < LIMIT + SLACK,
                "{:?}: {error}",
                began.elapsed()
            );
        }
        store.thaw();
        let took = until_it_works(&valkey).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
        // The command had been sent, and its answer was lost: the proof is used.
        assert!(!valkey.insert(lost, LIMIT).await.unwrap());
    }
}

/// As after a failover to another machine, or when a firewall forgets a connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_peer_has_vanished_is_replaced() {
    for store in Store::each(&[]) {
        let proxy = Proxy::start(store.address()).await;
        let valkey = Valkey::connect(&proxy.url()).unwrap();
        until_it_works(&valkey).await;
        proxy.stall();
        until("a proof is not stored", async || {
            insert(&valkey).await.is_none()
        })
        .await;
        let took = until_it_works(&valkey).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_appears_later_is_used() {
    for mut store in Store::each(&[]) {
        store.kill();
        let valkey = Valkey::connect(&store.url()).unwrap();
        let error = valkey.insert(proof(), LIMIT).await.unwrap_err().to_string();
        let address = store.address().to_string();
        assert!(error.contains(&address), "{error}");
        store.start_again();
        let took = until_it_works(&valkey).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_is_an_error() {
    let full = ["--maxmemory", "1", "--maxmemory-policy", "noeviction"];
    for store in Store::each(&full) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        let error = valkey.insert(proof(), LIMIT).await.unwrap_err().to_string();
        assert!(error.contains("OOM"), "{error}");
        store.command("CONFIG SET maxmemory 0").unwrap();
        assert_eq!(insert(&valkey).await, Some(true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_an_error() {
    for store in Store::each(&["--replicaof", "127.0.0.1 1"]) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        for _ in 0..10 {
            assert_eq!(insert(&valkey).await, None);
        }
        // A failover: the replica is promoted.
        store.command("REPLICAOF NO ONE").unwrap();
        let took = until_it_works(&valkey).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_without_slots_is_an_error() {
    for store in Store::each(&["--cluster-enabled", "yes"]) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        let error = valkey.insert(proof(), LIMIT).await.unwrap_err().to_string();
        assert!(error.contains("ClusterDown"), "{error}");
    }
}
