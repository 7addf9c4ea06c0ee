//! Failures of a key server.

pub(crate) mod bomb;
pub(crate) mod key_sets;

/// A failure of the key set or the discovery document.
///
/// [`DevIssuer::fault`](crate::DevIssuer::fault) sets it until it is cleared or replaced;
/// [`times`](Self::times) limits it to a number of requests. The good key set is the one that the
/// issuer currently publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status and a small JSON error body.
    Status(u16),
    /// Answers with this status and a `Retry-After` header.
    RetryAfter {
        /// The status, usually 429 or 503.
        status: u16,
        /// The header's value, in seconds.
        seconds: u64,
    },
    /// Answers with this response.
    Respond {
        /// The status.
        status: u16,
        /// The header names and values, without `Content-Length`, which is added.
        headers: Vec<(String, String)>,
        /// The body, sent as it is.
        body: Vec<u8>,
    },
    /// Reads the request and never answers.
    Hang,
    /// Sends the status and headers, and never the body.
    HangInBody,
    /// Sends the good key set at one byte every 50 ms: each read is fast, but the whole takes minutes.
    SlowDrip,
    /// Resets the connection (TCP RST) without an answer.
    Reset,
    /// Closes the connection (TCP FIN) without an answer.
    Close,
    /// Sends half of the body that `Content-Length` announces, then closes the connection.
    Truncated,
    /// Answers 200 as JSON with the good key set without its last character.
    InvalidJson,
    /// Answers 200 as JSON with bytes that are not UTF-8.
    NotUtf8,
    /// Answers 200 with an empty body.
    EmptyBody,
    /// Answers 200 with an HTML page, as a login portal or a misrouted proxy does.
    Html,
    /// Sends a key set whose array never ends, as fast as the client reads.
    EndlessBody,
    /// Sends the good key set followed by 16 MiB of spaces, compressed with gzip to less than
    /// 128 KiB. A client that decompresses without a limit finds the good keys.
    CompressedBomb,
    /// Sends a JSON array nested 100,000 deep, which overflows the stack of a recursive parser.
    DeepNesting,
    /// Redirects to the same address on every request.
    RedirectLoop,
    /// Redirects to this address.
    RedirectTo(String),
    /// Redirects this many times on the same host, then gives the good answer.
    RedirectChain(usize),
    /// Sends the good key set as `text/plain`.
    WrongContentType,
    /// Sends `{"keys":[]}`.
    EmptySet,
    /// Sends `{}`, as authentik does when it has no key.
    NoKeysMember,
    /// Sends this many other well-formed keys (P-256, ES256) before the good ones.
    ManyKeys(usize),
    /// Sends keys of types that a verifier does not know before the good ones: post-quantum, Ed448,
    /// X25519, secp256k1 and an undefined `kty`.
    UnknownKeyTypes,
    /// Sends encryption keys (`use` `enc`) with the `kid` of the good keys before them, as Keycloak
    /// publishes both.
    EncryptionKeys,
    /// Sends an unrelated key of the same type and `kid` before each good key.
    DuplicateKids,
    /// Sends `null`, a number and a string before the good keys.
    NullKey,
    /// Sends invalid keys before the good ones: members missing or of the wrong type, a modulus of
    /// 512 bits, an even modulus, an exponent of 1, a point off its curve, bad base64.
    BadKeyAmongGood,
    /// Sends the good keys without `alg`, as Entra ID does.
    KeysWithoutAlg,
    /// Sends the good keys without `kid`.
    KeysWithoutKid,
    /// Applies another fault to this many requests, then gives good answers again.
    Times(usize, Box<Fault>),
}

impl Fault {
    /// Limits this fault to the next `count` requests.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        Self::Times(count, Box::new(self))
    }

    /// Returns the fault for the next request, and counts it down in `slot`.
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
