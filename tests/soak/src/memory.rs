use std::time::{Duration, Instant};

/// Resident memory of this process, where the system tells it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    samples: Vec<u64>,
}

impl Memory {
    /// What an allocator may keep back between two looks.
    const SLACK: u64 = 16 << 20;

    /// Looks once in a while until `end`.
    pub(crate) async fn watch(end: Instant) -> Self {
        let mut memory = Self::default();
        let mut turns = tokio::time::interval(Duration::from_millis(250));
        while Instant::now() < end {
            turns.tick().await;
            memory.samples.extend(resident_bytes());
        }
        memory
    }

    /// The mean of the second quarter and that of the last, in bytes: the first is warming up.
    pub(crate) fn halfway_and_end(&self) -> Option<(u64, u64)> {
        let quarter = self.samples.len() / 4;
        let mean = |samples: &[u64]| {
            let sum: u64 = samples.iter().sum();
            sum.checked_div(samples.len() as u64)
        };
        let halfway = mean(self.samples.get(quarter..2 * quarter)?)?;
        let end = mean(self.samples.get(3 * quarter..)?)?;
        Some((halfway, end))
    }

    pub(crate) fn is_flat(&self) -> bool {
        self.halfway_and_end()
            .is_none_or(|(halfway, end)| end <= halfway + halfway / 4 + Self::SLACK)
    }
}

/// The second number of `/proc/self/statm`, in pages of 4 KiB.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
