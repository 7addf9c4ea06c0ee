//! `WWW-Authenticate: Bearer name="value", ...`, read strictly.

use std::collections::BTreeMap;

/// The parameters of a Bearer challenge, by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Reads one Bearer challenge (RFC 9110 section 11.6.1), every value a quoted string.
pub(crate) fn parse(header: &str) -> Result<Parameters, String> {
    let mut rest = header
        .strip_prefix("Bearer ")
        .ok_or_else(|| format!("not a Bearer challenge: {header}"))?;
    let mut parameters = Parameters::new();
    loop {
        let (name, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("no name=\"value\" at {rest:?}"))?;
        let token = |c: char| c.is_ascii_lowercase() || c == '_';
        if name.is_empty() || !name.chars().all(token) {
            return Err(format!("{name:?} is no parameter's name"));
        }
        let (value, after) = quoted(after)?;
        if parameters.insert(name.to_owned(), value).is_some() {
            return Err(format!("{name} stands twice"));
        }
        if after.is_empty() {
            return Ok(parameters);
        }
        rest = after
            .strip_prefix(", ")
            .ok_or_else(|| format!("no comma at {after:?}"))?;
    }
}

/// The value up to the closing quote, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            ' '..='~' => value.push(character),
            other => return Err(format!("{other:?} in a quoted string")),
        }
    }
    Err(format!("a quoted string does not end: {text:?}"))
}

#[test]
fn challenges_are_read_strictly() {
    let parameters = parse(r#"Bearer realm="a\"b", error="c""#).unwrap();
    assert_eq!(parameters["realm"], "a\"b");
    assert_eq!(parameters["error"], "c");
    for broken in [
        "Bearer",
        "bearer realm=\"a\"",
        "Bearer realm=a",
        "Bearer realm=\"a",
        "Bearer realm=\"a\" error=\"b\"",
        "Bearer realm=\"a\", realm=\"b\"",
        "Bearer realm=\"\u{e9}\"",
    ] {
        assert!(parse(broken).is_err(), "{broken}");
    }
}
