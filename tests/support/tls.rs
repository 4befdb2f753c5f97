//! HTTPS on loopback: an `axum::Router` behind TLS, or TLS in front of something that speaks none.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::PrivateCa;
use super::background::{self, Background};

/// A server with the certificate of a [`PrivateCa`]. Dropping it closes every connection.
pub(crate) struct TlsServer {
    address: SocketAddr,
    _server: Background,
}

impl TlsServer {
    /// Serves what `routes` returns. It is given the server's own URL, [`TlsServer::url`], since an issuer must know
    /// its name.
    pub(crate) fn serve(ca: &PrivateCa, routes: impl FnOnce(&str) -> Router) -> Self {
        Self::start(ca, |url| {
            let routes = routes(url);
            move |listener: TlsListener| async move {
                axum::serve(listener, routes).await.expect("the routes are served");
            }
        })
    }

    /// Takes the TLS off and passes every byte on to `upstream`, and back.
    pub(crate) fn front(ca: &PrivateCa, upstream: SocketAddr) -> Self {
        Self::start(ca, |_url| {
            move |mut listener: TlsListener| async move {
                loop {
                    let (mut stream, _peer) = listener.accept().await;
                    tokio::spawn(async move {
                        // A connection that either side breaks off is theirs to notice.
                        if let Ok(mut upstream) = TcpStream::connect(upstream).await {
                            let _broken_off = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
                        }
                    });
                }
            }
        })
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it listens, for something in front of it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://localhost:PORT`, which is the same server.
    pub(crate) fn localhost_url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    fn start<S, F>(ca: &PrivateCa, server: impl FnOnce(&str) -> S) -> Self
    where
        S: FnOnce(TlsListener) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (listener, address) = background::bind_loopback();
        let server = server(&format!("https://{address}"));
        let config = ca.server_config();
        let server = Background::run(async move {
            server(TlsListener::new(background::into_async(listener), address, config)).await;
        });
        Self { address, _server: server }
    }
}

/// A listener whose connections have their TLS handshake behind them.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::UnboundedReceiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Each handshake is a task: a client that connects and says nothing must not hold up the next one.
    fn new(mut listener: TcpListener, address: SocketAddr, config: Arc<ServerConfig>) -> Self {
        let acceptor = TlsAcceptor::from(config);
        let (shaken, ready) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                // axum's `accept`, which goes on after a failure, and not the listener's own.
                let (stream, peer) = Listener::accept(&mut listener).await;
                let (acceptor, shaken) = (acceptor.clone(), shaken.clone());
                tokio::spawn(async move {
                    // A client that does not trust the authority hangs up here.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _listener_is_gone = shaken.send((stream, peer));
                    }
                });
            }
        });
        Self { address, ready }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        self.ready.recv().await.expect("the task that accepts connections never ends")
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
