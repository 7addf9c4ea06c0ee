use std::{fmt, hint::black_box, time::Duration};

use cpu_time::ThreadTime;

/// One thing to time.
pub struct Case {
    /// Unique in its group; part of the report's keys.
    pub id: String,
    run: Box<dyn FnMut(u64) -> Duration>,
}

/// Cases that answer one question, built when their turn comes: some hold a million tokens.
pub struct Group {
    /// Unique; the first part of the report's keys.
    pub id: String,
    /// Takes so long to build that a look does without.
    pub large: bool,
    /// Takes so long to begin, as threads do, that a sample has to be longer than others'.
    pub patient: bool,
    build: Box<dyn Fn() -> Vec<Case>>,
}

impl Group {
    /// The cases that `build` makes.
    pub fn new(id: impl Into<String>, build: impl Fn() -> Vec<Case> + 'static) -> Self {
        Self {
            id: id.into(),
            large: false,
            patient: false,
            build: Box::new(build),
        }
    }

    pub(crate) fn large(id: &str, build: impl Fn() -> Vec<Case> + 'static) -> Self {
        Self {
            large: true,
            ..Self::new(id, build)
        }
    }

    pub(crate) fn patient(id: &str, build: impl Fn() -> Vec<Case> + 'static) -> Self {
        Self {
            patient: true,
            ..Self::new(id, build)
        }
    }

    /// Makes what is measured.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        (self.build)()
    }
}

impl Case {
    /// Times `work`, whose result is dropped within the measured time, as a server drops it.
    ///
    /// By the time that this thread had the processor for: nothing measured here waits, and what
    /// else the machine does in between is left out.
    pub fn new<T>(id: impl Into<String>, mut work: impl FnMut() -> T + 'static) -> Self {
        Self::timed(id, move |times| {
            let begin = ThreadTime::now();
            for _ in 0..times {
                black_box(work());
            }
            begin.elapsed()
        })
    }

    /// Times `work` alone on what `make` has just made, a few dozen at a time: near the processor,
    /// as a request is that a server has just read.
    pub fn with_fresh<R, T>(
        id: impl Into<String>,
        mut make: impl FnMut() -> R + 'static,
        mut work: impl FnMut(&R) -> T + 'static,
    ) -> Self {
        const AT_ONCE: u64 = 64;
        Self::timed(id, move |times| {
            let mut total = Duration::ZERO;
            let mut left = times;
            while left > 0 {
                let fresh: Vec<R> = (0..left.min(AT_ONCE)).map(|_| make()).collect();
                left -= fresh.len() as u64;
                let begin = ThreadTime::now();
                for made in &fresh {
                    black_box(work(made));
                }
                total += begin.elapsed();
            }
            total
        })
    }

    /// Something that does its work so many times and tells how long that took.
    pub fn timed(id: impl Into<String>, run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self {
            id: id.into(),
            run: Box::new(run),
        }
    }

    /// Does the work so many times.
    pub fn run(&mut self, times: u64) -> Duration {
        (self.run)(times)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
