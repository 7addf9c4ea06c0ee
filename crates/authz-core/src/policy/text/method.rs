use http::Method;

/// The method that is written `text`.
///
/// # Errors
///
/// When there is no such method; the nearest is named.
pub(crate) fn method(text: &str) -> Result<Method, String> {
    if text.bytes().any(|it| it.is_ascii_lowercase()) {
        return Err(format!(
            "methods are written in capitals: {:?}",
            text.to_ascii_uppercase()
        ));
    }
    if text.is_empty() || !text.bytes().all(|it| it.is_ascii_uppercase() || it == b'-') {
        return Err(format!("{text:?} is not a method"));
    }
    if !METHODS.contains(&text) {
        let near = METHODS.iter().min_by_key(|it| distance(it, text));
        let near = near.filter(|it| distance(it, text) <= 2);
        return Err(near.map_or_else(
            || format!("{text:?} is not a method that is registered (RFC 9110 section 16.1)"),
            |near| format!("{text:?} is not a method that is registered (RFC 9110 section 16.1): {near} is the nearest"),
        ));
    }
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("{text:?} is not a method"))
}

/// The registered methods, and the one that caches take. Another matches no request, or is mistyped. The
/// usual ones come first, so that they are the nearest of several.
const METHODS: [&str; 41] = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "QUERY",
    "TRACE",
    "CONNECT",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PRI",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "PURGE",
];

/// How many letters have to be left out, added, changed, or exchanged with their neighbour.
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
