//! A real store, which is killed, frozen and filled: Valkey and Redis, each where it is installed.

#![cfg(unix)]

mod addresses;
mod connections;
mod deny_list;
mod introspection;
mod nonce_key;
mod proxy;
mod replay;
mod stage;
