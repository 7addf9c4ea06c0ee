//! One thread and two (point 6).
//!
//! A case's time is that of one thread's work while the others do as much: on two idle cores two
//! threads take no longer than one, unless they wait for each other.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use authz_core::{Algorithm, scope};

use super::tokens::{Many, Order};
use crate::{
    Case, Group,
    bare::{self, BareKey, Signature},
    fixture::{Caller, SCOPE, Signed, authorize, request},
};

/// Tokens in the test with different ones: few enough that they stay near the processor.
const TOKENS: usize = 256;

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::patient("threads/cold", cold),
        Group::patient("threads/warm-same", warm_same),
        Group::patient("threads/warm-distinct", warm_distinct),
    ]
}

fn cold() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let authorizer = signed.authorizer::<Caller>(0);
    let case = |threads: usize| {
        let (authorizer, policy) = (authorizer.clone(), scope(SCOPE));
        let requests: Vec<_> = (0..threads).map(|_| request(&signed.token)).collect();
        together(threads.to_string(), threads, move |thread, times| {
            for _ in 0..times {
                let decision = authorize(&authorizer, &requests[thread], &policy);
                std::hint::black_box(decision.expect("a good token"));
            }
        })
    };
    // What the signature check alone makes of two threads: with one key, and with a key for each.
    let bare = BareKey::of(&signed.key);
    let signature = Signature::of(&signed.token);
    let check = |name: &str, threads: usize, keys: usize| {
        let keys: Vec<_> = (0..keys).map(|_| bare.parse()).collect();
        let signatures = vec![signature.clone(); threads];
        together(name.to_owned(), threads, move |thread, times| {
            for _ in 0..times {
                let good = keys[thread % keys.len()].verify(&signatures[thread]);
                std::hint::black_box(good);
            }
        })
    };
    vec![
        case(1),
        case(2),
        check("check-1", 1, 1),
        check("check-2", 2, 1),
        check("check-2-own-keys", 2, 2),
    ]
}

/// The same token in both threads: each counts up and down the same reference count.
fn warm_same() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let authorizer = signed.authorizer::<Caller>(32 << 20);
    let case = |threads: usize| {
        let (authorizer, policy) = (authorizer.clone(), scope(SCOPE));
        let requests: Vec<_> = (0..threads).map(|_| request(&signed.token)).collect();
        together(threads.to_string(), threads, move |thread, times| {
            for _ in 0..times {
                let decision = authorize(&authorizer, &requests[thread], &policy);
                std::hint::black_box(decision.expect("a good token"));
            }
        })
    };
    let bare = |threads: usize| {
        let cache = bare::cache([&*signed.token].into_iter());
        let tokens = vec![signed.token.clone(); threads];
        together(
            format!("lookup-{threads}"),
            threads,
            move |thread, times| {
                for _ in 0..times {
                    std::hint::black_box(cache.get(&*tokens[thread]).expect("it is there"));
                }
            },
        )
    };
    vec![case(1), case(2), bare(1), bare(2)]
}

/// Different tokens in the two threads.
fn warm_distinct() -> Vec<Case> {
    let many = Many::long(2 * TOKENS);
    let requests = Arc::new(many.requests());
    let authorizer = many.remembering(many.requests());
    let cache = Arc::new(bare::cache(many.tokens.iter().map(|it| &**it)));
    let tokens = Arc::new(many.tokens);
    let case = |threads: usize| {
        let (authorizer, policy) = (authorizer.clone(), scope(SCOPE));
        let requests = Arc::clone(&requests);
        together(threads.to_string(), threads, move |thread, times| {
            let mut order = Order::of(TOKENS);
            for _ in 0..times {
                let request = &requests[thread * TOKENS + order.next()];
                let decision = authorize(&authorizer, request, &policy);
                std::hint::black_box(decision.expect("a good token"));
            }
        })
    };
    let bare = |threads: usize| {
        let (cache, tokens) = (Arc::clone(&cache), Arc::clone(&tokens));
        together(
            format!("lookup-{threads}"),
            threads,
            move |thread, times| {
                let mut order = Order::of(TOKENS);
                for _ in 0..times {
                    let token = &*tokens[thread * TOKENS + order.next()];
                    std::hint::black_box(cache.get(token).expect("it is there"));
                }
            },
        )
    };
    vec![case(1), case(2), bare(1), bare(2)]
}

/// A case in which so many threads do `work` as often as each other, from one moment on, each on a
/// core of its own.
fn together(name: String, threads: usize, work: impl Fn(usize, u64) + Sync + 'static) -> Case {
    Case::timed(name, move |times| {
        let start = Barrier::new(threads);
        thread::scope(|scope| {
            let spawn = |thread| {
                let (work, start) = (&work, &start);
                scope.spawn(move || {
                    stay_on(thread);
                    start.wait();
                    let begin = Instant::now();
                    work(thread, times);
                    begin.elapsed()
                })
            };
            let running: Vec<_> = (0..threads).map(spawn).collect();
            let ended = running
                .into_iter()
                .map(|it| it.join().expect("no thread panics"));
            // Each thread's own time: one that is late to start does not count twice.
            let total: Duration = ended.sum();
            total / threads as u32
        })
    })
}

/// Keeps the thread on one core: the scheduler, which would put two new threads on two cores after
/// some milliseconds, has no part in what is measured. Elsewhere than on Linux it has.
fn stay_on(core: usize) {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let Ok(allowed) = sched_getaffinity(None) else {
            return;
        };
        let mut cores = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
        if let Some(cpu) = cores.nth(core) {
            let mut only = CpuSet::new();
            only.set(cpu);
            // Where it may not be done, it is measured without.
            let _ = sched_setaffinity(None, &only);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = core;
}
