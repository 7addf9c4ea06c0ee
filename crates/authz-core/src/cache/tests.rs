use std::{ptr, thread};

use super::*;

/// A token and what it takes.
#[derive(Debug)]
struct Sized(Arc<CachedToken>, usize);

impl Entry for Sized {
    fn token(&self) -> Option<&Arc<CachedToken>> {
        Some(&self.0)
    }

    fn bytes(&self) -> usize {
        self.1
    }

    fn touch(&self) {}
}

fn token(i: usize) -> Vec<u8> {
    format!("{i:0>40}").into_bytes()
}

fn entry(i: usize, bytes: usize) -> Arc<Sized> {
    with_token(&token(i), bytes)
}

fn with_token(token: &[u8], bytes: usize) -> Arc<Sized> {
    Arc::new(Sized(Arc::new(CachedToken::new(token)), bytes))
}

fn cache(capacity: usize) -> TokenCache<Sized> {
    TokenCache::new(capacity).unwrap()
}

/// What is really in it.
fn contents(cache: &TokenCache<Sized>, tokens: usize) -> (usize, usize) {
    let found: Vec<_> = (0..tokens).filter_map(|i| cache.get(&token(i))).collect();
    (found.len(), found.iter().map(|it| it.1).sum())
}

#[test]
fn two_lines_of_memory_hold_a_set() {
    assert_eq!(size_of::<Set<Sized>>(), 128);
}

#[test]
fn everything_is_found_that_has_room() {
    for count in [1, 10, 1000, 20_000] {
        let cache = cache(count * 4096);
        for i in 0..count {
            cache.insert(&entry(i, 2048));
        }
        for i in 0..count {
            let found = cache.get(&token(i));
            assert!(found.is_some_and(|it| it.0.equals(&token(i))), "of {count}");
        }
        assert!(cache.get(&token(count)).is_none());
        assert_eq!((cache.len(), cache.bytes()), (count, count * 2048));
    }
}

#[test]
fn bounded_in_bytes_and_counted_right() {
    const CAPACITY: usize = 256 * 1024;
    let cache = cache(CAPACITY);
    for i in 0..2000 {
        cache.insert(&entry(i, 1000 + i % 7 * 1000));
        assert!(cache.bytes() <= CAPACITY, "{i}");
        assert!(cache.get(&token(i)).is_some(), "{i} is lost at once");
    }
    let status = (cache.len(), cache.bytes());
    assert_eq!(contents(&cache, 2000), status);
    assert!(cache.bytes() > CAPACITY / 2, "{status:?}: room is wasted");
}

#[test]
fn what_is_asked_for_stays() {
    let cache = cache(256 * 1024);
    cache.insert(&entry(0, 2000));
    for i in 1..10_000 {
        assert!(cache.get(&token(0)).is_some(), "lost after {i}");
        cache.insert(&entry(i, 2000));
    }
}

/// A cache that is worth it to know what threads ask for again and again.
fn large() -> TokenCache<Sized> {
    cache(2 << 20)
}

fn ask_often(cache: &TokenCache<Sized>, i: usize) -> Option<Held<Sized>> {
    (0..100).map(|_| cache.get(&token(i))).last().flatten()
}

#[test]
fn threads_that_ask_often_have_a_count_each() {
    let cache = &large();
    cache.insert(&entry(0, 2000));
    let ask = || match ask_often(cache, 0) {
        Some(Held::Own(own)) => own,
        _ => panic!("it is counted with everybody's"),
    };
    let here = ask();
    assert!(Arc::ptr_eq(&here, &ask()));
    let there = thread::scope(|scope| scope.spawn(ask).join().unwrap());
    assert!(!Arc::ptr_eq(&here, &there));
    // Tokens that are asked for in turns are with everybody's.
    cache.insert(&entry(1, 2000));
    cache.insert(&entry(2, 2000));
    let others = 3..64;
    others.for_each(|i| cache.insert(&entry(i, 2000)));
    for _ in 0..100 {
        for i in 1..64 {
            assert!(matches!(cache.get(&token(i)), Some(Held::Shared(_))), "{i}");
        }
    }
}

#[test]
fn no_thread_holds_on_to_what_is_gone() {
    let cache = &large();
    for evict in [false, true] {
        let first = entry(0, 2000);
        let weak = Arc::downgrade(&first);
        cache.insert(&first);
        drop(first);
        let ask = || assert!(matches!(ask_often(cache, 0), Some(Held::Own(_))));
        ask();
        thread::scope(|scope| scope.spawn(ask).join().unwrap());
        if evict {
            (1..5000).for_each(|i| cache.insert(&entry(i, 2000)));
        } else {
            cache.remove(&token(0));
        }
        assert!(weak.upgrade().is_none(), "evicted: {evict}");
        assert!(ask_often(cache, 0).is_none());
    }
}

/// As when a token is removed and verified anew while a thread that found it before is about to keep it.
#[test]
fn no_thread_holds_on_to_what_has_been_replaced() {
    let cache = &large();
    let (older, newer) = (entry(0, 2000), entry(0, 2000));
    cache.insert(&newer);
    let hash = cache.hash(&token(0));
    while !cache.recent.found(hash, &older) {}
    assert!(
        matches!(cache.get(&token(0)), Some(Held::Own(own)) if Arc::ptr_eq(own.entry(), &older))
    );
    let found = ask_often(cache, 0).unwrap();
    assert!(ptr::eq(&*found, &*newer));
    assert_eq!(Arc::strong_count(&older), 1);
}

#[test]
fn what_one_thread_asks_for_stays_for_all() {
    let cache = &large();
    cache.insert(&entry(0, 2000));
    for i in 1..5000 {
        assert!(ask_often(cache, 0).is_some(), "lost after {i}");
        cache.insert(&entry(i, 2000));
    }
    let found = || cache.get(&token(0)).is_some();
    assert!(thread::scope(|scope| scope.spawn(found).join().unwrap()));
}

#[test]
fn what_is_larger_than_the_cache_is_not_kept() {
    let cache = cache(8 * 1024);
    cache.insert(&entry(0, 1000));
    cache.insert(&entry(1, 8 * 1024));
    assert!(cache.get(&token(1)).is_none());
    assert!(cache.get(&token(0)).is_some());
    assert!(TokenCache::<Sized>::new(0).is_none());
    // As good as unlimited.
    let cache = TokenCache::new(usize::MAX).unwrap();
    cache.insert(&entry(0, 1 << 40));
    assert!(cache.get(&token(0)).is_some());
}

#[test]
fn the_newer_of_two_equal_tokens_counts() {
    let cache = cache(64 * 1024);
    cache.insert(&entry(0, 1000));
    cache.insert(&entry(0, 3000));
    assert_eq!(cache.get(&token(0)).unwrap().1, 3000);
    assert_eq!((cache.len(), cache.bytes()), (1, 3000));
}

#[test]
fn what_is_removed_is_gone() {
    // One set, so that all tokens are neighbours.
    let cache = cache(10 * 1024);
    for i in 0..5 {
        cache.insert(&entry(i, 100));
    }
    cache.remove(&token(2));
    cache.remove(&token(9));
    let there: Vec<_> = (0..5).filter(|i| cache.get(&token(*i)).is_some()).collect();
    assert_eq!(there, [0, 1, 3, 4]);
    assert_eq!((cache.len(), cache.bytes()), (4, 400));
}

/// Tokens that end alike, as those of one test issuer without signatures might: still told apart.
#[test]
fn tokens_with_one_hash_are_told_apart() {
    let cache = cache(64 * 1024);
    let tokens: Vec<_> = (b'a'..=b'g')
        .map(|first| [&[first][..], &[b'x'; 40]].concat())
        .collect();
    for token in &tokens {
        cache.insert(&with_token(token, 100));
    }
    for token in &tokens {
        assert!(cache.get(token).unwrap().0.equals(token));
    }
    assert!(cache.get(&[b'x'; 41]).is_none());
}

#[test]
fn threads_find_only_what_was_put_in_and_the_count_stays_right() {
    const TOKENS: usize = 300;
    // Room for half of them, so that threads make room while others come and go.
    const CAPACITY: usize = 320 * 1024;
    let cache = &cache(CAPACITY);
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for step in 0..20_000 {
                    let i = (step * 7 + thread * 31) % TOKENS;
                    match step % 5 {
                        0 => cache.insert(&entry(i, 2500 + i)),
                        1 if i.is_multiple_of(3) => cache.remove(&token(i)),
                        _ => {
                            if let Some(found) = cache.get(&token(i)) {
                                assert!(found.0.equals(&token(i)));
                                assert_eq!(found.1, 2500 + i);
                            }
                        }
                    }
                }
            });
        }
    });
    assert!(cache.bytes() <= CAPACITY, "{}", cache.bytes());
    // Once for what nobody has found since the hand came by, once for the rest.
    let other = entry(0, 0);
    let entries: Vec<_> = (cache.sets.iter())
        .flat_map(|set| [set.take_idle(&other), set.take_idle(&other)])
        .flatten()
        .flatten()
        .collect();
    let bytes: usize = entries.iter().map(|it| it.1).sum();
    assert_eq!((entries.len(), bytes), (cache.len(), cache.bytes()));
    assert!(entries.len() > 100, "{} are left", entries.len());
}
