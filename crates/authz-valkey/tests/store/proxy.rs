use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

/// Stands between a server and its store, and can be cut.
pub(crate) struct Proxy {
    address: SocketAddr,
    store: SocketAddr,
    stall: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(store: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stall = Arc::<Notify>::default();
        Self {
            address,
            store,
            task: tokio::spawn(forward(listener, store, Arc::clone(&stall))),
            stall,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Forwards nothing more on the connections that there are, and leaves them open.
    pub(crate) fn stall(&self) {
        self.stall.notify_waiters();
    }

    /// Closes all connections and accepts no more.
    pub(crate) async fn cut(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    pub(crate) async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = tokio::spawn(forward(listener, self.store, Arc::clone(&self.stall)));
    }
}

async fn forward(listener: TcpListener, store: SocketAddr, stall: Arc<Notify>) {
    // Aborted with this task.
    let mut connections = JoinSet::new();
    while let Ok((mut server, _)) = listener.accept().await {
        let stall = Arc::clone(&stall);
        connections.spawn(async move {
            let mut store = TcpStream::connect(store).await?;
            tokio::select! {
                () = stall.notified() => {}
                copied = tokio::io::copy_bidirectional(&mut server, &mut store) => return copied,
            }
            // Both connections stay open.
            std::future::pending().await
        });
    }
}
