//! A server of a few lines on loopback, for the suites that fetch: it answers each request by its path and ends with the test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use scrape::{PlatformSite, ScrapeConfig};
use url::Url;

type Answer = dyn Fn(&str) -> Vec<u8> + Send + Sync;

/// A server that answers each request by its path, one connection a request, and ends with the test.
pub struct Server {
    pub port: u16,
    pub requests: Arc<Mutex<Vec<String>>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a free port. An empty answer is silence.
    pub fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, ending) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (seen, over) = (Arc::clone(&requests), Arc::clone(&ending));
        let answer: Arc<Answer> = Arc::new(answer);
        let thread = std::thread::spawn(move || {
            let mut handlers = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let (seen, over, answer) = (Arc::clone(&seen), Arc::clone(&over), Arc::clone(&answer));
                handlers.push(std::thread::spawn(move || serve(stream, &seen, &over, &*answer)));
            }
            for handler in handlers {
                drop(handler.join());
            }
        });
        Self { port, requests, ending, thread: Some(thread) }
    }

    /// The paths asked for so far, in order.
    pub fn paths(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|head| head.split(' ').nth(1).unwrap_or("").to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, over: &AtomicBool, answer: &Answer) {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(n) => head.extend_from_slice(&buffer[..n]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("").to_owned();
    seen.lock().unwrap().push(head);
    let bytes = answer(&path);
    if bytes.is_empty() {
        // Silence, until the test is over: the runtime that would close the other side is stopped by then.
        while !over.load(Ordering::SeqCst) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        return;
    }
    drop(stream.write_all(&bytes));
}

/// An answer with a body; `headers` end in a line break each.
pub fn respond(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Settings that have every platform at a server on this port.
pub fn config(port: u16) -> ScrapeConfig {
    let site = |name: &str| PlatformSite { base_url: Url::parse(&format!("http://127.0.0.1:{port}/{name}")).unwrap() };
    ScrapeConfig {
        instagram: site("instagram"),
        tiktok: site("tiktok"),
        youtube: site("youtube"),
        pinterest: site("pinterest"),
        user_agent: "test-agent/1.0".to_owned(),
        max_body_bytes: 20_000,
        ..ScrapeConfig::default()
    }
}

/// A port that nobody listens on.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
