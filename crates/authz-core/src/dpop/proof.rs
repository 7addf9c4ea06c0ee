use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use subtle::ConstantTimeEq;

use super::{
    claims::{ProofClaims, ProofHeader, read},
    htu::normalize,
    nonce::{Age, Nonces},
    public_url::PublicUrls,
    replay::{ProofId, Recording, Replay},
};
use crate::{
    crypto::{Algorithm, AlgorithmSet, CryptoBackend},
    rejection::Reason,
    token::Jws,
    untrusted::Excerpt,
    validation::ValidationError,
};

const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The nonce for the client's next proof (RFC 9449 section 8.1).
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The settings for proofs, and the proofs seen.
#[derive(Debug)]
pub(crate) struct ProofChecks {
    pub(super) urls: PublicUrls,
    pub(super) algorithms: AlgorithmSet,
    /// The longest proof in bytes.
    pub(super) max_bytes: usize,
    /// Seconds.
    pub(super) max_age: u64,
    /// Seconds.
    pub(super) clock_skew: u64,
    pub(super) nonces: Option<Nonces>,
    pub(super) replay: Replay,
    /// The longest time from a request until its proof is no longer accepted.
    pub(super) lifetime: Duration,
}

/// What a request presents with its proof.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'r> {
    pub(crate) method: &'r Method,
    /// The path that the client sent.
    pub(crate) path: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) token: &'r [u8],
    /// The thumbprint of the key that the token is bound to.
    pub(crate) jkt: &'r [u8; 32],
    pub(crate) now: Duration,
    pub(crate) backend: CryptoBackend,
}

/// A proof that is good if it was not seen before.
pub(crate) struct Proof {
    pub(crate) id: ProofId,
    /// The nonce of the proof ages, so the client should get a new one.
    pub(crate) is_aging: bool,
}

impl ProofChecks {
    /// Servers that share a store may be apart by this time.
    const CLOCK_ERROR: Duration = Duration::from_secs(10);

    /// Checks the request's proof (RFC 9449 section 4.3), except for whether it was seen before. What needs no
    /// key comes first, so that a bad proof costs no signature check.
    pub(crate) fn check(&self, presented: &Presented<'_>) -> Result<Proof, ValidationError> {
        let Presented { now, backend, .. } = *presented;
        let proof = self.field(presented.headers)?;
        let jws = Jws::decode(proof).map_err(|_| {
            invalid("a JWS of three parts in canonical base64url").hint(
                "the DPoP header holds the proof, a JWT that the client signs for each request",
            )
        })?;
        let (header, claims) = parse(&jws)?;
        let algorithm = self.algorithm(&header)?;
        let key = header.jwk.ok_or_else(|| invalid("a public key as jwk"))?;
        self.check_request(&claims, presented)?;
        let ath = backend.sha256(presented.token);
        if claims.ath.as_deref() != Some(&*URL_SAFE_NO_PAD.encode(ath)) {
            return Err(invalid("the hash of this request's token as ath"));
        }
        let is_aging = self.check_time(&claims, now, backend)?;
        let jti = claims.jti.filter(|it| !it.is_empty());
        let jti = jti.ok_or_else(|| invalid("a string that is not empty as jti"))?;
        let key = key
            .into_proof_key(algorithm, backend)
            .map_err(|error| invalid("a usable public key as jwk").actual(error))?;
        let thumbprint = key.thumbprint(backend);
        if !bool::from(thumbprint.ct_eq(presented.jkt)) {
            return Err(ValidationError::new(Reason::OtherProofKey));
        }
        if !key.verify_by(backend, algorithm, jws.signing_input, jws.signature()) {
            return Err(invalid("a signature by the key in jwk"));
        }
        let id = ProofId::from_bytes(backend.sha256(&[&thumbprint[..], jti.as_bytes()].concat()));
        Ok(Proof { id, is_aging })
    }

    /// Records a proof that passed every other check. `true` means that it is new.
    pub(crate) fn record(&self, proof: ProofId) -> Recording {
        self.replay.insert(proof, self.lifetime + Self::CLOCK_ERROR)
    }

    /// Returns the nonce for the client's next proof, if proofs need one.
    pub(crate) fn new_nonce(&self, backend: CryptoBackend, now: Duration) -> Option<HeaderValue> {
        Some(self.nonces.as_ref()?.current(backend, now))
    }

    /// Returns the value of the only `DPoP` header field.
    fn field<'r>(&self, headers: &'r HeaderMap) -> Result<&'r [u8], ValidationError> {
        let mut fields = headers.get_all(DPOP).iter();
        let proof = fields.next().ok_or_else(|| {
            invalid("a DPoP header field")
                .hint("the client sent the scheme DPoP without a proof: it must send a DPoP header field, too")
        })?;
        if fields.next().is_some() {
            return Err(invalid("one DPoP header field").actual("several"));
        }
        if proof.len() > self.max_bytes {
            let expected = format_args!("at most {} bytes", self.max_bytes);
            return Err(invalid(expected).actual(proof.len()));
        }
        Ok(proof.as_bytes())
    }

    fn algorithm(&self, header: &ProofHeader<'_>) -> Result<Algorithm, ValidationError> {
        let typ = header.typ.as_deref().unwrap_or_default();
        let accepted = ["dpop+jwt", "application/dpop+jwt"];
        if !accepted.iter().any(|it| typ.eq_ignore_ascii_case(it)) {
            return Err(invalid("dpop+jwt as typ").actual(typ));
        }
        if header.has_extension {
            return Err(invalid("a header without crit, b64 and zip"));
        }
        let alg = header.alg.as_deref().unwrap_or_default();
        Algorithm::from_name(alg)
            .filter(|it| self.algorithms.contains(*it))
            .ok_or_else(|| invalid(format_args!("one of {} as alg", self.algorithms)).actual(alg))
    }

    fn check_request(
        &self,
        claims: &ProofClaims<'_>,
        presented: &Presented<'_>,
    ) -> Result<(), ValidationError> {
        let method = presented.method.as_str();
        let htm = claims.htm.as_deref().unwrap_or_default();
        if htm != method {
            return Err(invalid(format_args!("{} as htm", Excerpt(method))).actual(htm));
        }
        let htu = claims.htu.as_deref().unwrap_or_default();
        let address = self.urls.address(presented.path);
        if address.is_some() && normalize(htu) == address {
            return Ok(());
        }
        let address = address.unwrap_or_default();
        Err(invalid(format_args!("{} as htu", Excerpt(&address)))
            .actual(htu)
            .hint("the proof is for another address than this API's: see `DpopProofs::for_public_url`"))
    }

    /// Returns whether the client should get a newer nonce.
    fn check_time(
        &self,
        claims: &ProofClaims<'_>,
        now: Duration,
        backend: CryptoBackend,
    ) -> Result<bool, ValidationError> {
        let iat = claims.iat.ok_or_else(|| invalid("a time as iat"))?;
        // The nonce says when the proof was made, so the clock of the client does not matter.
        if let Some(nonces) = &self.nonces {
            let nonce = claims.nonce.as_deref().unwrap_or_default();
            let age = nonces.age(nonce, backend, now);
            return age
                .map(|age| age == Age::Aging)
                .ok_or_else(|| ValidationError::new(Reason::MissingNonce));
        }
        let seconds = now.as_secs();
        let earliest = seconds.saturating_sub(self.max_age);
        let latest = seconds.saturating_add(self.clock_skew);
        if iat.floor < earliest || iat.ceil > latest {
            return Err(invalid(format_args!("{earliest} to {latest} as iat"))
                .actual(iat.floor)
                .hint("the proof is too old or from the future: compare the client's clock with this machine's, or require nonces with `DpopProofs::nonces`"));
        }
        Ok(false)
    }
}

fn parse<'p>(jws: &'p Jws<'_>) -> Result<(ProofHeader<'p>, ProofClaims<'p>), ValidationError> {
    let malformed = |error: serde_json::Error| {
        invalid("a JSON object with members of the right types").actual(error)
    };
    let header = read(jws.header()).map_err(malformed)?;
    Ok((header, read(jws.payload()).map_err(malformed)?))
}

fn invalid(expected: impl fmt::Display) -> ValidationError {
    ValidationError::new(Reason::InvalidProof).expected(expected)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{clock::SystemClock, dpop::DpopProofs};

    /// The header of all proofs in RFC 9449.
    const HEADER: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
        VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
        nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
        QSIsImNydiI6IlAtMjU2In19";
    /// RFC 9449 section 6.1.
    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    /// Those of token requests (RFC 9449 sections 4.1 and 5: the same proof twice, and one for a refresh token).
    #[test]
    fn the_proofs_of_token_requests_in_the_standard_verify_as_printed() {
        for (rest, iat) in [
            (
                "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
                 oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                 WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg\
                 4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
                1_562_262_616,
            ),
            (
                "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
                 oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                 WF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5Qs\
                 GSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA",
                1_562_265_296,
            ),
        ] {
            let proof = format!("{HEADER}.{rest}");
            let jws = Jws::decode(proof.as_bytes()).ok().unwrap();
            for backend in CryptoBackend::available() {
                let (header, claims) = parse(&jws).unwrap();
                assert_eq!(claims.htm.as_deref(), Some("POST"));
                assert_eq!(
                    claims.htu.as_deref(),
                    Some("https://server.example.com/token")
                );
                assert_eq!(claims.jti.as_deref(), Some("-BwC3ESc6acc2lTc"));
                assert_eq!(claims.iat.map(|it| it.floor), Some(iat));
                let key = header
                    .jwk
                    .unwrap()
                    .into_proof_key(Algorithm::ES256, *backend);
                let key = key.ok().unwrap();
                assert_eq!(URL_SAFE_NO_PAD.encode(key.thumbprint(*backend)), JKT);
                let signed =
                    |message| key.verify_by(*backend, Algorithm::ES256, message, jws.signature());
                assert!(signed(jws.signing_input));
                assert!(!signed(&jws.signing_input[1..]));
            }
        }
    }

    /// The request and the token of RFC 9449 section 7.1.
    #[test]
    fn the_proof_of_the_standard_verifies_as_printed() {
        const REST: &str = "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj\
            oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z\
            WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF\
            c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E\
            OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
        let jkt = URL_SAFE_NO_PAD.decode(JKT).unwrap();
        let checks = DpopProofs::for_public_url("https://resource.example.org")
            .build(&(Arc::new(SystemClock) as Arc<_>))
            .unwrap();
        let proof = HeaderValue::try_from(format!("{HEADER}.{REST}")).unwrap();
        let headers = HeaderMap::from_iter([(DPOP, proof)]);
        for backend in CryptoBackend::available() {
            let presented = Presented {
                method: &Method::GET,
                path: "/protectedresource",
                headers: &headers,
                token: b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
                jkt: jkt.first_chunk().unwrap(),
                now: Duration::from_secs(1_562_262_620),
                backend: *backend,
            };
            assert!(checks.check(&presented).is_ok());
            for (wrong, reason) in [
                (
                    Presented {
                        method: &Method::POST,
                        ..presented
                    },
                    Reason::InvalidProof,
                ),
                (
                    Presented {
                        path: "/",
                        ..presented
                    },
                    Reason::InvalidProof,
                ),
                (
                    Presented {
                        token: b"another",
                        ..presented
                    },
                    Reason::InvalidProof,
                ),
                (
                    Presented {
                        jkt: &[0; 32],
                        ..presented
                    },
                    Reason::OtherProofKey,
                ),
                (
                    Presented {
                        now: Duration::from_secs(1_562_262_679),
                        ..presented
                    },
                    Reason::InvalidProof,
                ),
            ] {
                assert_eq!(checks.check(&wrong).err().map(|it| it.reason), Some(reason));
            }
        }
    }
}
