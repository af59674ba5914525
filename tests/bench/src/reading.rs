//! One account, read over and over: from the service, whole and as "not modified", and from the floor, taking turns so that whatever else the
//! machine does meets all three.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::Failure;
use crate::load::{self, Load, Plan, Question};
use crate::report::{Reading, Series};
use crate::stage::Stage;

/// Runs `rounds` rounds of the three loads.
pub async fn measure(stage: &Stage, plan: Plan, rounds: u32) -> Result<Reading, Failure> {
    let service = stage.service_address()?;
    let path = &stage.account_path;
    let authorization = format!("Authorization: Bearer {}\r\n", stage.key);
    let whole = question(service, path, &authorization, 200);
    let tag = stage.client().get(path).await.must_header("etag").to_owned();
    let not_modified = question(service, path, &format!("{authorization}If-None-Match: {tag}\r\n"), 304);
    let bare = question(stage.floor_address(), &format!("/accounts/{}", stage.account_id), "", 200);

    let (mut of_service, mut of_not_modified, mut of_floor) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        eprintln!("{}: load, round {round} of {rounds}", stage.stores.name());
        of_service.push(load::run(&whole, plan).await?);
        of_floor.push(load::run(&bare, plan).await?);
        of_not_modified.push(load::run(&not_modified, plan).await?);
    }
    Ok(Reading::new(stage.stores.driver(), series(of_service)?, series(of_not_modified)?, series(of_floor)?))
}

fn series(rounds: Vec<Load>) -> Result<Series, Failure> {
    Series::of(rounds).ok_or_else(|| Failure::Load(load::LoadError::Nothing(std::time::Duration::ZERO)))
}

fn question(address: SocketAddr, path: &str, headers: &str, status: u16) -> Question {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n{headers}\r\n");
    Question { address, request: Arc::from(request.into_bytes()), status }
}
