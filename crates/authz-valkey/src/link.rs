//! Keeps a connection to the store.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use redis::{Cmd, FromRedisValue};
use tokio::{
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    error::{ValkeyError, ValkeyErrorKind},
    eviction,
    target::{StoreConnection, Target},
};

pub(crate) struct Link {
    name: String,
    state: watch::Sender<LinkState>,
    time_limit: Duration,
}

enum LinkState {
    /// The first attempt is in flight. Commands wait for it.
    Connecting,
    Up(Up),
    /// The last attempt failed. Commands fail at once, and attempts go on.
    Down(String),
}

/// A connection, and how many there were before it.
#[derive(Clone)]
pub(crate) struct Up {
    pub(crate) generation: u64,
    connection: StoreConnection,
}

/// The time between attempts. The first is short for a server that restarts.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// How often an idle connection is checked.
const CHECK: Duration = Duration::from_secs(1);

impl Link {
    /// Starts connecting. It must be called in a tokio runtime.
    pub(crate) fn start(target: Target, name: String, time_limit: Duration) -> Arc<Self> {
        let (state, states) = watch::channel(LinkState::Connecting);
        let link = Arc::new(Self {
            name,
            state,
            time_limit,
        });
        let task = Task {
            target,
            link: Arc::downgrade(&link),
            states,
            time_limit,
        };
        tokio::spawn(task.run());
        link
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the connection. Waits for the first attempt, at most for the time limit.
    pub(crate) async fn connected(&self) -> Result<Up, ValkeyError> {
        self.connected_until(Instant::now() + self.time_limit).await
    }

    /// Runs a command once.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ValkeyError> {
        let deadline = Instant::now() + self.time_limit;
        let up = self.connected_until(deadline).await?;
        self.query_until(&up, command, deadline).await
    }

    /// Runs a command once on this connection.
    pub(crate) async fn query_on<T: FromRedisValue>(
        &self,
        up: &Up,
        command: &Cmd,
    ) -> Result<T, ValkeyError> {
        let deadline = Instant::now() + self.time_limit;
        self.query_until(up, command, deadline).await
    }

    async fn connected_until(&self, deadline: Instant) -> Result<Up, ValkeyError> {
        let mut states = self.state.subscribe();
        let decided = states.wait_for(|it| !matches!(it, LinkState::Connecting));
        let decided = timeout_at(deadline, decided).await;
        let problem = match &decided {
            Ok(Ok(state)) => match &**state {
                LinkState::Up(up) => return Ok(up.clone()),
                LinkState::Down(problem) => problem.as_str(),
                LinkState::Connecting => "connecting",
            },
            // The sender is in `self`.
            Ok(Err(_)) => "closed",
            Err(_) => "still connecting",
        };
        let message = format!("no connection to {}: {problem}", self.name);
        Err(ValkeyError::new(ValkeyErrorKind::Unavailable, message))
    }

    async fn query_until<T: FromRedisValue>(
        &self,
        up: &Up,
        command: &Cmd,
        deadline: Instant,
    ) -> Result<T, ValkeyError> {
        let mut connection = up.connection.clone();
        let Ok(answer) = timeout_at(deadline, connection.query(command)).await else {
            let message = format!("no answer from {} within {:?}", self.name, self.time_limit);
            // A cluster is not down because a node is.
            if !connection.is_cluster() {
                self.lose(up.generation, &message);
            }
            return Err(ValkeyError::new(ValkeyErrorKind::Unavailable, message));
        };
        answer.map_err(|error| {
            if StoreConnection::is_lost_after(&error) {
                self.lose(up.generation, &error.to_string());
            }
            ValkeyError::of_command(&error)
        })
    }

    /// Makes the task replace this connection, if nobody else has.
    fn lose(&self, generation: u64, problem: &str) {
        let is_lost = self.state.send_if_modified(|state| {
            let is_current = matches!(state, LinkState::Up(up) if up.generation == generation);
            if is_current {
                *state = LinkState::Connecting;
            }
            is_current
        });
        if is_lost {
            tracing::debug!(target: "authz::valkey", store = self.name, problem, "connection lost");
        }
    }
}

/// Connects, checks the connection and connects again, until the link is dropped.
struct Task {
    target: Target,
    link: Weak<Link>,
    states: watch::Receiver<LinkState>,
    time_limit: Duration,
}

impl Task {
    async fn run(mut self) {
        let mut generation = 0;
        let mut backoff = BACKOFF.0;
        let mut is_logged = false;
        loop {
            let problem = match self.connect().await {
                Ok(connection) => {
                    generation += 1;
                    let began = Instant::now();
                    let Some(name) = self.publish(LinkState::Up(Up {
                        generation,
                        connection: connection.clone(),
                    })) else {
                        return;
                    };
                    if is_logged {
                        is_logged = false;
                        tracing::info!(target: "authz::valkey", store = name, "the store is reachable again");
                    }
                    if self.until_lost(connection).await.is_none() {
                        return;
                    }
                    if began.elapsed() > CHECK {
                        backoff = BACKOFF.0;
                        continue;
                    }
                    "connections are lost right after they are made".to_owned()
                }
                Err(problem) => problem,
            };
            let Some(name) = self.publish(LinkState::Down(problem.clone())) else {
                return;
            };
            if !is_logged {
                is_logged = true;
                tracing::warn!(target: "authz::valkey", store = name, problem, "the store is unreachable: requests that need it get 503");
            }
            // Servers that lost the store together don't come back together.
            let wait = backoff.mul_f64(0.5 + fastrand::f64() / 2.0);
            let is_dropped = timeout(wait, self.states.wait_for(|_| false)).await.is_ok();
            if is_dropped {
                return;
            }
            backoff = (backoff * 2).min(BACKOFF.1);
        }
    }

    async fn connect(&self) -> Result<StoreConnection, String> {
        let limit = (self.time_limit * 2).max(Duration::from_secs(1));
        match timeout(limit, self.target.connect()).await {
            Ok(connection) => connection.map_err(|error| error.to_string()),
            Err(_) => Err(format!("not connected within {limit:?}")),
        }
    }

    /// Returns the name of the store, or `None` if the link is dropped.
    fn publish(&self, state: LinkState) -> Option<String> {
        let link = self.link.upgrade()?;
        link.state.send_replace(state);
        Some(link.name.clone())
    }

    /// Waits until a command or a check has lost the connection; `None` if the link is dropped.
    ///
    /// Without a check, a connection whose peer has vanished would seem usable until its next command.
    async fn until_lost(&mut self, connection: StoreConnection) -> Option<()> {
        let is_lost = |state: &LinkState| !matches!(state, LinkState::Up(_));
        if connection.is_cluster() {
            return self.states.wait_for(is_lost).await.ok().map(drop);
        }
        let name = self.link.upgrade()?.name.clone();
        // An error shows itself in the first check.
        let _ = timeout(self.time_limit, eviction::check(&name, connection)).await;
        loop {
            let lost = self.states.wait_for(is_lost);
            if let Ok(lost) = timeout(CHECK, lost).await {
                return lost.ok().map(drop);
            }
            let link = self.link.upgrade()?;
            let up = match &*link.state.borrow() {
                LinkState::Up(up) => up.clone(),
                _ => continue,
            };
            // Any answer will do, and an error that ends the connection has done so.
            let _ = link
                .query_on::<redis::Value>(&up, &redis::cmd("PING"))
                .await;
        }
    }
}
