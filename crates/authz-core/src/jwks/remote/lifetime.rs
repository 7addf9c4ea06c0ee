use std::{
    ops::RangeInclusive,
    time::{Duration, SystemTime},
};

use http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL, DATE, EXPIRES, RETRY_AFTER},
};

/// Returns how long a key set is fresh (RFC 9111 section 4.2): `max-age` minus `Age`, else
/// `Expires` minus `Date`, else `default`. The result is limited to `bounds`.
pub(super) fn freshness(
    headers: &HeaderMap,
    default: Duration,
    bounds: &RangeInclusive<Duration>,
) -> Duration {
    let said = cache_control(headers).or_else(|| expires(headers));
    said.unwrap_or(default)
        .clamp(*bounds.start(), *bounds.end())
}

/// Returns `Retry-After` in either form (RFC 9110 section 10.2.3). A date is relative to the
/// response's `Date`, so clock skew does not matter.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = delta_seconds(value) {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let date = date(headers, DATE).unwrap_or_else(SystemTime::now);
    Some(at.duration_since(date).unwrap_or_default())
}

fn cache_control(headers: &HeaderMap) -> Option<Duration> {
    let directives = || {
        headers
            .get_all(CACHE_CONTROL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
    };
    if directives()
        .any(|it| it.eq_ignore_ascii_case("no-store") || it.eq_ignore_ascii_case("no-cache"))
    {
        return Some(Duration::ZERO);
    }
    let max_age = directives().find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("max-age") {
            return None;
        }
        delta_seconds(seconds.trim().trim_matches('"'))
    })?;
    let age = headers
        .get(AGE)
        .and_then(|value| delta_seconds(value.to_str().ok()?.trim()))
        .unwrap_or(0);
    Some(Duration::from_secs(max_age.saturating_sub(age)))
}

/// Saturates on overflow (RFC 9111 section 1.2.2).
fn delta_seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::from(u32::MAX)))
}

fn expires(headers: &HeaderMap) -> Option<Duration> {
    headers.get(EXPIRES)?;
    // An invalid date, such as 0, means already expired (RFC 9111 section 5.3).
    let Some(expires) = date(headers, EXPIRES) else {
        return Some(Duration::ZERO);
    };
    let date = date(headers, DATE).unwrap_or_else(SystemTime::now);
    Some(expires.duration_since(date).unwrap_or_default())
}

fn date(headers: &HeaderMap, name: http::HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_server_within_bounds() {
        let bounds = Duration::from_secs(60)..=Duration::from_secs(86_400);
        let default = Duration::from_secs(600);
        for (headers, seconds) in [
            (&[][..], 600),
            (&[("cache-control", "max-age=300")], 300),
            (
                &[("cache-control", "public, Max-Age = 3600, must-revalidate")],
                3600,
            ),
            (&[("cache-control", "max-age=300"), ("age", "120")], 180),
            (&[("cache-control", "max-age=300"), ("age", "1000")], 60),
            (
                &[
                    ("cache-control", "max-age=300"),
                    ("age", "99999999999999999999"),
                ],
                60,
            ),
            (&[("cache-control", "max-age=5")], 60),
            (&[("cache-control", "no-store")], 60),
            (&[("cache-control", "no-cache, max-age=3600")], 60),
            (&[("cache-control", "max-age=99999999999999999999")], 86_400),
            (&[("cache-control", "max-age=-1")], 600),
            (&[("cache-control", "max-age=soon")], 600),
            (&[("cache-control", "private"), ("expires", "0")], 60),
            (
                &[
                    ("date", "Tue, 15 Nov 1994 08:00:00 GMT"),
                    ("expires", "Tue, 15 Nov 1994 08:30:00 GMT"),
                ],
                1800,
            ),
            (
                &[
                    ("date", "Tue, 15 Nov 1994 08:00:00 GMT"),
                    ("expires", "Tue, 15 Nov 1994 07:30:00 GMT"),
                ],
                60,
            ),
        ] {
            assert_eq!(
                freshness(&map(headers), default, &bounds),
                Duration::from_secs(seconds),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn reads_both_forms_of_retry_after() {
        let headers = map(&[
            ("date", "Tue, 15 Nov 1994 08:00:00 GMT"),
            ("retry-after", "Tue, 15 Nov 1994 08:02:00 GMT"),
        ]);
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(120)));
        assert_eq!(
            retry_after(&map(&[("retry-after", "30")])),
            Some(Duration::from_secs(30))
        );
        assert_eq!(retry_after(&map(&[("retry-after", "soon")])), None);
    }

    fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }
}
