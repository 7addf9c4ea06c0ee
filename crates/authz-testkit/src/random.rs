use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Returns `length` random bytes.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("the system provides randomness");
    bytes
}

/// Returns a unique `kid` or `jti`: 20 characters of base64url.
pub(crate) fn identifier() -> String {
    URL_SAFE_NO_PAD.encode(bytes(15))
}
