//! Goes down one path so many times and does nothing else: `path NAME TIMES`.
//!
//! For counting instructions under valgrind, which is told to count inside of `walk` alone, and
//! there not inside of the signature check. `cargo xtask bench instructions` does that, and holds
//! the counts to limits.

use std::{env, hint::black_box, process::ExitCode};

use authz_benches::fixture::{Caller, SCOPE, Signed, authorize, request, token};
use authz_core::{Algorithm, Authorizer, scope};
use http::Request;

const CACHE: usize = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        return usage();
    };
    let Ok(times) = times.parse::<u32>() else {
        return usage();
    };
    let (cache_bytes, good) = match &**name {
        "warm" => (CACHE, true),
        "cold" => (0, true),
        "expired" => (0, false),
        _ => return usage(),
    };
    #[cfg(feature = "metrics")]
    metrics_exporter_prometheus::PrometheusBuilder::new()
        .set_buckets(&[1e-6, 1e-4, 1e-2])
        .and_then(|builder| builder.install_recorder())
        .expect("the only recorder");
    let signed = Signed::new(Algorithm::RS256);
    let authorizer = signed.authorizer::<Caller>(cache_bytes);
    let request = match good {
        true => request(&signed.token),
        false => request(&token(&signed.key).expires_in(-3600).build()),
    };
    walk(&authorizer, &request, good, times);
    ExitCode::SUCCESS
}

/// A function of its own, with this name: it is where valgrind begins to count.
#[inline(never)]
fn walk(authorizer: &Authorizer<Caller>, request: &Request<()>, good: bool, times: u32) {
    let policy = scope(SCOPE);
    for _ in 0..times {
        let decision = black_box(authorize(authorizer, black_box(request), &policy));
        assert_eq!(decision.is_ok(), good, "decided otherwise than expected");
    }
}

fn usage() -> ExitCode {
    eprintln!("path warm|cold|expired TIMES");
    ExitCode::from(2)
}
