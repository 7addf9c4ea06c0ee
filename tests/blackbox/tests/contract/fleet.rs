//! Servers of the three frameworks with one store.

use std::{
    thread,
    time::{Duration, Instant},
};

use authz_testkit::{Algorithm, SigningKey};
use blackbox::{
    http::{Connection, Request, Response},
    server::{Launch, Server},
    servers::Framework,
    store::Store,
};

use crate::{
    proxy::Proxy,
    stage::{self, Issuer, SOON, Subject},
};

const PUBLIC_URL: &str = "https://api.quickstart.example";

/// The servers, and a client of theirs.
struct Fleet {
    servers: Vec<Server>,
    issuer: Issuer,
    token: String,
    client: SigningKey,
}

impl Fleet {
    fn start(store: &Store, configure: impl Fn(Launch) -> Launch) -> Self {
        Self::start_at(&store.url(), configure)
    }

    fn start_at(store_url: &str, configure: impl Fn(Launch) -> Launch) -> Self {
        let issuer = Issuer::start();
        let client = SigningKey::shared(Algorithm::ES256);
        let servers = Framework::ALL.map(|framework| {
            let launch = stage::configured(Subject::in_code(framework), &issuer)
                .env("AUTHZ_DPOP", "accepted")
                .env("AUTHZ_PUBLIC_URL", PUBLIC_URL)
                .env("AUTHZ_STORE", store_url);
            stage::start_ready(configure(launch))
        });
        let token = issuer.token().scope("read:messages").bound_to(&client);
        Self {
            servers: servers.into(),
            token: token.build(),
            issuer,
            client,
        }
    }

    /// A request with a new proof.
    fn request(&self, nonce: Option<&str>) -> Request {
        let url = format!("{PUBLIC_URL}/api/private");
        let proof = self.client.proof("GET", &url, &self.token);
        let proof = nonce
            .into_iter()
            .fold(proof, |it, nonce| it.claim("nonce", nonce));
        Request::get("/api/private")
            .header("Authorization", format!("DPoP {}", self.token))
            .header("DPoP", proof.build())
    }

    /// Sends one request to all servers at once.
    fn send_to_all(&self, request: &Request) -> Vec<Response> {
        thread::scope(|scope| {
            let send = |server| scope.spawn(move || stage::send(server, request));
            let sending: Vec<_> = self.servers.iter().map(send).collect();
            sending.into_iter().map(|it| it.join().unwrap()).collect()
        })
    }

    /// Waits until each server accepts a new proof, and returns how long it took.
    fn until_accepted(&self) -> Duration {
        let began = Instant::now();
        for server in &self.servers {
            loop {
                let answer = stage::send(server, &self.request(None));
                match answer.status() {
                    200 => break,
                    status => assert_eq!(status, 503, "{answer:?}"),
                }
                assert!(began.elapsed() < SOON, "{}", server.stderr());
            }
        }
        began.elapsed()
    }
}

fn check_unavailable(answer: &Response) {
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert!(answer.header("Retry-After").is_some(), "{answer:?}");
    assert!(answer.header("WWW-Authenticate").is_none(), "{answer:?}");
}

/// Whether the answers to one proof are: one accepted, the others refused as replays.
fn is_accepted_once(answers: &[Response]) -> bool {
    let accepted = answers.iter().filter(|it| it.status() == 200).count();
    let is_replay = |it: &&Response| {
        let challenge = it.header("WWW-Authenticate").unwrap_or_default();
        it.status() == 401 && challenge.contains(r#"error="invalid_dpop_proof""#)
    };
    accepted == 1 && answers.iter().filter(is_replay).count() == answers.len() - 1
}

/// 10,000 proofs, each at all servers at once.
#[test]
fn a_proof_is_accepted_once() {
    const CLIENTS: usize = 4;
    const PROOFS: usize = 10_000;
    let Some(store) = Store::start_any() else {
        return;
    };
    let fleet = &Fleet::start(&store, |it| it);
    let client = || {
        let open = |server: &Server| {
            (
                server.address(),
                Connection::open(server.address()).unwrap(),
            )
        };
        let mut connections: Vec<_> = fleet.servers.iter().map(open).collect();
        for _ in 0..PROOFS / CLIENTS {
            let request = fleet.request(None).header("Connection", "keep-alive");
            for (address, connection) in &mut connections {
                connection.send(&request.to_bytes(*address)).unwrap();
            }
            let answers = connections
                .iter_mut()
                .map(|(_, it)| it.read_answer().unwrap());
            let answers: Vec<_> = answers.collect();
            assert!(is_accepted_once(&answers), "{answers:?}");
        }
    };
    thread::scope(|scope| {
        let clients = [(); CLIENTS].map(|()| scope.spawn(client));
        clients.into_iter().for_each(|it| it.join().unwrap());
    });
}

#[test]
fn without_the_store_no_proof_is_accepted() {
    let Some(mut store) = Store::start_any() else {
        return;
    };
    let fleet = Fleet::start(&store, |it| it);
    let used = fleet.request(None);
    let before = fleet.send_to_all(&used);
    assert!(before.iter().any(|it| it.status() == 200), "{before:?}");
    store.kill();
    for _ in 0..30 {
        fleet
            .send_to_all(&fleet.request(None))
            .iter()
            .for_each(check_unavailable);
    }
    // Nor is it a replay, as far as anybody can tell.
    fleet.send_to_all(&used).iter().for_each(check_unavailable);
    store.start_again();
    let took = fleet.until_accepted();
    assert!(took < Duration::from_secs(5), "{took:?}");

    store.freeze();
    fleet
        .send_to_all(&fleet.request(None))
        .iter()
        .for_each(check_unavailable);
    store.thaw();
    fleet.until_accepted();
}

/// Answers of the store that come after the time limit count as lost, and the proofs as used.
#[test]
fn a_slowed_store_accepts_nothing_twice() {
    let Some(store) = Store::start_any() else {
        return;
    };
    let proxy = Proxy::start(store.address());
    let fleet = Fleet::start_at(&proxy.url(), |it| it);
    fleet.until_accepted();
    proxy.delay_answers(Duration::from_secs(1));
    let proofs = [(); 5].map(|()| fleet.request(None));
    for proof in &proofs {
        let began = Instant::now();
        fleet.send_to_all(proof).iter().for_each(check_unavailable);
        assert!(began.elapsed() < SOON);
    }
    proxy.delay_answers(Duration::ZERO);
    let took = fleet.until_accepted();
    assert!(took < Duration::from_secs(2), "{took:?}");
    for proof in &proofs {
        let again = [(); 2].map(|()| fleet.send_to_all(proof)).concat();
        let accepted = again.iter().filter(|it| it.status() == 200).count();
        assert!(accepted <= 1, "{again:?}");
        assert!(again.iter().all(|it| [200, 401].contains(&it.status())));
    }
}

#[test]
fn a_filled_store_accepts_nothing() {
    let full = ["--maxmemory", "1", "--maxmemory-policy", "noeviction"];
    let Some(store) = Store::each(&full).next() else {
        return;
    };
    let fleet = Fleet::start(&store, |it| it);
    for _ in 0..10 {
        let answers = fleet.send_to_all(&fleet.request(None));
        answers.iter().for_each(check_unavailable);
    }
    for server in &fleet.servers {
        // Requests without a proof don't need room.
        let token = fleet.issuer.token().scope("read:messages").build();
        let answer = stage::send(server, &Request::get("/api/private").bearer(token));
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
    store.command("CONFIG SET maxmemory 0").unwrap();
    let took = fleet.until_accepted();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_store_may_come_up_after_the_servers() {
    let Some(mut store) = Store::start_any() else {
        return;
    };
    store.kill();
    let fleet = Fleet::start(&store, |it| it);
    for server in &fleet.servers {
        let log = server.stderr();
        assert!(log.contains("the store is unreachable"), "{log}");
    }
    fleet
        .send_to_all(&fleet.request(None))
        .iter()
        .for_each(check_unavailable);
    store.start_again();
    fleet.until_accepted();
}

#[test]
fn nonces_and_the_deny_list_are_shared() {
    let Some(store) = Store::start_any() else {
        return;
    };
    let fleet = Fleet::start(&store, |it| it.env("AUTHZ_DPOP_NONCE", "required"));
    for server in &fleet.servers {
        let answer = stage::send(server, &fleet.request(None));
        let nonce = answer.header("DPoP-Nonce").unwrap();
        for server in &fleet.servers {
            let answer = stage::send(server, &fleet.request(Some(nonce)));
            assert_eq!(answer.status(), 200, "{answer:?}");
        }
    }
    let token = fleet.issuer.token().scope("read:messages");
    let token = token.claim("jti", "stolen").build();
    let request = Request::get("/api/private").bearer(token);
    assert!(
        fleet
            .send_to_all(&request)
            .iter()
            .all(|it| it.status() == 200)
    );
    let entry = format!(
        "XADD authz:deny * action deny kind token issuer {} name stolen issued_before 0 until 9999999999",
        fleet.issuer.issuer()
    );
    assert!(store.command(&entry).unwrap().starts_with('$'));
    let accepted = Instant::now();
    while fleet
        .send_to_all(&request)
        .iter()
        .any(|it| it.status() == 200)
    {
        assert!(
            accepted.elapsed() < Duration::from_secs(2),
            "alive after 2 s"
        );
    }
    for answer in fleet.send_to_all(&request) {
        let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
        assert!(challenge.contains(r#"error="invalid_token""#), "{answer:?}");
    }
}

#[test]
fn a_wrong_address_is_a_mistake() {
    for framework in Framework::ALL {
        for url in [
            "store:6379",
            "http://:hunter2@store/",
            "redis://:hunter2@store:port",
        ] {
            let launch = stage::program(Subject::in_code(framework));
            let exit = launch.env("AUTHZ_STORE", url).run(SOON).unwrap();
            assert_eq!(exit.code(), Some(2), "{url}: {}", exit.stderr());
            assert!(exit.stderr().contains("AUTHZ_STORE"), "{}", exit.stderr());
            assert!(!exit.stderr().contains("hunter2"), "{}", exit.stderr());
        }
    }
}
