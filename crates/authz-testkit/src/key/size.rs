/// The sizes of RSA keys that every backend can generate.
#[derive(Clone, Copy)]
pub(super) enum RsaSize {
    Bits2048,
    Bits3072,
    Bits4096,
    Bits8192,
}

impl RsaSize {
    /// # Panics
    ///
    /// If `bits` is another number.
    pub(super) fn of(bits: u32) -> Self {
        match bits {
            2048 => Self::Bits2048,
            3072 => Self::Bits3072,
            4096 => Self::Bits4096,
            8192 => Self::Bits8192,
            _ => panic!("an RSA key has 2048, 3072, 4096 or 8192 bits here, not {bits}"),
        }
    }
}
