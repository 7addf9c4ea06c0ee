use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

use super::{proof::DPOP_NONCE, replay::ProofId};

/// The proof of one request, shared by its guards: a proof is accepted once, and a request may pass several guards.
///
/// Adapters put it into the extensions of each request, and pass it on with
/// [`RequestParts::with_checked_proof`](crate::RequestParts::with_checked_proof).
#[derive(Clone, Debug, Default)]
pub struct CheckedProof(Arc<OnceLock<Recorded>>);

#[derive(Debug)]
struct Recorded {
    proof: ProofId,
    new_nonce: Option<HeaderValue>,
}

impl CheckedProof {
    /// Adds the nonce for the client's next proof to the response, if that of this one ages (RFC 9449 section 8.2).
    /// Such a response must not be cached.
    pub fn finish(&self, headers: &mut HeaderMap) {
        if let Some(nonce) = self.0.get().and_then(|it| it.new_nonce.as_ref()) {
            headers.insert(DPOP_NONCE, nonce.clone());
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }

    pub(crate) fn is(&self, proof: ProofId) -> bool {
        self.0.get().is_some_and(|it| it.proof == proof)
    }

    pub(crate) fn set(&self, proof: ProofId, new_nonce: Option<HeaderValue>) {
        // A request has one proof.
        let _ = self.0.set(Recorded { proof, new_nonce });
    }
}
