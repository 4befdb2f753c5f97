//! A server on a thread and an async runtime of its own, gone with all its connections when its handle is dropped.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// A running server. Dropping it returns once its listener and its connections, idle ones included, are closed.
pub(crate) struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs `server`, and whatever it spawns, until the handle is dropped.
    pub(crate) fn run(server: impl Future<Output = ()> + Send + 'static) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime for a test server");
            runtime.block_on(async {
                tokio::select! {
                    () = server => {}
                    _ = stopped => {}
                }
            });
            // What the server spawned ends here; a handler that blocks must not keep the test from ending.
            runtime.shutdown_background();
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails only where the server has ended by itself, which is what is wanted.
            let _already_ended = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already; a second one in a drop would hide the test's own.
            let _panicked = thread.join();
        }
    }
}

/// A listener on a free loopback port, bound already, so that its address can be handed out before anything is served.
pub(crate) fn bind_loopback() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.set_nonblocking(true).expect("a listener that does not block");
    let address = listener.local_addr().expect("the address of a bound listener");
    (listener, address)
}

/// The same listener for the async runtime of the caller.
pub(crate) fn into_async(listener: TcpListener) -> tokio::net::TcpListener {
    tokio::net::TcpListener::from_std(listener).expect("a listener for the async runtime")
}
