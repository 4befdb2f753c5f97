//! A connection that is held open, to see whether a server that was dropped lets go of it.
//!
//! Looking at the port instead would be wrong: another test's server may have been given it since.

use std::io::{ErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};

use crate::support::PATIENCE;

/// An open connection on which nothing is sent.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(address: impl ToSocketAddrs) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        Self(stream)
    }

    /// Whether the other side has closed it, in an orderly way or by ending.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }
}
