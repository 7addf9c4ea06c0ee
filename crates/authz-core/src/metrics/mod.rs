//! Counts decisions, the cache and fetches of keys, with the `metrics` facade.
//!
//! The other rooms call the same functions without the feature `metrics`. They then do nothing.
//!
//! Recorders are foreign code: nothing here is called under a lock.

#[cfg(not(feature = "metrics"))]
mod disabled;
#[cfg(feature = "metrics")]
mod gauges;
#[cfg(feature = "metrics")]
mod issuer;
#[cfg(feature = "metrics")]
mod names;
#[cfg(feature = "metrics")]
mod recorded;
#[cfg(feature = "metrics")]
mod timer;

#[cfg(not(feature = "metrics"))]
pub(crate) use self::disabled::{ApiMetrics, IssuerMetrics, Timer};
#[cfg(feature = "metrics")]
pub(crate) use self::{issuer::IssuerMetrics, recorded::ApiMetrics, timer::Timer};
