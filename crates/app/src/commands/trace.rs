//! `trace`: the story behind a call, a run or a tracking record, in the order of time, across processes and organizations.

mod json;
mod text;

use std::io::IsTerminal;

use clap::{ArgGroup, Parser};
use domain::{AccountId, AccountVideoId, Clock, RunId, Timestamp, VideoId};
use store::{Store, Story};

use super::{Failure, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// What `trace` takes.
#[derive(Debug, Parser)]
#[command(group(ArgGroup::new("of").required(true)))]
pub struct Args {
    /// The `X-Request-ID` of an answer.
    #[arg(group = "of", value_name = "REQUEST_ID")]
    request: Option<String>,
    /// An account.
    #[arg(long, group = "of", value_name = "ACCOUNT_ID")]
    account: Option<AccountId>,
    /// A video, or an account video by its number.
    #[arg(long, group = "of", value_name = "VIDEO_ID", value_parser = video)]
    video: Option<AnyVideo>,
    /// A run.
    #[arg(long, group = "of", value_name = "RUN_ID")]
    run: Option<RunId>,
    /// Calls, runs and page loads at most, each, 1 to 10000: the first runs of a request, otherwise the newest.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A post that an organization tracks, by either kind of id.
#[derive(Clone, Copy, Debug)]
enum AnyVideo {
    Added(VideoId),
    Found(AccountVideoId),
}

fn video(text: &str) -> Result<AnyVideo, String> {
    let number = || text.parse().ok().map(|number| AnyVideo::Found(AccountVideoId(number)));
    let found = text.parse().ok().map(AnyVideo::Added).or_else(number);
    found.ok_or_else(|| "must be a UUID, or the number of an account video".to_owned())
}

/// Does it.
pub async fn run(config: &Config, args: Args) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    let now = Clock::system().now();
    let (told, missing) = tell(&store, &args, now).await?;
    let is_found = !told.is_empty();
    if args.json {
        print_json(&json::as_value(&told))?;
    } else if is_found {
        let width = std::io::stdout().is_terminal().then_some(text::WIDTH);
        for line in text::lines(&told, now, width) {
            print(&line);
        }
    }
    match (is_found, missing) {
        (true, _) => Ok(()),
        (false, Failure::NotFound { what, id }) if !told.gaps.is_empty() => {
            let gaps = text::gap_lines(&told.gaps, told.left_out.gaps).collect::<Vec<_>>().join("\n");
            Err(Failure::NotRecorded { what, id, gaps })
        }
        (false, Failure::NotFound { what, id }) if told.left_out.gaps > 0 => {
            Err(Failure::NotLost { what, id, processes: told.left_out.gaps })
        }
        (false, missing) => Err(missing),
    }
}

/// The story, and what to say should there be none.
async fn tell(store: &Store, args: &Args, now: Timestamp) -> Result<(Story, Failure), Failure> {
    let Args { request, account, video, run, limit, json: _ } = args;
    let missing = |what, id: String| Failure::NotFound { what, id };
    Ok(if let Some(id) = account {
        (store.trace_account(*id, *limit, now).await?, missing("account", id.to_string()))
    } else if let Some(AnyVideo::Added(id)) = video {
        (store.trace_video(*id, *limit, now).await?, missing("video", id.to_string()))
    } else if let Some(AnyVideo::Found(id)) = video {
        (store.trace_account_video(*id, *limit, now).await?, missing("account video", id.to_string()))
    } else if let Some(id) = run {
        (store.trace_run(*id, *limit, now).await?, missing("run", id.to_string()))
    } else {
        let id = request.as_deref().unwrap_or_default();
        (store.trace_request(id, *limit, now).await?, missing("request", id.to_owned()))
    })
}
