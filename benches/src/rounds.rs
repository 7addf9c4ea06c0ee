//! Measuring in turns: every case of a group once per round, so that a ratio within a round
//! compares two things done within milliseconds of each other.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Case;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// For one sample of one case.
    pub sample: Duration,
    /// For all samples of one case.
    pub case: Duration,
}

/// The samples of one case, in nanoseconds for one time of its work. The n-th sample of each case
/// of a group belongs to the n-th round.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The case's name in its group.
    pub id: String,
    /// One for each round.
    pub samples: Vec<f64>,
}

impl Effort {
    /// What a report needs: one to two seconds for each case.
    pub const FULL: Self = Self {
        sample: Duration::from_millis(5),
        case: Duration::from_millis(1500),
    };
    /// What a look needs.
    pub const QUICK: Self = Self {
        sample: Duration::from_millis(2),
        case: Duration::from_millis(250),
    };

    /// With samples of four times the length, and twice as many of them in time.
    #[must_use]
    pub fn patient(self) -> Self {
        Self {
            sample: self.sample * 4,
            case: self.case * 2,
        }
    }
}

/// Measures all cases in turns.
#[must_use]
pub fn measure(cases: &mut [Case], effort: Effort) -> Vec<Measured> {
    let times: Vec<u64> = cases
        .iter_mut()
        .map(|case| calibrate(case, effort.sample))
        .collect();
    let mut measured: Vec<_> = (cases.iter())
        .map(|case| Measured {
            id: case.id.clone(),
            samples: Vec::new(),
        })
        .collect();
    let rounds = (effort.case.as_nanos() / effort.sample.as_nanos()).max(5) as usize;
    for round in 0..rounds {
        for turn in 0..cases.len() {
            // Another one begins each round: none is always the one that follows the slowest.
            let at = (round + turn) % cases.len();
            let elapsed = cases[at].run(times[at]);
            measured[at]
                .samples
                .push(elapsed.as_nanos() as f64 / times[at] as f64);
        }
    }
    measured
}

/// How many times fill a sample. Warms the case up on the way.
fn calibrate(case: &mut Case, sample: Duration) -> u64 {
    let mut times = 1;
    let begin = Instant::now();
    loop {
        let elapsed = case.run(times);
        if elapsed * 2 >= sample || begin.elapsed() > sample * 50 {
            let per_time = elapsed.as_secs_f64() / times as f64;
            return ((sample.as_secs_f64() / per_time) as u64).max(1);
        }
        times *= 2;
    }
}
