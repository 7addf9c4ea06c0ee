//! Where our servers answer otherwise than the tutorial's, on purpose.
//!
//! `docs/differences.md` lists exactly these, with the requests and the reasons; a test holds the
//! page to the data.

/// One way in which the answers differ.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Its heading on the page, as a word.
    pub(crate) name: &'static str,
    /// The status of the tutorial's server; `None` when its process ends instead.
    pub(crate) theirs: Option<u16>,
    /// The status of each of ours.
    pub(crate) ours: u16,
}

/// All of them, in the order of the page.
pub(crate) const ALL: &[Difference] = &[
    difference("missing-scope", 401, 403),
    difference("malformed-header", 401, 400),
    difference("header-twice-bad-first", 401, 400),
    difference("several-spaces", 401, 200),
    difference("leeway", 401, 200),
    difference("scope-forms", 401, 200),
    difference("header-twice", 200, 400),
    difference("no-expiry", 200, 401),
    difference("absurd-times", 200, 401),
    difference("issued-later", 200, 401),
    difference("token-type", 200, 401),
    difference("bound-token", 200, 401),
    difference("critical-extension", 200, 401),
    difference("member-twice", 200, 401),
    difference("loose-base64", 200, 401),
    Difference {
        name: "null-payload",
        theirs: None,
        ours: 401,
    },
    difference("too-large", 431, 401),
    difference("unknown-key-flood", 500, 401),
    difference("preflight", 200, 204),
    difference("other-method", 404, 405),
    difference("other-method-without-a-token", 404, 405),
    difference("routing", 200, 404),
];

/// The one of this name.
pub(crate) fn named(name: &str) -> Option<&'static Difference> {
    ALL.iter().find(|known| known.name == name)
}

const fn difference(name: &'static str, theirs: u16, ours: u16) -> Difference {
    Difference {
        name,
        theirs: Some(theirs),
        ours,
    }
}
