//! One line of a table of requests.

use authz_testkit::TokenBuilder;
use blackbox::http::Request;

use super::super::mint::Mint;

/// One request, and what every server is expected to answer.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) expected: Expected,
    method: &'static str,
    target: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    json: Option<&'static str>,
    token: Token,
    /// How often it is sent, each time with a fresh token; the last answer counts.
    pub(crate) times: usize,
}

/// What the servers are expected to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// All of them, this status.
    Same(u16),
    /// What the difference of this name says.
    Differs(&'static str),
}

/// The token that `{token}` stands for.
#[derive(Debug)]
enum Token {
    Built(fn(&Mint) -> TokenBuilder),
    /// What cannot be built any more, because it is no token.
    Text(fn(&Mint) -> String),
}

/// `GET /api/private` without a token, until told otherwise.
pub(super) fn row(name: &'static str) -> Row {
    Row {
        name,
        expected: Expected::Same(401),
        method: "GET",
        target: "/api/private",
        headers: Vec::new(),
        json: None,
        token: Token::Built(Mint::reader),
        times: 1,
    }
}

impl Row {
    pub(super) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// `{token}` in it stands for the token.
    pub(super) fn target(self, target: &'static str) -> Self {
        Self { target, ..self }
    }

    /// One more header field; `{token}` in the value stands for the token.
    pub(super) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn authorization(self, value: &'static str) -> Self {
        self.header("Authorization", value)
    }

    pub(super) fn json(self, body: &'static str) -> Self {
        Self {
            json: Some(body),
            ..self
        }
    }

    /// A good token with the scope, sent as it should be.
    pub(super) fn reader(self) -> Self {
        self.authorization("Bearer {token}")
    }

    /// This token, sent as it should be.
    pub(super) fn token(self, token: fn(&Mint) -> TokenBuilder) -> Self {
        let token = Token::Built(token);
        Self { token, ..self }.reader()
    }

    /// This text in the place of a token.
    pub(super) fn text(self, text: fn(&Mint) -> String) -> Self {
        let token = Token::Text(text);
        Self { token, ..self }.reader()
    }

    pub(super) fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub(super) fn same(self, status: u16) -> Self {
        Self {
            expected: Expected::Same(status),
            ..self
        }
    }

    pub(super) fn differs(self, difference: &'static str) -> Self {
        Self {
            expected: Expected::Differs(difference),
            ..self
        }
    }

    /// The request with a fresh token in it.
    pub(crate) fn request(&self, mint: &Mint) -> Request {
        let token = match self.token {
            Token::Built(token) => token(mint).build(),
            Token::Text(text) => text(mint),
        };
        let fill = |template: &str| template.replace("{token}", &token);
        let mut request = Request::new(self.method, fill(self.target));
        for (name, value) in &self.headers {
            request = request.header(*name, fill(value));
        }
        match self.json {
            Some(body) => request.json(fill(body)),
            None => request,
        }
    }
}
