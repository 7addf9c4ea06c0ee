//! A token in a place where nobody looks, and tokens in several places at once.

use authz_core::{Reason, TokenSource};
use http::{
    HeaderName,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL},
};

use super::{bad, good};
use crate::{Attack, Attempt, ring};

const ONE: &str = "RFC 6750 section 2";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = places();
    rows.extend(several());
    rows
}

/// A good token where nobody looks.
fn places() -> Vec<Attack> {
    let token = || ring().good().build();
    let custom = HeaderName::from_static;
    vec![
        bad(
            "token-in-the-query-unasked",
            "RFC 6750 section 2.3",
            Reason::MissingToken,
            move || Attempt::nothing().uri(&format!("/api/private?access_token={}", token())),
        ),
        bad("token-in-the-path", ONE, Reason::MissingToken, move || {
            Attempt::nothing().uri(&format!("/api/private/{}", token()))
        }),
        bad(
            "token-in-a-cookie-unasked",
            ONE,
            Reason::MissingToken,
            move || Attempt::nothing().header(COOKIE, format!("access_token={}", token())),
        ),
        bad(
            "token-in-the-websocket-protocol-unasked",
            ONE,
            Reason::MissingToken,
            move || {
                Attempt::nothing()
                    .header(SEC_WEBSOCKET_PROTOCOL, format!("access_token, {}", token()))
            },
        ),
        bad(
            "token-in-proxy-authorization",
            "RFC 9110 section 11.7",
            Reason::MissingToken,
            move || Attempt::nothing().header(PROXY_AUTHORIZATION, format!("Bearer {}", token())),
        ),
        bad(
            "token-in-a-header-of-its-own",
            ONE,
            Reason::MissingToken,
            move || Attempt::nothing().header(custom("x-access-token"), token()),
        ),
        bad(
            "token-in-a-forwarded-header",
            ONE,
            Reason::MissingToken,
            move || {
                Attempt::nothing().header(
                    custom("x-forwarded-authorization"),
                    format!("Bearer {}", token()),
                )
            },
        ),
        bad(
            "token-of-a-dpop-proof-alone",
            "RFC 9449 section 4.1",
            Reason::MissingToken,
            move || Attempt::nothing().header(custom("dpop"), token()),
        ),
        good(
            "twin-token-in-the-query",
            "RFC 6750 section 2.3",
            move || {
                everywhere(Attempt::nothing())
                    .uri(&format!("/api/private?access_token={}", token()))
            },
        ),
        good("twin-token-in-a-cookie", ONE, move || {
            everywhere(Attempt::nothing())
                .header(COOKIE, format!("a=b; access_token={}; c=d", token()))
        }),
        good("twin-token-in-the-websocket-protocol", ONE, move || {
            let protocols = format!("chat, access_token, {}", token());
            everywhere(Attempt::nothing()).header(SEC_WEBSOCKET_PROTOCOL, protocols)
        }),
        good("twin-token-in-a-header-of-its-own", ONE, move || {
            everywhere(Attempt::nothing()).header(custom("x-access-token"), token())
        }),
    ]
}

/// Two tokens at once, the same or not: one of them is not the one that somebody else looked at.
fn several() -> Vec<Attack> {
    let token = || ring().good().build();
    let both = move || everywhere(Attempt::token(token()));
    vec![
        bad(
            "two-authorization-headers",
            ONE,
            Reason::MalformedCredentials,
            move || Attempt::token(token()).header(AUTHORIZATION, format!("Bearer {}", token())),
        ),
        bad(
            "two-authorization-headers-the-first-of-another-scheme",
            ONE,
            Reason::MalformedCredentials,
            move || {
                Attempt::authorization("Basic dXNlcjpwYXNz")
                    .header(AUTHORIZATION, format!("Bearer {}", token()))
            },
        ),
        bad(
            "two-authorization-headers-the-second-of-another-scheme",
            ONE,
            Reason::MalformedCredentials,
            move || Attempt::token(token()).header(AUTHORIZATION, "Basic dXNlcjpwYXNz"),
        ),
        bad(
            "two-authorization-headers-one-empty",
            ONE,
            Reason::MalformedCredentials,
            move || Attempt::token(token()).header(AUTHORIZATION, ""),
        ),
        bad("header-and-query", ONE, Reason::MultipleTokens, move || {
            both().uri(&format!("/api/private?access_token={}", token()))
        }),
        bad(
            "header-and-cookie",
            ONE,
            Reason::MultipleTokens,
            move || both().header(COOKIE, format!("access_token={}", token())),
        ),
        bad(
            "header-and-websocket-protocol",
            ONE,
            Reason::MultipleTokens,
            move || both().header(SEC_WEBSOCKET_PROTOCOL, format!("access_token, {}", token())),
        ),
        bad("two-cookies", ONE, Reason::MultipleTokens, move || {
            let cookies = format!("access_token={}; access_token={}", token(), token());
            everywhere(Attempt::nothing()).header(COOKIE, cookies)
        }),
        bad("two-parameters", ONE, Reason::MultipleTokens, move || {
            let uri = format!(
                "/api/private?access_token={}&access_token={}",
                token(),
                token()
            );
            everywhere(Attempt::nothing()).uri(&uri)
        }),
        bad(
            "two-parameters-one-percent-encoded",
            ONE,
            Reason::MultipleTokens,
            move || {
                let uri = format!(
                    "/api/private?access_token={}&access%5Ftoken={}",
                    token(),
                    token()
                );
                everywhere(Attempt::nothing()).uri(&uri)
            },
        ),
        bad(
            "empty-parameter-beside-the-header",
            ONE,
            Reason::MalformedCredentials,
            move || both().uri("/api/private?access_token="),
        ),
        // What is left of a login that has ended.
        good("twin-empty-cookie-beside-the-header", ONE, move || {
            both().header(COOKIE, "access_token=")
        }),
        bad(
            "forged-token-in-a-cookie",
            ONE,
            Reason::InvalidSignature,
            move || {
                let forged = ring().good().signed_by(&ring().strange_ec).build();
                everywhere(Attempt::nothing()).header(COOKIE, format!("access_token={forged}"))
            },
        ),
        good(
            "twin-header-beside-other-cookies-and-parameters",
            ONE,
            move || {
                both()
                    .uri("/api/private?page=2")
                    .header(COOKIE, "theme=dark")
            },
        ),
    ]
}

fn everywhere(attempt: Attempt) -> Attempt {
    attempt.rules(|builder| {
        builder
            .token_source(TokenSource::query("access_token"))
            .token_source(TokenSource::cookie("access_token"))
            .token_source(TokenSource::websocket_protocol("access_token"))
            .token_source(TokenSource::header("x-access-token").expect("a header name"))
    })
}
