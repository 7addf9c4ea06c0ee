use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub(super) const DECISIONS: &str = "authz_decisions_total";
pub(super) const DURATION: &str = "authz_decision_duration_seconds";
pub(super) const HITS: &str = "authz_cache_hits_total";
pub(super) const MISSES: &str = "authz_cache_misses_total";
pub(super) const EVICTIONS: &str = "authz_cache_evictions_total";
pub(super) const CACHE_BYTES: &str = "authz_cache_bytes";
pub(super) const FETCHES: &str = "authz_keys_fetches_total";
pub(super) const INTROSPECTIONS: &str = "authz_introspection_calls_total";
pub(super) const INTROSPECTION_DURATION: &str = "authz_introspection_duration_seconds";
pub(super) const SHARED_ANSWERS: &str = "authz_introspection_shared_lookups_total";
pub(super) const KEYS_AGE: &str = "authz_keys_age_seconds";
/// Not `authz_keys_count`: Prometheus reserves the suffix for histograms and summaries.
pub(super) const KEYS: &str = "authz_keys";
pub(super) const TENANTS: &str = "authz_tenants";
pub(super) const REVOCATIONS: &str = "authz_revocations";
pub(super) const REVOCATIONS_AGE: &str = "authz_revocations_age_seconds";

/// Describes every metric to the recorder.
pub(super) fn describe() {
    describe_counter!(DECISIONS, Unit::Count, "Decisions about tokens");
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time of a decision about a token, waiting for keys included"
    );
    describe_counter!(
        HITS,
        Unit::Count,
        "Tokens found in the cache of verified tokens"
    );
    describe_counter!(
        MISSES,
        Unit::Count,
        "Tokens not found in the cache of verified tokens"
    );
    describe_counter!(
        EVICTIONS,
        Unit::Count,
        "Tokens evicted from the cache because it was full"
    );
    describe_gauge!(
        CACHE_BYTES,
        Unit::Bytes,
        "Estimated memory of the cached tokens"
    );
    describe_counter!(FETCHES, Unit::Count, "Finished fetches of an issuer's keys");
    describe_counter!(
        INTROSPECTIONS,
        Unit::Count,
        "Finished calls of an issuer's introspection endpoint"
    );
    describe_histogram!(
        INTROSPECTION_DURATION,
        Unit::Seconds,
        "Time of a call of an issuer's introspection endpoint"
    );
    describe_counter!(
        SHARED_ANSWERS,
        Unit::Count,
        "Lookups of introspection answers that servers share"
    );
    describe_gauge!(
        KEYS_AGE,
        Unit::Seconds,
        "Time since an issuer's keys were last confirmed"
    );
    describe_gauge!(KEYS, Unit::Count, "Usable keys of an issuer");
    describe_gauge!(TENANTS, Unit::Count, "Tenants admitted now");
    describe_gauge!(
        REVOCATIONS,
        Unit::Count,
        "Entries in the list of revocations"
    );
    describe_gauge!(
        REVOCATIONS_AGE,
        Unit::Seconds,
        "Time since a feed of revocations was in step"
    );
}
