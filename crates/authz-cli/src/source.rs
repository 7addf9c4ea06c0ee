//! Tokens and other texts from a file or stdin: never from an argument, which other users of the machine
//! and the shell's history can read.

use std::{
    fs,
    io::{self, Read as _},
};

use anyhow::Context as _;

/// Reads `path`, or stdin if it is `-`. White space around the text is removed.
pub(crate) fn read(path: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    if path == "-" {
        io::stdin()
            .read_to_string(&mut text)
            .context("stdin can't be read")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("{path:?} can't be read"))?;
    }
    Ok(text.trim().to_owned())
}

/// A token as people save it: alone, after `Bearer`, or in the answer of a token endpoint.
pub(crate) fn token(path: &str) -> anyhow::Result<String> {
    let text = read(path)?;
    if let Ok(answer) = serde_json::from_str::<serde_json::Value>(&text)
        && let Some(token) = answer["access_token"].as_str()
    {
        return Ok(token.to_owned());
    }
    let bearer = text
        .get(..7)
        .filter(|it| it.eq_ignore_ascii_case("Bearer "));
    Ok(text
        .get(bearer.map_or(0, str::len)..)
        .unwrap_or_default()
        .trim()
        .to_owned())
}
