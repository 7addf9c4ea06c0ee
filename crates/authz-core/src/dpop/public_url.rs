use super::htu::{normal_origin, push_path, split};
use crate::{
    issuer::{BuildError, BuildErrorKind},
    untrusted::Excerpt,
};

/// The addresses under which clients know this API.
#[derive(Debug)]
pub(super) struct PublicUrls(Vec<PublicUrl>);

#[derive(Debug)]
struct PublicUrl {
    /// The beginning of a request's path that the address replaces, without a slash at its end.
    prefix: String,
    origin: String,
    /// The address's own path, without a slash at its end.
    path: String,
}

impl PublicUrls {
    pub(super) fn new(urls: Vec<(String, String)>) -> Result<Self, BuildError> {
        let mut parsed = Vec::with_capacity(urls.len());
        for (prefix, url) in urls {
            if !(prefix.is_empty() || prefix.starts_with('/')) {
                return Err(BuildError::setting(format!(
                    "{} is not the beginning of a path: write it with a slash, as in \"/v1\"",
                    Excerpt(&prefix)
                )));
            }
            let prefix = prefix.trim_end_matches('/').to_owned();
            parsed.push(PublicUrl::parse(prefix, &url).ok_or_else(|| wrong(&url))?);
        }
        parsed.sort_by_key(|it| std::cmp::Reverse(it.prefix.len()));
        Ok(Self(parsed))
    }

    /// Returns the normalized address of a request, or `None` for a path that no URL has.
    pub(super) fn address(&self, path: &str) -> Option<String> {
        let (url, rest) = self.0.iter().find_map(|url| {
            let rest = path.strip_prefix(&*url.prefix)?;
            (rest.is_empty() || rest.starts_with('/') || url.prefix.is_empty())
                .then_some((url, rest))
        })?;
        // `OPTIONS *` is about the server as a whole.
        let rest = if rest == "*" { "" } else { rest };
        let mut address = url.origin.clone();
        push_path(&mut address, &[&url.path, rest].concat())?;
        Some(address)
    }
}

impl PublicUrl {
    fn parse(prefix: String, url: &str) -> Option<Self> {
        let (origin, path) = split(url)?;
        let mut normal = String::new();
        push_path(&mut normal, path)?;
        let is_whole = !url.contains(['?', '#']);
        is_whole.then_some(Self {
            prefix,
            origin: normal_origin(origin)?,
            path: normal.trim_end_matches('/').to_owned(),
        })
    }
}

fn wrong(url: &str) -> BuildError {
    BuildError::new(
        BuildErrorKind::InvalidSetting,
        format!(
            "the public URL {} is not an absolute https or http URL without query, fragment and user: give the address that clients use, as with `DpopProofs::for_public_url(\"https://api.example\")`",
            Excerpt(url)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(urls: &[(&str, &str)]) -> Result<PublicUrls, BuildError> {
        let owned = |(prefix, url): &(&str, &str)| ((*prefix).to_owned(), (*url).to_owned());
        PublicUrls::new(urls.iter().map(owned).collect())
    }

    #[test]
    fn the_longest_prefix_selects_the_address() {
        let urls = urls(&[
            ("", "https://API.example:443/base/"),
            ("/internal", "https://internal.example"),
            ("/internal/v1/", "https://v1.example/x"),
        ])
        .unwrap();
        for (path, address) in [
            ("/", "https://api.example/base/"),
            ("*", "https://api.example/base"),
            ("", "https://api.example/base"),
            ("/a/%62", "https://api.example/base/a/b"),
            ("/a/", "https://api.example/base/a/"),
            ("/../a", "https://api.example/a"),
            ("/internally", "https://api.example/base/internally"),
            ("/internal", "https://internal.example/"),
            ("/internal/", "https://internal.example/"),
            ("/internal/v1", "https://v1.example/x"),
            ("/internal/v1/a", "https://v1.example/x/a"),
            ("/internal/v2", "https://internal.example/v2"),
        ] {
            assert_eq!(urls.address(path).as_deref(), Some(address), "{path}");
        }
        assert_eq!(urls.address("/%zz"), None);
    }

    #[test]
    fn a_wrong_address_says_what_to_give() {
        for (prefix, url) in [
            ("", "api.example"),
            ("", "ftp://api.example"),
            ("", "https://"),
            ("", "https://me@api.example"),
            ("", "https://api.example?x"),
            ("", "https://api.example/#x"),
            ("v1", "https://api.example"),
        ] {
            let error = urls(&[(prefix, url)]).unwrap_err();
            assert_eq!(error.kind(), BuildErrorKind::InvalidSetting, "{url}");
        }
    }
}
