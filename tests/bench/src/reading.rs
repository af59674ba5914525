//! The API under load, against the floor and against a twin in another language. All that is compared takes turns, so that whatever else the machine
//! does meets all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use crate::Failure;
use crate::alike;
use crate::load::{self, Load, LoadError, Plan, Question, Requests};
use crate::report::{Contestant, Kind, Race, Series};
use crate::stage::{Stage, Stores, Target};

/// Races `rounds` rounds: one account; unless that is all, a page of 50, and a new account.
pub async fn measure(stage: &mut Stage, plan: Plan, rounds: u32, has_only_reads: bool) -> Result<Vec<Race>, Failure> {
    alike::in_reading(stage).await?;
    let accounts: Vec<String> = stage.account_ids.iter().map(|id| format!("/accounts/{id}")).collect();
    let list = ["/accounts?limit=50".to_owned()];
    let mut tagged = Vec::new();
    for path in &accounts {
        let tag = stage.client().get(&format!("/v2{path}")).await.must_header("etag").to_owned();
        tagged.push((path.as_str(), format!("If-None-Match: {tag}\r\n")));
    }
    let service = &stage.service;
    let mut reads = vec![("service, 200", Kind::Service, gets(service, &accounts, 200))];
    let mut lists = vec![("service", Kind::Service, gets(service, &list, 200))];
    if let Some(changed) = &stage.changed {
        reads.push(("service, 200, changed", Kind::Service, gets(changed, &accounts, 200)));
        lists.push(("service, changed", Kind::Service, gets(changed, &list, 200)));
    }
    reads.push(("service, 304", Kind::Service, question(service, &tagged, 304)));
    if let Some(changed) = &stage.changed {
        reads.push(("service, 304, changed", Kind::Service, question(changed, &tagged, 304)));
    }
    for (races, paths) in [(&mut reads, accounts.as_slice()), (&mut lists, list.as_slice())] {
        races.push(("bare handler", Kind::Floor, gets(&stage.floor, paths, 200)));
        if let Some(twin) = &stage.twin {
            races.push(("FastAPI twin", Kind::Twin, gets(twin, paths, 200)));
        }
    }
    let mut races = Vec::new();
    let one = format!("GET of one of {} accounts", accounts.len());
    races.push(race(stage.stores, &one, &reads, plan, rounds).await?);
    if has_only_reads {
        return Ok(races);
    }
    races.push(race(stage.stores, "GET of a list of 50", &lists, plan, rounds).await?);
    stage.retire_workers().await?;
    alike::in_writing(stage).await?;
    let next = Arc::new(AtomicU32::new(0));
    let mut added = vec![("service", Kind::Service, posts(&stage.service, &next))];
    if let Some(changed) = &stage.changed {
        added.push(("service, changed", Kind::Service, posts(changed, &next)));
    }
    added.push(("bare handler", Kind::Floor, posts(&stage.floor, &next)));
    races.push(race(stage.stores, "POST of an account", &added, plan, rounds).await?);
    Ok(races)
}

async fn race(
    stores: Stores,
    name: &str,
    contestants: &[(&'static str, Kind, Question)],
    plan: Plan,
    rounds: u32,
) -> Result<Race, Failure> {
    let mut loads: Vec<Vec<Load>> = vec![Vec::new(); contestants.len()];
    for round in 1..=rounds {
        eprintln!("{}: {name}, round {round} of {rounds}", stores.name());
        for ((_, _, question), loads) in contestants.iter().zip(&mut loads) {
            loads.push(load::run(question, plan).await?);
        }
    }
    let contestants = contestants.iter().zip(loads).map(|((name, kind, _), rounds)| {
        let series = Series::of(rounds).ok_or(LoadError::Nothing(plan.duration))?;
        Ok(Contestant { name, kind: *kind, series })
    });
    Ok(Race::new(name.to_owned(), contestants.collect::<Result<_, Failure>>()?))
}

fn gets(target: &Target, paths: &[String], status: u16) -> Question {
    let plain: Vec<_> = paths.iter().map(|path| (path.as_str(), String::new())).collect();
    question(target, &plain, status)
}

fn question(target: &Target, requests: &[(&str, String)], status: u16) -> Question {
    let Target { address, prefix, headers, process } = target;
    let requests = requests.iter().map(|(path, further)| -> Arc<[u8]> {
        let text = format!(
            "GET {prefix}{path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n{headers}{further}\r\n"
        );
        text.into_bytes().into()
    });
    Question { address: *address, requests: Requests::InTurn(requests.collect()), status, server: *process }
}

fn posts(target: &Target, next: &Arc<AtomicU32>) -> Question {
    let Target { address, prefix, headers, process } = target;
    let head = format!("POST {prefix}/accounts HTTP/1.1\r\n{headers}");
    let requests = Requests::New(new_account, head.into(), Arc::clone(next));
    Question { address: *address, requests, status: 201, server: *process }
}

fn new_account(address: SocketAddr, head: &str, number: u32) -> Vec<u8> {
    let body = format!(r#"{{"platform":"tiktok","username":"added.{number}"}}"#);
    let length = body.len();
    format!("{head}Host: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}
