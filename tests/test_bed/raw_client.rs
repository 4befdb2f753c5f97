//! A client that shows what is on the wire: it writes requests, and reads whatever comes, however it ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::PATIENCE;

/// An open connection.
pub(crate) struct RawClient(TcpStream);

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In an orderly way.
    Closed,
    /// By a reset.
    Reset,
}

impl RawClient {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        Self(stream)
    }

    /// Writes a request, whole.
    pub(crate) fn send(&mut self, request: &str) {
        self.0.write_all(request.as_bytes()).expect("a request that can be written");
    }

    /// Writes a request for a path.
    pub(crate) fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    /// Reads until this has come.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(text) {
            let mut byte = [0];
            let count = self.0.read(&mut byte).expect("what was announced");
            assert!(count > 0, "closed before `{text}` came: {}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&byte);
        }
        String::from_utf8(read).expect("text")
    }

    /// Reads to the end of the connection.
    pub(crate) fn read_to_end(&mut self) -> (String, End) {
        let mut read = Vec::new();
        let mut chunk = [0; 1_024];
        let end = loop {
            match self.0.read(&mut chunk) {
                Ok(0) => break End::Closed,
                Ok(count) => read.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break End::Reset,
                Err(error) => panic!("neither closed nor reset: {error}"),
            }
        };
        (String::from_utf8(read).expect("text"), end)
    }
}
