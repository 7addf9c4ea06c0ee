//! Runs server binaries as their users would, and talks plain HTTP/1.1 to them.
//!
//! Two parts, neither of which knows anything about tokens or web frameworks:
//!
//! - [`server`]: start a program with an environment, wait for its `listening on http://...` line,
//!   read what it prints, send it a signal, see how it ends. Every wait is bounded.
//! - [`http`]: a request as the exact bytes that go over the wire, so that a test can send two
//!   `Authorization` headers or odd spacing, which HTTP libraries tidy away.
//!
//! ```no_run
//! use std::time::Duration;
//! use blackbox::{http::Request, server::Launch};
//!
//! let server = Launch::new("target/debug/quickstart-axum").env("PORT", "0").start()?;
//! let answer = Request::get("/api/public").send(server.address())?;
//! assert_eq!(answer.status(), 200);
//! let exit = server.stop(Duration::from_secs(5))?;
//! assert!(exit.success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The tests in `tests/` hold the three example servers to one and the same contract.

pub mod http;
pub mod server;
