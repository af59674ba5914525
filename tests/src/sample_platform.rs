//! Both platforms on one loopback port, at their own paths, answering with recorded pages byte for byte. What was not recorded is 404.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::samples::Samples;

/// Profiles and feeds by path, and the page recorded for each.
const PAGES: [(&str, &str); 5] = [
    ("/@illojuan", "tiktok/profile/illojuan_2025-12-30_universal_data.html"),
    ("/@khaby.lame", "tiktok/profile/khaby.lame_2026-09-22_heartcount_int32_overflow.html"),
    ("/@nasa", "tiktok/profile/nasa_2026-09-22.json"),
    ("/embed/@nasa", "tiktok/feed/nasa_2026-09-22_embed_creator_page.html"),
    ("/natgeo", "instagram/profile/natgeo_2026-10-04_logged_out_polaris.html"),
];

/// Posts by TikTok's id or Instagram's shortcode, and the page recorded for each.
const POSTS: [(&str, &str); 7] = [
    ("7571863205253778710", "tiktok/video/illojuan_7571863205253778710_2025-12-30_universal_data.html"),
    ("6806030056956251397", "tiktok/video/a3noticias_6806030056956251397_2024-06-10_universal_data.html"),
    ("7134059641968872746", "tiktok/video/rebelunicorncrafts_7134059641968872746_2022-08-23_sigi_state.html"),
    ("7665075736742530317", "tiktok/video/nasa_7665075736742530317_2026-09-22.json"),
    ("DdG4RIxIPyf", "instagram/post/DdG4RIxIPyf_reel_2026-10-04_logged_out_polaris.html"),
    ("DeBJRyaDIyP", "instagram/post/DeBJRyaDIyP_carousel_2026-10-04_logged_out_polaris.html"),
    ("CN2VQ1yI_MA", "instagram/post/CN2VQ1yI_MA_clip_2021-05-31_shared_data.html"),
];

/// The file recorded for a profile's or feed's path or a post's id; panics when none is.
pub fn file_of(path_or_id: &str) -> &'static str {
    let found = PAGES.iter().chain(&POSTS).find(|(key, _)| *key == path_or_id);
    found.unwrap_or_else(|| panic!("no page is recorded for {path_or_id}")).1
}

/// The stand-in, until it is dropped.
pub struct SamplePlatform {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl SamplePlatform {
    /// Serves the recorded pages on a free port.
    pub fn start(samples: &Samples) -> Self {
        let read = |(key, file): &(&'static str, &'static str)| {
            let path = samples.path(file);
            let body = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (*key, (path, body))
        };
        let pages: Arc<HashMap<_, _>> = Arc::new(PAGES.iter().chain(&POSTS).map(read).collect());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let (stopping, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stop, log) = (Arc::clone(&stopping), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (pages, log) = (Arc::clone(&pages), Arc::clone(&log));
                std::thread::spawn(move || stream.map(|stream| answer(stream, &pages, &log)));
            }
        });
        Self { address, stopping, asked }
    }

    /// The base URL in place of either platform's.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths that were asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SamplePlatform {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The listening thread looks at the flag when the next connection comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(
    stream: TcpStream,
    pages: &HashMap<&str, (PathBuf, Vec<u8>)>,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request_line = String::new();
    reader.read_line(&mut request_line)?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim_end().is_empty() {
            break;
        }
    }
    let target = request_line.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    log.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    let (status, kind, body) = match pages.get(key_of(path)) {
        Some((file, body)) if file.extension().is_some_and(|ext| ext == "json") => {
            ("200 OK", "application/json", body.as_slice())
        }
        Some((_, body)) => ("200 OK", "text/html; charset=utf-8", body.as_slice()),
        None => ("404 Not Found", "text/html; charset=utf-8", b"<!DOCTYPE html><title>Not found</title>".as_slice()),
    };
    let mut stream = stream;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    stream.shutdown(Shutdown::Write)
}

/// What a path on the platforms is about: a profile's or feed's own path, or a post's id.
fn key_of(path: &str) -> &str {
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        [first, "video" | "photo", id] if first.starts_with('@') => id,
        ["p" | "reel" | "reels" | "tv", code] | [_, "p" | "reel" | "reels" | "tv", code] => code,
        _ => path.trim_end_matches('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_recorded_page_is_served_byte_for_byte_and_nothing_else_is_there() {
        let Some(samples) = Samples::find() else { return };
        let platform = SamplePlatform::start(&samples);
        let client = crate::Client::new(platform.url());
        for (path, file) in [
            ("/@illojuan?lang=en", file_of("/@illojuan")),
            ("/@/video/6806030056956251397", file_of("6806030056956251397")),
            ("/reel/DdG4RIxIPyf/", file_of("DdG4RIxIPyf")),
        ] {
            let answer = client.get(path).await;
            assert_eq!((answer.status, answer.body), (200, std::fs::read(samples.path(file)).unwrap()), "{path}");
        }
        assert_eq!(client.get("/natgeo/reels/").await.status, 404);
        assert_eq!(platform.asked().len(), 4);
    }

    #[test]
    fn every_form_of_a_posts_path_leads_to_the_post() {
        for path in ["/@illojuan/video/1", "/@/video/1", "/p/1/", "/reel/1", "/natgeo/reel/1/"] {
            assert_eq!(key_of(path), "1", "{path}");
        }
        assert_eq!(key_of("/natgeo/"), "/natgeo");
        assert_eq!(key_of("/embed/@nasa"), "/embed/@nasa");
        assert_eq!(key_of("/natgeo/reels/"), "/natgeo/reels");
    }
}
