use std::sync::Arc;

use crate::state::State;

/// Keeps the key set's answers back while it exists.
#[derive(Debug)]
#[must_use = "answers are held back only as long as the guard exists"]
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

    /// Lets the answers go, which dropping does too.
    pub fn release(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.state.holds.send_modify(|holds| *holds -= 1);
    }
}
