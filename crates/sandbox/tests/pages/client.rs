//! A sandbox at a fixed time, and a client of a few lines: one request a connection, no redirects followed.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use domain::{Clock, Timestamp};
use sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Stands longer than any test.
const DEADLINE: Duration = Duration::from_secs(20);

pub const SEED: u64 = 11;
pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// The population that the sandbox of [`start`] serves.
pub const POPULATION: Population = Population::new(SEED);

pub async fn start_with(config: SandboxConfig) -> Sandbox {
    sandbox::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), config).await.unwrap()
}

pub async fn start() -> Sandbox {
    let clock = Clock::manual(NOW);
    start_with(SandboxConfig { seed: SEED, clock, slow: Duration::from_millis(300), ..SandboxConfig::default() }).await
}

pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON in every script tag that says it is JSON.
    pub fn scripts(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for part in self.text().split("<script").skip(1) {
            let (attributes, rest) = part.split_once('>').unwrap();
            let (content, _) = rest.split_once("</script>").unwrap();
            if attributes.contains("json") {
                found.push((attributes.to_owned(), serde_json::from_str(content).unwrap()));
            }
        }
        assert!(!found.is_empty(), "a page has scripts");
        found
    }

    /// The JSON that a script gives to a variable of this name.
    pub fn variable(&self, name: &str) -> Value {
        let (_, rest) = self.text().split_once(&format!("var {name} = ")).unwrap();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        values.next().unwrap().unwrap()
    }

    /// The JSON of the script tag with this id.
    pub fn script(&self, id: &str) -> Option<Value> {
        let id = format!("id=\"{id}\"");
        self.scripts().into_iter().find(|(attributes, _)| attributes.contains(&id)).map(|(_, value)| value)
    }
}

/// Every value under `key`, at any depth.
pub fn all_under<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value {
        Value::Object(fields) => {
            let own = fields.get(key).into_iter();
            own.chain(fields.values().flat_map(|field| all_under(field, key))).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| all_under(item, key)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

pub async fn send(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Answer {
    tokio::time::timeout(DEADLINE, exchange(sandbox, method, path, body)).await.unwrap()
}

/// Makes an event happen over the control address.
pub async fn happen(sandbox: &Sandbox, event: Value) {
    let answer = send(sandbox, "POST", "/control/events", &event.to_string()).await;
    assert_eq!(answer.status, 204, "{event}: {}", answer.text());
}

pub async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    send(sandbox, "GET", path, "").await
}

/// Sends a request and leaves the answer unread.
pub async fn ask(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

pub async fn read(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let answer = Answer { status, head, body: bytes.split_off(end + 4) };
    if let Some(length) = answer.header("content-length") {
        assert_eq!(length.parse::<usize>().unwrap(), answer.body.len(), "the whole body came");
    }
    answer
}

async fn exchange(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Answer {
    read(ask(sandbox, method, path, body).await).await
}

/// Asks for the counts until they are as wanted.
pub async fn until(sandbox: &Sandbox, wanted: impl Fn(&sandbox::Stats) -> bool) {
    let seen = tokio::time::timeout(DEADLINE, async {
        while !wanted(&sandbox.stats()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(seen.await.is_ok(), "the counts never became so: {:?}", sandbox.stats());
}
