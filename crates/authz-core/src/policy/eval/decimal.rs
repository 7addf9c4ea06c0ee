//! Decimal numbers, compared exactly.

/// A decimal number, as a multiple of 10^-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(i128);

/// Digits after the point.
const SCALE: u32 = 18;
/// Digits before the point. All numbers of up to so many fit into an `i128`.
const MAX_WHOLE: usize = 20;

impl Decimal {
    /// Parses digits with at most one point between them, and `-` before them. Another notation has no value: the
    /// application may read it differently. Neither has a number of more than 20 digits before the point, or 18 after
    /// it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_shortest = whole == "0" || !whole.starts_with('0');
        let are_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        if !is_shortest || !are_digits(whole) || !are_digits(fraction) || whole.len() > MAX_WHOLE {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let padding = SCALE.checked_sub(u32::try_from(fraction.len()).ok()?)?;
        let fraction: i128 = match fraction {
            "" => 0,
            digits => digits.parse().ok()?,
        };
        let Self(whole) = Self::whole(whole.parse().ok()?)?;
        let value = whole.checked_add(fraction.checked_mul(10_i128.pow(padding))?)?;
        Some(Self(if is_negative { -value } else { value }))
    }

    pub(crate) fn whole(number: i128) -> Option<Self> {
        number.checked_mul(10_i128.pow(SCALE)).map(Self)
    }
}
