//! Clients send each proof to three servers of three frameworks at once, while the store that they share is killed,
//! started, frozen and thawed. The store keeps its entries on disk, as one whose proofs count has to.

mod client;
mod tally;

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use authz_testkit::{Algorithm, DevIssuer, SigningKey};
use blackbox::{
    http::Request,
    server::{Launch, Server},
    servers::{self, Framework},
    store::Store,
};

use self::{client::Client, tally::Tally};

const PUBLIC_URL: &str = "https://api.quickstart.example";
const CLIENTS: usize = 6;
/// How long anything that should happen may take.
const SOON: Duration = Duration::from_secs(20);

struct Fleet {
    servers: Vec<Server>,
    token: String,
    key: SigningKey,
    tally: Tally,
}

pub(crate) async fn run(seconds: u64) -> ExitCode {
    let Some(mut store) = Store::each(&["--appendonly", "yes"]).next() else {
        println!("0 passed, 0 failed, 1 skipped");
        return ExitCode::SUCCESS;
    };
    let binaries = match servers::build(&Framework::ALL) {
        Ok(binaries) => binaries,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let issuer = DevIssuer::start().await;
    let start = |binary| {
        let launch = Launch::new(binary)
            .env("PORT", "0")
            .env("AUTHZ_ISSUER", issuer.issuer())
            .env("AUTHZ_AUDIENCE", issuer.audience())
            .env("AUTHZ_DPOP", "accepted")
            .env("AUTHZ_PUBLIC_URL", PUBLIC_URL)
            .env("AUTHZ_STORE", store.url());
        launch.start().unwrap_or_else(|error| panic!("{error}"))
    };
    let key = SigningKey::shared(Algorithm::ES256);
    let token = issuer.token().scope("read:messages").bound_to(&key);
    let fleet = Fleet {
        // The issuer's task answers them meanwhile, on another thread.
        servers: binaries.into_iter().map(start).collect(),
        token: token.build(),
        key,
        tally: Tally::default(),
    };
    let soak = move || {
        fleet.until_accepted();
        let end = Instant::now() + Duration::from_secs(seconds);
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| Client::new(&fleet).run(end));
            }
            while Instant::now() < end {
                fleet.disturb(&mut store);
            }
        });
        fleet.tally.report(seconds)
    };
    // The issuer lives until the servers have ended.
    let code = tokio::task::spawn_blocking(soak).await;
    drop(issuer);
    code.unwrap_or(ExitCode::FAILURE)
}

impl Fleet {
    /// A request with a new proof.
    fn request(&self) -> Request {
        let url = format!("{PUBLIC_URL}/api/private");
        let proof = self.key.proof("GET", &url, &self.token);
        Request::get("/api/private")
            .header("Authorization", format!("DPoP {}", self.token))
            .header("DPoP", proof.build())
            .header("Connection", "keep-alive")
    }

    /// Takes the store away for a moment, each time in another way.
    fn disturb(&self, store: &mut Store) {
        let moment = |least, most| thread::sleep(Duration::from_millis(fastrand::u64(least..most)));
        moment(300, 800);
        if self.tally.disturbance() {
            store.kill();
            moment(100, 1000);
            store.start_again();
        } else {
            store.freeze();
            moment(100, 1500);
            store.thaw();
        }
        self.tally.recovered(self.until_accepted());
    }

    /// Waits until each server accepts a new proof, and returns how long it took.
    fn until_accepted(&self) -> Duration {
        let began = Instant::now();
        let mut client = Client::new(self);
        while client
            .send(&self.request())
            .iter()
            .any(|it| it.status() == 503)
        {
            assert!(began.elapsed() < SOON, "{}", self.servers[0].stderr());
        }
        began.elapsed()
    }
}
