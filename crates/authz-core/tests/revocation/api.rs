use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authz_core::{
    Authorized, Authorizer, ManualClock, Reason, Rejection, RequestParts, Revocations,
    RevocationsBuilder, any_valid_token,
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::Request;

use crate::support::{KeyServer, builder, key, token};

/// The time of the clock at the beginning, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

/// An API with a list of revocations, on a clock that the test moves.
pub(crate) struct Api {
    pub(crate) keys: KeyServer,
    pub(crate) key: SigningKey,
    pub(crate) clock: ManualClock,
    pub(crate) revocations: Revocations,
    pub(crate) authorizer: Authorizer,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(Revocations::builder())
    }

    pub(crate) fn with(revocations: RevocationsBuilder) -> Self {
        let (key, clock) = (key(), ManualClock::at(at(0)));
        let keys = KeyServer::new([key.clone()]);
        let revocations = revocations.clock(clock.clone()).build();
        let authorizer = builder(keys.keys().build().unwrap())
            .clock(clock.clone())
            .revocations(revocations.clone())
            .build()
            .unwrap();
        Self {
            keys,
            key,
            clock,
            revocations,
            authorizer,
        }
    }

    /// A token of "user", in session "session", of client "web", issued at [`NOW`] for an hour.
    pub(crate) fn token(&self, id: &str) -> TokenBuilder {
        token(&self.key)
            .now(NOW)
            .subject("user")
            .client_id("web")
            .claim("sid", "session")
            .claim("jti", id)
            .expires_in(3600)
    }

    pub(crate) async fn request(&self, token: &str) -> Result<Authorized, Rejection> {
        let request = Request::get("/")
            .header("authorization", format!("Bearer {token}"))
            .body(())
            .unwrap();
        let parts = RequestParts::from(&request);
        self.authorizer.authorize(&parts, &any_valid_token()).await
    }

    pub(crate) async fn refusal(&self, token: &str) -> Option<Reason> {
        self.request(token).await.err().map(|it| it.reason())
    }
}

/// The time `seconds` after [`NOW`].
pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW + seconds)
}
