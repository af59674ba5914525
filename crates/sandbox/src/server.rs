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

use crate::ask::{Ask, Subject};
use crate::control;
use crate::events::{Event, Who};
use crate::faults::FaultAt;
use crate::happen::CannotHappen;
use crate::requests::{Request, without_secrets};
use crate::state::State;
use crate::stats::{Door, Stats};
use crate::surface::Surface;
use crate::truth::{PostTruth, ProfileTruth, Truth};
use crate::world::{World, lock};
use crate::{graph, instagram, named, pinterest, short, tiktok, youtube, youtube_data};

/// The header in which a request names the way out that it came by.
const EGRESS_HEADER: &str = "x-sandbox-egress";

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

    /// What takes the place of `https://graph.facebook.com/v25.0`, without a slash at the end.
    pub fn graph_base_url(&self) -> String {
        format!("http://{}/graph/v25.0", self.addr)
    }

    /// What takes the place of `https://www.googleapis.com/youtube/v3`, without a slash at the end.
    pub fn youtube_data_base_url(&self) -> String {
        format!("http://{}/youtube-data/v3", self.addr)
    }

    /// Puts a platform (`target` `None`) or one handle or post of it into a state, or back into its own (`state` `None`).
    pub fn set_fault(&self, platform: Platform, target: Option<&str>, state: Option<State>) {
        let at = FaultAt { target: target.map(str::to_owned), ..FaultAt::platform(platform) };
        self.set_fault_at(at, state);
    }

    /// Puts what `at` names into a state, or back into its own (`state` `None`): what `POST /control/faults` does.
    pub fn set_fault_at(&self, at: FaultAt, state: Option<State>) {
        self.world.set_fault(at, state);
    }

    /// Makes an event happen now: what `POST /control/events` does. Fails when it names nobody, or no handle.
    pub fn happen(&self, platform: Platform, event: Event) -> Result<(), CannotHappen> {
        self.world.happen(platform, event)
    }

    /// What is true now of a handle, an account's id, or a post's id, shortcode or address: what `GET /control/truth` says. `None` when nobody has
    /// that handle. A text that could be a handle and an id is taken for an id when it has the length of one; an account's id is known once
    /// the account was shown (YouTube's always). Nothing is true of faults: they are the server's, not the account's.
    pub fn truth(&self, platform: Platform, target: &str) -> Option<Truth> {
        self.world.truth(platform, target)
    }

    /// [`Sandbox::truth`] of an account; `None` also when the text names a post.
    pub fn profile_truth(&self, platform: Platform, handle_or_id: &str) -> Option<ProfileTruth> {
        match self.truth(platform, handle_or_id)? {
            Truth::Profile(truth) => Some(*truth),
            Truth::Post(_) => None,
        }
    }

    /// [`Sandbox::truth`] of a post; `None` when the text names an account.
    pub fn post_truth(&self, platform: Platform, post: &str) -> Option<PostTruth> {
        match self.truth(platform, post)? {
            Truth::Post(truth) => Some(*truth),
            Truth::Profile(_) => None,
        }
    }

    /// The requests to the platforms since the start, or since the counts were reset, the oldest first: what `GET /control/requests` says.
    pub fn requests(&self) -> Vec<Request> {
        self.world.requests()
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
    let (path, query) = (request.path(), request.query_string());
    let Some(ask) = Ask::parse(path, query) else {
        return HttpResponse::NotFound().finish();
    };
    let egress = request.headers().get(EGRESS_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let begun = world.begin(Request {
        at: world.now(),
        platform: ask.platform,
        surface: ask.surface,
        path: without_secrets(path, query),
        egress: egress.clone(),
        status: None,
    });
    let response = match ask.surface {
        Surface::Other => HttpResponse::NotFound().finish(),
        Surface::Official => {
            let whole = world.state_of(&ask, egress.as_deref());
            match ask.platform {
                Platform::Instagram => graph::answer(&world, path, query, whole),
                Platform::Youtube => youtube_data::answer(&world, path, query, whole),
                Platform::Tiktok | Platform::Pinterest => HttpResponse::NotFound().finish(),
            }
        }
        Surface::Profile
        | Surface::ProfileEmbed
        | Surface::Feed
        | Surface::Post
        | Surface::PostEmbed
        | Surface::Oembed
        | Surface::ShortLink
        | Surface::Login => page(&world, settled(&world, ask), egress.as_deref()).await,
    };
    begun.answered(response.status().as_u16());
    response
}

/// A question about a channel's id, as one about the handle that it has now.
fn settled(world: &World, ask: Ask) -> Ask {
    match ask.subject {
        Subject::Channel(id) => Ask { subject: Subject::Profile(world.channel_handle(&id)), ..ask },
        Subject::Profile(_) | Subject::Post { .. } | Subject::Short { .. } | Subject::Nothing => ask,
    }
}

/// Answers for a page, as its state and its era want it.
async fn page(world: &World, ask: Ask, egress: Option<&str>) -> HttpResponse {
    // The login page is where a wall leads to, so no fault stands before it.
    let state = if ask.surface == Surface::Login { None } else { world.state_of(&ask, egress) };
    match state {
        Some(State::Slow) => tokio::time::sleep(world.slow).await,
        Some(State::Held) => world.hold(Door::of(ask.platform, ask.surface)).await,
        Some(State::Broken) => return HttpResponse::InternalServerError().finish(),
        Some(State::Garbage) => return html().body(GARBAGE),
        Some(State::EmptyBody) => return html().body(""),
        Some(State::RateLimited) => return too_many(world, ask.platform),
        Some(State::Renamed) => {
            if let Some(location) = ask.handle().and_then(|handle| renamed_address(&ask, handle)) {
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
    if let Subject::Profile(handle) = &ask.subject {
        let who = lock(&world.lives).who(ask.platform, handle);
        if let Who::Moved(key) = who {
            let now = lock(&world.lives).handle(ask.platform, &key);
            if let Some(location) = address(&ask, &now) {
                return HttpResponse::MovedPermanently().insert_header((header::LOCATION, location)).finish();
            }
        }
    }
    if let Subject::Short { host, path } = &ask.subject {
        return short::answer(world, ask.platform, host, path).await;
    }
    match ask.platform {
        Platform::Tiktok => tiktok::answer(world, &ask, state),
        Platform::Instagram => instagram::answer(world, &ask, state),
        Platform::Youtube => youtube::answer(world, &ask, state),
        Platform::Pinterest => pinterest::answer(world, &ask, state),
    }
}

/// HTTP 429, with the time that the platform asks to be left alone.
pub(crate) fn too_many(world: &World, platform: Platform) -> HttpResponse {
    let seconds = world.retry_after_seconds(platform).to_string();
    HttpResponse::TooManyRequests().insert_header((header::RETRY_AFTER, seconds)).finish()
}

/// Where the profile of a name such as `renamed` has gone; `None` for what does not move, such as a post.
fn renamed_address(ask: &Ask, handle: &str) -> Option<String> {
    // Under a fault that renames the whole platform, what has been renamed stays where it is.
    let is_new = handle.strip_suffix(named::RENAMED_SUFFIX).is_some();
    if is_new { None } else { address(ask, &format!("{handle}{}", named::RENAMED_SUFFIX)) }
}

/// The address of the same page of another handle; `None` for what is not asked for by a handle.
fn address(ask: &Ask, handle: &str) -> Option<String> {
    match (ask.platform, ask.surface) {
        (Platform::Tiktok, Surface::Profile) => Some(format!("/tiktok/@{handle}")),
        (Platform::Tiktok, Surface::Feed) => Some(format!("/tiktok/embed/@{handle}")),
        (Platform::Instagram, Surface::Profile) => Some(format!("/instagram/{handle}/")),
        (Platform::Instagram, Surface::Feed) => Some(format!("/instagram/{handle}/reels/")),
        (Platform::Instagram, Surface::ProfileEmbed) => Some(format!("/instagram/{handle}/embed/")),
        (Platform::Youtube, Surface::Profile) => Some(format!("/youtube/@{handle}")),
        (Platform::Pinterest, Surface::Profile) => Some(format!("/pinterest/{handle}/")),
        (Platform::Pinterest, Surface::Feed) => Some(format!("/pinterest/{handle}/feed.rss")),
        (Platform::Tiktok | Platform::Instagram | Platform::Youtube | Platform::Pinterest, _) => None,
    }
}

/// An answer with status 200 that says it is HTML.
pub(crate) fn html() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("text/html; charset=utf-8");
    response
}
