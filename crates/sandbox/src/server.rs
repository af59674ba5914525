//! Starting and stopping the server, and the order in which a request is answered: counted, put into its state, then handed to its platform.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use domain::{Clock, Platform};
use tokio::sync::{oneshot, watch};

use crate::ask::{Ask, Kind};
use crate::control::{self, target_key};
use crate::state::State;
use crate::stats::Stats;
use crate::world::World;
use crate::{instagram, named, tiktok};

/// Bytes that are no page, no JSON and no UTF-8.
const GARBAGE: &[u8] = b"\x00\x9f\x92\x96GIF\xff\xfe{{[<<\xc3\x28\x00\x01\x02";

/// How a stand-in behaves.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Which population lives there.
    pub seed: u64,
    /// The present, by which the population grows.
    pub clock: Clock,
    /// How long the slow handles and posts take.
    pub slow: Duration,
    /// About how many bytes of padding a page carries. Real pages carry 200,000 to 1,000,000, so a load test that wants to measure pages rather
    /// than bytes leaves this small.
    pub padding_bytes: usize,
}

impl Default for SandboxConfig {
    /// Seed 1, the system's clock, 3 s for the slow ones, 20,000 bytes of padding.
    fn default() -> Self {
        Self { seed: 1, clock: Clock::system(), slow: Duration::from_secs(3), padding_bytes: 20_000 }
    }
}

/// Running stand-in platforms. They end with [`Sandbox::stop`], or when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    addr: SocketAddr,
    handle: ServerHandle,
    world: web::Data<World>,
    ended: watch::Receiver<bool>,
}

/// Starts the stand-in platforms at `listen` (port 0 takes a free one) and returns when they can be asked.
///
/// The server runs on a thread of its own, so it may be started from any tokio runtime, and its load does not stand in the way of the
/// caller's tasks. It installs no signal handlers. Fails when the address cannot be bound or the thread cannot be started.
pub async fn start(listen: SocketAddr, config: SandboxConfig) -> io::Result<Sandbox> {
    let SandboxConfig { seed, clock, slow, padding_bytes } = config;
    let world = web::Data::new(World::new(seed, clock, slow, padding_bytes));
    let (started, starting) = oneshot::channel();
    let (ending, ended) = watch::channel(false);
    let served = web::Data::clone(&world);
    thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
        actix_web::rt::System::new().block_on(serve(listen, served, started));
        ending.send_replace(true);
    })?;
    let (addr, handle) =
        starting.await.map_err(|_| io::Error::other("the server's thread ended before it had started"))??;
    tracing::debug!(%addr, "stand-in platforms listen");
    Ok(Sandbox { addr, handle, world, ended })
}

type Started = oneshot::Sender<io::Result<(SocketAddr, ServerHandle)>>;

async fn serve(listen: SocketAddr, world: web::Data<World>, started: Started) {
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::clone(&world)).configure(control::routes).default_service(web::to(answer))
    })
    .workers(2)
    .disable_signals()
    // A client that went away must not stay counted as held.
    .h1_allow_half_closed(false)
    .shutdown_timeout(1)
    .bind(listen);
    let server = match server {
        Ok(server) => server,
        // Nobody waits for the answer when the starter was cancelled.
        Err(error) => return drop(started.send(Err(error))),
    };
    let Some(addr) = server.addrs().first().copied() else {
        return drop(started.send(Err(io::Error::other("the server has no address"))));
    };
    let server = server.run();
    if started.send(Ok((addr, server.handle()))).is_err() {
        return;
    }
    if let Err(error) = server.await {
        tracing::error!(%error, "the stand-in platforms ended");
    }
}

impl Sandbox {
    /// Where the server listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What takes the place of `https://www.instagram.com`, without a slash at the end.
    pub fn instagram_base_url(&self) -> String {
        self.base_url(Platform::Instagram)
    }

    /// What takes the place of `https://www.tiktok.com`, without a slash at the end.
    pub fn tiktok_base_url(&self) -> String {
        self.base_url(Platform::Tiktok)
    }

    /// What takes the place of the platform's own address, without a slash at the end.
    pub fn base_url(&self, platform: Platform) -> String {
        format!("http://{}/{platform}", self.addr)
    }

    /// Puts a platform (`target` `None`) or one handle or post of it into a state, or back into its own (`state` `None`): what `POST /control/faults` does.
    pub fn set_fault(&self, platform: Platform, target: Option<&str>, state: Option<State>) {
        self.world.set_fault(platform, target.map(|target| target_key(platform, target)), state);
    }

    /// Answers the held requests, and later ones at once: what `POST /control/release` does.
    pub fn release(&self) {
        self.world.set_released(true);
    }

    /// Holds again, after a release: what `POST /control/hold` does.
    pub fn hold(&self) {
        self.world.set_released(false);
    }

    /// The counts of requests: what `GET /control/stats` says.
    pub fn stats(&self) -> Stats {
        self.world.stats()
    }

    /// Ends the server at once, cutting off what is still being answered, and returns when it is gone.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        self.wait().await;
    }

    /// Returns when the server has ended, by [`Sandbox::stop`] or by itself.
    pub async fn wait(&self) {
        let mut ended = self.ended.clone();
        // An error means that the thread is gone, which is what is waited for.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The command is sent when the future is made; nobody has to await it.
        drop(self.handle.stop(false));
    }
}

/// Answers anything that is not for the control addresses.
async fn answer(request: HttpRequest, world: web::Data<World>) -> HttpResponse {
    let Some(ask) = Ask::parse(request.path(), request.query_string()) else {
        return HttpResponse::NotFound().finish();
    };
    let _in_flight = world.begin(ask.platform, ask.kind);
    if ask.kind == Kind::Other {
        return HttpResponse::NotFound().finish();
    }
    // The login page is where a wall leads to, so no fault stands before it.
    let state = if ask.kind == Kind::Login { None } else { world.state_of(&ask) };
    match state {
        Some(State::Slow) => tokio::time::sleep(world.slow).await,
        Some(State::Held) => world.hold(ask.platform).await,
        Some(State::Broken) => return HttpResponse::InternalServerError().finish(),
        Some(State::Garbage) => return html().body(GARBAGE),
        Some(State::EmptyBody) => return html().body(""),
        Some(State::Renamed) => {
            if let Some(location) = new_address(&ask) {
                return HttpResponse::Found().insert_header((header::LOCATION, location)).finish();
            }
        }
        Some(
            State::Missing
            | State::Private
            | State::RegionGated
            | State::Throttled
            | State::LoginWall
            | State::Challenge
            | State::HiddenLikes,
        )
        | None => {}
    }
    match ask.platform {
        Platform::Tiktok => tiktok::answer(&world, &ask, state),
        Platform::Instagram => instagram::answer(&world, &ask, state),
        Platform::Youtube | Platform::Pinterest => HttpResponse::NotFound().finish(),
    }
}

/// Where a renamed profile's page has gone; `None` for what does not move, such as a post.
fn new_address(ask: &Ask) -> Option<String> {
    let handle = ask.handle()?;
    if handle.as_str().strip_suffix(named::RENAMED_SUFFIX).is_some() {
        // Under a fault that renames the whole platform, what has been renamed stays where it is.
        return None;
    }
    let now = named::RENAMED_SUFFIX;
    match (ask.platform, ask.kind) {
        (Platform::Tiktok, Kind::Profile) => Some(format!("/tiktok/@{handle}{now}")),
        (Platform::Tiktok, Kind::Feed) => Some(format!("/tiktok/embed/@{handle}{now}")),
        (Platform::Instagram, Kind::Profile) => Some(format!("/instagram/{handle}{now}/")),
        (Platform::Instagram, Kind::Feed) => Some(format!("/instagram/{handle}{now}/reels/")),
        (Platform::Youtube | Platform::Pinterest, _)
        | (Platform::Tiktok | Platform::Instagram, Kind::Post | Kind::Oembed | Kind::Login | Kind::Other) => None,
    }
}

/// An answer with status 200 that says it is HTML.
pub(crate) fn html() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("text/html; charset=utf-8");
    response
}
