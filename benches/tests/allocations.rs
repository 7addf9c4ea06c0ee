//! How often the library allocates, and what a cached token takes.
//!
//! `cargo test -p authz-benches --test allocations -- --nocapture` shows them.

use allocation_counter::{AllocationInfo, measure};
use authz_benches::fixture::{
    AnyClaims, Caller, SCOPE, Signed, authorize, builder, request, started, token,
};
use authz_core::{Algorithm, Authorizer, jwks::SharedSecret, scope};
use http::Request;
use serde::de::DeserializeOwned;

/// At most, for a token not seen before, its claims read as a type with two strings. Two are those
/// strings, and what is handed over takes a third. To be lowered whenever it turns out to be less.
const COLD: u64 = 4;
/// The same, with its claims as a map.
const COLD_MAP: u64 = 23;

const CACHE: usize = 32 << 20;

#[test]
fn a_warm_decision_allocates_nothing() {
    let signed = Signed::new(Algorithm::RS256);
    let request = request(&signed.token);
    for info in [
        once(&signed.authorizer::<Caller>(CACHE), &request),
        once(&signed.authorizer::<AnyClaims>(CACHE), &request),
    ] {
        assert_eq!(info.count_total, 0, "{info:?}");
    }
}

#[test]
fn a_cold_decision_allocates_no_more_than_is_written_here() {
    let signed = Signed::new(Algorithm::RS256);
    let request = request(&signed.token);
    let typed = once(&signed.authorizer::<Caller>(0), &request);
    let map = once(&signed.authorizer::<AnyClaims>(0), &request);
    println!("allocations typed {}", typed.count_total);
    println!("allocations map {}", map.count_total);
    assert!(typed.count_total <= COLD, "{typed:?}");
    assert!(map.count_total <= COLD_MAP, "{map:?}");
}

/// The cache keeps to its bound by what it believes an entry to take: more than it takes wastes
/// some of the bound, less would break it.
#[test]
fn a_cached_token_takes_about_what_the_cache_believes() {
    let typed = bytes_per_token::<Caller>();
    let map = bytes_per_token::<AnyClaims>();
    println!("bytes-per-token typed {} {}", typed.taken, typed.believed);
    println!("bytes-per-token map {} {}", map.taken, map.believed);
    for bytes in [typed, map] {
        let ratio = bytes.taken as f64 / bytes.believed as f64;
        assert!((0.3..1.05).contains(&ratio), "{ratio}");
    }
}

struct Bytes {
    taken: u64,
    believed: u64,
}

fn bytes_per_token<C: DeserializeOwned + Send + Sync + 'static>() -> Bytes {
    const TOKENS: u64 = 4_000;
    // As long as with an RSA signature, which would take too long to make so often.
    let signed = Signed::new(Algorithm::HS256);
    let length = Signed::new(Algorithm::RS256).token.len();
    let padding = "x".repeat((length - signed.token.len()) * 3 / 4 - 8);
    let requests: Vec<_> = (0..TOKENS)
        .map(|i| {
            let token = token(&signed.key).subject(format!("auth0|{i}"));
            request(&token.claim("pad", &*padding).build())
        })
        .collect();
    let secret = signed.key.secret().expect("a shared secret");
    let secret = SharedSecret::hs256(secret).expect("a secret of 32 bytes");
    let builder = builder(Algorithm::HS256, secret).claims::<C>();
    let authorizer = started(builder, &signed.token);
    let policy = scope(SCOPE);
    let info = measure(|| {
        for request in &requests {
            authorize(&authorizer, request, &policy).expect("a good token");
        }
    });
    let status = authorizer.cache_status().expect("it has a cache");
    assert_eq!(status.tokens as u64, TOKENS + 1, "not all are remembered");
    Bytes {
        taken: info.bytes_current.unsigned_abs() / TOKENS,
        believed: status.bytes / (TOKENS + 1),
    }
}

/// What one decision allocates, once everything has been decided before.
fn once<C: DeserializeOwned + Send + Sync + 'static>(
    authorizer: &Authorizer<C>,
    request: &Request<()>,
) -> AllocationInfo {
    let policy = scope(SCOPE);
    let decide = || {
        authorize(authorizer, request, &policy).expect("a good token");
    };
    decide();
    measure(decide)
}
