/// One key, parsed for one algorithm.
pub(crate) trait SignatureCheck: Send + Sync {
    /// Whether `signature`, in its JOSE form, is this key's over `message`.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}
