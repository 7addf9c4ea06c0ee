use std::{collections::BTreeMap, sync::Arc, time::Duration};

use metrics::{SharedString, gauge};

use super::names::{CACHE_BYTES, KEYS, KEYS_AGE, REVOCATIONS, REVOCATIONS_AGE, TENANTS};
use crate::{authorizer::Authorizer, jwks::KeyStatus};

/// The keys of one label.
#[derive(Default)]
struct KeyGauges {
    keys: usize,
    age: Option<Duration>,
    /// Whether any of the keys are fetched: others do not age.
    fetched: bool,
}

impl<C> Authorizer<C> {
    /// Sets the gauges: the memory of the cache, the number and the age of keys, the number of tenants,
    /// and the number and the age of revocations. Call it before each scrape, or every few seconds in a task.
    ///
    /// The age of keys that are not fetched is not set. While there are no keys, it is NaN, as is the age
    /// of a feed that has never been in step.
    pub fn update_gauges(&self) {
        if let Some(cache) = self.cache_status() {
            gauge!(CACHE_BYTES).set(cache.bytes as f64);
        }
        if let Some(revocations) = &self.state.api.revocations {
            let status = revocations.status();
            gauge!(REVOCATIONS).set(status.entries as f64);
            for feed in status.feeds {
                let age = feed.age.map_or(f64::NAN, |it| it.as_secs_f64());
                gauge!(REVOCATIONS_AGE, "feed" => feed.name).set(age);
            }
        }
        let tenants = self.state.issuers.tenants();
        gauge!(TENANTS).set(tenants.len() as f64);
        let mut by_label: BTreeMap<Arc<str>, KeyGauges> = BTreeMap::new();
        for rules in self.state.issuers.tenant_rules() {
            by_label
                .entry(Arc::clone(rules.metrics.label()))
                .or_default();
        }
        for issuer in self.state.issuers.iter().chain(&tenants) {
            let label = Arc::clone(issuer.metrics.label());
            by_label
                .entry(label)
                .or_default()
                .add(&issuer.keys.status());
        }
        for (label, keys) in by_label {
            let label = SharedString::from(label);
            gauge!(KEYS, "issuer" => label.clone()).set(keys.keys as f64);
            if keys.fetched {
                let age = keys.age.map_or(f64::NAN, |it| it.as_secs_f64());
                gauge!(KEYS_AGE, "issuer" => label).set(age);
            }
        }
    }
}

impl KeyGauges {
    fn add(&mut self, status: &KeyStatus) {
        self.keys += status.keys;
        self.age = self.age.max(status.age);
        self.fetched |= status.fetches > 0;
    }
}
