//! The protected API of the tutorial.
fn main() {}
