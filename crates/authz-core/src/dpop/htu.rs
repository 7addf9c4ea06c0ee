//! Compares addresses as RFC 3986 sections 6.2.2 and 6.2.3 normalize them.

/// Returns the address of a proof without query and fragment (RFC 9449 section 4.3), or `None` if it is not an
/// absolute http or https URL, or has user information.
pub(super) fn normalize(htu: &str) -> Option<String> {
    let end = htu.find(['?', '#']).unwrap_or(htu.len());
    let (origin, path) = split(htu.get(..end)?)?;
    let mut address = normal_origin(origin)?;
    push_path(&mut address, path)?;
    Some(address)
}

/// Splits a URL before its path.
pub(super) fn split(url: &str) -> Option<(&str, &str)> {
    let authority = url.find("://")? + 3;
    let path = url.get(authority..)?.find('/');
    Some(url.split_at(path.map_or(url.len(), |it| authority + it)))
}

/// Returns scheme, host and port in lower case, without the scheme's own port.
pub(super) fn normal_origin(origin: &str) -> Option<String> {
    let (scheme, authority) = origin.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match &*scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    // An IPv6 address has colons, but only inside of its brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let is_forbidden = |byte| matches!(byte, b'@' | b'\\' | b'?' | b'#');
    if host.is_empty() || host.bytes().any(is_forbidden) {
        return None;
    }
    let mut normal = scheme + "://";
    push_escaped(&mut normal, host, |byte| byte.to_ascii_lowercase())?;
    if !port.is_empty() {
        let is_number = port.bytes().all(|it| it.is_ascii_digit());
        let port: u16 = port.parse().ok().filter(|_| is_number)?;
        if port != default_port {
            normal.push_str(&format!(":{port}"));
        }
    }
    Some(normal)
}

/// Appends a path without dot segments. Letter case, `%2F`, doubled slashes and a slash at the end stay.
pub(super) fn push_path(address: &mut String, path: &str) -> Option<()> {
    let mut normal = String::with_capacity(path.len());
    push_escaped(&mut normal, path, |byte| byte)?;
    if !normal.contains("/.") {
        address.push_str(if normal.is_empty() { "/" } else { &normal });
        return Some(());
    }
    // RFC 3986 section 5.2.4.
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = normal.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." => {}
            ".." => drop(segments.pop()),
            part => {
                segments.push(part);
                continue;
            }
        }
        // A dot segment at the end leaves its slash.
        if is_last {
            segments.push("");
        }
    }
    for segment in &segments {
        address.push('/');
        address.push_str(segment);
    }
    if segments.is_empty() {
        address.push('/');
    }
    Some(())
}

/// Appends text with unreserved characters decoded and other escapes in upper case (RFC 3986 section 6.2.2).
/// Returns `None` for characters that no URI has, and for a `%` without two digits.
fn push_escaped(into: &mut String, text: &str, change: impl Fn(u8) -> u8) -> Option<()> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if !byte.is_ascii_graphic() {
            return None;
        }
        if byte != b'%' {
            into.push(char::from(change(byte)));
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let escaped = (digit()? << 4 | digit()?) as u8;
        match escaped {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(change(escaped)));
            }
            _ => into.push_str(&format!("%{escaped:02X}")),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_and_unequal_addresses() {
        const REQUEST: &str = "https://api.example/v1/messages";
        for htu in [
            REQUEST,
            "HTTPS://api.example/v1/messages",
            "https://API.Example/v1/messages",
            "https://api.example:443/v1/messages",
            "https://api.example:/v1/messages",
            "https://api.example:0443/v1/messages",
            "https://api.example/v1/messages?x=/y",
            "https://api.example/v1/messages?",
            "https://api.example/v1/messages#x?y",
            "https://api.example/v1/./messages",
            "https://api.example/v1/x/../messages",
            "https://api.example/../v1/messages",
            "https://api.example/v1/%6Dess%61ges",
            "https://api.example/v1/%2e/messages",
            "https://api.example/v1/x/%2E%2e/messages",
            "https://%61pi.example/v1/messages",
        ] {
            assert_eq!(normalize(htu).as_deref(), Some(REQUEST), "{htu}");
        }
        for htu in [
            "http://api.example/v1/messages",
            "https://api.example:80/v1/messages",
            "https://api.example:8443/v1/messages",
            "https://api.example.evil/v1/messages",
            "https://evil/api.example/v1/messages",
            "https://user@api.example/v1/messages",
            "https://:@api.example/v1/messages",
            "https://api.example/V1/messages",
            "https://api.example/v1/messages/",
            "https://api.example/v1//messages",
            "https://api.example//v1/messages",
            "https://api.example/v1%2Fmessages",
            "https://api.example/v1/messages%3Fx",
            "https://api.example/v1/messages%00",
            "https://api.example/v1/messages;x",
            "https://api.example/v1/messages/.",
            "https://api.example/v1/messages/x/..",
            "https://api.example/v1/messages%",
            "https://api.example/v1/messages%2",
            "https://api.example/v1/messages%+1",
            "https://api.example:x/v1/messages",
            "https://api.example:+443/v1/messages",
            "https://api.example:99999/v1/messages",
            "https://api.example?/v1/messages",
            "https://api.example\\@evil/v1/messages",
            "https:///v1/messages",
            "https:/api.example/v1/messages",
            "//api.example/v1/messages",
            "/v1/messages",
            "api.example/v1/messages",
            "ftp://api.example/v1/messages",
            " https://api.example/v1/messages",
            "https://api.example/v1/messages ",
            "https://api.example/v1/m\u{e9}ssages",
            "",
        ] {
            assert_ne!(normalize(htu).as_deref(), Some(REQUEST), "{htu}");
        }
    }

    #[test]
    fn normal_forms() {
        for (htu, normal) in [
            ("https://a.example", "https://a.example/"),
            ("https://a.example?q", "https://a.example/"),
            ("https://a.example/a/b/c/./../../g", "https://a.example/a/g"),
            ("https://a.example/a/..", "https://a.example/"),
            ("https://a.example/a/.", "https://a.example/a/"),
            ("https://a.example/a//..", "https://a.example/a/"),
            ("https://a.example/.a/..b", "https://a.example/.a/..b"),
            (
                "https://a.example/a%2fb%C3%a9",
                "https://a.example/a%2Fb%C3%A9",
            ),
            ("http://[::1]:80/", "http://[::1]/"),
            ("http://[FE80::1]:8080/x", "http://[fe80::1]:8080/x"),
        ] {
            assert_eq!(normalize(htu).as_deref(), Some(normal), "{htu}");
        }
    }
}
