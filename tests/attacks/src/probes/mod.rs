//! What the fuzz targets do with their input, and what has to hold whatever it is.
//!
//! `fuzz/` feeds these functions with what it makes up, `tests/seeds.rs` with the seeds that are
//! kept. A probe panics when something that must hold does not.

mod authorization;
mod challenge;
mod discovery;
mod jwks;
mod policy;
mod token;

pub use self::{
    authorization::authorization, challenge::challenge, discovery::discovery, jwks::jwks,
    policy::policy, token::token,
};

#[path = "../../../../crates/authz-core/tests/support/challenge.rs"]
mod grammar;

use std::future::Future;

use authz_core::{Reason, Rejection};

/// A target's name and what it does with its input.
pub type Probe = (&'static str, fn(&[u8]));

/// A probe by the name of its fuzz target.
pub const ALL: [Probe; 6] = [
    ("authorization", authorization),
    ("token", token),
    ("jwks", jwks),
    ("discovery", discovery),
    ("challenge", challenge),
    ("policy", policy),
];

/// A refusal says one of a few things, in a form that reads back, and nothing of the input.
fn check(rejection: &Rejection) {
    let reason = rejection.reason();
    let status = rejection.status().as_u16();
    assert_eq!(status, crate::Outcome::Refused(reason).status().as_u16());
    assert!(matches!(status, 400 | 401 | 503), "{reason}");
    let body: serde_json::Value = serde_json::from_str(&rejection.body()).expect("a JSON body");
    assert_eq!(body["error_description"], reason.description());
    match rejection.challenge() {
        None => assert_eq!(reason, Reason::KeysUnavailable),
        Some(written) => {
            let written = written.to_str().expect("visible ASCII");
            let (scheme, parameters) = grammar::parse(written).expect("a challenge");
            assert_eq!(scheme, "Bearer");
            let value = |name: &str| {
                let mut of_name = parameters.iter().filter(|(it, _)| it == name);
                let value = of_name.next().map(|(_, value)| value.as_str());
                assert!(of_name.next().is_none(), "{name} twice");
                value
            };
            assert_eq!(value("realm"), Some(crate::AUDIENCE));
            assert_eq!(value("error"), reason.error());
        }
    }
}

/// Runs what waits for nothing but a fetcher in memory. The clock stands still.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(future)
}
