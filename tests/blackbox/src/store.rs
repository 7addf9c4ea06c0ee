//! A Valkey or Redis server on this machine, which tests may kill, freeze and fill.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

/// The programs that can be a store.
pub const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];

/// A running store, without persistence unless its arguments have `--appendonly`. It ends when it is dropped.
#[derive(Debug)]
pub struct Store {
    program: &'static str,
    arguments: Vec<String>,
    address: SocketAddr,
    directory: PathBuf,
    process: Option<Child>,
}

impl Store {
    /// Starts the first program that is installed; `None`, with a word on stderr, if there is none.
    #[must_use]
    pub fn start_any() -> Option<Self> {
        Self::each(&[]).next()
    }

    /// Starts each program that is installed, one after the other, with these arguments.
    pub fn each(arguments: &[&str]) -> impl Iterator<Item = Self> {
        let stores = PROGRAMS.into_iter();
        stores.filter_map(|program| Self::start(program, arguments))
    }

    /// Starts `program` with these arguments; `None`, with a word on stderr, if it is not installed.
    ///
    /// # Panics
    ///
    /// Panics if it does not answer within 20 s.
    #[must_use]
    pub fn start(program: &'static str, arguments: &[&str]) -> Option<Self> {
        let mut store = Self {
            program,
            arguments: arguments.iter().map(|&it| it.to_owned()).collect(),
            address: free_port(),
            directory: directory(),
            process: None,
        };
        match store.launch() {
            Ok(()) => Some(store),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                eprintln!("skipped: {program} is not installed");
                None
            }
            Err(error) => panic!("cannot start {program}: {error}"),
        }
    }

    /// Its program.
    #[must_use]
    pub const fn program(&self) -> &'static str {
        self.program
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Kills it (`SIGKILL`): without persistence, what it had is lost.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on the same address after [`kill`](Self::kill), and waits until it answers.
    ///
    /// # Panics
    ///
    /// Panics if it does not answer within 20 s.
    pub fn start_again(&mut self) {
        self.kill();
        if let Err(error) = self.launch() {
            panic!("cannot start {} again: {error}", self.program);
        }
    }

    /// Stops its execution (`SIGSTOP`): connections stay open and nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Sends a command without spaces in its arguments, and returns the beginning of the answer as it is on
    /// the wire.
    ///
    /// # Errors
    ///
    /// When there is no answer within a second.
    pub fn command(&self, command: &str) -> io::Result<String> {
        let limit = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&self.address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer)?;
        let answer = answer.get(..read).unwrap_or_default();
        Ok(String::from_utf8_lossy(answer).into_owned())
    }

    fn launch(&mut self) -> io::Result<()> {
        let is_persistent = self.arguments.iter().any(|it| it == "--appendonly");
        let no_log: &[&str] = if is_persistent {
            &[]
        } else {
            &["--appendonly", "no"]
        };
        let process = Command::new(self.program)
            // The first may be a file.
            .args(&self.arguments)
            .args(["--port", &self.address.port().to_string()])
            .args(["--bind", "127.0.0.1", "--save", ""])
            .args(no_log)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(20);
        // Anything else means that it is still loading.
        let is_ready = |it: String| it.starts_with("+PONG") || it.starts_with("-NOAUTH");
        while !self.command("PING").is_ok_and(is_ready) {
            if let Some(status) = self.process.as_mut().and_then(|it| it.try_wait().ok()?) {
                return Err(io::Error::other(format!("it has ended with {status}")));
            }
            assert!(Instant::now() < deadline, "{} is silent", self.program);
            thread::yield_now();
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        // The id can't belong to another process: the child has not been waited for.
        let id = self.process.as_ref().map(Child::id);
        if let Some(id) = id.and_then(|it| i32::try_from(it).ok()) {
            let _ = signal::kill(Pid::from_raw(id), signal);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|it| it.local_addr());
    address.unwrap_or_else(|error| panic!("no free port: {error}"))
}

fn directory() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("blackbox-store-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    if let Err(error) = fs::create_dir_all(&directory) {
        panic!("cannot create {}: {error}", directory.display());
    }
    directory
}
