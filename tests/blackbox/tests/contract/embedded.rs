//! Without configuration, a server brings its own development issuer.

use std::time::Duration;

use blackbox::{
    http::{Request, split_url},
    server::Server,
};
use serde_json::json;

use crate::{
    case::{self, check_refusal},
    stage::{self, SOON, Subject},
};

fn start(subject: Subject) -> Server {
    stage::start_ready(stage::program(subject).env("PORT", "0"))
}

/// How long to look for a line that is not there: the whole announcement is printed at once.
const NEVER: Duration = Duration::from_millis(50);

pub(crate) fn the_printed_curl_line_works(subject: Subject) {
    let server = start(subject);
    let line = server.stdout_line("curl ", SOON).expect("a curl line");
    let words = words(&line[line.find("curl ").unwrap()..]);
    let url = words.iter().find(|word| word.starts_with("http://"));
    let (address, target) = split_url(url.expect("a URL")).unwrap();
    assert_eq!(address, server.address());
    let mut request = Request::get(target);
    for pair in words.windows(2) {
        if pair[0] == "-H" || pair[0] == "--header" {
            let (name, value) = pair[1].split_once(": ").unwrap();
            request = request.header(name, value);
        }
    }
    let answer = stage::send(&server, &request);
    assert_eq!(answer.status(), 200, "{line}\n{answer:?}");
}

/// Discovery, then the client credentials grant, then a call: what the tutorial's clients do.
pub(crate) fn the_issuer_gives_tokens(subject: Subject) {
    let server = start(subject);
    let issuer = issuer(&server);
    let get = |url: &str| {
        let (address, path) = split_url(url).unwrap();
        case::json(&Request::get(path).send(address).unwrap()).unwrap()
    };
    let base = issuer.trim_end_matches('/');
    let document = get(&format!("{base}/.well-known/openid-configuration"));
    assert_eq!(document["issuer"], issuer);
    let rfc8414 = get(&format!("{base}/.well-known/oauth-authorization-server"));
    assert_eq!(rfc8414["jwks_uri"], document["jwks_uri"]);
    assert!(get(document["jwks_uri"].as_str().unwrap())["keys"].is_array());

    let (address, path) = split_url(document["token_endpoint"].as_str().unwrap()).unwrap();
    let fields = "grant_type=client_credentials&client_id=c&client_secret=s\
                  &audience=https%3A%2F%2Fquickstart.example%2Fapi&scope=read%3Amessages";
    let answer = Request::post(path).form(fields).send(address).unwrap();
    assert_eq!(answer.status(), 200, "{answer:?}");
    let granted = case::json(&answer).unwrap();
    assert_eq!(granted["token_type"], "Bearer");
    assert_eq!(granted["scope"], "read:messages");
    assert!(granted["expires_in"].is_u64());
    let token = granted["access_token"].as_str().unwrap();
    let answer = stage::send(&server, &Request::get("/api/private").bearer(token));
    assert_eq!(answer.status(), 200, "{answer:?}");
}

/// Its resource identifier is its own base URL, and the listening line is exactly what is promised.
pub(crate) fn it_names_itself(subject: Subject) {
    let server = start(subject);
    let base = server.base_url();
    let listening = server.stdout_line("listening", SOON);
    assert_eq!(listening, Some(format!("listening on {base}")));

    let answer = stage::get(&server, "/.well-known/oauth-protected-resource");
    let document = case::json(&answer).unwrap();
    let resource = document["resource"].as_str().unwrap();
    assert_eq!(resource.trim_end_matches('/'), base);
    assert_eq!(document["authorization_servers"], json!([issuer(&server)]));
    let metadata = format!("{base}/.well-known/oauth-protected-resource");
    let answer = stage::get(&server, "/api/private");
    assert_eq!(
        check_refusal(&answer, None, Some("read:messages"), Some(&metadata), false),
        Ok(())
    );
    assert!(
        server.stderr_line("development", SOON).is_some(),
        "the log says that the issuer is for development:\n{}",
        server.stderr()
    );
}

/// The inspector shows the operator's reasons on a port of its own, and only when asked for.
pub(crate) fn the_inspector_shows_decisions(subject: Subject) {
    let without = start(subject);
    let issuer = issuer(&without);
    assert_eq!(without.stdout_line("inspector", NEVER), None);
    let server = stage::start_ready(
        stage::program(subject)
            .env("PORT", "0")
            .env("AUTHZ_INSPECTOR_PORT", "0"),
    );
    assert_ne!(issuer, self::issuer(&server), "the port was taken");
    let line = server.stdout_line("inspector ", SOON).expect("a line");
    let (inspector, _) = split_url(&line[line.find("http://").unwrap()..]).unwrap();
    let answer = stage::send(&server, &Request::get("/api/private").bearer("abc"));
    assert_eq!(answer.status(), 401);
    let get = |path: &str| Request::get(path).send(inspector).unwrap();
    let seen = case::json(&get("/decisions?after=0")).unwrap();
    // Beside it, the log of the keys.
    let mut decisions = seen["decisions"].as_array().unwrap().iter();
    let refused = decisions.find(|it| it["outcome"] != "note").unwrap();
    assert_eq!(refused["outcome"], "refused", "{seen}");
    let fields = refused["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!(["reason", "opaque_token"])),
        "{seen}"
    );
    let status = case::json(&get("/")).unwrap();
    assert_eq!(status["ready"], true);
    assert_eq!(status["decisions"]["refused"], 1);
    // The API itself has no such place.
    assert_eq!(stage::get(&server, "/decisions").status(), 404);
}

/// The URL on the line about the issuer.
fn issuer(server: &Server) -> String {
    let line = server.stdout_line("issuer", SOON).expect("an issuer line");
    let url = &line[line.find("http://").expect("its URL")..];
    url.split_whitespace().next().unwrap().to_owned()
}

/// The words of a shell command: spaces part them, quotes of either kind keep them together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, other) => words.last_mut().unwrap().push(other),
        }
    }
    words
}
