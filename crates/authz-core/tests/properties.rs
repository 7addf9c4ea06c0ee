//! What holds for every input: forgeries by one byte, agreement with another implementation,
//! parsers that never panic, challenges that read back.

#[path = "support/challenge.rs"]
mod challenge;

mod support;

use std::sync::OnceLock;

use authz_core::{
    Admission, Algorithm, Authorizer, AuthorizerBuilder, Challenge, Issuer, RequestParts,
    TokenSource, any_valid_token, async_trait,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, KeySet, RemoteJwks, SharedSecret,
        StaticKeys,
    },
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{
    HeaderMap, HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example";

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn builder(keys: impl JwksProvider) -> AuthorizerBuilder {
    let issuer = Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .algorithms(Algorithm::ALL)
        .keys(keys);
    support::authorizer().issuer(issuer)
}

fn keys() -> &'static [SigningKey; 5] {
    static KEYS: OnceLock<[SigningKey; 5]> = OnceLock::new();
    KEYS.get_or_init(|| {
        [
            Algorithm::RS256,
            Algorithm::PS256,
            Algorithm::ES256,
            Algorithm::ES512,
            Algorithm::EdDSA,
        ]
        .map(SigningKey::generate)
    })
}

fn authorizer() -> &'static Authorizer {
    static AUTHORIZER: OnceLock<Authorizer> = OnceLock::new();
    AUTHORIZER.get_or_init(|| {
        let keys: Vec<_> = keys().iter().map(SigningKey::public_jwk).collect();
        let set = json!({ "keys": keys }).to_string();
        builder(StaticKeys::from_jwks(set.as_bytes()).unwrap())
            .build()
            .unwrap()
    })
}

fn good(key: &SigningKey) -> TokenBuilder {
    TokenBuilder::new(key).issuer(ISSUER).audience(AUDIENCE)
}

/// Fixed keys keep nobody waiting: the clock stands still, and nothing else runs.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// Whether a request with this `Authorization` header is let in; `None` for bytes that no header holds.
fn lets_in(authorizer: &Authorizer, authorization: &[u8]) -> Option<bool> {
    let mut request = Request::new(());
    let value = HeaderValue::from_bytes(authorization).ok()?;
    request.headers_mut().insert(AUTHORIZATION, value);
    let (parts, policy) = (RequestParts::from(&request), any_valid_token());
    Some(block_on(authorizer.authorize(&parts, &policy)).is_ok())
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn a_token_with_any_one_byte_changed_is_refused(
        key in 0..5_usize,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let token = good(&keys()[key]).build();
        let credentials = format!("Bearer {token}").into_bytes();
        // The good one first: the cache must not mistake the other for it.
        prop_assert_eq!(lets_in(authorizer(), &credentials), Some(true));
        let mut changed = credentials.clone();
        let at = "Bearer ".len() + at.index(token.len());
        changed[at] = byte;
        if changed != credentials {
            prop_assert_ne!(lets_in(authorizer(), &changed), Some(true));
        }
        prop_assert_eq!(lets_in(authorizer(), &credentials), Some(true));
    }

    #[test]
    fn a_token_with_a_byte_inserted_or_left_out_is_refused(
        key in 0..5_usize,
        at in any::<prop::sample::Index>(),
        byte in prop::option::of(0x21..0x7f_u8),
    ) {
        let token = good(&keys()[key]).build();
        let mut changed = format!("Bearer {token}").into_bytes();
        let at = "Bearer ".len() + at.index(token.len());
        match byte {
            Some(byte) => changed.insert(at, byte),
            None => drop(changed.remove(at)),
        }
        prop_assert_ne!(lets_in(authorizer(), &changed), Some(true));
    }
}

/// A header that may hold a token, written as it should be and otherwise.
fn authorization() -> impl Strategy<Value = Vec<u8>> {
    let choose = |from: &[&'static [u8]]| prop::sample::select(from.to_vec());
    let token = || {
        static TOKENS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let tokens = TOKENS.get_or_init(|| {
            let good = || good(&keys()[2]);
            let mut tokens = vec![
                good().expires_in(-3600).build(),
                good().signature([0; 64]).build(),
                good().claim("much", "x".repeat(1500)).build(),
                good().raw_payload("{").build(),
                format!("{}.{}", good().build(), "AA"),
                "a.b.c.d.e".to_owned(),
                "e30.e30.AA".to_owned(),
                "opaque".to_owned(),
                String::new(),
            ];
            // Those that pass as often as all others.
            tokens.extend(vec![good().build(); 9]);
            let tokens = tokens.into_iter().map(String::into_bytes);
            tokens.chain([b"e30.e30.\xff".to_vec()]).collect()
        });
        prop::sample::select(&tokens[..])
    };
    (
        choose(&[b"Bearer", b"Bearer", b"bEARER", b" Bearer", b"Bearer2", b""]),
        choose(&[b" ", b" ", b"  ", b"\t", b" \t", b""]),
        token(),
        choose(&[
            b"",
            b"",
            b"",
            b" ",
            b"\t",
            b" x",
            b",",
            b"=",
            b".",
            b"\xc2\xa0",
            b"\xff",
        ]),
    )
        .prop_map(|(scheme, space, token, end)| [scheme, space, &token, end].concat())
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn the_short_way_to_a_decision_ends_where_the_long_one_does(
        headers in prop::collection::vec(authorization(), 1..3),
        times in 1..3_usize,
    ) {
        static BOTH: OnceLock<[Authorizer; 2]> = OnceLock::new();
        let both = BOTH.get_or_init(|| {
            let set = json!({ "keys": [keys()[2].public_jwk()] }).to_string();
            let builder = || {
                let keys = StaticKeys::from_jwks(set.as_bytes()).unwrap();
                builder(keys).max_token_bytes(1024)
            };
            // Where a token may be in two places, nothing is decided at a glance.
            let long = builder().token_source(TokenSource::cookie("session"));
            [builder().build().unwrap(), long.build().unwrap()]
        });
        let mut request = Request::new(());
        for header in &headers {
            if let Ok(value) = HeaderValue::from_bytes(header) {
                request.headers_mut().append(AUTHORIZATION, value);
            }
        }
        let (parts, policy) = (RequestParts::from(&request), any_valid_token());
        for _ in 0..times {
            let [short, long] = [0, 1].map(|i| {
                block_on(both[i].authorize(&parts, &policy))
                    .map(|caller| caller.claims().clone())
                    .map_err(|rejection| (rejection.status(), rejection.reason()))
            });
            prop_assert_eq!(short, long);
        }
    }
}

/// JSON that may or may not be what a claim needs.
fn claim() -> impl Strategy<Value = Value> {
    let now = || {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        i64::try_from(since.as_secs()).unwrap()
    };
    prop_oneof![
        // Away from the leeway's edges, where the clock may move between the two decisions.
        4 => prop_oneof![-5000..-70_i64, -50..50_i64, 70..5000_i64].prop_map(move |at| json!(now() + at)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => (0.0..4e9_f64).prop_map(|number| json!(number)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        2 => Just(json!(ISSUER)),
        2 => Just(json!(AUDIENCE)),
        1 => Just(json!([AUDIENCE, ISSUER])),
        1 => Just(json!([[AUDIENCE]])),
        1 => Just(json!({ "a": 1 })),
        1 => Just(Value::Null),
        1 => ".{0,12}".prop_map(|text| json!(text)),
    ]
}

/// A change to a good token, signed all the same.
fn change() -> impl Strategy<Value = (String, Option<Value>)> {
    let name = prop::sample::select(vec![
        "iss", "aud", "exp", "nbf", "iat", "sub", "jti", "scope", "azp", "other",
    ]);
    (name, prop::option::weighted(0.9, claim())).prop_map(|(name, value)| (name.to_owned(), value))
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn jsonwebtoken_accepts_what_we_accept(
        key in 0..5_usize,
        changes in prop::collection::vec(change(), 0..3),
        header in prop::option::of(prop::sample::select(vec!["typ", "kid", "cty", "x"])),
        break_signature in prop::bool::weighted(0.1),
    ) {
        // ES512 is unknown to it.
        let key = &keys()[if key == 3 { 2 } else { key }];
        let mut token = good(key);
        for (name, value) in changes {
            token = match value {
                Some(value) => token.claim(name, value),
                None => token.without(&name),
            };
        }
        if let Some(name) = header {
            token = token.without_header(name);
        }
        let mut token = token.build();
        if break_signature {
            token.replace_range(token.len() - 8..token.len() - 4, "AAAA");
        }
        let ours = lets_in(authorizer(), format!("Bearer {token}").as_bytes());
        if ours == Some(true) {
            match theirs(key, &token) {
                Ok(_) => {}
                Err(error) if is_fraction_it_cannot_read(&error) => {}
                Err(error) => prop_assert!(false, "{token}: {error:?}"),
            }
        }
    }
}

/// Where serde_json keeps numbers as text, because another crate asked for it, it takes a time with a
/// fraction for none.
fn is_fraction_it_cannot_read(error: &jsonwebtoken::errors::Error) -> bool {
    use jsonwebtoken::errors::ErrorKind;
    serde_json::from_str::<Value>("1e400").is_ok()
        && matches!(
            error.kind(),
            ErrorKind::InvalidClaimFormat(_) | ErrorKind::MissingRequiredClaim(_)
        )
}

/// The other implementation, with settings equal to ours.
fn theirs(
    key: &SigningKey,
    token: &str,
) -> Result<jsonwebtoken::TokenData<Value>, jsonwebtoken::errors::Error> {
    // Asked for by name: with two providers compiled in it would panic rather than choose.
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    });
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.public_jwk()).unwrap();
    let algorithm = key.algorithm().name().parse().unwrap();
    let mut rules = jsonwebtoken::Validation::new(algorithm);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud"]);
    rules.validate_nbf = true;
    rules.leeway = 60;
    jsonwebtoken::decode(
        token,
        &jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap(),
        &rules,
    )
}

#[test]
fn the_other_implementation_tells_good_from_bad() {
    for key in keys()
        .iter()
        .filter(|key| key.algorithm() != Algorithm::ES512)
    {
        assert!(theirs(key, &good(key).build()).is_ok());
        assert!(theirs(key, &good(key).expires_in(-3600).build()).is_err());
        assert!(theirs(key, &good(key).signature([0; 64]).build()).is_err());
    }
}

/// Bytes that look like what is read, more or less.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let json = prop::sample::select(vec![
        r#"{"keys":["#,
        r#"{"kty":"RSA","n":""#,
        r#"{"kty":"EC","crv":"P-256","x":""#,
        "AQAB",
        r#"","e":""#,
        r#"{"issuer":"https://issuer.example/","jwks_uri":""#,
        "https://issuer.example/keys",
        "]}",
        "\"}",
        "}",
        "\"",
        ",",
        ":",
        "{",
        "[",
        "null",
        "1e400",
        "-0",
        "\\u0000",
        "\\ud800",
        "\u{feff}",
        "Bearer ",
        "e30",
        ".",
        "=",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(json, 0..20).prop_map(|parts| parts.concat().into_bytes()),
    ]
}

#[derive(Debug)]
struct Answers(Vec<u8>);

#[async_trait]
impl Fetcher for Answers {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.0.clone().into(),
        })
    }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn no_request_makes_a_parser_panic(bytes in bytes(), more in bytes()) {
        static EVERYWHERE: OnceLock<Authorizer> = OnceLock::new();
        let authorizer = EVERYWHERE.get_or_init(|| {
            builder(SharedSecret::hs256([7; 32]).unwrap())
                .token_source(TokenSource::query("access_token"))
                .token_source(TokenSource::cookie("access_token"))
                .token_source(TokenSource::websocket_protocol("access_token"))
                .build()
                .unwrap()
        });
        let mut request = Request::new(());
        for (name, prefix) in [
            (AUTHORIZATION, &b""[..]),
            (COOKIE, b"access_token="),
            (SEC_WEBSOCKET_PROTOCOL, b"access_token, "),
        ] {
            for value in [&bytes, &more] {
                if let Ok(value) = HeaderValue::from_bytes(&[prefix, value].concat()) {
                    request.headers_mut().append(&name, value);
                }
            }
            let parts = RequestParts::from(&request);
            let decision = authorizer.decide(&parts, &any_valid_token());
            prop_assert!(matches!(decision, Admission::Ready(Err(_))));
            request.headers_mut().clear();
        }
        let credentials = [b"Bearer ", &bytes[..]].concat();
        prop_assert_ne!(lets_in(authorizer, &credentials), Some(true));
    }

    #[test]
    fn no_signed_token_makes_a_parser_panic(header in bytes(), payload in bytes()) {
        static SHARED: OnceLock<Authorizer> = OnceLock::new();
        let authorizer = SHARED.get_or_init(|| {
            builder(SharedSecret::hs256([7; 32]).unwrap()).build().unwrap()
        });
        let key = SigningKey::hmac(Algorithm::HS256, [7; 32]);
        for token in [
            good(&key).raw_header(header),
            good(&key).raw_payload(payload),
        ] {
            lets_in(authorizer, format!("Bearer {}", token.build()).as_bytes());
        }
    }

    #[test]
    fn no_key_set_makes_a_parser_panic(bytes in bytes()) {
        let _ = KeySet::parse(&bytes);
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn no_metadata_make_a_parser_panic(bytes in bytes()) {
        let status = block_on(async {
            let keys = RemoteJwks::discover(ISSUER).fetcher(Answers(bytes)).build().unwrap();
            let authorizer = builder(keys).build().unwrap();
            let token = good(&SigningKey::shared(Algorithm::ES256)).build();
            authorizer.verify(&token).await.map_err(|rejection| rejection.status())
        });
        prop_assert_eq!(status.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    }
}

/// Text with what ends a quoted string or a header line more often than chance would have it.
fn text() -> impl Strategy<Value = String> {
    let sharp = prop::sample::select(Vec::from_iter("\r\n\"\\\0, =\u{7f}\u{e9}a".chars()));
    let sharp = prop::collection::vec(sharp, 0..20).prop_map(String::from_iter);
    prop_oneof![any::<String>(), sharp]
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn a_challenge_reads_back(values in prop::collection::vec(text(), 0..5)) {
        const NAMES: [&str; 5] = ["realm", "error", "error_description", "scope", "resource_metadata"];
        let mut challenge = Challenge::bearer();
        for (name, value) in NAMES.into_iter().zip(&values) {
            challenge = challenge.with(name, value);
        }
        let written = challenge.to_string();
        prop_assert!(!written.contains(['\r', '\n']));
        prop_assert!(HeaderValue::from_str(&written).is_ok());
        let expected: Vec<_> = NAMES
            .into_iter()
            .zip(&values)
            .map(|(name, value)| (name.to_owned(), challenge::kept(value)))
            .collect();
        prop_assert_eq!(challenge::parse(&written), Some(("Bearer".to_owned(), expected)));
    }

    #[test]
    fn the_challenge_of_a_refusal_reads_back_whatever_the_realm(realm in text()) {
        let authorizer = builder(SharedSecret::hs256([7; 32]).unwrap())
            .realm(realm.clone())
            .build()
            .unwrap();
        let request = Request::new(());
        let decision = authorizer.decide(&RequestParts::from(&request), &any_valid_token());
        let Admission::Ready(Err(rejection)) = decision else {
            panic!("a request without a token");
        };
        let written = rejection.challenge().unwrap();
        let expected = vec![("realm".to_owned(), challenge::kept(&realm))];
        prop_assert_eq!(
            challenge::parse(written.to_str().unwrap()),
            Some(("Bearer".to_owned(), expected))
        );
    }
}
