//! One keep-alive connection in bare HTTP/1.1: a request's bytes out, one answer of known length in. As little of our own work as can be, since it is
//! done on the cores that are measured; what is asked and what an answer means is left to the callers.

use std::io;
use std::net::SocketAddr;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room that is made before each read, in bytes. An account's answer fits into it.
const READ_ROOM: usize = 8 * 1024;

/// A connection with at most one request under way.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as long as no further request is made.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: &'a [u8],
    /// The body; empty where the status allows none.
    pub body: &'a [u8],
}

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The head is not HTTP/1.1 or names no length.
    #[error("this is no answer of known length: {0}")]
    Head(String),
    /// More came than was announced.
    #[error("{0} bytes came that belong to no answer")]
    Excess(usize),
}

impl Connection {
    /// Connects, without delaying small writes.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(2 * READ_ROOM) })
    }

    /// Sends `request`, which must be a whole request, and reads the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, ConnectionError> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let head_end = loop {
            if let Some(found) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break found + 4;
            }
            self.read_more().await?;
        };
        let (status, body_length) = understand(&self.buffer[..head_end])
            .ok_or_else(|| ConnectionError::Head(String::from_utf8_lossy(&self.buffer[..head_end]).into_owned()))?;
        let end = head_end + body_length;
        while self.buffer.len() < end {
            self.read_more().await?;
        }
        if self.buffer.len() > end {
            return Err(ConnectionError::Excess(self.buffer.len() - end));
        }
        Ok(Answer { status, head: &self.buffer[..head_end], body: &self.buffer[head_end..] })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        self.buffer.reserve(READ_ROOM);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The status and the length of the body; `None` where they are not told.
fn understand(head: &[u8]) -> Option<(u16, usize)> {
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let announced = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    // These never have a body, whatever length they tell.
    if matches!(status, 204 | 304) { Some((status, 0)) } else { Some((status, announced?)) }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each connection's requests with `pieces`, written one after another.
    async fn answering(pieces: Vec<&'static [u8]>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            while stream.read(&mut request).await.unwrap() > 0 {
                for piece in &pieces {
                    stream.write_all(piece).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn an_answer_that_comes_in_pieces_is_put_together_and_the_connection_serves_again() {
        let address = answering(vec![b"HTTP/1.1 200 OK\r\nConte", b"nt-length: 5\r\n\r", b"\nhe", b"llo"]).await;
        let mut connection = Connection::open(address).await.unwrap();
        for _ in 0..3 {
            let answer = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_eq!((answer.status, answer.body), (200, b"hello".as_slice()));
            assert!(answer.head.ends_with(b"\r\n\r\n"));
        }
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_refused_rather_than_guessed() {
        let address = answering(vec![b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]).await;
        let mut connection = Connection::open(address).await.unwrap();
        let refused = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await;
        assert!(matches!(refused, Err(ConnectionError::Head(head)) if head.contains("chunked")));
    }

    #[tokio::test]
    async fn bytes_after_the_answer_are_no_part_of_the_next() {
        let address = answering(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP"]).await;
        let mut connection = Connection::open(address).await.unwrap();
        assert!(matches!(connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await, Err(ConnectionError::Excess(4))));
    }

    #[test]
    fn not_modified_has_no_body() {
        assert_eq!(understand(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n"), Some((304, 0)));
        assert_eq!(understand(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 70\r\n\r\n"), Some((304, 0)));
        assert_eq!(understand(b"SSH-2.0\r\n\r\n"), None);
    }
}
