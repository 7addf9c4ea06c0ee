use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use authz_core::Algorithm;
use authz_testkit::{DevIssuer, Fault, SigningKey};

/// An issuer that publishes each key a while before it signs with it, keeps it a while after, and
/// whose key server fails at random meanwhile.
pub(crate) struct RotatingIssuer {
    issuer: DevIssuer,
    state: Mutex<State>,
}

struct State {
    /// Published keys, the oldest first, each with the time since when.
    keys: VecDeque<(SigningKey, Instant)>,
    /// Tokens of the key withdrawn last, most of them sent while it was good.
    withdrawn: Vec<Sample>,
    last_rotation: Instant,
    /// Tokens to send again: what a cache is for.
    known: Vec<Sample>,
}

/// A token to send, and what is known of it.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) token: String,
    pub(crate) kid: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// To be accepted once its key was fetched.
    Good { published_since: Instant },
    /// To be refused once a fetch has succeeded since.
    Withdrawn { since: Instant },
    /// Never to be accepted.
    Bad,
}

impl RotatingIssuer {
    /// How long a key is published before another follows it.
    const ROTATION: Duration = Duration::from_secs(2);
    /// Published at a time: the one to come, the one in use, and those whose tokens are still about.
    const KEYS: usize = 4;

    pub(crate) async fn start() -> Self {
        let issuer = DevIssuer::builder()
            .algorithm(Algorithm::ES256)
            .start()
            .await
            .expect("a port on the loopback interface is free");
        let now = Instant::now();
        let first = issuer.key();
        Self {
            issuer,
            state: Mutex::new(State {
                keys: VecDeque::from([(first, now)]),
                withdrawn: Vec::new(),
                last_rotation: now,
                known: Vec::new(),
            }),
        }
    }

    /// Goes on by a quarter of a second: now and then a rotation, now and then a fault.
    pub(crate) fn turn(&self) {
        let mut state = self.state();
        if state.last_rotation.elapsed() >= Self::ROTATION {
            let key = SigningKey::generate(Algorithm::ES256);
            self.issuer.publish(&key);
            state.keys.push_back((key, Instant::now()));
            if state.keys.len() > Self::KEYS
                && let Some((old, _)) = state.keys.pop_front()
            {
                self.issuer.withdraw(old.kid().unwrap_or_default());
                let kind = Kind::Withdrawn {
                    since: Instant::now(),
                };
                let is_old = |it: &Sample| old.kid() == Some(&*it.kid);
                let (gone, known) = state.known.drain(..).partition(is_old);
                state.known = known;
                state.withdrawn = gone;
                state.withdrawn.push(self.token(&old, kind));
                for sample in &mut state.withdrawn {
                    sample.kind = kind;
                }
            }
            state.last_rotation = Instant::now();
        }
        self.issuer.fault(match fastrand::u8(0..20) {
            0 => Some(Fault::Status(500)),
            1 => Some(Fault::Reset),
            2 => Some(Fault::Truncated),
            3 => Some(Fault::EmptySet),
            4 => Some(Fault::Hang),
            5 => Some(Fault::Html),
            _ => None,
        });
    }

    pub(crate) fn recover(&self) {
        self.issuer.fault(None);
    }

    pub(crate) fn sample(&self) -> Sample {
        let mut state = self.state();
        match fastrand::u8(0..20) {
            0 => self.bad(&state),
            1 => match state.withdrawn.len() {
                0 => self.bad(&state),
                len => state.withdrawn[fastrand::usize(0..len)].clone(),
            },
            2..=5 => {
                let sample = self.good(&state);
                if state.known.len() < 1000 {
                    state.known.push(sample.clone());
                }
                sample
            }
            _ => match state.known.len() {
                0 => self.good(&state),
                len => state.known[fastrand::usize(0..len)].clone(),
            },
        }
    }

    pub(crate) fn publishes(&self, kid: &str) -> bool {
        self.state()
            .keys
            .iter()
            .any(|(key, _)| key.kid() == Some(kid))
    }

    pub(crate) fn issuer(&self) -> &str {
        self.issuer.issuer()
    }

    pub(crate) fn audience(&self) -> &str {
        self.issuer.audience()
    }

    pub(crate) fn jwks_uri(&self) -> String {
        self.issuer.jwks_uri()
    }

    fn good(&self, state: &State) -> Sample {
        let (key, published_since) = &state.keys[fastrand::usize(0..state.keys.len())];
        let published_since = *published_since;
        self.token(key, Kind::Good { published_since })
    }

    fn bad(&self, state: &State) -> Sample {
        let (key, _) = &state.keys[0];
        let good = self.issuer.token().key(key).scope("read:messages");
        let token = match fastrand::u8(0..6) {
            0 => good
                .signed_by(&SigningKey::shared(Algorithm::ES256))
                .build(),
            1 => good.expires_in(-600).build(),
            2 => good.audience("https://other.example").build(),
            3 => {
                let kid = format!("unknown-{}", fastrand::u64(..));
                good.key(&SigningKey::shared(Algorithm::ES256).with_kid(kid))
                    .build()
            }
            4 => good.signature([0; 64]).build(),
            _ => {
                // One character of a token that may well be in the cache.
                let mut token = state
                    .known
                    .first()
                    .map_or_else(|| good.build(), |it| it.token.clone());
                let at = fastrand::usize(0..token.len());
                let other = if token.as_bytes()[at] == b'A' {
                    "B"
                } else {
                    "A"
                };
                token.replace_range(at..=at, other);
                token
            }
        };
        Sample {
            token,
            kid: String::new(),
            kind: Kind::Bad,
        }
    }

    fn token(&self, key: &SigningKey, kind: Kind) -> Sample {
        let token = self.issuer.token().key(key).scope("read:messages");
        Sample {
            token: token.build(),
            kid: key.kid().unwrap_or_default().to_owned(),
            kind,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
