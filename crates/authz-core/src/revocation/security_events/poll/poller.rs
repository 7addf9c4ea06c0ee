use tokio::{runtime::Handle, task::JoinSet};

use super::task::PollTask;

/// Polls a transmitter for security events, until it is dropped.
///
/// [`SecurityEvents::poll`](crate::SecurityEvents::poll) makes one. Its task is a
/// [feed](crate::Feed): each poll after which no event is outstanding puts it in step.
#[derive(Debug)]
#[must_use = "polling stops when the poller is dropped"]
pub struct EventPoller {
    /// Aborts the task on drop.
    _task: JoinSet<()>,
}

impl EventPoller {
    pub(super) fn start(task: PollTask, runtime: &Handle) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn_on(task.run(), runtime);
        Self { _task: tasks }
    }
}
