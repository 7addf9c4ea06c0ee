//! Many different tokens, for what depends on there being many.

use std::sync::Arc;

use authz_core::{Algorithm, Authorizer, jwks::SharedSecret, scope};
use http::Request;

use crate::{
    Case, bare,
    fixture::{Caller, SCOPE, Signed, authorize, builder, request, started, token},
};

/// Tokens signed with a shared secret, since nobody waits for ten thousand RSA signatures: once
/// verified, all tokens are alike.
pub(super) struct Many {
    signed: Signed,
    pub(super) tokens: Vec<String>,
}

impl Many {
    /// As long as if they were signed with RSA: it is the length that a lookup pays for.
    pub(super) fn long(count: usize) -> Self {
        let length = Signed::new(Algorithm::RS256).token.len();
        let signed = Signed::new(Algorithm::HS256);
        let padding = "x".repeat((length - signed.token.len()) * 3 / 4 - 8);
        let tokens = (0..count).map(|i| {
            let token = token(&signed.key).subject(subject(i));
            token.claim("pad", &*padding).build()
        });
        Self {
            tokens: tokens.collect(),
            signed,
        }
    }

    /// With no more claims than it takes.
    pub(super) fn short(count: usize) -> Self {
        let signed = Signed::new(Algorithm::HS256);
        let tokens = (0..count).map(|i| {
            let token = token(&signed.key).subject(subject(i)).scope(SCOPE);
            token.without("permissions").without("iat").build()
        });
        Self {
            tokens: tokens.collect(),
            signed,
        }
    }

    /// A bare lookup and `authorize`, warm, of tokens at random: the request is near the processor,
    /// since a server has just read it, and what the cache holds of the token is far away.
    pub(super) fn cases(self, lookup: &str, authorized: &str) -> Vec<Case> {
        let count = self.tokens.len();
        let cache = bare::cache(self.tokens.iter().map(|it| &**it));
        let authorizer = self.remembering(self.tokens.iter().map(|token| request(token)));
        let policy = scope(SCOPE);
        let (tokens, same) = (Arc::new(self.tokens), Order::of(count));
        let next = |tokens: &Arc<Vec<String>>| {
            let (tokens, mut order) = (Arc::clone(tokens), same.clone());
            move || tokens[order.next()].clone()
        };
        let (one, mut other) = (next(&tokens), next(&tokens));
        vec![
            Case::with_fresh(lookup, one, move |token: &String| {
                cache.get(&**token).expect("it is there")
            }),
            Case::with_fresh(
                authorized,
                move || request(&other()),
                move |request| authorize(&authorizer, request, &policy).expect("a good token"),
            ),
        ]
    }

    pub(super) fn requests(&self) -> Vec<Request<()>> {
        self.tokens.iter().map(|token| request(token)).collect()
    }

    /// An authorizer that has seen all the tokens.
    pub(super) fn remembering(
        &self,
        requests: impl IntoIterator<Item = Request<()>>,
    ) -> Authorizer<Caller> {
        let secret = self.signed.key.secret().expect("a shared secret");
        let builder = builder(
            Algorithm::HS256,
            SharedSecret::hs256(secret).expect("a secret of 32 bytes"),
        )
        .cache_bytes((self.tokens.len() + 100) * 8 * 1024)
        .claims::<Caller>();
        let authorizer = started(builder, &self.signed.token);
        for request in requests {
            authorize(&authorizer, &request, &scope(SCOPE)).expect("a good token");
        }
        let status = authorizer.cache_status().expect("it has a cache");
        assert_eq!(
            status.tokens,
            self.tokens.len() + 1,
            "not all are remembered"
        );
        authorizer
    }
}

fn subject(i: usize) -> String {
    format!("auth0|65f0c3a1b2d4e5f6{i:08x}")
}

/// A walk over all indices that no prefetcher follows, the same for everybody who takes it.
#[derive(Clone)]
pub(super) struct Order {
    order: Vec<u32>,
    at: usize,
}

impl Order {
    pub(super) fn of(count: usize) -> Self {
        let mut order: Vec<u32> = (0..count as u32).collect();
        // Fisher and Yates, with numbers of Knuth's generator: the same walk in every run.
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        for i in (1..count).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            order.swap(i, (state >> 33) as usize % (i + 1));
        }
        Self { order, at: 0 }
    }

    pub(super) fn next(&mut self) -> usize {
        let index = self.order[self.at];
        self.at += 1;
        if self.at == self.order.len() {
            self.at = 0;
        }
        index as usize
    }
}
