//! Real TLS connections on loopback, to each server.

mod bound_tokens;
mod certificates;
mod client;
mod config;
mod handshakes;
mod resumption;
mod servers;
