//! Load on one endpoint: `wrk` or `oha` where one is installed, else a small generator of our own.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::BenchError;
use crate::process::find_program;

/// Connections kept open, all of them busy: a handful of clients, not a flood.
const CONNECTIONS: usize = 16;

/// How the load is made.
#[derive(Clone, Debug)]
pub(super) enum Generator {
    Wrk(PathBuf),
    Oha(PathBuf),
    /// A thread for each connection, one request at a time.
    BuiltIn,
}

/// Where to, and with which token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'t> {
    pub(super) address: SocketAddr,
    pub(super) path: &'t str,
    pub(super) token: &'t str,
}

impl Generator {
    pub(super) fn find() -> Self {
        let wrk = find_program("wrk").map(Self::Wrk);
        wrk.or_else(|| find_program("oha").map(Self::Oha))
            .unwrap_or(Self::BuiltIn)
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Wrk(_) => "wrk",
            Self::Oha(_) => "oha",
            Self::BuiltIn => {
                "the built-in generator (wrk, Debian: apt install wrk, takes less of the processor)"
            }
        }
    }

    /// Requests per second over so long a time.
    pub(super) fn run(&self, target: Target<'_>, seconds: u64) -> Result<f64, BenchError> {
        let url = format!("http://{}{}", target.address, target.path);
        let header = format!("Authorization: Bearer {}", target.token);
        let connections = CONNECTIONS.to_string();
        match self {
            Self::Wrk(program) => {
                let time = format!("{seconds}s");
                let arguments = ["-t1", "-c", &connections, "-d", &time, "-H", &header, &url];
                let text = printed("wrk", Command::new(program).args(arguments))?;
                let line =
                    |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name));
                if let Some(status) = line("Non-2xx or 3xx responses:") {
                    let status = format!("another status than 2xx {status} times");
                    return Err(BenchError::Refused { url, status });
                }
                let rate = line("Requests/sec:").and_then(|rate| rate.trim().parse().ok());
                rate.ok_or(BenchError::Unreadable {
                    program: "wrk",
                    what: text.clone(),
                })
            }
            Self::Oha(program) => {
                let time = format!("{seconds}s");
                let arguments = ["--no-tui", "--output-format", "json", "-c", &connections];
                let more = ["-z", &time, "-H", &header, &url];
                let text = printed("oha", Command::new(program).args(arguments).args(more))?;
                let json: Value = serde_json::from_str(&text).unwrap_or_default();
                if json["summary"]["successRate"].as_f64() != Some(1.0) {
                    let status = json["statusCodeDistribution"].to_string();
                    return Err(BenchError::Refused { url, status });
                }
                let rate = json["summary"]["requestsPerSec"].as_f64();
                rate.ok_or(BenchError::Unreadable {
                    program: "oha",
                    what: text,
                })
            }
            Self::BuiltIn => built_in(target, Duration::from_secs(seconds)),
        }
    }
}

fn printed(program: &'static str, command: &mut Command) -> Result<String, BenchError> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => Err(BenchError::Unreadable {
            program,
            what: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Err(source) => Err(BenchError::NoProgram { program, source }),
    }
}

fn built_in(target: Target<'_>, time: Duration) -> Result<f64, BenchError> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        target.path, target.address, target.token
    );
    let begin = Instant::now();
    let client = || -> io::Result<u64> {
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
    let total: io::Result<u64> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(client)).collect();
        let ended = clients.into_iter();
        // A thread that panics has found a mistake in the lines above.
        ended
            .map(|client| client.join().expect("a client does not panic"))
            .sum()
    });
    let total = total.map_err(BenchError::Load)?;
    Ok(total as f64 / begin.elapsed().as_secs_f64())
}

/// One answer with a `Content-Length`, to its end.
fn read_answer(answers: &mut BufReader<TcpStream>) -> io::Result<()> {
    let unexpected = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    answers.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(unexpected(&line));
    }
    let mut length = None;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
    let length: usize = length.ok_or_else(|| unexpected("an answer without a length"))?;
    answers.read_exact(&mut vec![0; length])
}
