use std::{
    hash::{DefaultHasher, Hasher as _},
    time::SystemTime,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;

use super::{
    body::Body,
    faulty::{self, Good},
    respond::{self, JSON, Reaction},
};
use crate::{fault::Fault, lock::Locked as _, state::State};

pub(crate) async fn answer(request: &Request<Incoming>, state: &State) -> Reaction {
    let _concurrent = state.counts.jwks();
    let answer = now(request, state);
    state
        .holds
        .subscribe()
        .wait_for(|holds| *holds == 0)
        .await
        .expect("the sender is in the borrowed state");
    answer
}

fn now(request: &Request<Incoming>, state: &State) -> Reaction {
    let (set, published) = {
        let keys = state.keys.locked();
        (keys.set(), keys.published().to_vec())
    };
    let mut answers = state.answers.locked();
    let fault = Fault::next(&mut answers.jwks_fault);
    let body: Bytes = match &answers.jwks_document {
        Some(document) => document.clone().into(),
        None => set.to_string().into(),
    };
    if let Some(fault) = fault {
        let good = Good {
            body,
            keys: &published,
        };
        return faulty::answer(&fault, &good, request.uri());
    }

    let headers = answers.jwks_headers.clone();
    if !answers.etags {
        return with(respond::respond(StatusCode::OK, JSON, body), headers).into();
    }
    let validators = CacheValidators::of(&body, answers.last_modified);
    let response = if validators.match_(request.headers()) {
        state.counts.add(|counts| counts.not_modified += 1);
        respond::empty(StatusCode::NOT_MODIFIED)
    } else {
        respond::respond(StatusCode::OK, JSON, body)
    };
    with(with(response, headers), validators.into_headers()).into()
}

fn with(mut response: Response<Body>, headers: HeaderMap) -> Response<Body> {
    response.headers_mut().extend(headers);
    response
}

/// The validators of RFC 9110 section 8.8.
struct CacheValidators {
    etag: String,
    last_modified: SystemTime,
}

impl CacheValidators {
    fn of(body: &[u8], last_modified: SystemTime) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        Self {
            etag: format!("\"{:016x}\"", hasher.finish()),
            last_modified,
        }
    }

    /// Ignores the date if the request has an entity tag (RFC 9110 section 13.1).
    fn match_(&self, request: &HeaderMap) -> bool {
        let mut tags = request.get_all(header::IF_NONE_MATCH).iter().peekable();
        if tags.peek().is_some() {
            return tags
                .filter_map(|value| value.to_str().ok())
                .flat_map(|list| list.split(','))
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == self.etag || tag == "*");
        }
        request
            .get(header::IF_MODIFIED_SINCE)
            .and_then(|value| value.to_str().ok())
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .is_some_and(|date| date >= whole_seconds(self.last_modified))
    }

    fn into_headers(self) -> HeaderMap {
        let date = httpdate::fmt_http_date(self.last_modified);
        [(header::ETAG, self.etag), (header::LAST_MODIFIED, date)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
            .collect()
    }
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    httpdate::parse_http_date(&httpdate::fmt_http_date(time)).unwrap_or(time)
}
