use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// Stands between servers and their store, and can hold back the store's answers.
pub(crate) struct Proxy {
    address: SocketAddr,
    delay: Arc<AtomicU64>,
    _runtime: Runtime,
}

impl Proxy {
    pub(crate) fn start(store: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let delay = Arc::<AtomicU64>::default();
        runtime.spawn(accept(listener, store, Arc::clone(&delay)));
        Self {
            address,
            delay,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Passes on the store's next answers this much later.
    pub(crate) fn delay_answers(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap();
        self.delay.store(millis, Relaxed);
    }
}

async fn accept(listener: TcpListener, store: SocketAddr, delay: Arc<AtomicU64>) {
    while let Ok((server, _)) = listener.accept().await {
        tokio::spawn(forward(server, store, Arc::clone(&delay)));
    }
}

async fn forward(
    mut server: TcpStream,
    store: SocketAddr,
    delay: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let mut store = TcpStream::connect(store).await?;
    let (mut commands, mut to_server) = server.split();
    let (mut answers, mut to_store) = store.split();
    let answers = async {
        let mut part = [0; 4096];
        loop {
            let read = answers.read(&mut part).await?;
            if read == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(delay.load(Relaxed))).await;
            to_server.write_all(&part[..read]).await?;
        }
    };
    // A connection that one side has closed is of no use to the other.
    tokio::select! {
        copied = copy(&mut commands, &mut to_store) => copied.map(drop),
        answered = answers => answered,
    }
}
