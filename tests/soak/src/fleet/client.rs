use std::{net::SocketAddr, time::Instant};

use blackbox::http::{Connection, Request, Response};

use super::Fleet;

/// A client with a connection to each server.
pub(super) struct Client<'f> {
    fleet: &'f Fleet,
    connections: Vec<(SocketAddr, Connection)>,
    /// Accepted proofs, to be sent again.
    used: Vec<Request>,
}

impl<'f> Client<'f> {
    pub(super) fn new(fleet: &'f Fleet) -> Self {
        let open = |address| Connection::open(address).unwrap_or_else(|error| panic!("{error}"));
        let addresses = fleet.servers.iter().map(|it| it.address());
        Self {
            fleet,
            connections: addresses.map(|it| (it, open(it))).collect(),
            used: Vec::new(),
        }
    }

    /// Sends new proofs, and now and then a used one, until `end`.
    pub(super) fn run(mut self, end: Instant) {
        let tally = &self.fleet.tally;
        while Instant::now() < end {
            let again = match self.used.len() {
                0 => None,
                len => (fastrand::u8(0..10) == 0).then(|| fastrand::usize(0..len)),
            };
            let request = match again {
                Some(used) => self.used[used].clone(),
                None => self.fleet.request(),
            };
            let began = Instant::now();
            let answers = self.send(&request);
            tally.count(&answers, again.is_some(), began.elapsed());
            if again.is_none() && answers.iter().any(|it| it.status() == 200) {
                match self.used.len() {
                    0..200 => self.used.push(request),
                    len => self.used[fastrand::usize(0..len)] = request,
                }
            }
        }
    }

    /// Sends a request to all servers at once.
    pub(super) fn send(&mut self, request: &Request) -> Vec<Response> {
        for (address, connection) in &mut self.connections {
            let sent = connection.send(&request.to_bytes(*address));
            sent.unwrap_or_else(|error| panic!("{error}"));
        }
        let answers = self.connections.iter_mut().map(|(_, it)| it.read_answer());
        answers
            .map(|it| it.unwrap_or_else(|error| panic!("{error}")))
            .collect()
    }
}
