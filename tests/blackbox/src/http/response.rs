//! An answer, taken apart.

use std::fmt;

use super::HttpError;

/// An answer, its body with any chunked coding removed.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    status_line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    /// Takes apart all that came over a connection.
    ///
    /// # Errors
    ///
    /// When it is not an HTTP/1.1 answer or is cut off.
    pub fn parse(bytes: &[u8], head_only: bool) -> Result<Self, HttpError> {
        let end = find(bytes, b"\r\n\r\n").ok_or(HttpError::Malformed("its head does not end"))?;
        let (head, rest) = (&bytes[..end], &bytes[end + 4..]);
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default().to_owned();
        let status = status_line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .ok_or(HttpError::Malformed("its first line is no status line"))?;
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect::<Option<_>>()
            .ok_or(HttpError::Malformed("a header line has no colon"))?;
        let mut response = Self {
            status,
            status_line,
            headers,
            body: Vec::new(),
        };
        if !head_only {
            response.body = response.body(rest)?;
        }
        Ok(response)
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first line, `HTTP/1.1 200 OK`.
    #[must_use]
    pub fn status_line(&self) -> &str {
        &self.status_line
    }

    /// The headers in their order, names in lower case.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// All values of this header.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.headers.iter();
        fields
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first value of this header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        Some(&field.1)
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn body(&self, rest: &[u8]) -> Result<Vec<u8>, HttpError> {
        const CUT_OFF: HttpError = HttpError::Malformed("its body is cut off");
        if let Some(coding) = self.header("transfer-encoding") {
            return match coding.eq_ignore_ascii_case("chunked") {
                true => unchunk(rest),
                false => Err(HttpError::Malformed("its transfer coding is not chunked")),
            };
        }
        match self.header("content-length") {
            Some(length) => {
                let length: usize = length
                    .parse()
                    .map_err(|_| HttpError::Malformed("its content length is no number"))?;
                Ok(rest.get(..length).ok_or(CUT_OFF)?.to_owned())
            }
            // The body goes on until the connection closes (RFC 9112 section 6.3).
            None => Ok(rest.to_owned()),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status_line)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", self.text())
    }
}

/// RFC 9112 section 7.1.
fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>, HttpError> {
    const BROKEN: HttpError = HttpError::Malformed("its chunks are broken or cut off");
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n").ok_or(BROKEN)?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| BROKEN)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| BROKEN)?;
        if size == 0 {
            return Ok(body);
        }
        rest = &rest[end + 2..];
        body.extend(rest.get(..size).ok_or(BROKEN)?);
        rest = rest.get(size..).ok_or(BROKEN)?;
        rest = rest.strip_prefix(b"\r\n").ok_or(BROKEN)?;
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|part| part == needle)
}

#[cfg(test)]
mod tests {
    use super::Response;

    #[test]
    fn answers() {
        let parse = |bytes: &str| Response::parse(bytes.as_bytes(), false);
        let plain =
            parse("HTTP/1.1 401 Unauthorized\r\nA: 1\r\na: 2\r\nContent-Length: 2\r\n\r\nhi")
                .unwrap();
        assert_eq!(plain.status(), 401);
        assert_eq!(plain.header_values("A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(plain.text(), "hi");
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().text(), "hello");
        for broken in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nh",
        ] {
            assert!(parse(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn head_has_no_body_whatever_its_length() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n";
        assert_eq!(Response::parse(answer, true).unwrap().text(), "");
    }
}
