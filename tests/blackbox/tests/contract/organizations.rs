//! `/api/orgs/{org}/messages`: admins, and members of the organization in the path.

use authz_testkit::TokenBuilder;
use blackbox::http::Request;
use serde_json::{Value, json};

use crate::{
    case::{
        self, Case, Expected, INVALID_TOKEN, NO_TOKEN_TO_READ, NO_TOKEN_TO_WRITE, case, check_all,
        insufficient_scope,
    },
    stage::{self, Issuer, Subject},
};

const ACME: &str = "/api/orgs/acme/messages";

/// 403, and no scope that would help.
const NOT_A_MEMBER: Expected = Expected::Refusal {
    status: 403,
    error: Some("insufficient_scope"),
    scope: None,
};

pub(crate) fn cases(issuer: &Issuer) -> Vec<Case> {
    let token = |scope: &str| issuer.token().scope(scope);
    let of = |org: &str, scope: &str| token(scope).claim("org_id", org);
    let admin = |scope: &str| token(scope).claim("roles", json!(["admin"]));
    let get = |path, token: TokenBuilder| Request::get(path).bearer(token.build());
    let head = |token: TokenBuilder| Request::new("HEAD", ACME).bearer(token.build());
    let post = |token: TokenBuilder| {
        let request = Request::post(ACME).bearer(token.build());
        request.json(r#"{"text":"hello"}"#)
    };
    let (read, write) = ("read:messages", "write:messages");
    let empty = Expected::Json(200, json!([]));
    vec![
        case("no token", Request::get(ACME), NO_TOKEN_TO_READ),
        case("bad token", Request::get(ACME).bearer("x"), INVALID_TOKEN),
        case("a member", get(ACME, of("acme", read)), empty.clone()),
        case(
            "a member, HEAD",
            head(of("acme", read)),
            Expected::Text(200, ""),
        ),
        case("an admin", get(ACME, admin(read)), empty.clone()),
        case("of another", get(ACME, of("other", read)), NOT_A_MEMBER),
        case("of another, HEAD", head(of("other", read)), NOT_A_MEMBER),
        case("of a part", get(ACME, of("acm", read)), NOT_A_MEMBER),
        case("in capitals", get(ACME, of("ACME", read)), NOT_A_MEMBER),
        case("of none", get(ACME, token(read)), NOT_A_MEMBER),
        case(
            "of several",
            get(ACME, token(read).claim("org_id", json!(["acme"]))),
            NOT_A_MEMBER,
        ),
        case(
            "another role",
            get(ACME, token(read).claim("roles", json!(["administrator"]))),
            NOT_A_MEMBER,
        ),
        case(
            "a member without the scope",
            get(ACME, of("acme", write)),
            insufficient_scope(read),
        ),
        case(
            "an admin without the scope",
            get(ACME, admin(write)),
            insufficient_scope(read),
        ),
        case(
            "neither member nor scope",
            get(ACME, of("other", write)),
            NOT_A_MEMBER,
        ),
        case(
            "encoded",
            get("/api/orgs/a%20c/messages", of("a c", read)),
            empty,
        ),
        case("write, no token", Request::post(ACME), NO_TOKEN_TO_WRITE),
        case("write, of another", post(of("other", write)), NOT_A_MEMBER),
        case(
            "write, without the scope",
            post(of("acme", read)),
            insufficient_scope(write),
        ),
        case(
            "write, suspended",
            post(of("acme", write).claim("roles", json!(["suspended"]))),
            NOT_A_MEMBER,
        ),
        case(
            "write, no message",
            Request::post(ACME).bearer(of("acme", write).build()),
            Expected::Problem(415),
        ),
        case(
            "unknown method",
            Request::new("DELETE", ACME),
            Expected::Problem(405),
        ),
        case(
            "nothing there",
            get("/api/orgs/acme", admin(read)),
            Expected::Problem(404),
        ),
        case(
            "a slash at the end",
            get("/api/orgs/acme/messages/", admin(read)),
            Expected::Problem(404),
        ),
    ]
}

pub(crate) fn members_and_admins(subject: Subject) {
    let issuer = Issuer::start();
    check_all(&stage::ready(subject, &issuer), &cases(&issuer));
}

pub(crate) fn messages_stay_within(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let both = || issuer.token().scope("read:messages write:messages");
    let member = both().claim("org_id", "acme").subject("someone").build();
    let admin = both().claim("roles", json!(["admin"])).build();

    let post = Request::post(ACME).json(r#"{"text":"ours"}"#);
    let answer = stage::send(&server, &post.bearer(&member));
    assert_eq!(answer.status(), 201, "{answer:?}");
    let stored = case::json(&answer).unwrap();
    assert_eq!(stored["text"], "ours");
    assert_eq!(stored["author"], "someone");

    let ours = json!([stored]);
    let none = json!([]);
    for (path, messages) in [
        (ACME, &ours),
        // The same organization, written otherwise.
        ("/api/orgs/%61cme/messages", &ours),
        ("/api/orgs/other/messages", &none),
        ("/api/messages", &none),
    ] {
        let answer = stage::send(&server, &Request::get(path).bearer(&admin));
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
        assert_eq!(&case::json(&answer).unwrap(), messages, "{path}");
    }
}

/// The policy of `POST /api/messages` has a `not`.
pub(crate) fn suspended_callers_read_only(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let token = |roles: Value| {
        let token = issuer.token().scope("read:messages write:messages");
        token.claim("roles", roles).build()
    };
    let get = |roles| Request::get("/api/messages").bearer(token(roles));
    let post = |roles| {
        let request = Request::post("/api/messages").json(r#"{"text":"hello"}"#);
        request.bearer(token(roles))
    };
    let suspended = json!(["editor", "suspended"]);
    let cases = [
        case("reads", get(suspended.clone()), Expected::Status(200)),
        case("does not write", post(suspended), NOT_A_MEMBER),
        case(
            "another writes",
            post(json!(["editor"])),
            Expected::Status(201),
        ),
        case("roles that can't be read", post(json!(7)), NOT_A_MEMBER),
    ];
    check_all(&server, &cases);
}
