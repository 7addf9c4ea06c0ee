//! The same functions as with the feature `metrics`, all empty.
#![expect(
    clippy::unused_self,
    reason = "the same functions do something with the feature"
)]

use std::time::Duration;

use crate::rejection::Reason;

#[derive(Debug)]
pub(crate) struct ApiMetrics;

impl ApiMetrics {
    pub(crate) const fn register() -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn refused(&self, _: Option<&IssuerMetrics>, _: Reason) {}

    #[inline]
    pub(crate) const fn looked_up(&self, _: bool) {}

    #[inline]
    pub(crate) const fn evicted(&self, _: usize) {}
}

#[derive(Clone, Debug)]
pub(crate) struct IssuerMetrics;

impl IssuerMetrics {
    pub(crate) const fn register(_: &str) -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn fetched(&self, _: bool) {}

    #[inline]
    pub(crate) const fn not_fetched(&self, _: &'static str) {}

    #[inline]
    pub(crate) const fn introspected(&self, _: &'static str, _: Duration) {}

    #[inline]
    pub(crate) const fn looked_up_shared(&self, _: &'static str) {}
}

pub(crate) struct Timer;

impl Timer {
    #[inline]
    pub(crate) const fn start() -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn looked_up(&mut self, _: bool) {}

    #[inline]
    pub(crate) const fn decided(self, _: &ApiMetrics, _: Result<&IssuerMetrics, Reason>) {}
}
