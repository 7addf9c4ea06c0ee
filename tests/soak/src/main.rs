//! Clients on all cores against an issuer that rotates its keys every few seconds and fails at
//! random, for as long as asked. What has to hold is counted, and printed at the end:
//!
//! - no good token refused while its key is published and was so when keys were last fetched;
//! - no bad token accepted, that of a withdrawn key included once a fetch has succeeded since;
//! - no more fetches than the schedule and the budget give;
//! - memory that does not grow.
//!
//! With `--fleet`, the clients send proofs to three servers whose [store](fleet) is killed and frozen.

#[cfg(unix)]
mod fleet;
mod issuer;
mod memory;
mod tally;

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use authz_core::{
    Algorithm, Authorizer, Issuer, Reason, RequestParts,
    jwks::{KeyStatus, RemoteJwks},
    scope,
};
use clap::Parser;

use crate::{
    issuer::{Kind, RotatingIssuer},
    memory::Memory,
    tally::Tally,
};

/// Clients on all cores against an issuer that rotates its keys and fails at random, or against a fleet.
#[derive(Debug, Parser)]
struct Options {
    /// How long, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How many clients.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Send proofs to three servers with one store, which is killed and frozen.
    #[arg(long)]
    fleet: bool,
}

/// The shortest lifetime of a key set that is accepted here, so that seconds show what takes
/// minutes elsewhere.
const LIFETIME: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.fleet {
        #[cfg(unix)]
        return fleet::run(options.seconds).await;
        #[cfg(not(unix))]
        println!("skipped: stores are killed on Unix only\n0 passed, 0 failed, 1 skipped");
        #[cfg(not(unix))]
        return ExitCode::SUCCESS;
    }
    let issuer = Arc::new(RotatingIssuer::start().await);
    let authorizer = authorizer(&issuer);
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut tasks = vec![tokio::spawn(rotate(Arc::clone(&issuer), end))];
    let tally = Arc::new(Tally::default());
    for _ in 0..options.clients {
        let (issuer, authorizer, tally) = (issuer.clone(), authorizer.clone(), tally.clone());
        tasks.push(tokio::spawn(async move {
            while Instant::now() < end {
                request(&issuer, &authorizer, &tally).await;
                tokio::task::yield_now().await;
            }
        }));
    }
    let memory = tokio::spawn(Memory::watch(end));
    for task in tasks {
        if let Err(error) = task.await {
            eprintln!("a task ended early: {error}");
            return ExitCode::FAILURE;
        }
    }
    let memory = memory.await.unwrap_or_default();
    let keys = &authorizer.key_status()[0].keys;
    let fetches = (keys.fetches, bound(options.seconds, keys));
    tally.report(options.seconds, fetches, keys.failures, &memory)
}

fn authorizer(issuer: &RotatingIssuer) -> Authorizer {
    let keys = RemoteJwks::at(issuer.jwks_uri())
        .lifetime_bounds(LIFETIME..=LIFETIME)
        .first_retry(Duration::from_millis(50))
        .timeout(Duration::from_millis(500));
    Authorizer::builder()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .algorithms([Algorithm::ES256])
                .keys(keys.build().expect("the settings are fine")),
        )
        .cache_bytes(4 << 20)
        .build()
        .expect("the settings are fine")
}

/// One fetch per three quarters of a lifetime at the most, one more after each that failed, and what the
/// bucket for unknown keys gives.
fn bound(seconds: u64, keys: &KeyStatus) -> u64 {
    let scheduled = seconds * 4 / 3 + 2;
    let bucket = 5 + seconds / 12 + 1;
    scheduled + keys.failures + bucket
}

async fn rotate(issuer: Arc<RotatingIssuer>, end: Instant) {
    let mut turns = tokio::time::interval(Duration::from_millis(250));
    while Instant::now() < end {
        turns.tick().await;
        issuer.turn();
    }
    issuer.recover();
}

async fn request(issuer: &RotatingIssuer, authorizer: &Authorizer, tally: &Tally) {
    let sample = issuer.sample();
    let request = authz_request(&sample.token);
    // Before the request: what a fetch brings while it waits it can't be held to.
    let age = authorizer.key_status()[0].keys.age;
    let confirmed = age.and_then(|age| Instant::now().checked_sub(age));
    let outcome = authorizer
        .authorize(&RequestParts::from(&request), &scope("read:messages"))
        .await;
    match (sample.kind, outcome) {
        (Kind::Good { .. }, Ok(_)) => tally.good_accepted(),
        (Kind::Good { published_since }, Err(rejection)) => {
            // Its key can't have been seen where no fetch has succeeded since it was published.
            let seen =
                confirmed.is_some_and(|at| at > published_since + Duration::from_millis(200));
            let still = issuer.publishes(&sample.kid);
            tally.good_refused(seen && still, rejection.reason());
        }
        (Kind::Withdrawn { since }, Ok(_)) => {
            let gone = confirmed.is_some_and(|at| at > since + Duration::from_millis(700));
            tally.withdrawn_accepted(gone);
        }
        (Kind::Bad, Ok(_)) => tally.bad_accepted(),
        (Kind::Withdrawn { .. } | Kind::Bad, Err(rejection)) => {
            tally.bad_refused(rejection.reason() == Reason::KeysUnavailable);
        }
    }
}

fn authz_request(token: &str) -> http::Request<()> {
    let request = http::Request::get("/api/messages");
    let request = request.header("authorization", format!("Bearer {token}"));
    request.body(()).expect("a token is visible ASCII")
}
