//! The project's targets for speed, and how they stand. Ratios within one run: the time alone says
//! as much about the machine.

use std::fmt;

use super::{
    measurements::{Measurements, Spread},
    programs::Results,
};

/// One target.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// Which of the seven.
    pub(super) number: u8,
    /// In the report's keys.
    pub(super) key: String,
    pub(super) what: String,
    pub(super) limit: Limit,
    pub(super) measured: Option<f64>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

pub(super) fn judge(results: &Results) -> Vec<Point> {
    let mut points = Vec::new();
    cold(&results.measurements, &mut points);
    warm(results, &mut points);
    routes(results, &mut points);
    curves(&results.measurements, &mut points);
    threads(&results.measurements, &mut points);
    refusals(results, &mut points);
    points
}

fn cold(measured: &Measurements, points: &mut Vec<Point>) {
    let overhead = measured.each_round(
        "cold/RS256",
        ["authorize", "check", "floor"],
        |[authorize, check, floor]| (authorize - check) / floor,
    );
    points.push(Point::new(
        1,
        "cold-overhead",
        "cold, without the bare signature check, against the floor (RS256)",
        Limit::AtMost(1.4),
        overhead,
    ));
    let check = measured.spread("cold/RS256", "check");
    for (algorithm, limit) in [
        ("RS256", check.map_or(1.15, |check| rsa_limit(check.median))),
        ("ES256", 1.05),
        ("EdDSA", 1.05),
    ] {
        let group = format!("cold/{algorithm}");
        points.push(Point::new(
            1,
            &format!("cold-{algorithm}"),
            &format!("cold against the bare signature check ({algorithm})"),
            Limit::AtMost(limit),
            measured.ratio(&group, "authorize", "check"),
        ));
    }
}

/// 1.15 on a processor where the check takes 12 us, 1.06 where it takes 33, in proportion between.
fn rsa_limit(check_ns: f64) -> f64 {
    let along = ((check_ns - 12_000.0) / 21_000.0).clamp(0.0, 1.0);
    0.09f64.mul_add(-along, 1.15)
}

fn warm(results: &Results, points: &mut Vec<Point>) {
    let measured = &results.measurements;
    points.push(Point::new(
        2,
        "warm-same",
        "warm against a bare lookup, the same token",
        Limit::AtMost(2.0),
        measured.ratio("warm/same", "authorize", "lookup"),
    ));
    points.push(Point::new(
        2,
        "warm-random",
        "warm against a bare lookup, 10,000 tokens at random",
        Limit::AtMost(1.5),
        measured.ratio("warm/random", "authorize", "lookup"),
    ));
    // The test that counted them fails for any allocation on the warm path.
    let allocations = (!results.counts.allocations.is_empty()).then_some(0.0);
    points.push(Point {
        measured: allocations,
        ..Point::new(
            2,
            "warm-allocations",
            "allocations, warm",
            Limit::AtMost(0.0),
            None,
        )
    });
}

fn routes(results: &Results, points: &mut Vec<Point>) {
    for framework in ["axum", "warp", "poem"] {
        let group = format!("route/{framework}");
        points.push(Point::new(
            3,
            &format!("route-{framework}"),
            &format!("a protected route in process, warm, against a bare one ({framework})"),
            Limit::AtMost(1.25),
            results.measurements.ratio(&group, "protected", "bare"),
        ));
    }
    for framework in ["axum", "warp", "poem"] {
        let measured = results.http.get(framework).copied();
        points.push(Point {
            measured,
            ..Point::new(
                4,
                &format!("http-{framework}"),
                &format!("requests per second, protected against unprotected ({framework})"),
                Limit::AtLeast(0.97),
                None,
            )
        });
    }
}

fn curves(measured: &Measurements, points: &mut Vec<Point>) {
    for (group, few, many, what) in [
        (
            "curve/keys",
            "1",
            "1000",
            "1,000 keys in the set against 1, cold",
        ),
        (
            "curve/issuers",
            "1",
            "1000",
            "1,000 issuers against 1, cold without the cost of RSA",
        ),
        (
            "curve/scopes",
            "1",
            "50",
            "50 scopes required against 1, warm",
        ),
    ] {
        let key = group.replace('/', "-");
        let ratio = measured.ratio(group, many, few);
        points.push(Point::new(5, &key, what, Limit::AtMost(1.1), ratio));
    }
    // Memory that is far away is far away for a bare lookup too.
    let cached = measured.each_round(
        "curve/cached",
        ["1000000", "lookup-1000000"],
        |[authorize, lookup]| authorize / lookup,
    );
    points.push(Point::new(
        5,
        "curve-cached",
        "a million cached tokens at random, against a bare lookup among as many",
        Limit::AtMost(1.5),
        cached,
    ));
}

fn threads(measured: &Measurements, points: &mut Vec<Point>) {
    for (case, what) in [
        ("cold", "cold"),
        ("warm-same", "warm, both with the same token"),
        ("warm-distinct", "warm, each with tokens of its own"),
    ] {
        let throughput =
            measured.each_round(&format!("threads/{case}"), ["1", "2"], |[one, two]| {
                2.0 * one / two
            });
        points.push(Point::new(
            6,
            &format!("threads-{case}"),
            &format!("work of two threads against one, {what}"),
            Limit::AtLeast(1.9),
            throughput,
        ));
    }
}

fn refusals(results: &Results, points: &mut Vec<Point>) {
    for case in ["truncated", "wrong-issuer", "expired", "unknown-key"] {
        points.push(Point::new(
            7,
            &format!("refusal-{case}"),
            &format!("refusing against accepting, cold ({case})"),
            Limit::AtMost(0.15),
            results.measurements.ratio("refusal", case, "accepted"),
        ));
    }
    let ratio = |(taken, believed): &(u64, u64)| *taken as f64 / *believed as f64;
    let bytes = results
        .counts
        .bytes_per_token
        .values()
        .map(ratio)
        .reduce(f64::max);
    points.push(Point {
        measured: bytes,
        ..Point::new(
            7,
            "cache-bytes",
            "bytes that a cached token takes against those it counts as",
            Limit::AtMost(1.05),
            None,
        )
    });
}

impl Point {
    fn new(number: u8, key: &str, what: &str, limit: Limit, measured: Option<Spread>) -> Self {
        Self {
            number,
            key: key.to_owned(),
            what: what.to_owned(),
            limit,
            measured: measured.map(|spread| spread.median),
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        let met = match (self.measured, self.limit) {
            (None, _) => return Verdict::NotMeasured,
            (Some(measured), Limit::AtMost(limit)) => measured <= limit,
            (Some(measured), Limit::AtLeast(limit)) => measured >= limit,
        };
        if met { Verdict::Met } else { Verdict::Missed }
    }
}

impl Limit {
    pub(super) const fn value(self) -> f64 {
        match self {
            Self::AtMost(value) | Self::AtLeast(value) => value,
        }
    }
}

impl Verdict {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::AtMost(_) => "at most",
            Self::AtLeast(_) => "at least",
        };
        write!(f, "{words} {:.2}", self.value())
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
