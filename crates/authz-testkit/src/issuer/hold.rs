use std::sync::Arc;

use crate::state::State;

/// Holds the key set's answers until it is released or dropped. Made by
/// [`DevIssuer::hold`](crate::DevIssuer::hold).
#[derive(Debug)]
#[must_use = "answers are held only while the guard exists"]
pub struct Hold {
    state: Arc<State>,
}

impl Hold {
    pub(crate) fn new(state: &Arc<State>) -> Self {
        state.holds.send_modify(|holds| *holds += 1);
        Self {
            state: Arc::clone(state),
        }
    }

    /// Releases the answers, as dropping does.
    pub fn release(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.state.holds.send_modify(|holds| *holds -= 1);
    }
}
