//! The tokens that the requests carry, good ones and changed ones.

use std::ops::Range;

use authz_testkit::{Algorithm, DevIssuer, SigningKey, TokenBuilder};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Makes tokens of the development issuer, and their forgeries.
#[derive(Debug)]
pub(crate) struct Mint {
    issuer: DevIssuer,
    rs256: SigningKey,
    es256: SigningKey,
    stranger: SigningKey,
}

impl Mint {
    /// `None` unless the issuer signs with RS256 and ES256.
    pub(crate) fn new(issuer: DevIssuer) -> Option<Self> {
        Some(Self {
            rs256: issuer.key_for(Algorithm::RS256)?,
            es256: issuer.key_for(Algorithm::ES256)?,
            stranger: SigningKey::generate(Algorithm::RS256),
            issuer,
        })
    }

    /// A good token without a scope.
    pub(super) fn valid(&self) -> TokenBuilder {
        self.issuer.token().key(&self.rs256)
    }

    /// A good token with the scope that reads messages.
    pub(super) fn reader(&self) -> TokenBuilder {
        self.valid().scope("read:messages")
    }

    /// A good token with the scope that writes messages.
    pub(super) fn writer(&self) -> TokenBuilder {
        self.valid().scope("write:messages")
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.issuer()
    }

    pub(super) fn jwks_uri(&self) -> String {
        self.issuer.jwks_uri()
    }

    /// The issuer with the slash at its end that it does not have, or without the one it has.
    pub(super) fn issuer_with_other_slash(&self) -> String {
        match self.issuer().strip_suffix('/') {
            Some(bare) => bare.to_owned(),
            None => format!("{}/", self.issuer()),
        }
    }

    pub(super) fn audience(&self) -> &str {
        self.issuer.audience()
    }

    pub(super) fn rs256(&self) -> &SigningKey {
        &self.rs256
    }

    pub(super) fn es256(&self) -> &SigningKey {
        &self.es256
    }

    /// A key that the issuer knows nothing of.
    pub(super) fn stranger(&self) -> &SigningKey {
        &self.stranger
    }

    /// Some of the three parts of a good token, with the dots between them.
    pub(super) fn parts(&self, wanted: Range<usize>) -> String {
        let token = self.reader().build();
        let parts = token.split('.').skip(wanted.start).take(wanted.len());
        parts.collect::<Vec<_>>().join(".")
    }

    pub(super) fn half(&self) -> String {
        let token = self.reader().build();
        token.chars().take(token.len() / 2).collect()
    }

    /// The payload of a writer's token between the header and the signature of a reader's.
    pub(super) fn spliced(&self) -> String {
        let payload = URL_SAFE_NO_PAD.encode(self.writer().payload_json());
        let token = self.reader().build();
        let mut parts = token.split('.');
        let (header, signature) = (parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
        format!("{header}.{payload}.{signature}")
    }

    /// The key that checks the signature comes along in the header.
    pub(super) fn with_embedded_key(&self) -> TokenBuilder {
        let key = &self.stranger;
        self.reader().signed_by(key).header("jwk", key.public_jwk())
    }

    /// `alg` as given and an empty signature.
    pub(super) fn unsigned(&self, alg: &str) -> String {
        self.reader().header("alg", alg).signature([]).build()
    }

    /// Named after a key that nobody has, another one each time.
    pub(super) fn with_random_kid(&self) -> String {
        let unknown = SigningKey::hmac(Algorithm::HS256, [0; 32]);
        self.reader().kid(unknown.kid()).build()
    }

    /// Signed with a shared secret that the issuer never agreed to, under its key's name.
    pub(super) fn hs256(&self, secret: &[u8]) -> String {
        let key = SigningKey::hmac(Algorithm::HS256, secret);
        self.reader().key(&key).kid(self.rs256.kid()).build()
    }

    pub(super) fn with_changed_signature(&self) -> String {
        let token = self.reader();
        let mut signature = self.sign(&token);
        if let Some(byte) = signature.first_mut() {
            *byte ^= 1;
        }
        token.signature(signature).build()
    }

    /// A good signature over a header part that ends in `=`, as RFC 7515 section 2 forbids.
    pub(super) fn with_padded_header(&self) -> String {
        let token = self.reader();
        let mut header = token.header_json();
        // White space is allowed in JSON, and makes the length one that padding is written for.
        while header.len() % 3 != 2 {
            header.push(b' ');
        }
        let header = format!("{}=", URL_SAFE_NO_PAD.encode(header));
        let payload = URL_SAFE_NO_PAD.encode(token.payload_json());
        let signed = format!("{header}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(self.rs256.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// 256 bytes leave four unused bits in their last character: another character that differs
    /// in these alone stands for the same bytes.
    pub(super) fn with_stray_bits(&self) -> String {
        let mut token = self.reader().build();
        let stray = match token.pop() {
            Some('A') => 'B',
            Some('Q') => 'R',
            Some('g') => 'h',
            Some('w') => 'x',
            other => other.unwrap_or_default(),
        };
        token.push(stray);
        token
    }

    /// The scope first in our favour and then not, or the other way round: parsers disagree about
    /// which one counts.
    pub(super) fn payload_with_scope_twice(&self) -> Vec<u8> {
        let mut payload = br#"{"scope":"nothing","#.to_vec();
        payload.extend(self.reader().payload_json().into_iter().skip(1));
        payload
    }

    pub(super) fn header_with_typ_twice(&self) -> Vec<u8> {
        let mut header = br#"{"typ":"JWT","#.to_vec();
        header.extend(self.reader().header_json().into_iter().skip(1));
        header
    }

    fn sign(&self, token: &TokenBuilder) -> Vec<u8> {
        let header = URL_SAFE_NO_PAD.encode(token.header_json());
        let payload = URL_SAFE_NO_PAD.encode(token.payload_json());
        self.rs256.sign(format!("{header}.{payload}").as_bytes())
    }
}
