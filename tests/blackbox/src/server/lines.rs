//! The lines that a program prints, as they come.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// All lines read so far from one output of a program.
///
/// A thread reads them, so the program never blocks on a full pipe.
#[derive(Clone, Debug)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    pub(super) fn read(output: impl Read + Send + 'static) -> Self {
        let lines = Self(Arc::default());
        let shared = Arc::clone(&lines.0);
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            // An unreadable pipe is an ended one.
            while matches!(output.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end_matches(['\r', '\n']).to_owned();
                shared.lock().lines.push(text);
                shared.changed.notify_all();
                line.clear();
            }
            shared.lock().ended = true;
            shared.changed.notify_all();
        });
        lines
    }

    pub(super) fn text(&self) -> String {
        self.0.lock().lines.join("\n")
    }

    pub(super) fn after(&self, seen: usize) -> Vec<String> {
        let state = self.0.lock();
        state.lines.get(seen..).unwrap_or_default().to_owned()
    }

    pub(super) fn wait_for_count(&self, count: usize, timeout: Duration) {
        drop(self.wait_until(timeout, |state| state.ended || state.lines.len() >= count));
    }

    /// The first line for which `wanted` holds; `None` when the output ends or `timeout` passes
    /// without one.
    pub(super) fn wait_for(
        &self,
        wanted: impl Fn(&str) -> bool,
        timeout: Duration,
    ) -> Option<String> {
        let find = |state: &State| state.lines.iter().find(|line| wanted(line)).cloned();
        let state = self.wait_until(timeout, |state| state.ended || find(state).is_some());
        find(&state)
    }

    /// Whether the output ended within `timeout`.
    pub(super) fn wait_for_end(&self, timeout: Duration) -> bool {
        self.wait_until(timeout, |state| state.ended).ended
    }

    pub(super) fn ended(&self) -> bool {
        self.0.lock().ended
    }

    fn wait_until(
        &self,
        timeout: Duration,
        done: impl Fn(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        let waiting = self
            .0
            .changed
            .wait_timeout_while(self.0.lock(), timeout, |state| !done(state));
        waiting.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Lines are pushed whole: a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
