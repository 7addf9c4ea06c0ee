/// Whether tokens of an issuer may or must be bound to a client certificate (RFC 8705 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MutualTls {
    /// Tokens that are bound to a certificate are rejected.
    #[default]
    Off,
    /// A token that is bound to a certificate needs this certificate. Others need none.
    Accepted,
    /// Every token must be bound to a certificate.
    Required,
}
