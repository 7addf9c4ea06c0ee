//! Load on one endpoint: by `wrk` where it is installed, else by a small generator of our own.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

use crate::process::{find_program, output};

/// Connections kept open, all of them busy: a handful of clients, not a flood.
const CONNECTIONS: usize = 16;

/// How the load is made.
#[derive(Clone, Debug)]
pub(super) enum Generator {
    Wrk(PathBuf),
    /// A thread for each connection, one request at a time.
    BuiltIn,
}

/// Where to, and with which token.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoadTarget<'t> {
    pub(super) address: SocketAddr,
    pub(super) path: &'t str,
    pub(super) token: &'t str,
}

/// The requests that a server has answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) requests: f64,
    pub(super) per_second: f64,
}

impl Generator {
    pub(super) fn find() -> Self {
        find_program("wrk").map_or(Self::BuiltIn, Self::Wrk)
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Wrk(_) => "wrk",
            Self::BuiltIn => {
                "the built-in generator (wrk, Debian: apt install wrk, takes less of the processor)"
            }
        }
    }

    /// Sends requests for `seconds`.
    pub(super) fn run(&self, target: LoadTarget<'_>, seconds: u64) -> anyhow::Result<Load> {
        let Self::Wrk(wrk) = self else {
            return built_in(target, Duration::from_secs(seconds)).context("a request fails");
        };
        let url = format!("http://{}{}", target.address, target.path);
        let mut command = Command::new(wrk);
        command
            .args(["-t1", "-c", &CONNECTIONS.to_string()])
            .args(["-d", &format!("{seconds}s")])
            .args(["-H", &format!("Authorization: Bearer {}", target.token)])
            .arg(&url);
        let text = output(&mut command)?;
        let line = |name| text.lines().find_map(|line| line.trim().strip_prefix(name));
        if let Some(times) = line("Non-2xx or 3xx responses:") {
            bail!("{url} answered another status than 2xx {times} times");
        }
        let load = || {
            let per_second: f64 = line("Requests/sec:")?.trim().parse().ok()?;
            let total = text.lines().find(|line| line.contains(" requests in "))?;
            let requests = total.split_whitespace().next()?.parse().ok()?;
            Some(Load {
                requests,
                per_second,
            })
        };
        load().with_context(|| format!("the output of wrk can't be parsed: {text}"))
    }
}

fn built_in(target: LoadTarget<'_>, time: Duration) -> anyhow::Result<Load> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        target.path, target.address, target.token
    );
    let begin = Instant::now();
    let client = || -> anyhow::Result<u64> {
        let mut stream = TcpStream::connect(target.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut count = 0;
        while begin.elapsed() < time {
            stream.write_all(request.as_bytes())?;
            read_answer(&mut answers)?;
            count += 1;
        }
        Ok(count)
    };
    let total: u64 = thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(client)).collect();
        // A thread that panics has found a mistake in the lines above.
        let ended = (clients.into_iter()).map(|it| it.join().expect("a client does not panic"));
        ended.sum::<anyhow::Result<u64>>()
    })?;
    let requests = total as f64;
    Ok(Load {
        requests,
        per_second: requests / begin.elapsed().as_secs_f64(),
    })
}

/// One answer with a `Content-Length`, to its end.
fn read_answer(answers: &mut BufReader<TcpStream>) -> anyhow::Result<()> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        ensure!(answers.read_line(&mut head)? > 0, "the answer ends early");
    }
    ensure!(head.starts_with("HTTP/1.1 200"), "the answer is {head}");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let found = name.eq_ignore_ascii_case("content-length");
        found.then(|| value.trim().parse::<u64>().ok())?
    });
    let length = length.context("an answer without a length")?;
    io::copy(&mut answers.take(length), &mut io::sink())?;
    Ok(())
}
