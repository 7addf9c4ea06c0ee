//! The tutorial's requests in their order, and what it says about their answers.

use blackbox::http::{Request, Response};

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
    Call(Call),
}

/// One request and its answer.
pub(super) struct Call {
    pub(super) about: &'static str,
    pub(super) path: &'static str,
    /// The JSON to post; without it the path is got.
    pub(super) post: Option<&'static str>,
    pub(super) bearer: Bearer,
    pub(super) status: u16,
    /// What `WWW-Authenticate` contains; the header is absent where this is empty.
    pub(super) challenge: &'static [&'static str],
    /// What the body contains.
    pub(super) body: &'static str,
}

/// What a request carries to show who it is from.
pub(super) enum Bearer {
    Nothing,
    /// Something that is no token.
    Text(&'static str),
    /// The last token that was got.
    Token,
}

impl Call {
    pub(super) fn request(&self) -> Request {
        match self.post {
            Some(json) => Request::post(self.path).json(json),
            None => Request::get(self.path),
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

pub(super) const TUTORIAL: &[Act] = &[
    Act::Call(Call {
        about: "Anybody may call the public endpoint.",
        path: "/api/public",
        post: None,
        bearer: Bearer::Nothing,
        status: 200,
        challenge: &[],
        body: "Hello from a public endpoint!",
    }),
    Act::Call(Call {
        about: "The private one needs an access token. Without one: 401, and no error code, \
                because nothing was wrong with a token.",
        path: "/api/private",
        post: None,
        bearer: Bearer::Nothing,
        status: 401,
        challenge: &["Bearer realm="],
        body: "unauthorized",
    }),
    Act::Call(Call {
        about: "Something that is no token: 401 again, this time with the reason.",
        path: "/api/private",
        post: None,
        bearer: Bearer::Text("not-a-token"),
        status: 401,
        challenge: &["error=\"invalid_token\""],
        body: "invalid_token",
    }),
    Act::Token {
        about: "A client gets a token from the issuer, without any scope.",
        variable: "NOBODY",
        scope: "",
        organization: None,
    },
    Act::Call(Call {
        about: "The token is good, but the endpoint wants the scope read:messages: 403.",
        path: "/api/private",
        post: None,
        bearer: Bearer::Token,
        status: 403,
        challenge: &["error=\"insufficient_scope\"", "scope=\"read:messages\""],
        body: "insufficient_scope",
    }),
    Act::Token {
        about: "A token with the scope read:messages.",
        variable: "READER",
        scope: "read:messages",
        organization: None,
    },
    Act::Call(Call {
        about: "Now it answers.",
        path: "/api/private",
        post: None,
        bearer: Bearer::Token,
        status: 200,
        challenge: &[],
        body: "Hello from a private endpoint!",
    }),
    Act::Call(Call {
        about: "The same token reads messages: there are none yet.",
        path: "/api/messages",
        post: None,
        bearer: Bearer::Token,
        status: 200,
        challenge: &[],
        body: "[]",
    }),
    Act::Call(Call {
        about: "It does not write them.",
        path: "/api/messages",
        post: Some(r#"{"text":"Hello from the demo"}"#),
        bearer: Bearer::Token,
        status: 403,
        challenge: &["error=\"insufficient_scope\"", "scope=\"write:messages\""],
        body: "insufficient_scope",
    }),
    Act::Token {
        about: "An administrator's token has both scopes.",
        variable: "ADMIN",
        scope: "read:messages write:messages",
        organization: None,
    },
    Act::Call(Call {
        about: "It writes.",
        path: "/api/messages",
        post: Some(r#"{"text":"Hello from the demo"}"#),
        bearer: Bearer::Token,
        status: 201,
        challenge: &[],
        body: "Hello from the demo",
    }),
    Act::Call(Call {
        about: "And there it is.",
        path: "/api/messages",
        post: None,
        bearer: Bearer::Token,
        status: 200,
        challenge: &[],
        body: "Hello from the demo",
    }),
    Act::Call(Call {
        about: "Any valid token may ask who it belongs to.",
        path: "/api/me",
        post: None,
        bearer: Bearer::Token,
        status: 200,
        challenge: &[],
        body: "write:messages",
    }),
    Act::Token {
        about: "A token of a member of the organization acme.",
        variable: "MEMBER",
        scope: "read:messages",
        organization: Some("acme"),
    },
    Act::Call(Call {
        about: "It reads the messages of its own organization: the policy compares the claim org_id \
                with the path.",
        path: "/api/orgs/acme/messages",
        post: None,
        bearer: Bearer::Token,
        status: 200,
        challenge: &[],
        body: "[]",
    }),
    Act::Call(Call {
        about: "Not those of another: 403, and no scope would help.",
        path: "/api/orgs/other/messages",
        post: None,
        bearer: Bearer::Token,
        status: 403,
        challenge: &["error=\"insufficient_scope\""],
        body: "insufficient_scope",
    }),
    Act::Call(Call {
        about: "Clients find out where tokens come from (RFC 9728).",
        path: "/.well-known/oauth-protected-resource",
        post: None,
        bearer: Bearer::Nothing,
        status: 200,
        challenge: &[],
        body: "authorization_servers",
    }),
];
