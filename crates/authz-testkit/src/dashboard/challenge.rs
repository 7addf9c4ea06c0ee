//! `WWW-Authenticate`, taken apart (RFC 9110 section 11.6.1).

use serde_json::{Value, json};

/// Returns the challenges of one header value.
pub(super) fn parse(value: &str) -> Vec<Value> {
    let mut challenges: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for element in split(value) {
        let (first, rest) = match element.split_once([' ', '\t']) {
            // `Bearer realm="..."` begins a challenge; `error="..."` continues one.
            Some((scheme, rest)) if !scheme.contains('=') => (Some(scheme), rest.trim()),
            None if !element.contains('=') => (Some(element), ""),
            _ => (None, element),
        };
        if let Some(scheme) = first {
            challenges.push((scheme.to_owned(), Vec::new()));
        }
        if let (Some((name, text)), Some((_, parameters))) =
            (rest.split_once('='), challenges.last_mut())
        {
            parameters.push((name.trim().to_owned(), unquoted(text.trim())));
        }
    }
    challenges
        .into_iter()
        .map(|(scheme, parameters)| json!({ "scheme": scheme, "parameters": parameters }))
        .collect()
}

/// Splits at commas outside of quotes.
fn split(value: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let separators = value.split(move |character| {
        let separates = character == ',' && !quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    });
    separators
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect()
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut escaped = false;
    let is_text = |character: &char| {
        escaped = *character == '\\' && !escaped;
        !escaped
    };
    inner.chars().filter(is_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let bearer =
            |parameters: &[(&str, &str)]| json!({ "scheme": "Bearer", "parameters": parameters });
        for (value, expected) in [
            ("Bearer", vec![bearer(&[])]),
            (
                r#"Bearer realm="a, \"b\"", error="invalid_token""#,
                vec![bearer(&[("realm", "a, \"b\""), ("error", "invalid_token")])],
            ),
            (
                r#"Bearer scope="read write", DPoP algs="ES256", error=x"#,
                vec![
                    bearer(&[("scope", "read write")]),
                    json!({ "scheme": "DPoP", "parameters": [("algs", "ES256"), ("error", "x")] }),
                ],
            ),
            ("", vec![]),
        ] {
            assert_eq!(parse(value), expected, "{value}");
        }
    }
}
