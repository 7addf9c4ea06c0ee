//! A withdrawn key's tokens are refused from the withdrawal on, those in the cache included,
//! whatever was under way at that moment.

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// `VerificationKey`.
struct Key {
    withdrawn: AtomicBool,
}

/// `Shared`: the key set in use (here one key or none), and the cache (here room for one token).
struct Model {
    current: Mutex<Option<Arc<Key>>>,
    cached: Mutex<Option<Arc<Key>>>,
}

impl Model {
    fn new() -> Arc<Self> {
        let key = Arc::new(Key {
            withdrawn: AtomicBool::new(false),
        });
        Arc::new(Self {
            current: Mutex::new(Some(key)),
            cached: Mutex::new(None),
        })
    }

    /// `Shared::verify`: whether the token is accepted.
    fn verify(&self) -> bool {
        if self.cached() {
            return true;
        }
        // `lookup`, then `check_signature`, then `accept`, which fills the cache last.
        let Some(key) = self.current.lock().unwrap().clone() else {
            return false;
        };
        if key.withdrawn.load(Ordering::Acquire) {
            return false;
        }
        *self.cached.lock().unwrap() = Some(key);
        true
    }

    /// `Shared::cached`: a hit counts only while its key is usable.
    fn cached(&self) -> bool {
        let hit = self.cached.lock().unwrap().clone();
        hit.is_some_and(|key| !key.withdrawn.load(Ordering::Acquire))
    }

    /// `Shared::replace`: the new set first, then the mark on the keys that are not in it.
    fn withdraw(&self) {
        let old = self.current.lock().unwrap().take();
        if let Some(old) = old {
            old.withdrawn.store(true, Ordering::Release);
        }
    }
}

#[test]
fn a_verification_under_way_leaves_nothing_behind() {
    loom::model(|| {
        let model = Model::new();
        let request = thread::spawn({
            let model = model.clone();
            move || model.verify()
        });
        model.withdraw();
        assert!(!model.verify(), "accepted after the withdrawal");
        request.join().unwrap();
        assert!(
            !model.verify(),
            "left in the cache by a request that was under way"
        );
    });
}

#[test]
fn a_refusal_is_final_for_everybody_who_sees_it() {
    loom::model(|| {
        let model = Model::new();
        let withdrawal = thread::spawn({
            let model = model.clone();
            move || model.withdraw()
        });
        let (first, second) = (model.verify(), model.verify());
        assert!(first || !second, "refused and then accepted again");
        withdrawal.join().unwrap();
    });
}
