//! An `axum::Router` over plain HTTP on loopback, for what has something else in front of it.

use std::net::SocketAddr;

use axum::Router;

use super::background::{self, Background};

/// A running server. Dropping it closes every connection.
pub(crate) struct PlainServer {
    address: SocketAddr,
    _server: Background,
}

impl PlainServer {
    /// Serves what `routes` returns. It is given the server's own address, so that what stands in front can be there
    /// before the routes are made.
    pub(crate) fn serve(routes: impl FnOnce(SocketAddr) -> Router) -> Self {
        let (listener, address) = background::bind_loopback();
        let routes = routes(address);
        let server = Background::run(async move {
            axum::serve(background::into_async(listener), routes).await.expect("the routes are served");
        });
        Self { address, _server: server }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
