/// A key, parsed for one algorithm.
pub(crate) trait SignatureCheck: Send + Sync {
    /// Returns `true` if `signature`, in its JOSE form, is valid for `message`.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}
