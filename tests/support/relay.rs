//! A wire that can be cut: every byte is passed on to a server, until the connections that are open are broken off.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::PATIENCE;
use super::background::{self, Background};

/// A running relay.
pub(crate) struct Relay {
    address: SocketAddr,
    upstream: Arc<Mutex<Option<SocketAddr>>>,
    cuts: watch::Sender<usize>,
    open: watch::Sender<usize>,
    _server: Background,
}

impl Relay {
    /// Listens on a free loopback port. Connections are dropped until there is a server to pass them on to.
    pub(crate) fn start() -> Self {
        let (listener, address) = background::bind_loopback();
        let upstream = Arc::new(Mutex::new(None));
        let (cuts, watched) = watch::channel(0);
        let open = watch::Sender::new(0);
        let (target, opened) = (Arc::clone(&upstream), open.clone());
        let server = Background::run(async move {
            let listener = background::into_async(listener);
            while let Ok((stream, _peer)) = listener.accept().await {
                let upstream = *target.lock().expect("nothing panics while it holds this lock");
                let mut cut = watched.clone();
                cut.mark_unchanged();
                let open = opened.clone();
                open.send_modify(|open| *open += 1);
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass_on(stream, upstream) => {}
                        _ = cut.changed() => {}
                    }
                    open.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { address, upstream, cuts, open, _server: server }
    }

    /// `https://localhost:PORT`, for a server with TLS behind the relay.
    pub(crate) fn localhost_url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Passes the connections to come on to this server.
    pub(crate) fn pass_on_to(&self, upstream: SocketAddr) {
        *self.upstream.lock().expect("nothing panics while it holds this lock") = Some(upstream);
    }

    /// Breaks off every open connection and returns once they are closed; new ones are passed on.
    pub(crate) async fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
        let mut open = self.open.subscribe();
        let closed = tokio::time::timeout(PATIENCE, open.wait_for(|open| *open == 0)).await;
        assert!(closed.is_ok(), "connections are still open after {PATIENCE:?}");
    }
}

async fn pass_on(mut stream: TcpStream, upstream: Option<SocketAddr>) {
    let Some(upstream) = upstream else { return };
    // A connection that either side breaks off is theirs to notice.
    if let Ok(mut upstream) = TcpStream::connect(upstream).await {
        let _broken_off = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
    }
}
