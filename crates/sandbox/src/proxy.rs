//! A stand-in forward proxy on loopback, for tests of the ways out: it passes plain HTTP requests on to loopback, names itself in them, and counts them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// No request of ours has a longer head.
const LONGEST_HEAD_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
struct Shared {
    requests: AtomicU64,
    is_broken: AtomicBool,
}

/// A running proxy. It ends when this is dropped.
#[derive(Debug)]
pub struct SandboxProxy {
    name: String,
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl SandboxProxy {
    /// Starts a proxy on a free port, on the caller's tokio runtime. The requests that come by it carry `X-Sandbox-Egress: {name}`. Fails when no
    /// port can be bound.
    pub async fn start(name: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (served, marker) = (Arc::clone(&shared), name.to_owned());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (shared, marker) = (Arc::clone(&served), marker.clone());
                tokio::spawn(async move {
                    if let Err(error) = pass_on(client, &shared, &marker).await {
                        tracing::debug!(%error, "a connection through the stand-in proxy ended");
                    }
                });
            }
        });
        Ok(Self { name: name.to_owned(), addr, shared, task })
    }

    /// The name that it was started with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its address, as a client is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How many requests came, the refused ones with them.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Answers 502 to everything from now on, or (`false`) works again.
    pub fn set_broken(&self, is_broken: bool) {
        self.shared.is_broken.store(is_broken, Ordering::SeqCst);
    }
}

impl Drop for SandboxProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one request of a connection and closes it.
async fn pass_on(mut client: TcpStream, shared: &Shared, name: &str) -> io::Result<()> {
    let Some((head, rest)) = read_head(&mut client).await? else { return Ok(()) };
    shared.requests.fetch_add(1, Ordering::SeqCst);
    if shared.is_broken.load(Ordering::SeqCst) {
        return refuse(&mut client, "502 Bad Gateway").await;
    }
    let Some((to, request)) = forwarded(&head, name) else {
        return refuse(&mut client, "403 Forbidden").await;
    };
    let Ok(mut server) = TcpStream::connect(to).await else {
        return refuse(&mut client, "502 Bad Gateway").await;
    };
    server.write_all(request.as_bytes()).await?;
    server.write_all(&rest).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The head of a request, and what was read behind it; `None` when the client went away before.
async fn read_head(client: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), rest)));
        }
        if bytes.len() > LONGEST_HEAD_BYTES || client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// The loopback address that a request in absolute form is for, and the request as the server wants it.
fn forwarded(head: &str, name: &str) -> Option<(SocketAddr, String)> {
    let (line, headers) = head.split_once("\r\n")?;
    let mut words = line.split(' ');
    let (method, address) = (words.next()?, words.next()?);
    let rest = address.strip_prefix("http://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let to: SocketAddr = authority.replace("localhost", "127.0.0.1").parse().ok()?;
    if !to.ip().is_loopback() {
        return None;
    }
    let kept = headers.split("\r\n").filter(|header| {
        let field = header.split(':').next().unwrap_or("").to_ascii_lowercase();
        !header.is_empty()
            && !matches!(field.as_str(), "connection" | "proxy-connection" | "proxy-authorization" | "x-sandbox-egress")
    });
    let kept: String = kept.flat_map(|header| [header, "\r\n"]).collect();
    Some((to, format!("{method} /{path} HTTP/1.1\r\n{kept}X-Sandbox-Egress: {name}\r\nConnection: close\r\n\r\n")))
}

async fn refuse(client: &mut TcpStream, status: &str) -> io::Result<()> {
    client.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_reached_and_the_way_out_is_named() {
        let (to, request) =
            forwarded("GET http://127.0.0.1:80/a?b=c HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", "two")
                .unwrap();
        assert_eq!(to, SocketAddr::from((Ipv4Addr::LOCALHOST, 80)));
        assert_eq!(request, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Sandbox-Egress: two\r\nConnection: close\r\n\r\n");
        assert!(forwarded("GET http://192.0.2.1:80/ HTTP/1.1\r\n\r\n", "two").is_none());
        assert!(forwarded("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n", "two").is_none());
    }
}
