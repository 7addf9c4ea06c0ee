use std::sync::OnceLock;

use authz_core::{Authorizer, RequestParts, TokenSource, any_valid_token, jwks::SharedSecret};
use http::{
    HeaderName, HeaderValue, Request,
    header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL},
};

use super::{block_on, check};
use crate::server::{issuer, usual};

/// A request: each line is a header field, the first byte says which, or the query.
///
/// Nobody who does not know the secret gets in, wherever the token stands.
pub fn authorization(data: &[u8]) {
    let mut request = Request::new(());
    for line in data.split(|byte| *byte == b'\n') {
        let Some((kind, value)) = line.split_first() else {
            continue;
        };
        let name = match kind % 5 {
            0 => AUTHORIZATION,
            1 => COOKIE,
            2 => SEC_WEBSOCKET_PROTOCOL,
            3 => HeaderName::from_static("x-access-token"),
            _ => {
                let query = [b"/?", value].concat();
                if let Ok(uri) = http::Uri::try_from(query) {
                    *request.uri_mut() = uri;
                }
                continue;
            }
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().append(name, value);
        }
    }
    let parts = RequestParts::from(&request);
    let policy = any_valid_token();
    match block_on(authorizer().authorize(&parts, &policy)) {
        Ok(caller) => panic!("let in: {caller:?}"),
        Err(rejection) => check(&rejection),
    }
    // Optional authentication lets absence pass, and refuses whatever is refused elsewhere.
    let optional = block_on(authorizer().authorize_optional(&parts, &policy));
    if let Ok(caller) = optional {
        assert!(caller.is_none());
        let absent = block_on(authorizer().authorize(&parts, &policy));
        let reason = absent.expect_err("refused above").reason();
        assert_eq!(reason, authz_core::Reason::MissingToken);
    }
}

fn authorizer() -> &'static Authorizer {
    static AUTHORIZER: OnceLock<Authorizer> = OnceLock::new();
    AUTHORIZER.get_or_init(|| {
        let secret = SharedSecret::hs256(*b"a secret that is not in the seeds");
        usual(issuer().keys(secret.expect("long enough")))
            .token_source(TokenSource::query("access_token"))
            .token_source(TokenSource::cookie("access_token"))
            .token_source(TokenSource::websocket_protocol("access_token"))
            .token_source(TokenSource::header("x-access-token").expect("a header name"))
            .build()
            .expect("good settings")
    })
}
