//! The tutorial's requests in their order, and what it says about their answers.

use blackbox::http::{Request, Response};

use self::{
    Bearer::{Nothing, Text, Token},
    CallMethod::{Get, Post},
};

/// One thing that happens in the tutorial.
pub(super) enum Act {
    /// A client gets a token with these scopes; the calls after it carry it.
    Token {
        about: &'static str,
        /// The shell variable that stands for it.
        variable: &'static str,
        scope: &'static str,
        organization: Option<&'static str>,
    },
    Call(TutorialCall),
}

/// One request and its answer.
pub(super) struct TutorialCall {
    pub(super) about: &'static str,
    method: CallMethod,
    path: &'static str,
    pub(super) bearer: Bearer,
    status: u16,
    /// What `WWW-Authenticate` contains; the header is absent where this is empty.
    challenge: &'static [&'static str],
    /// What the body contains.
    body: &'static str,
}

enum CallMethod {
    Get,
    /// With a message to store.
    Post,
}

/// What a request carries to show who it is from.
pub(super) enum Bearer {
    Nothing,
    /// Something that is no token.
    Text(&'static str),
    /// The last token that was got.
    Token,
}

impl TutorialCall {
    pub(super) fn request(&self) -> Request {
        match self.method {
            Post => Request::post(self.path).json(r#"{"text":"Hello from the demo"}"#),
            Get => Request::get(self.path),
        }
    }

    /// How an answer differs from the tutorial's.
    pub(super) fn difference(&self, answer: &Response) -> Option<String> {
        if answer.status() != self.status {
            return Some(format!("status {}, not {}", answer.status(), self.status));
        }
        let challenge = answer.header("www-authenticate");
        let missing = |part: &&&str| !challenge.unwrap_or_default().contains(**part);
        if let Some(part) = self.challenge.iter().find(missing) {
            return Some(format!("WWW-Authenticate lacks {part}"));
        }
        if self.challenge.is_empty() && challenge.is_some() {
            return Some("a WWW-Authenticate header, where there should be none".to_owned());
        }
        let lacking = !answer.text().contains(self.body);
        lacking.then(|| format!("the body lacks {:?}", self.body))
    }
}

#[rustfmt::skip] // what is said, what is sent, what is answered: a line each
pub(super) const TUTORIAL: &[Act] = &[
    call("Anybody may call the public endpoint.",
        Get, "/api/public", Nothing,
        200, &[], "Hello from a public endpoint!"),
    call("The private one needs an access token. Without one: 401, and no error code, because nothing was wrong with a token.",
        Get, "/api/private", Nothing,
        401, &["Bearer realm="], "unauthorized"),
    call("Something that is no token: 401 again, this time with the reason.",
        Get, "/api/private", Text("not-a-token"),
        401, &["error=\"invalid_token\""], "invalid_token"),
    token("A client gets a token from the issuer, without any scope.", "NOBODY", "", None),
    call("The token is good, but the endpoint wants the scope read:messages: 403.",
        Get, "/api/private", Token,
        403, &["error=\"insufficient_scope\"", "scope=\"read:messages\""], "insufficient_scope"),
    token("A token with the scope read:messages.", "READER", "read:messages", None),
    call("Now it answers.",
        Get, "/api/private", Token,
        200, &[], "Hello from a private endpoint!"),
    call("The same token reads messages: there are none yet.",
        Get, "/api/messages", Token,
        200, &[], "[]"),
    call("It does not write them.",
        Post, "/api/messages", Token,
        403, &["error=\"insufficient_scope\"", "scope=\"write:messages\""], "insufficient_scope"),
    token("An administrator's token has both scopes.", "ADMIN", "read:messages write:messages", None),
    call("It writes.",
        Post, "/api/messages", Token,
        201, &[], "Hello from the demo"),
    call("And there it is.",
        Get, "/api/messages", Token,
        200, &[], "Hello from the demo"),
    call("Any valid token may ask who it belongs to.",
        Get, "/api/me", Token,
        200, &[], "write:messages"),
    token("A token of a member of the organization acme.", "MEMBER", "read:messages", Some("acme")),
    call("It reads the messages of its own organization: the policy compares the claim org_id with the path.",
        Get, "/api/orgs/acme/messages", Token,
        200, &[], "[]"),
    call("Not those of another: 403, and no scope would help.",
        Get, "/api/orgs/other/messages", Token,
        403, &["error=\"insufficient_scope\""], "insufficient_scope"),
    call("Clients find out where tokens come from (RFC 9728).",
        Get, "/.well-known/oauth-protected-resource", Nothing,
        200, &[], "authorization_servers"),
];

const fn call(
    about: &'static str,
    method: CallMethod,
    path: &'static str,
    bearer: Bearer,
    status: u16,
    challenge: &'static [&'static str],
    body: &'static str,
) -> Act {
    Act::Call(TutorialCall {
        about,
        method,
        path,
        bearer,
        status,
        challenge,
        body,
    })
}

const fn token(
    about: &'static str,
    variable: &'static str,
    scope: &'static str,
    organization: Option<&'static str>,
) -> Act {
    Act::Token {
        about,
        variable,
        scope,
        organization,
    }
}
