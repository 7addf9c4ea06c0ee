//! A development and test issuer of access tokens.
