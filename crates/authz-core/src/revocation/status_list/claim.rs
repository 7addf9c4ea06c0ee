use std::borrow::Cow;

use serde::Deserialize;
use url::{Origin, Url};

/// Where a token's status is: the claim `status.status_list` (section 6.2).
#[derive(Debug)]
pub(crate) struct TokenStatus {
    pub(super) index: u64,
    /// As in the token. The list's `sub` is compared with it.
    pub(super) uri: Box<str>,
    pub(super) url: Url,
    /// The issuer of the token and the address: the same list for another issuer is another entry, because
    /// other keys verify it.
    pub(super) key: Box<str>,
}

/// Why a token's status can't be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidStatus {
    #[error("`status.status_list` needs `idx`, a number from 0, and `uri`, a string")]
    Malformed,
    #[error("the status list at {0:?} has another origin than the configured one")]
    OtherOrigin(String),
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    status: Option<StatusClaim<'a>>,
}

/// Other status mechanisms are ignored.
#[derive(Deserialize)]
struct StatusClaim<'a> {
    #[serde(borrow)]
    status_list: Option<ListReference<'a>>,
}

#[derive(Deserialize)]
struct ListReference<'a> {
    idx: u64,
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

impl TokenStatus {
    /// Reads the claim. Returns `None` if the token does not have one.
    pub(super) fn read(
        payload: &[u8],
        issuer: &str,
        origin: &Origin,
    ) -> Result<Option<Self>, InvalidStatus> {
        let payload: Payload<'_> =
            serde_json::from_slice(payload).map_err(|_| InvalidStatus::Malformed)?;
        let Some(ListReference { idx, uri }) = payload.status.and_then(|it| it.status_list) else {
            return Ok(None);
        };
        let url = Url::parse(&uri).ok().filter(|url| {
            let is_plain = url.username().is_empty() && url.password().is_none();
            is_plain && url.origin() == *origin
        });
        let Some(url) = url else {
            return Err(InvalidStatus::OtherOrigin(uri.into_owned()));
        };
        Ok(Some(Self {
            index: idx,
            key: format!("{issuer} {uri}").into(),
            uri: uri.into(),
            url,
        }))
    }

    /// Returns the memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.uri.len() + self.key.len() + self.url.as_str().len()
    }
}
