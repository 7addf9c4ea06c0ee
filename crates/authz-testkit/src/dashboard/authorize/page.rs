use http::{Response, StatusCode};

use super::request::AuthorizationRequest;
use crate::{
    dashboard::settings::Dashboard,
    server::{body::Body, respond::respond},
};

/// Returns the login page, which works without scripts.
pub(super) fn login(
    request: &AuthorizationRequest,
    dashboard: &Dashboard,
    error: &str,
) -> Response<Body> {
    let users = dashboard.registry.settings().users;
    let options = users.iter().map(|user| {
        let name = if user.name.is_empty() {
            &user.id
        } else {
            &user.name
        };
        let (id, name) = (escape(&user.id), escape(name));
        format!("<option value=\"{id}\">{name}</option>")
    });
    let options: String = options.collect();
    let scopes = request.scope.split(' ').filter(|scope| !scope.is_empty());
    let scopes: String = scopes
        .map(|scope| format!("<li>{}</li>", escape(scope)))
        .collect();
    let form = include_str!("../page/login.html");
    let form = [
        ("{{error}}", escape(error)),
        ("{{client}}", escape(&request.client.id)),
        ("{{audience}}", escape(&request.audience)),
        ("{{token}}", escape(&dashboard.token)),
        ("{{users}}", options),
        ("{{scopes}}", scopes),
    ]
    .iter()
    .fold(form.to_owned(), |page, (place, text)| {
        page.replacen(place, text, 1)
    });
    let status = match error {
        "" => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    };
    html(status, &form)
}

/// Returns a page for a request whose error cannot be sent to the client.
pub(super) fn error(status: StatusCode, why: &str) -> Response<Body> {
    let why = escape(why);
    html(
        status,
        &format!("<h1>The login cannot start</h1>\n<p class=\"notice bad\">{why}</p>"),
    )
}

fn html(status: StatusCode, content: &str) -> Response<Body> {
    let page = include_str!("../page/authorize.html").replace("{{content}}", content);
    respond(status, "text/html; charset=utf-8", page)
}

/// Escapes text for HTML. A brace could be the start of another placeholder.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '{' => escaped.push_str(&format!("&#{};", c as u32)),
            c => escaped.push(c),
        }
    }
    escaped
}
