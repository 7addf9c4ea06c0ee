use http::{Response, StatusCode};

use crate::server::{body::Body, respond::respond};

/// Returns the page, with the token that its requests send along.
pub(super) fn index(token: &str) -> Response<Body> {
    let html = include_str!("page/index.html").replace("{{token}}", token);
    respond(StatusCode::OK, "text/html; charset=utf-8", html)
}

pub(super) fn file(name: &str) -> Option<Response<Body>> {
    let (_, text) = FILES.iter().find(|(file, _)| *file == name)?;
    let content_type = match name.ends_with(".css") {
        true => "text/css; charset=utf-8",
        false => "text/javascript; charset=utf-8",
    };
    Some(respond(StatusCode::OK, content_type, *text))
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("page/", $name)))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "answer.js",
    "api-code.js",
    "api-form.js",
    "apis.js",
    "call.js",
    "chart.js",
    "confirm.js",
    "copy.js",
    "dom.js",
    "entries.js",
    "fault.js",
    "form.js",
    "keys.js",
    "lab-form.js",
    "lab.js",
    "live.js",
    "main.js",
    "people.js",
    "proof.js",
    "server.js",
    "snippets.js",
    "state.js",
    "style.css",
    "tabs.js",
    "time.js",
    "token.js",
    "trouble.js",
];
