//! Many different tokens, for what depends on there being many.

use authz_core::{Algorithm, Authorizer, jwks::SharedSecret, scope};
use http::{Request, header::AUTHORIZATION};

use crate::{
    Case, bare,
    fixture::{Caller, SCOPE, Signed, authorize, builder, request, started, token},
};

/// Tokens signed with a shared secret, since nobody waits for ten thousand RSA signatures: once
/// verified, all tokens are alike.
pub(super) struct Many {
    signed: Signed,
    tokens: Vec<String>,
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

    /// A bare lookup and `authorize`, warm, of tokens at random.
    pub(super) fn cases(self, lookup: &str, authorized: &str) -> Vec<Case> {
        let count = self.tokens.len();
        let requests = self.requests();
        let cache = bare::cache(self.tokens.iter().map(|it| &**it));
        let authorizer = self.remembering(&requests);
        let policy = scope(SCOPE);
        let tokens = self.tokens;
        let (mut one, mut other) = (Order::of(count), Order::of(count));
        vec![
            Case::new(lookup, move || {
                cache.get(&*tokens[one.next()]).expect("it is there")
            }),
            Case::new(authorized, move || {
                authorize(&authorizer, &requests[other.next()], &policy).expect("a good token")
            }),
        ]
    }

    /// A bare lookup that takes the tokens from where `authorize` takes them: how much of the
    /// difference is reading a request's headers for the first time, which a server has done already.
    pub(super) fn in_requests(&self, name: &str) -> Case {
        let requests = self.requests();
        let cache = bare::cache(self.tokens.iter().map(|it| &**it));
        let mut order = Order::of(self.tokens.len());
        Case::new(name, move || {
            let value = &requests[order.next()].headers()[AUTHORIZATION];
            let token = &value.to_str().expect("a token is text")["Bearer ".len()..];
            cache.get(token).expect("it is there")
        })
    }

    pub(super) fn requests(&self) -> Vec<Request<()>> {
        self.tokens.iter().map(|token| request(token)).collect()
    }

    /// An authorizer that has seen all the tokens.
    pub(super) fn remembering(&self, requests: &[Request<()>]) -> Authorizer<Caller> {
        let secret = self.signed.key.secret().expect("a shared secret");
        let builder = builder(Algorithm::HS256)
            .keys(SharedSecret::hs256(secret).expect("a secret of 32 bytes"))
            .cache_bytes((self.tokens.len() + 100) * 8 * 1024)
            .claims::<Caller>();
        let authorizer = started(builder, &self.signed.token);
        for request in requests {
            authorize(&authorizer, request, &scope(SCOPE)).expect("a good token");
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
