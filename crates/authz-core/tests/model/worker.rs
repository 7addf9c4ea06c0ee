use std::{sync::mpsc, thread, time::Duration};

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// A thread with the system under test in it: one that hangs is noticed.
pub(crate) struct Worker<S> {
    jobs: mpsc::Sender<Job<S>>,
}

impl<S: 'static> Worker<S> {
    pub(crate) fn new(build: impl FnOnce() -> S + Send + 'static) -> Self {
        let (jobs, queue) = mpsc::channel::<Job<S>>();
        thread::spawn(move || {
            let mut system = build();
            for job in queue {
                job(&mut system);
            }
        });
        Self { jobs }
    }

    /// # Panics
    ///
    /// When `job` does, or does not end.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> T {
        let (done, result) = mpsc::channel();
        let job = Box::new(move |system: &mut S| drop(done.send(job(system))));
        self.jobs.send(job).expect("the thread of the system lives");
        match result.recv_timeout(Duration::from_secs(20)) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("a step does not end"),
            Err(mpsc::RecvTimeoutError::Disconnected) => panic!("a step panicked"),
        }
    }
}
