//! Client programs that get an access token and call an API, in twelve languages.
//!
//! Each language has two templates, complete programs that use the HTTP client of their language:
//!
//! - [`Language::token_request`] gets a token by the client credentials grant (RFC 6749 section 4.4).
//! - [`Language::call`] sends a token with a `GET` request (RFC 6750 section 2.1).
//!
//! Both print the status and the body of the response, and exit with a non-zero code if the request
//! fails or the status is an error. A page with jQuery cannot exit: it shows the same text. With curl,
//! the response headers come before the body.
//!
//! ```
//! use authz_testkit::snippets::{Language, Standing, Values};
//!
//! let values = Values {
//!     url: "http://127.0.0.1:3010/api/private",
//!     token: "eyJhbGciOi...",
//!     ..Values::default()
//! };
//! let program = Language::Python.call(&values);
//! assert!(program.contains(r#"headers={"Authorization": "Bearer eyJhbGciOi..."}"#));
//! assert_eq!(Language::Python.standing(), Standing::Run);
//! ```
//!
//! Values are escaped for the string literals of each language, so any value is safe in a program. The
//! exception is a NUL character, which shell and Objective-C strings cannot contain.

mod escape;
mod language;
mod program;
mod standing;
mod values;

pub use language::Language;
pub use standing::Standing;
pub use values::Values;
