use super::TokenCheck;
use crate::{
    authorizer::verified::Verified,
    rejection::{Reason, Rejection},
    revocation::RevocationStanding,
    validation::ValidationError,
};

/// The standing of a valid token.
pub(in crate::authorizer) enum Checked {
    Good,
    /// Its status list must be fetched first.
    #[cfg(feature = "status-list")]
    NeedsList,
}

impl<C> TokenCheck<'_, C> {
    /// Rejects a valid token that was revoked. Runs on every request, for cached tokens too.
    #[inline]
    pub(in crate::authorizer) fn check_revoked(
        &self,
        verified: &Verified<C>,
    ) -> Result<Checked, Rejection> {
        if self.state.api.has_no_revocations() {
            return Ok(Checked::Good);
        }
        self.check_standing(verified.standing(), verified)
    }

    /// Like [`check_revoked`](Self::check_revoked), and waits for the token's status list.
    pub(in crate::authorizer) async fn check_revoked_by_newer_list(
        &self,
        verified: &Verified<C>,
    ) -> Result<(), Rejection> {
        match self.check_revoked(verified)? {
            Checked::Good => {}
            #[cfg(feature = "status-list")]
            Checked::NeedsList => {
                let standing = verified.standing_by_newer_list().await;
                self.check_standing(standing, verified)?;
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn check_standing(
        &self,
        standing: RevocationStanding,
        verified: &Verified<C>,
    ) -> Result<Checked, Rejection> {
        let refusal = match standing {
            RevocationStanding::Good => return Ok(Checked::Good),
            #[cfg(feature = "status-list")]
            RevocationStanding::NeedsList => return Ok(Checked::NeedsList),
            RevocationStanding::Revoked(by) => ValidationError::new(Reason::Revoked).actual(by),
            RevocationStanding::Unknown { retry_after } => {
                ValidationError::new(Reason::RevocationsUnavailable).retry_after(retry_after)
            }
        };
        Err(self.reject_verified(&refusal, verified))
    }
}
