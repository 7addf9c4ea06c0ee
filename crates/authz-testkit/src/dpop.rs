//! Proofs of a client's key.

use serde_json::{Value, json};

use crate::{
    key::{SigningKey, sha256_base64url},
    token::TokenBuilder,
};

impl SigningKey {
    /// Starts a DPoP proof by this key, the client's, for a request with `token` (RFC 9449 section 4.2): `typ`
    /// `dpop+jwt`, the public key as `jwk`, a random `jti`, `htm`, `htu`, `ath` and `iat` now.
    ///
    /// ```
    /// use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
    ///
    /// let (issuer, client) = (SigningKey::shared(Algorithm::RS256), SigningKey::shared(Algorithm::ES256));
    /// let token = TokenBuilder::new(&issuer).bound_to(&client).build();
    /// let proof = client
    ///     .proof("GET", "https://api.example/messages", &token)
    ///     .claim("nonce", "of the server")
    ///     .build();
    /// # assert_eq!(proof.split('.').count(), 3);
    /// ```
    pub fn proof(&self, method: &str, url: &str, token: &str) -> TokenBuilder {
        let others = ["iss", "aud", "sub", "client_id", "exp"];
        others
            .into_iter()
            .fold(TokenBuilder::new(self), TokenBuilder::without)
            .typ(Some("dpop+jwt"))
            .kid(None)
            .header("jwk", self.proof_jwk())
            .claim("htm", method)
            .claim("htu", url)
            .claim("ath", sha256_base64url(token.as_bytes()))
    }

    fn proof_jwk(&self) -> Value {
        let mut jwk = self.public_jwk();
        if let Value::Object(members) = &mut jwk {
            // Keys of this type must name their algorithm (RFC 9964 section 3).
            let needs_alg = members["kty"] == "AKP";
            members.retain(|name, _| match name.as_str() {
                "alg" => needs_alg,
                name => !matches!(name, "use" | "kid"),
            });
        }
        jwk
    }
}

impl TokenBuilder {
    /// Binds the token to a client's key (`cnf`, RFC 9449 section 6.1). Each request with it needs a
    /// [proof](SigningKey::proof) by that key.
    pub fn bound_to(self, key: &SigningKey) -> Self {
        self.claim("cnf", json!({ "jkt": key.thumbprint() }))
    }
}
