//! `AUTHZ_RULES`: policies out of a file, and what is said about mistakes in it.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use blackbox::{http::Request, server::Launch};

use crate::{
    case::{Expected, UNAUTHENTICATED, case, check_all},
    stage::{self, Issuer, RULES, Subject},
};

/// 403, and no scope that would help.
const DENIED: Expected = Expected::Refusal {
    status: 403,
    error: Some("insufficient_scope"),
    scope: None,
};

/// What no rule is about is denied, and so is a method that the rules for the path leave out.
pub(crate) fn the_file_decides(subject: Subject) {
    let issuer = Issuer::start();
    let file = File::new(
        "
        [[rules]]
        methods = ['GET']
        path = '/api/messages'
        policy = 'any_valid_token'
        ",
    );
    let launch = stage::configured(subject, &issuer).env("AUTHZ_RULES", &file.0);
    let server = stage::start_ready(launch);
    let token = issuer.token().scope("read:messages write:messages").build();
    let get = |path| Request::get(path).bearer(&token);
    let post = Request::post("/api/messages").json(r#"{"text":"hello"}"#);
    let plain = issuer.token().build();
    let cases = [
        case(
            "another policy than the code's",
            Request::get("/api/messages").bearer(plain),
            Expected::Status(200),
        ),
        case(
            "without a token",
            Request::get("/api/messages"),
            UNAUTHENTICATED,
        ),
        case("another method", post.bearer(&token), DENIED),
        case("another path", get("/api/private"), DENIED),
        case("not even public", get("/api/public"), DENIED),
        case("who am I", get("/api/me"), DENIED),
        case("an organization", get("/api/orgs/acme/messages"), DENIED),
        case("nothing there", get("/api/nothing"), Expected::Problem(404)),
        case(
            "no such method",
            Request::new("DELETE", "/api/messages"),
            Expected::Problem(405),
        ),
        // What stands around the API is not the file's.
        case("healthz", get("/healthz"), Expected::Text(200, "ok")),
    ];
    check_all(&server, &cases);
}

/// A mistake, what the file says, and what stderr has to name beside the variable.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("no TOML", "[[rules]]\npath = '/a'\npolicy = \n", "line 3"),
    ("nothing", "", "rules"),
    (
        "no policy",
        "[[rules]]\npath = '/a'\npolicy = 'public'\n\n[[rules]]\npath = '/b'\npolicy = 'rolle(\"x\")'\n",
        "rule 2 in line 5 (/b)",
    ),
    (
        "two for the same",
        "[[rules]]\npath = '/a'\npolicy = 'public'\n\n[[rules]]\npath = '/a'\npolicy = 'deny'\n",
        "rule 2 in line 5 (/a)",
    ),
    (
        "a parameter that is not there",
        "# a comment\n[[rules]]\npath = '/a'\npolicy = 'claim(\"o\") == path(\"org\")'\n",
        "rule 1 in line 2 (/a)",
    ),
];

pub(crate) fn mistakes_in_the_file(subject: Subject) {
    for (name, text, named) in MISTAKES {
        let file = File::new(text);
        let launch = stage::program(subject).env("AUTHZ_RULES", &file.0);
        refused(name, launch, named);
    }
    let launch = stage::program(subject).env("AUTHZ_RULES", format!("{RULES}.not-there"));
    refused("no file", launch, "rules.toml.not-there");
    let folder = env::temp_dir();
    let launch = stage::program(subject).env("AUTHZ_RULES", folder);
    refused("a folder", launch, "cannot be read");
}

#[track_caller]
fn refused(name: &str, launch: Launch, named: &str) {
    let exit = launch
        .env("PORT", "0")
        .run(Duration::from_secs(10))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(exit.code(), Some(2), "{name}: {exit:?}");
    assert!(exit.stderr().contains("AUTHZ_RULES"), "{name}: {exit:?}");
    assert!(exit.stderr().contains(named), "{name}: {exit:?}");
    assert!(!exit.stdout().contains("listening"), "{name}: {exit:?}");
    assert!(!exit.stderr().contains("panicked"), "{name}: {exit:?}");
}

/// A file that is gone when the test is done.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        // Tests run at the same time, in one process or in several.
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("authz-rules-{}-{number}.toml", process::id());
        let path = env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
