//! A token seen before, beside a bare lookup of the same token (point 2).

use authz_core::{Algorithm, Authorizer, scope};
use http::Request;

use crate::{
    Case, Group, bare,
    fixture::{Caller, SCOPE, Signed, authorize, builder, request, started, token},
};
use authz_core::jwks::SharedSecret;

/// Tokens asked for at random.
const MANY: usize = 10_000;

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::new("warm/same", same),
        Group::new("warm/random", || random(MANY)),
    ]
}

fn same() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let cache = bare::cache([&*signed.token].into_iter());
    let authorizer = signed.authorizer::<Caller>(32 << 20);
    let request = request(&signed.token);
    let policy = scope(SCOPE);
    let token = signed.token;
    vec![
        Case::new("lookup", move || cache.get(&*token).expect("it is there")),
        Case::new("authorize", move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        }),
    ]
}

fn random(many: usize) -> Vec<Case> {
    let tokens = tokens(many);
    let cache = bare::cache(tokens.1.iter().map(|it| &**it));
    let requests: Vec<_> = tokens.1.iter().map(|token| request(token)).collect();
    let authorizer = remembering(&tokens, &requests);
    let policy = scope(SCOPE);
    let tokens = tokens.1;
    let (mut one, mut other) = (Order::of(many), Order::of(many));
    vec![
        Case::new("lookup", move || {
            cache.get(&*tokens[one.next()]).expect("it is there")
        }),
        Case::new("authorize", move || {
            authorize(&authorizer, &requests[other.next()], &policy).expect("a good token")
        }),
    ]
}

/// Signed with a shared secret, since nobody waits for ten thousand RSA signatures; as long as if
/// they had one, since it is the length that a lookup pays for.
fn tokens(many: usize) -> (Signed, Vec<String>) {
    let length = Signed::new(Algorithm::RS256).token.len();
    let signed = Signed::new(Algorithm::HS256);
    let padding = "x".repeat((length - signed.token.len()) * 3 / 4 - 8);
    let tokens = (0..many)
        .map(|i| {
            let subject = format!("auth0|65f0c3a1b2d4e5f6{i:08x}");
            token(&signed.key)
                .subject(subject)
                .claim("pad", &*padding)
                .build()
        })
        .collect();
    (signed, tokens)
}

/// An authorizer that has seen all the tokens.
fn remembering(
    (signed, tokens): &(Signed, Vec<String>),
    requests: &[Request<()>],
) -> Authorizer<Caller> {
    let secret = signed.key.secret().expect("a shared secret");
    let builder = builder(Algorithm::HS256)
        .keys(SharedSecret::hs256(secret).expect("a secret of 32 bytes"))
        .cache_bytes(tokens.len() * 16 * 1024)
        .claims::<Caller>();
    let authorizer = started(builder, &signed.token);
    for request in requests {
        authorize(&authorizer, request, &scope(SCOPE)).expect("a good token");
    }
    let status = authorizer.cache_status().expect("it has a cache");
    assert_eq!(status.tokens, tokens.len() + 1, "not all are remembered");
    authorizer
}

/// A walk over all indices that no prefetcher follows: the same for everybody who takes it.
struct Order {
    order: Vec<u32>,
    at: usize,
}

impl Order {
    fn of(many: usize) -> Self {
        let mut order: Vec<u32> = (0..many as u32).collect();
        // Fisher and Yates, with numbers of Knuth's generator: the same walk in every run.
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        for i in (1..many).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            order.swap(i, (state >> 33) as usize % (i + 1));
        }
        Self { order, at: 0 }
    }

    fn next(&mut self) -> usize {
        let index = self.order[self.at];
        self.at += 1;
        if self.at == self.order.len() {
            self.at = 0;
        }
        index as usize
    }
}
