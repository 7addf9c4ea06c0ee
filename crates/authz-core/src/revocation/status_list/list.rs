use std::{borrow::Cow, io::Read, time::Duration};

use base64::Engine as _;
use flate2::read::ZlibDecoder;
use serde::Deserialize;

use crate::token::{NumericDate, ProtectedHeader};

/// A list, one status after the other in bits of a byte, least significant first (section 4.1).
#[derive(Debug)]
pub(super) struct StatusList {
    bits: u8,
    bytes: Box<[u8]>,
}

/// The claims of a list (section 5.1).
#[derive(Deserialize)]
pub(super) struct ListClaims<'a> {
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(borrow)]
    iss: Option<Cow<'a, str>>,
    exp: Option<NumericDate>,
    ttl: Option<NumericDate>,
    #[serde(borrow)]
    status_list: Encoded<'a>,
}

#[derive(Deserialize)]
struct Encoded<'a> {
    bits: u8,
    #[serde(borrow)]
    lst: Cow<'a, str>,
}

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidList {
    #[error("`typ` is not `statuslist+jwt`")]
    Type,
    #[error("the claims are malformed")]
    Claims,
    #[error("`sub` is not the address of the list")]
    Subject,
    #[error("`iss` is neither the token's issuer nor that of `signed_by`")]
    Issuer,
    #[error("`exp` has passed")]
    Expired,
    #[error("`ttl` is zero")]
    Ttl,
    #[error("`bits` is not 1, 2, 4 or 8")]
    Bits,
    #[error("`lst` is not base64url without padding")]
    Base64,
    #[error("`lst` is not complete zlib data")]
    Zlib,
    #[error("the list is longer than `max_list_bytes`")]
    TooLarge,
}

pub(super) fn check_type(header: &ProtectedHeader<'_>) -> Result<(), InvalidList> {
    let typ = header.token_type().unwrap_or_default();
    let typ = typ.strip_prefix("application/").unwrap_or(typ);
    match typ.eq_ignore_ascii_case("statuslist+jwt") {
        true => Ok(()),
        false => Err(InvalidList::Type),
    }
}

impl<'a> ListClaims<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, InvalidList> {
        serde_json::from_slice(payload).map_err(|_| InvalidList::Claims)
    }

    /// Checks the claims at `now`, and returns how long the list is fresh, if it says so.
    pub(super) fn check(
        &self,
        uri: &str,
        issuer: &str,
        now: Duration,
    ) -> Result<Option<Duration>, InvalidList> {
        if self.sub != uri {
            return Err(InvalidList::Subject);
        }
        if self.iss.as_ref().is_some_and(|iss| *iss != issuer) {
            return Err(InvalidList::Issuer);
        }
        let until_exp = self
            .exp
            .map(|exp| Duration::from_secs(exp.floor).saturating_sub(now));
        if until_exp == Some(Duration::ZERO) {
            return Err(InvalidList::Expired);
        }
        let ttl = self.ttl.map(|ttl| Duration::from_secs(ttl.floor));
        if ttl == Some(Duration::ZERO) {
            return Err(InvalidList::Ttl);
        }
        Ok(ttl.into_iter().chain(until_exp).min())
    }

    pub(super) fn list(&self, max_bytes: usize) -> Result<StatusList, InvalidList> {
        StatusList::decode(self.status_list.bits, &self.status_list.lst, max_bytes)
    }
}

impl StatusList {
    fn decode(bits: u8, lst: &str, max_bytes: usize) -> Result<Self, InvalidList> {
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(InvalidList::Bits);
        }
        let compressed = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(lst);
        let compressed = compressed.map_err(|_| InvalidList::Base64)?;
        // One byte more than allowed shows that the list is too long, whatever the data expand to.
        let limit = u64::try_from(max_bytes)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let mut bytes = Vec::new();
        (ZlibDecoder::new(&*compressed)
            .take(limit)
            .read_to_end(&mut bytes))
        .map_err(|_| InvalidList::Zlib)?;
        if bytes.len() > max_bytes {
            return Err(InvalidList::TooLarge);
        }
        Ok(Self {
            bits,
            bytes: bytes.into(),
        })
    }

    /// Returns the status at `index`, or `None` beyond the end.
    pub(super) fn get(&self, index: u64) -> Option<u8> {
        let per_byte = u64::from(8 / self.bits);
        let byte = self.bytes.get(usize::try_from(index / per_byte).ok()?)?;
        let shift = (index % per_byte) as u8 * self.bits;
        Some(byte >> shift & (u8::MAX >> (8 - self.bits)))
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        bits: u8,
        lst: String,
        entries: u64,
        set: Vec<(u64, u8)>,
    }

    /// Section 4.1 and appendix "Test vectors" of the draft.
    #[test]
    fn the_drafts_lists() {
        let vectors = include_str!("../../../tests/status_list/vectors.json");
        let vectors: Vec<Vector> = serde_json::from_str(vectors).unwrap();
        assert_eq!(vectors.len(), 6);
        for Vector {
            bits,
            lst,
            entries,
            set,
        } in vectors
        {
            let list = StatusList::decode(bits, &lst, 1 << 20).unwrap();
            let found = (0..entries).filter_map(|i| Some((i, list.get(i).filter(|it| *it != 0)?)));
            assert_eq!(found.collect::<Vec<_>>(), set, "{bits} bits");
            assert_eq!(list.get(entries), None, "{bits} bits");
            assert_eq!(list.get(u64::MAX), None);
            let bytes = usize::try_from(entries).unwrap() * usize::from(bits) / 8;
            assert_eq!(list.bytes(), bytes);
            let too_large = StatusList::decode(bits, &lst, bytes - 1).unwrap_err();
            assert_eq!(too_large, InvalidList::TooLarge);
            assert!(StatusList::decode(bits, &lst, bytes).is_ok());
            let cut = lst.get(..lst.len() / 8 * 4).unwrap();
            assert_eq!(
                StatusList::decode(bits, cut, 1 << 20).unwrap_err(),
                InvalidList::Zlib
            );
        }
        for bits in [0, 3, 5, 16, 255] {
            let error = StatusList::decode(bits, "eNrbuRgAAhcBXQ", 100).unwrap_err();
            assert_eq!(error, InvalidList::Bits, "{bits}");
        }
        for lst in ["eNrbuRgAAhcBXQ==", "eNrbuRgAAhcBX+", " eNrbuRgAAhcBXQ"] {
            let error = StatusList::decode(1, lst, 100).unwrap_err();
            assert_eq!(error, InvalidList::Base64, "{lst}");
        }
    }
}
