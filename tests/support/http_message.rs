//! An HTTP/1.1 message (RFC 9112), taken off the wire whole and put on it again.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Where a head ends.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A request or an answer.
#[derive(Debug, Clone)]
pub(crate) struct HttpMessage {
    /// `GET /v1/keys HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub(crate) first_line: String,
    pub(crate) body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl HttpMessage {
    /// A message with its `Content-Length` and no other header.
    pub(crate) fn new(first_line: &str, body: Vec<u8>) -> Self {
        Self { first_line: first_line.to_owned(), body, headers: Vec::new() }.with_its_length()
    }

    /// The next request on a connection; `None` where the client closes it instead.
    ///
    /// # Errors
    /// Those of the stream, and an end in the middle of a request.
    pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        loop {
            if let Some(request) = Self::parse(&bytes).filter(|request| request.body.len() >= request.content_length())
            {
                return Ok(Some(request));
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return if bytes.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// The one answer on a connection that ends with it.
    ///
    /// # Errors
    /// Those of the stream, and an end in the middle of the answer.
    ///
    /// # Panics
    /// If the answer is in chunks, which nothing behind the test bed sends.
    pub(crate) async fn read_last_answer(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let answer = Self::parse(&bytes).ok_or(ErrorKind::UnexpectedEof)?;
        assert!(answer.header("transfer-encoding").is_none(), "an answer in chunks: {answer:?}");
        if answer.body.len() < answer.content_length() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.with_its_length())
    }

    /// The value of a header; the first one if it is there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The message with this header, once.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The message without this header.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The first line and the headers as they go over the wire, with the empty line after them.
    pub(crate) fn head(&self) -> Vec<u8> {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{headers}\r\n", self.first_line).into_bytes()
    }

    /// The whole message as it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }

    fn with_its_length(self) -> Self {
        let length = self.body.len().to_string();
        self.with_header("Content-Length", &length)
    }

    fn content_length(&self) -> usize {
        self.header("content-length").map_or(0, |length| length.parse().expect("a length in numbers"))
    }

    /// The message that these bytes begin with, with as much of its body as is there; `None` before the head's end.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD)?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let first_line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header with a colon");
            (name.to_owned(), value.trim().to_owned())
        };
        let headers = lines.map(header).collect();
        Some(Self { first_line, headers, body: bytes[end + END_OF_HEAD.len()..].to_vec() })
    }
}
