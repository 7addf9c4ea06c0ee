//! Runs server binaries as their users would, and talks plain HTTP/1.1 to them.
//!
//! Four parts, none of which knows anything about tokens:
//!
//! - [`server`]: start a program with an environment, wait for its `listening on http://...` line,
//!   read what it prints, send it a signal, see how it ends. Every wait is bounded.
//! - [`http`]: a request as the exact bytes that go over the wire, so that a test can send two
//!   `Authorization` headers or odd spacing, which HTTP libraries tidy away.
//! - [`servers`]: the three example servers and how to build them.
//! - `store`: a Valkey or Redis server to kill and to freeze.
//!
//! ```no_run
//! use std::time::Duration;
//! use blackbox::{http::Request, server::Launch, servers::{self, Framework}};
//!
//! let binaries = servers::build(&[Framework::Axum])?;
//! let server = Launch::new(&binaries[0]).env("PORT", "0").start()?;
//! let answer = Request::get("/api/public").send(server.address())?;
//! assert_eq!(answer.status(), 200);
//! let exit = server.stop(Duration::from_secs(5))?;
//! assert!(exit.success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The tests in `tests/` hold the three example servers to one and the same contract.

pub mod http;
pub mod npm;
pub mod server;
pub mod servers;
#[cfg(unix)]
pub mod store;
