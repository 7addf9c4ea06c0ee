//! Forged and malformed tokens, as a table.
//!
//! A row is one [`Attack`]: a name, the standard or the advisory that it comes from, a function
//! that makes the [`Attempt`], and the one outcome that is right. Rows that are
//! [`Outcome::Accepted`] are the good twins of the others: a table that only holds refusals is
//! passed by a server that refuses everything. Besides, every attempt has a `control`, a token that
//! the same server has to accept before and after the attack.
//!
//! Adding a case is adding a line to the theme that it belongs to, in [`table`].

pub mod attack;
pub mod probes;
pub mod ring;
pub mod server;
pub mod sign;
pub mod table;

pub use self::{
    attack::{Attack, Attempt, Keys, Outcome},
    ring::{AUDIENCE, ISSUER, NOW, ring},
    server::Server,
};
