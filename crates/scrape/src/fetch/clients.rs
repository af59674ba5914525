//! One HTTP client for each way out. Which way a page takes is left to the caller.

use domain::source::DIRECT;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy};
use url::{Host, Url};

use super::config::{Egress, ScrapeConfig, ScrapeSetupError};

/// The clients. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub(super) struct Clients {
    direct: Client,
    /// For stand-ins on this machine: a proxy that the environment names is for the world outside.
    local: Client,
    proxied: Vec<(String, Client)>,
}

impl Clients {
    /// Builds them. Opens no connection.
    pub(super) fn new(config: &ScrapeConfig) -> Result<Self, ScrapeSetupError> {
        let user_agent = HeaderValue::from_str(&config.user_agent).map_err(ScrapeSetupError::UserAgent)?;
        let build = |by: &dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder| {
            by(Client::builder())
                .user_agent(user_agent.clone())
                // As it always was: another crate's wish for HTTP/2 must not change what the platforms see.
                .http1_only()
                .redirect(Policy::none())
                .connect_timeout(config.connect_timeout)
                .timeout(config.total_timeout)
                .build()
                .map_err(ScrapeSetupError::Client)
        };
        let mut proxied: Vec<(String, Client)> = Vec::new();
        for Egress { name, proxy } in &config.egresses {
            let refused = || ScrapeSetupError::Egress { name: name.clone() };
            match proxy {
                None if name == DIRECT => {}
                Some(proxy)
                    if !name.is_empty()
                        && name != DIRECT
                        && matches!(proxy.scheme(), "http" | "https")
                        && proxied.iter().all(|(known, _)| known != name) =>
                {
                    let proxy = Proxy::all(proxy.clone()).map_err(|_| refused())?;
                    proxied.push((name.clone(), build(&|client| client.proxy(proxy.clone()))?));
                }
                None | Some(_) => return Err(refused()),
            }
        }
        Ok(Self { direct: build(&|client| client)?, local: build(&reqwest::ClientBuilder::no_proxy)?, proxied })
    }

    /// The client of a way out, for an address; `None` when no way has this name.
    pub(super) fn get(&self, egress: &str, url: &Url) -> Option<&Client> {
        if egress == DIRECT {
            return Some(self.direct(url));
        }
        self.proxied.iter().find(|(name, _)| name == egress).map(|(_, client)| client)
    }

    /// The client without a configured proxy.
    pub(super) fn direct(&self, url: &Url) -> &Client {
        if is_loopback(url) { &self.local } else { &self.direct }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
