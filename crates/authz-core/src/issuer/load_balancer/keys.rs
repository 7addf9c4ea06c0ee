use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::{runtime::Handle, time::Instant};
use url::Url;

use crate::{
    crypto::{Algorithm, KeyFamily, KeyMaterial, VerificationKey, pem},
    issuer::admission::TenantAdmission,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, KeyLookup, KeyStatus, KeysError,
        MissingKeys, RefreshMode, RefreshReason, RemoteJwks, RemoteJwksBuilder, RemoteJwksError,
        UnknownKey, UnknownKids,
    },
    token::ProtectedHeader,
};

/// Fetches public keys that are published one by one, as PEM at an address that ends with the
/// `kid`.
///
/// Each key is a [`RemoteJwks`] with one key: it has one fetch at a time, a daily refresh and an
/// outage window. This type limits how many keys exist, because anyone can send any `kid`.
#[derive(Debug)]
pub(in crate::issuer) struct PemByKid {
    address: Url,
    settings: RemoteJwksBuilder,
    fetcher: Arc<PemFetcher>,
    keys: ArcSwap<Entries>,
    /// The lock is held briefly and never across foreign code.
    state: Mutex<LoadBalancerState>,
}

type Entries = HashMap<Box<str>, SignerKeys>;

#[derive(Clone, Debug)]
struct SignerKeys {
    keys: Arc<RemoteJwks>,
    /// Ascending: older entries have smaller numbers.
    number: u64,
}

#[derive(Debug)]
struct LoadBalancerState {
    admission: TenantAdmission,
    unknown: UnknownKids,
    next_number: u64,
}

impl PemByKid {
    /// Maximum number of keys. A region has only a few at a time.
    const MAX: usize = 64;

    /// Maximum number of entries whose key is not fetched yet.
    const MAX_WITHOUT_KEY: usize = 8;

    /// Budget for first fetches: this many at once, then one per [`INTERVAL`](Self::INTERVAL).
    const BURST: u32 = 5;
    const INTERVAL: Duration = Duration::from_secs(12);

    pub(in crate::issuer) fn settings(address: &str) -> RemoteJwksBuilder {
        RemoteJwks::at(address).default_lifetime(Duration::from_secs(24 * 60 * 60))
    }

    pub(in crate::issuer) fn new(settings: RemoteJwksBuilder) -> Result<Self, RemoteJwksError> {
        // A background task per key would outlive the key's use.
        let settings = settings.refresh_mode(RefreshMode::OnRequest);
        let (address, fetcher, settings) = settings.checked_client()?;
        Ok(Self {
            address,
            settings,
            fetcher: Arc::new(PemFetcher {
                inner: fetcher,
                fetches: AtomicU64::new(0),
                failures: AtomicU64::new(0),
            }),
            keys: ArcSwap::default(),
            state: Mutex::new(LoadBalancerState {
                admission: TenantAdmission::new(Self::BURST, Self::INTERVAL),
                unknown: UnknownKids::new(Self::INTERVAL),
                next_number: 0,
            }),
        })
    }

    fn known(&self, kid: &str) -> Option<Arc<RemoteJwks>> {
        self.keys.load().get(kid).map(|it| Arc::clone(&it.keys))
    }

    /// Returns the entry of `kid`, or creates it if it may be fetched.
    fn known_or_admitted(&self, kid: &str, now: Instant) -> Result<Arc<RemoteJwks>, KeyLookup> {
        let mut state = self.state();
        if let Some(keys) = self.known(kid) {
            return Ok(keys);
        }
        if state.unknown.contains(Some(kid), now) {
            return Err(KeyLookup::Unknown(UnknownKey::NotInSet));
        }
        if let Err(retry_after) = state.admission.admit(kid, now) {
            let error = Arc::new(KeysError::provider(Box::new(NoBudget)));
            return Err(KeyLookup::Unavailable(MissingKeys { retry_after, error }));
        }
        let mut url = self.address.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(kid);
        }
        let fetcher = Arc::clone(&self.fetcher) as Arc<dyn Fetcher>;
        let keys = Arc::new(self.settings.build_single(url, fetcher));
        let before = self.insert(&mut state, kid, &keys);
        drop(state);
        drop(before);
        Ok(keys)
    }

    /// Inserts an entry and returns the previous map. Drop it after the lock: an evicted entry's
    /// last error may run foreign code.
    fn insert(
        &self,
        state: &mut LoadBalancerState,
        kid: &str,
        keys: &Arc<RemoteJwks>,
    ) -> Arc<Entries> {
        let mut entries = HashMap::clone(&self.keys.load());
        let without_key = |entry: &SignerKeys| !entry.keys.has_a_key();
        while entries.values().filter(|it| without_key(it)).count() >= Self::MAX_WITHOUT_KEY {
            remove_oldest(&mut entries, without_key);
        }
        while entries.len() >= Self::MAX {
            remove_oldest(&mut entries, |_| true);
        }
        let number = state.next_number;
        state.next_number += 1;
        let keys = Arc::clone(keys);
        entries.insert(kid.into(), SignerKeys { keys, number });
        self.keys.swap(Arc::new(entries))
    }

    /// Inserts the fetched key again if its entry was evicted during the fetch.
    fn keep(&self, kid: &str, keys: &Arc<RemoteJwks>) {
        if self.known(kid).is_some() {
            return;
        }
        let mut state = self.state();
        let before = (self.known(kid).is_none()).then(|| self.insert(&mut state, kid, keys));
        drop(state);
        drop(before);
    }

    /// Removes a key that does not exist, and remembers that.
    fn forget(&self, kid: &str, keys: &Arc<RemoteJwks>) {
        let mut state = self.state();
        state.unknown.remember(Some(kid), Instant::now());
        if self.known(kid).is_some_and(|it| Arc::ptr_eq(&it, keys)) {
            let mut entries = HashMap::clone(&self.keys.load());
            entries.remove(kid);
            self.keys.store(Arc::new(entries));
        }
    }

    fn state(&self) -> MutexGuard<'_, LoadBalancerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_oldest(entries: &mut HashMap<Box<str>, SignerKeys>, of: impl Fn(&SignerKeys) -> bool) {
    let candidates = entries.iter().filter(|(_, entry)| of(entry));
    let oldest = candidates.min_by_key(|(_, entry)| entry.number);
    if let Some(kid) = oldest.map(|(kid, _)| kid.clone()) {
        entries.remove(&kid);
    }
}

/// Returns the `kid` if it is a UUID, as AWS uses. It becomes part of an address.
fn kid<'h>(header: &'h ProtectedHeader<'_>) -> Result<&'h str, KeyLookup> {
    if header.algorithm() != Algorithm::ES256 {
        return Err(KeyLookup::Unknown(UnknownKey::WrongAlgorithm));
    }
    let is_uuid = |kid: &&str| {
        let is_right = |(index, byte): (usize, u8)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        kid.len() == 36 && kid.bytes().enumerate().all(is_right)
    };
    let unknown = KeyLookup::Unknown(UnknownKey::NotInSet);
    header.key_id().filter(is_uuid).ok_or(unknown)
}

#[async_trait]
impl JwksProvider for PemByKid {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        let kid = match kid(header) {
            Ok(kid) => kid,
            Err(answer) => return answer,
        };
        match self.known(kid) {
            Some(keys) => keys.lookup(header),
            None if self.state().unknown.contains(Some(kid), Instant::now()) => {
                KeyLookup::Unknown(UnknownKey::NotInSet)
            }
            None => KeyLookup::Missing,
        }
    }

    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        let kid = match kid(header) {
            Ok(kid) => kid,
            Err(answer) => return answer,
        };
        if Handle::try_current().is_err() {
            return KeyLookup::Unavailable(MissingKeys::no_runtime());
        }
        let keys = match self.known_or_admitted(kid, Instant::now()) {
            Ok(keys) => keys,
            Err(answer) => return answer,
        };
        let answer = keys.refresh(header, reason).await;
        match &answer {
            KeyLookup::Found(_) => self.keep(kid, &keys),
            KeyLookup::Unknown(_) => self.forget(kid, &keys),
            _ => {}
        }
        answer
    }

    fn is_current(&self, key: &VerificationKey) -> bool {
        let keys = key.kid().and_then(|kid| self.known(kid));
        key.is_usable() && keys.is_some_and(|keys| keys.is_current(key))
    }

    /// Always ready, because only tokens tell which keys are needed.
    fn status(&self) -> KeyStatus {
        let mut all = KeyStatus::ready();
        for entry in self.keys.load_full().values() {
            let status = entry.keys.status();
            all.keys += status.keys;
            all.key_ids.extend(status.key_ids);
            all.age = all.age.max(status.age);
            all.last_error = all.last_error.or(status.last_error);
        }
        all.fetches = self.fetcher.fetches.load(Ordering::Relaxed);
        all.failures = self.fetcher.failures.load(Ordering::Relaxed);
        all
    }
}

#[derive(Debug, thiserror::Error)]
#[error("tokens name too many unknown keys of the load balancer: the budget for fetches is spent")]
struct NoBudget;

/// Fetches a PEM key and returns it as a key set. If the key does not exist (404, 410), the set is
/// empty. Any other status is an error: 403, for example, may come from a proxy.
#[derive(Debug)]
struct PemFetcher {
    inner: Arc<dyn Fetcher>,
    fetches: AtomicU64,
    failures: AtomicU64,
}

#[async_trait]
impl Fetcher for PemFetcher {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        /// Counts a failure on drop unless disarmed, because a fetch that times out is dropped.
        struct Failing<'a>(Option<&'a AtomicU64>);
        impl Drop for Failing<'_> {
            fn drop(&mut self) {
                if let Some(failures) = self.0 {
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let mut failing = Failing(Some(&self.failures));
        let mut fetched = self.inner.get(request).await?;
        match fetched.status {
            StatusCode::OK => {
                let kid = request.url.path_segments().and_then(Iterator::last);
                fetched.body = key_set(kid.unwrap_or_default(), &fetched.body)
                    .map_err(FetchError::transport)?
                    .into();
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                fetched = Fetched {
                    status: StatusCode::OK,
                    headers: HeaderMap::new(),
                    body: r#"{"keys":[]}"#.into(),
                };
            }
            StatusCode::NOT_MODIFIED => {}
            _ => return Ok(fetched),
        }
        failing.0 = None;
        Ok(fetched)
    }
}

fn key_set(kid: &str, pem: &[u8]) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let KeyMaterial::Ec {
        family: KeyFamily::P256,
        point,
    } = pem::parse(std::str::from_utf8(pem)?)?
    else {
        return Err("the key is not on the curve P-256".into());
    };
    let (x, y) = point.get(1..33).zip(point.get(33..65)).unwrap_or_default();
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let key = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y,
    });
    Ok(json!({ "keys": [key] }).to_string())
}
