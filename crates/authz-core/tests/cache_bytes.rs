//! What the cache counts for a token against what the token takes in memory: the bound on its bytes
//! is worth as much as this count.

mod support;

use std::{
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
};

use authz_core::{
    Algorithm, Authorizer, Claims, Issuer,
    jwks::SharedSecret,
    policy::{Policy, claim},
};
use authz_testkit::{SigningKey, TokenBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

const SECRET: [u8; 32] = [7; 32];

/// Claims whose memory has little to do with the length of their text.
fn claims() -> Vec<(&'static str, Value)> {
    let nested =
        |depth: usize, wrap: fn(Value) -> Value| (0..depth).fold(json!(0), |it, _| wrap(it));
    let members = |count: usize| -> Value {
        let members = (0..count).map(|i| (format!("{i:x}"), json!(0)));
        Value::Object(members.collect())
    };
    let numbers = |count: usize| json!(vec![0; count]);
    vec![
        ("nothing", json!({})),
        (
            "ordinary",
            json!({
                "org_id": "org_7", "email": "user@example.com", "email_verified": true,
                "roles": ["reader", "writer"], "azp": "client", "auth_time": 1_800_000_000,
                "scope": "openid profile email read:messages write:messages delete:messages",
                "realm_access": {"roles": ["offline_access", "uma_authorization"]},
            }),
        ),
        ("numbers", json!({"x": numbers(5000)})),
        ("numbers, a power of two", json!({"x": numbers(4096)})),
        ("numbers, one more", json!({"x": numbers(4097)})),
        ("fractions", json!({"x": vec![0.5; 2500]})),
        ("empty strings", json!({"x": vec![""; 3000]})),
        ("nulls", json!({"x": vec![Value::Null; 2000]})),
        ("empty arrays", json!({"x": vec![json!([]); 3000]})),
        ("empty objects", json!({"x": vec![json!({}); 3000]})),
        ("arrays of one", json!({"x": vec![json!([0]); 2500]})),
        ("objects of one", json!({"x": vec![json!({"": 0}); 1200]})),
        ("objects of twelve", json!({"x": vec![members(12); 100]})),
        ("objects of eight", json!({"x": vec![members(8); 150]})),
        ("many members", members(1000)),
        ("twelve members", json!({"x": members(12)})),
        ("deep arrays", json!({"x": nested(100, |it| json!([it]))})),
        (
            "deep objects",
            json!({"x": nested(100, |it| json!({"": it}))}),
        ),
        (
            "quotes and backslashes",
            json!({"x": "\"\\[{,".repeat(500)}),
        ),
        ("a subject with escapes", json!({"sub": "\n".repeat(3000)})),
        ("audiences", json!({"aud": vec![support::AUDIENCE; 300]})),
        (
            "audiences with escapes",
            json!({"aud": [support::AUDIENCE, "\n".repeat(2000)]}),
        ),
        (
            "scopes",
            json!({"scope": (0..1500).map(|i| format!("s{i}")).collect::<Vec<_>>()}),
        ),
        (
            "permissions",
            json!({"permissions": (0..1500).map(|i| format!("p{i}")).collect::<Vec<_>>()}),
        ),
    ]
}

#[test]
fn a_map_of_claims_is_counted_at_what_it_takes() {
    let cached = Cached::<Claims>::new();
    for (name, claims) in claims() {
        let (taken, counted) = cached.measure(&claims);
        assert!(taken <= counted, "{name} takes {taken}, counts {counted}");
        assert!(
            counted <= 2 * taken,
            "{name} takes {taken}, counts {counted}"
        );
    }
    let (taken, counted) = cached.measure(&claims()[1].1);
    assert!(counted * 4 <= taken * 5, "takes {taken}, counts {counted}");
}

#[test]
fn claims_of_other_types_are_counted_at_no_less_than_they_take() {
    fn check<C: DeserializeOwned + Send + Sync + 'static>() {
        let cached = Cached::<C>::new();
        for (name, claims) in claims() {
            // Some of the types read a few of the claims only.
            let Some((taken, counted)) = cached.try_measure(&claims) else {
                continue;
            };
            let type_name = std::any::type_name::<C>();
            assert!(
                taken <= counted,
                "{name} as {type_name} takes {taken}, counts {counted}"
            );
        }
    }

    /// As an element of an array, it takes far more than the two bytes of its text.
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Wide {
        _a: Option<String>,
        _b: Option<String>,
        _c: Option<String>,
        _d: Option<Vec<String>>,
        _e: [u64; 8],
    }
    #[derive(Deserialize)]
    struct Few {
        _sub: Option<String>,
        _scope: Option<Value>,
    }
    #[derive(Deserialize)]
    struct Field<T> {
        #[serde(rename = "x")]
        _x: T,
    }
    check::<Few>();
    check::<Value>();
    check::<HashMap<String, Value>>();
    check::<BTreeMap<String, Value>>();
    check::<Field<Vec<u64>>>();
    check::<Field<Vec<f64>>>();
    check::<Field<Vec<String>>>();
    check::<Field<Vec<Wide>>>();
    check::<Field<Vec<HashMap<String, u64>>>>();
    check::<Field<Vec<HashMap<String, Value>>>>();
    check::<Field<Value>>();
}

struct Cached<C> {
    runtime: tokio::runtime::Runtime,
    policy: Policy,
    claims: PhantomData<C>,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Cached<C> {
    fn new() -> Self {
        let this = Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            policy: !claim("no such claim").exists(),
            claims: PhantomData,
        };
        // What is set up with the first token is no part of any.
        let _ = this.try_measure(&json!({"x": []}));
        this
    }

    fn measure(&self, claims: &Value) -> (u64, u64) {
        self.try_measure(claims).unwrap()
    }

    /// With an empty cache, whose tables grow with the tokens that come.
    fn authorizer() -> Authorizer<C> {
        support::authorizer()
            .issuer(
                Issuer::new(support::ISSUER)
                    .audience(support::AUDIENCE)
                    .algorithms([Algorithm::HS256])
                    .keys(SharedSecret::hs256(SECRET).unwrap()),
            )
            .cache_bytes(64 << 20)
            .claims::<C>()
            .build()
            .unwrap()
    }

    /// What a token with these claims takes in the cache, and what it counts as.
    fn try_measure(&self, claims: &Value) -> Option<(u64, u64)> {
        let key = SigningKey::hmac(Algorithm::HS256, SECRET);
        let mut token = TokenBuilder::new(&key)
            .issuer(support::ISSUER)
            .audience(support::AUDIENCE);
        for (name, value) in claims.as_object().unwrap() {
            token = token.claim(name, value.clone());
        }
        let token = token.build();
        let authorizer = Self::authorizer();
        let mut is_good = false;
        let info = allocation_counter::measure(|| {
            let caller = self.runtime.block_on(authorizer.verify(&token));
            if let Ok(caller) = caller {
                // A policy that looks at the claims has them parsed, which counts as well.
                is_good = caller.check(&self.policy).is_ok();
            }
        });
        let counted = authorizer.cache_status().unwrap().bytes;
        is_good.then(|| (u64::try_from(info.bytes_current).unwrap(), counted))
    }
}
