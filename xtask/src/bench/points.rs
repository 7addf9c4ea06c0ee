//! The project's targets for speed, and how they stand. Ratios within one run: the time alone says
//! as much about the machine.

use std::fmt;

use self::Limit::{AtLeast, AtMost};
use super::results::Results;

/// One target.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// Which of the seven.
    pub(super) number: u8,
    /// In the report's keys.
    pub(super) key: &'static str,
    pub(super) what: &'static str,
    pub(super) limit: Limit,
    pub(super) measured: Option<f64>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

#[rustfmt::skip] // one line per target
pub(super) fn judge(results: &Results) -> Vec<Point> {
    let all = &results.measurements;
    let ratio = |group, case, base| all.ratio(group, case, base);
    let http = |framework: &str| results.http.get(framework).copied();
    let overhead = all.each_round("cold/RS256", ["authorize", "check", "floor"],
        |[authorize, check, floor]| (authorize - check) / floor);
    let rsa_check = all.spread("cold/RS256", "check").map_or(0.0, |check| check.median);
    let threads = |group| all.each_round(group, ["1", "2"], |[one, two]| 2.0 * one / two);
    // The test that counted them fails for any allocation on the warm path.
    let allocations = (!results.counts.allocations.is_empty()).then_some(0.0);
    let bytes = (results.counts.bytes_per_token.values())
        .map(|(taken, believed)| *taken as f64 / *believed as f64)
        .reduce(f64::max);
    [
        (1, "cold-overhead", AtMost(1.4), overhead, "cold, without the bare signature check, against the floor (RS256)"),
        (1, "cold-RS256", AtMost(rsa_limit(rsa_check)), ratio("cold/RS256", "authorize", "check"), "cold against the bare signature check (RS256)"),
        (1, "cold-ES256", AtMost(1.05), ratio("cold/ES256", "authorize", "check"), "cold against the bare signature check (ES256)"),
        (1, "cold-EdDSA", AtMost(1.05), ratio("cold/EdDSA", "authorize", "check"), "cold against the bare signature check (EdDSA)"),
        (2, "warm-allocations", AtMost(0.0), allocations, "allocations, warm"),
        (3, "route-axum", AtMost(1.25), ratio("route/axum", "protected", "bare"), "a protected route in process, warm, against a bare one (axum)"),
        (3, "route-warp", AtMost(1.25), ratio("route/warp", "protected", "bare"), "a protected route in process, warm, against a bare one (warp)"),
        (3, "route-poem", AtMost(1.25), ratio("route/poem", "protected", "bare"), "a protected route in process, warm, against a bare one (poem)"),
        (4, "http-axum", AtLeast(0.97), http("axum"), "requests per second, protected against unprotected (axum)"),
        (4, "http-warp", AtLeast(0.97), http("warp"), "requests per second, protected against unprotected (warp)"),
        (4, "http-poem", AtLeast(0.97), http("poem"), "requests per second, protected against unprotected (poem)"),
        (5, "curve-keys", AtMost(1.1), ratio("curve/keys", "1000", "1"), "1,000 keys in the set against 1, cold"),
        (5, "curve-issuers", AtMost(1.1), ratio("curve/issuers", "1000", "1"), "1,000 issuers against 1, cold without the cost of RSA"),
        (5, "policy-ten", AtMost(400.0), all.spread("policy", "ten").map(|it| it.median), "ten requirements, in nanoseconds"),
        // Memory that is far away is far away for a bare lookup too.
        (5, "curve-cached", AtMost(1.5), ratio("curve/cached", "1000000", "lookup-1000000"), "a million cached tokens at random, against a bare lookup among as many"),
        (6, "threads-cold", AtLeast(1.9), threads("threads/cold"), "work of two threads against one, cold"),
        (6, "threads-warm-distinct", AtLeast(1.9), threads("threads/warm-distinct"), "work of two threads against one, warm, each with tokens of its own"),
        (7, "refusal-truncated", AtMost(0.15), ratio("refusal", "truncated", "accepted"), "refusing against accepting, cold (truncated)"),
        (7, "refusal-wrong-issuer", AtMost(0.15), ratio("refusal", "wrong-issuer", "accepted"), "refusing against accepting, cold (wrong-issuer)"),
        (7, "refusal-expired", AtMost(0.15), ratio("refusal", "expired", "accepted"), "refusing against accepting, cold (expired)"),
        (7, "refusal-unknown-key", AtMost(0.15), ratio("refusal", "unknown-key", "accepted"), "refusing against accepting, cold (unknown-key)"),
        (7, "cache-bytes", AtMost(1.05), bytes, "bytes that a cached token takes against those it counts as"),
    ]
    .into_iter()
    .map(|(number, key, limit, measured, what)| Point { number, key, what, limit, measured })
    .collect()
}

/// 1.15 on a processor where the check takes 12 us, 1.06 where it takes 33, in proportion between.
fn rsa_limit(check_ns: f64) -> f64 {
    let along = ((check_ns - 12_000.0) / 21_000.0).clamp(0.0, 1.0);
    0.09f64.mul_add(-along, 1.15)
}

impl Point {
    /// How the target stands.
    pub(super) fn verdict(&self) -> &'static str {
        let met = self.measured.map(|measured| match self.limit {
            AtMost(limit) => measured <= limit,
            AtLeast(limit) => measured >= limit,
        });
        match met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not measured",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AtMost(value) => write!(f, "at most {value:.2}"),
            AtLeast(value) => write!(f, "at least {value:.2}"),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}: {}", self.number, self.what, self.limit)?;
        match self.measured {
            Some(measured) => write!(f, ", measured {measured:.2}"),
            None => Ok(()),
        }
    }
}
