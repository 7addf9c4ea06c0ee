//! The names of HTTP methods.

use http::Method;

/// Parses a registered method. The error names the nearest method.
pub(crate) fn parse_method(text: &str) -> Result<Method, String> {
    if text.bytes().any(|it| it.is_ascii_lowercase()) {
        return Err(format!(
            "methods are written in capitals: {:?}",
            text.to_ascii_uppercase()
        ));
    }
    if text.is_empty() || !text.bytes().all(|it| it.is_ascii_uppercase() || it == b'-') {
        return Err(format!("{text:?} is not a method"));
    }
    let methods = METHODS.split(' ');
    if !methods.clone().any(|it| it == text) {
        let problem =
            format!("{text:?} is not a method that is registered (RFC 9110 section 16.1)");
        let near = methods.min_by_key(|it| distance(it, text));
        return Err(match near.filter(|it| distance(it, text) <= 2) {
            Some(near) => format!("{problem}: {near} is the nearest"),
            None => problem,
        });
    }
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("{text:?} is not a method"))
}

/// The registered methods and PURGE, which caches use. Any other is likely a typing error. The common
/// methods come first, so that they win over others at the same distance.
const METHODS: &str = "GET POST PUT PATCH DELETE HEAD OPTIONS QUERY TRACE CONNECT ACL BASELINE-CONTROL BIND \
    CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF \
    MKWORKSPACE MOVE ORDERPATCH PRI PROPFIND PROPPATCH REBIND REPORT SEARCH UNBIND UNCHECKOUT \
    UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL PURGE";

/// The Damerau-Levenshtein distance: letters to remove, add, change, or swap with a neighbour.
#[expect(
    clippy::indexing_slicing,
    reason = "a full row has one number more than `b` has letters; `i` and `j` count letters"
)]
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
