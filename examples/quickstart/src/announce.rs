use std::{
    io::{self, Write},
    net::SocketAddr,
};

use authz_testkit::DevIssuer;

use crate::embedded;

/// Prints where the server listens, and how to try it where it has its own issuer.
///
/// `listening on` is the line that scripts wait for. The last line works when pasted, in any shell:
/// double quotes are quotes in all of them.
pub(crate) fn announce(
    out: &mut impl Write,
    listening: SocketAddr,
    issuer: Option<&DevIssuer>,
) -> io::Result<()> {
    writeln!(out, "listening on http://{listening}")?;
    if let Some(issuer) = issuer {
        let token = embedded::token(issuer);
        let base = embedded::base_url(listening);
        writeln!(out, "development issuer {}", issuer.issuer())?;
        writeln!(out, "try it:")?;
        writeln!(
            out,
            r#"curl -H "Authorization: Bearer {token}" {base}/api/private"#
        )?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(issuer: Option<&DevIssuer>) -> String {
        let mut out = Vec::new();
        announce(&mut out, "127.0.0.1:3010".parse().unwrap(), issuer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_where_the_issuer_is_elsewhere() {
        assert_eq!(printed(None), "listening on http://127.0.0.1:3010\n");
    }

    #[tokio::test]
    async fn with_the_issuer_and_a_line_to_paste() {
        let issuer = DevIssuer::start().await;
        let printed = printed(Some(&issuer));
        let lines: Vec<&str> = printed.lines().collect();
        let [listening, named, _, curl] = lines[..] else {
            panic!("{printed}");
        };
        assert_eq!(listening, "listening on http://127.0.0.1:3010");
        assert_eq!(named, format!("development issuer {}", issuer.issuer()));
        let token = curl
            .strip_prefix(r#"curl -H "Authorization: Bearer "#)
            .and_then(|rest| rest.strip_suffix(r#"" http://127.0.0.1:3010/api/private"#));
        assert_eq!(
            token.map(|token| token.split('.').count()),
            Some(3),
            "{curl}"
        );
    }
}
