//! One fetch at a time, its answer shared by all who wait, nobody forgotten, and no older answer
//! after a newer one.

use loom::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// `Flight` with its channel.
#[derive(Default)]
struct Flight {
    landed: Mutex<Option<bool>>,
    announced: Condvar,
}

/// `Shared`, as far as fetches go.
#[derive(Default)]
struct Model {
    flight: Mutex<Option<Arc<Flight>>>,
    in_the_air: AtomicUsize,
    fetches: AtomicUsize,
    /// The number of the answer in use.
    current: AtomicUsize,
}

impl Model {
    /// `RemoteJwks::refresh`: boards the fetch under way or starts one, and waits for it.
    fn refresh(&self, fails: bool) -> bool {
        let (flight, ours) = {
            let mut place = self.flight.lock().unwrap();
            match &*place {
                Some(flight) => (flight.clone(), false),
                None => {
                    let flight = Arc::new(Flight::default());
                    *place = Some(flight.clone());
                    (flight, true)
                }
            }
        };
        if ours {
            self.take_off(&flight, fails);
        }
        let mut landed = flight.landed.lock().unwrap();
        while landed.is_none() {
            landed = flight.announced.wait(landed).unwrap();
        }
        landed.unwrap_or_default()
    }

    /// The task of `Shared::take_off`: fetches, settles, announces.
    fn take_off(&self, flight: &Flight, fails: bool) {
        assert_eq!(
            self.in_the_air.fetch_add(1, Ordering::SeqCst),
            0,
            "two at a time"
        );
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        self.in_the_air.fetch_sub(1, Ordering::SeqCst);
        self.settle(number, fails);
        *flight.landed.lock().unwrap() = Some(!fails);
        flight.announced.notify_all();
    }

    /// `Shared::settle`: the place is free again, and the answer in use, under one lock.
    fn settle(&self, number: usize, fails: bool) {
        let mut place = self.flight.lock().unwrap();
        *place = None;
        if !fails {
            let before = self.current.swap(number, Ordering::SeqCst);
            assert!(before < number, "an older answer after a newer one");
        }
    }
}

#[test]
fn everybody_who_waits_is_answered_by_one_fetch_at_a_time() {
    loom::model(|| {
        let model = Arc::new(Model::default());
        let other = thread::spawn({
            let model = model.clone();
            move || model.refresh(false)
        });
        assert!(model.refresh(false));
        assert!(other.join().unwrap());
        let fetches = model.fetches.load(Ordering::SeqCst);
        assert!((1..=2).contains(&fetches));
        assert_eq!(model.current.load(Ordering::SeqCst), fetches);
        assert!(model.flight.lock().unwrap().is_none());
    });
}

#[test]
fn a_failure_is_told_to_all_and_blocks_nobody() {
    loom::model(|| {
        let model = Arc::new(Model::default());
        let other = thread::spawn({
            let model = model.clone();
            move || model.refresh(true)
        });
        model.refresh(false);
        other.join().unwrap();
        assert!(model.flight.lock().unwrap().is_none());
        assert!(model.refresh(false));
    });
}
