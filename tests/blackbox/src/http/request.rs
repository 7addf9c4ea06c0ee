//! A request as it goes over the wire.

use std::{fmt::Write as _, net::SocketAddr};

use super::{Connection, HttpError, Response};

/// A request, kept as the bytes that will be sent.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<String>,
}

impl Request {
    /// Any method.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// A `GET` of this path and query.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// A `POST` to this path and query.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// One more header field, also when one of this name is there already.
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// `Authorization: Bearer TOKEN`.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        let value = format!("Bearer {}", token.as_ref());
        self.header("Authorization", value)
    }

    /// A body of JSON text.
    pub fn json(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", "application/json")
    }

    /// A body of form fields, already encoded.
    pub fn form(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", "application/x-www-form-urlencoded")
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Sends it on a connection of its own and reads the answer.
    ///
    /// # Errors
    ///
    /// When there is no answer, or one that is not HTTP.
    pub fn send(&self, address: SocketAddr) -> Result<Response, HttpError> {
        let mut connection = Connection::open(address)?;
        let sent = connection.send(&self.to_bytes(address));
        // A server may answer and close before it has read everything, and then the answer is
        // what counts.
        match connection.receive(self.method == "HEAD") {
            Ok(response) => Ok(response),
            Err(error) => Err(sent.err().unwrap_or(error)),
        }
    }

    /// The head and body as sent to this address.
    #[must_use]
    pub fn to_bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            bytes.extend(name.as_bytes());
            bytes.extend(b": ");
            bytes.extend(value);
            bytes.extend(b"\r\n");
        };
        let given = |wanted: &str| {
            let mut names = self.headers.iter().map(|(name, _)| name);
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        if !given("Host") {
            line("Host", address.to_string().as_bytes());
        }
        if !given("Connection") {
            line("Connection", b"close");
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        if let Some(body) = &self.body
            && !given("Content-Length")
        {
            line("Content-Length", body.len().to_string().as_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(self.body.as_deref().unwrap_or_default().as_bytes());
        bytes
    }

    /// The same request as a line for a shell.
    #[must_use]
    pub fn to_curl(&self, base_url: &str) -> String {
        let mut line = "curl -i".to_owned();
        match self.method.as_str() {
            "GET" => {}
            "HEAD" => line = "curl -I".to_owned(),
            // curl chooses POST by itself when there is a body.
            "POST" if self.body.is_some() => {}
            method => {
                let _ = write!(line, " -X {method}");
            }
        }
        let _ = write!(line, " {}", quoted(&format!("{base_url}{}", self.target)));
        for (name, value) in &self.headers {
            let header = format!("{name}: {}", String::from_utf8_lossy(value));
            let _ = write!(line, " -H {}", quoted(&header));
        }
        if let Some(body) = &self.body {
            let _ = write!(line, " -d {}", quoted(body));
        }
        line
    }
}

/// One word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn bytes_are_as_written() {
        let request = Request::get("/a?b")
            .header("authorization", "bearer  x")
            .header("authorization", b"\xff");
        let bytes = request.to_bytes(([127, 0, 0, 1], 80).into());
        assert_eq!(
            bytes,
            b"GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\n\
              authorization: bearer  x\r\nauthorization: \xff\r\n\r\n"
        );
    }

    #[test]
    fn bodies_have_a_length() {
        let request = Request::post("/").json("{}");
        let bytes = request.to_bytes(([127, 0, 0, 1], 80).into());
        assert!(bytes.ends_with(b"Content-Length: 2\r\n\r\n{}"));
    }

    #[test]
    fn curl_lines_survive_a_shell() {
        let request = Request::post("/api/messages")
            .bearer("t0")
            .json(r#"{"text":"it's"}"#);
        assert_eq!(
            request.to_curl("http://127.0.0.1:3010"),
            r#"curl -i http://127.0.0.1:3010/api/messages -H 'Authorization: Bearer t0' -H 'Content-Type: application/json' -d '{"text":"it'\''s"}'"#
        );
        assert_eq!(
            Request::new("HEAD", "/a?b=c").to_curl("http://h"),
            "curl -I 'http://h/a?b=c'"
        );
    }
}
