/// An issuer with one placeholder.
#[derive(Debug)]
pub(super) struct Pattern {
    before: String,
    after: String,
    /// Whether the placeholder matches dots.
    dots: bool,
}

impl Pattern {
    pub(super) fn parse(pattern: &str, dots: bool) -> Option<Self> {
        let (before, rest) = pattern.split_once('{')?;
        let (name, after) = rest.split_once('}')?;
        let braces = |text: &str| text.contains(['{', '}']);
        if name.is_empty() || braces(name) || braces(before) || braces(after) {
            return None;
        }
        // A part of a label or segment would match names that an attacker can choose.
        let begins = before.ends_with(['/', '.']);
        let ends = after.is_empty() || after.starts_with(['/', '.']);
        let authority = before.split_once("://").map_or(before, |(_, rest)| rest);
        let in_host = !authority.contains(['/', '?', '#']);
        // Without the provider's domain, anyone could register a matching host name.
        let domain = (after.strip_prefix('.'))
            .is_some_and(|domain| domain.starts_with(|first: char| first.is_ascii_alphanumeric()));
        let host_is_open = in_host && !domain;
        let pattern = Self {
            before: before.to_owned(),
            after: after.to_owned(),
            dots,
        };
        (begins && ends && !host_is_open).then_some(pattern)
    }

    pub(super) fn captures<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let tenant = iss
            .strip_prefix(&*self.before)?
            .strip_suffix(&*self.after)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // Dots at the ends or side by side would form another path or an invalid host name.
        let fits = |part: &str| !part.is_empty() && part.bytes().all(plain);
        let fits_all = if self.dots {
            tenant.split('.').all(fits)
        } else {
            fits(tenant)
        };
        (tenant.len() <= 128 && fits_all).then_some(tenant)
    }

    pub(super) fn example(&self) -> String {
        format!("{}example{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_one_open_place_that_is_a_whole_label_or_segment() {
        for (pattern, fine) in [
            ("https://login.example/{tenant}/v2.0", true),
            ("https://login.example/{tenant}", true),
            ("https://{tenant}.login.example/", true),
            ("https://login.example/", false),
            ("https://login.example/{}", false),
            ("https://login.example/{a}/{b}", false),
            ("https://login.example/x{tenant}", false),
            ("https://login.example/{tenant}x", false),
            ("https://{tenant}", false),
            ("https://{tenant}/", false),
            ("https://login{tenant}.example/", false),
            // The placeholder ends the host name: anyone's domain would match.
            ("https://login.{tenant}/", false),
            ("https://login.{tenant}", false),
            ("https://login.{tenant}./", false),
            ("https://{tenant}./", false),
            ("https://{tenant}.:8443/", false),
            ("https://{tenant}..example/", false),
            ("https://login.{tenant}.example/", true),
            ("https://{tenant}.example:8443/", true),
            ("https://login.example:8443/{tenant}/", true),
            ("https://login.example/a.{tenant}/b", true),
            ("{tenant}", false),
        ] {
            assert_eq!(Pattern::parse(pattern, false).is_some(), fine, "{pattern}");
        }
    }

    #[test]
    fn only_plain_names_fit() {
        let pattern = Pattern::parse("https://{tenant}.login.example/", false).unwrap();
        for (iss, tenant) in [
            ("https://acme.login.example/", Some("acme")),
            ("https://acme-2_x.login.example/", Some("acme-2_x")),
            ("https://acme.login.example", None),
            ("http://acme.login.example/", None),
            ("https://.login.example/", None),
            ("https://a.b.login.example/", None),
            ("https://evil.example/.login.example/", None),
            ("https://evil.example?.login.example/", None),
            ("https://evil@x.login.example/", None),
            ("https://evil#.login.example/", None),
            ("https://\u{430}cme.login.example/", None),
            ("https://acme.login.example/x", None),
            ("xhttps://acme.login.example/", None),
        ] {
            assert_eq!(pattern.captures(iss), tenant, "{iss}");
        }
    }

    #[test]
    fn dots_fit_where_the_pattern_says_so_and_nowhere_near_each_other() {
        let pattern = Pattern::parse("https://login.example/{tenant}/v2.0", true).unwrap();
        for (name, fits) in [
            ("acme", true),
            ("acme.com", true),
            ("a.b.c", true),
            (".", false),
            ("..", false),
            (".acme", false),
            ("acme.", false),
            ("a..b", false),
            ("a/b", false),
            ("a%2eb", false),
        ] {
            let iss = format!("https://login.example/{name}/v2.0");
            assert_eq!(pattern.captures(&iss).is_some(), fits, "{name}");
        }
    }
}
