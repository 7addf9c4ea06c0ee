use authz_core::Challenge;
use http::HeaderValue;

use super::grammar;

const NAMES: [&str; 6] = [
    "realm",
    "error",
    "error_description",
    "scope",
    "resource_metadata",
    "acr_values",
];

/// The values of a challenge's parameters, separated by NUL. What is written reads back, but for
/// the characters that no header holds.
pub fn challenge(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let values: Vec<_> = text.split('\0').take(NAMES.len()).collect();
    let written = NAMES
        .into_iter()
        .zip(&values)
        .fold(Challenge::bearer(), |challenge, (name, value)| {
            challenge.with(name, value)
        })
        .to_string();
    assert!(HeaderValue::from_str(&written).is_ok());
    assert!(!written.contains(['\r', '\n']));
    let expected: Vec<_> = NAMES
        .into_iter()
        .zip(&values)
        .map(|(name, value)| (name.to_owned(), grammar::kept(value)))
        .collect();
    assert_eq!(
        grammar::parse(&written),
        Some(("Bearer".to_owned(), expected))
    );
}
