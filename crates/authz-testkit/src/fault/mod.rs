//! What can go wrong with a key server.

pub(crate) mod bomb;
pub(crate) mod key_sets;

/// A way for the key set, or the discovery document, to go wrong.
///
/// Given to [`DevIssuer::fault`](crate::DevIssuer::fault), it lasts until it is taken away or
/// replaced; [`times`](Self::times) makes it end by itself. The good key set is what the issuer
/// publishes at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// This status with a small JSON error body.
    Status(u16),
    /// This status with a `Retry-After` header of so many seconds.
    RetryAfter {
        /// The status, usually 429 or 503.
        status: u16,
        /// The header's value, in seconds.
        seconds: u64,
    },
    /// The answer that is given here, to the byte of its body.
    Respond {
        /// The status.
        status: u16,
        /// Header names and values. `Content-Length` is added.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The request is read and never answered.
    Hang,
    /// The status and headers arrive, and then nothing.
    HangInBody,
    /// The good key set, one byte every 50 ms: no single read takes long, the whole takes minutes.
    SlowDrip,
    /// The connection is reset (TCP RST) instead of an answer.
    Reset,
    /// The connection is closed in good order without an answer.
    Close,
    /// `Content-Length` promises the good key set, half of it comes, the connection closes.
    Truncated,
    /// Status 200, JSON content type, the good key set without its last character.
    InvalidJson,
    /// Status 200 and JSON content type with bytes that are not UTF-8.
    NotUtf8,
    /// Status 200 with an empty body.
    EmptyBody,
    /// Status 200 with an HTML page, as a login portal or a misrouted proxy gives it.
    Html,
    /// A key set whose array never ends, as fast as the client reads.
    EndlessBody,
    /// The good key set and 16 MiB of spaces after it, compressed to less than 128 KiB (gzip): a
    /// client that decompresses without a limit finds good keys.
    CompressedBomb,
    /// A JSON array nested 100,000 deep: recursion in a parser ends the process.
    DeepNesting,
    /// A redirect to the same address, for ever.
    RedirectLoop,
    /// A redirect to another address.
    RedirectTo(String),
    /// So many redirects on the same host, then the good answer.
    RedirectChain(usize),
    /// The good key set as `text/plain`.
    WrongContentType,
    /// `{"keys":[]}`.
    EmptySet,
    /// `{}`: authentik's answer when it has no key.
    NoKeysMember,
    /// So many other well-formed keys (P-256, ES256) ahead of the good ones.
    ManyKeys(usize),
    /// Keys of kinds that a verifier does not know, among the good ones: post-quantum, Ed448,
    /// X25519, secp256k1, a `kty` that does not exist.
    UnknownKeyTypes,
    /// Encryption keys (`use` `enc`) with the same `kid` as the good keys, ahead of them, the way
    /// Keycloak publishes them beside each other.
    EncryptionKeys,
    /// For each good key a stranger's key of the same kind and `kid` ahead of it.
    DuplicateKids,
    /// `null`, a number and a string among the good keys.
    NullKey,
    /// Broken keys ahead of the good ones: members missing or of the wrong type, a modulus of 512
    /// bits, an even modulus, an exponent of 1, a point off its curve, bad base64.
    BadKeyAmongGood,
    /// The good keys without `alg`, as Entra ID publishes them.
    KeysWithoutAlg,
    /// The good keys without `kid`.
    KeysWithoutKid,
    /// Another fault for the next so many requests, then good answers again.
    Times(usize, Box<Fault>),
}

impl Fault {
    /// This fault for the next `count` requests, then good answers again.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        Self::Times(count, Box::new(self))
    }

    /// Takes the fault that the next request meets out of `slot`.
    pub(crate) fn next(slot: &mut Option<Self>) -> Option<Self> {
        let Some(Self::Times(left, fault)) = slot else {
            return slot.clone();
        };
        let next = (*left > 0).then(|| (**fault).clone());
        *left = left.saturating_sub(1);
        if *left == 0 {
            *slot = None;
        }
        next
    }
}
