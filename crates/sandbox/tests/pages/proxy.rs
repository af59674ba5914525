use domain::Platform;
use sandbox::{FaultAt, Sandbox, SandboxProxy, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::start;

/// Asks for a page of the sandbox through a proxy, and returns the status.
async fn through(proxy: &SandboxProxy, sandbox: &Sandbox, path: &str) -> u16 {
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    let host = sandbox.addr();
    let request = format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\nProxy-Connection: keep-alive\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_proxy_passes_on_counts_and_names_itself() {
    let sandbox = start().await;
    let (a, b) = (SandboxProxy::start("a").await.unwrap(), SandboxProxy::start("b").await.unwrap());
    assert_eq!(through(&a, &sandbox, "/tiktok/@anna").await, 200);
    assert_eq!(through(&b, &sandbox, "/instagram/anna/").await, 200);
    let egresses: Vec<_> = sandbox.requests().into_iter().map(|request| request.egress.unwrap()).collect();
    assert_eq!(egresses, ["a", "b"]);
    assert_eq!((a.requests(), b.requests()), (1, 1));
    sandbox.set_fault_at(FaultAt::platform(Platform::Tiktok).by("a"), Some(State::RateLimited));
    assert_eq!(through(&a, &sandbox, "/tiktok/@anna").await, 429);
    assert_eq!(through(&b, &sandbox, "/tiktok/@anna").await, 200);
    b.set_broken(true);
    assert_eq!(through(&b, &sandbox, "/tiktok/@anna").await, 502);
    let addr = a.addr();
    drop(a);
    let ended = async { while TcpStream::connect(addr).await.is_ok() {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), ended).await.unwrap();
    sandbox.stop().await;
}
