//! Rate limits as clients of several processes see them.

use std::time::{Duration, Instant, UNIX_EPOCH};

use futures_util::future::join_all;
use tests::settings::{FAILED_AUTHENTICATIONS_PER_MINUTE, HTTP_WORKERS, LOG_FILTER, REQUESTS_PER_MINUTE};
use tests::{Answer, Builder, Client, Deployment, Pair, Process, on_every_pair};

on_every_pair!(
    a_rate_limit_counts_exactly_over_all_processes,
    a_changed_limit_holds_from_the_next_call_on,
    failed_authentications_are_told_to_wait_and_good_keys_are_not
);

/// Further API processes, and a base URL for each of all of them.
async fn processes(deployment: &mut Deployment, count: usize) -> (Vec<Process>, Vec<String>) {
    let (mut replicas, mut urls) = (Vec::new(), vec![deployment.client.base_url().to_owned()]);
    if deployment.pair == Pair::PostgresRedis {
        for _ in 1..count {
            let (replica, url) = deployment.start_replica().await;
            replicas.push(replica);
            urls.push(url);
        }
    }
    (replicas, urls)
}

fn number(answer: &Answer, header: &str) -> u64 {
    answer.must_header(header).parse().unwrap_or_else(|_| panic!("{header} is no number: {:?}", answer.headers))
}

async fn a_rate_limit_counts_exactly_over_all_processes(pair: Pair) {
    const LIMIT: u64 = 30;
    let mut deployment = Builder::new(pair).workers(0).set(REQUESTS_PER_MINUTE, LIMIT).start().await;
    let (replicas, urls) = processes(&mut deployment, 2).await;
    let clients: Vec<_> = urls.iter().map(|url| deployment.client.at(url)).collect();
    let other = deployment.client.with_key(&deployment.create_key(&deployment.organization, &[]));
    let began = Instant::now();
    let (mut passed, mut refused) = (0, 0);
    for client in clients.iter().cycle().take(60) {
        let answer = client.get("/v2/whoami").await;
        assert_eq!(number(&answer, "x-ratelimit-limit"), LIMIT);
        let left = number(&answer, "x-ratelimit-remaining");
        if answer.status == 429 {
            refused += 1;
            answer.assert_problem(429, "RATE_LIMITED");
            assert!((1..=2).contains(&number(&answer, "retry-after")));
            assert_eq!(left, 0);
        } else {
            answer.assert_status(200);
            passed += 1;
            let came_back = began.elapsed().as_secs() / 2;
            assert!((LIMIT.saturating_sub(passed)..=LIMIT + came_back - passed).contains(&left), "{left} are left");
        }
    }
    let came_back = began.elapsed().as_secs() / 2;
    assert!((LIMIT..=LIMIT + came_back).contains(&passed), "{passed} passed, {refused} were refused");
    // One key's calls are not counted against another's, and what needs no key is not counted.
    other.get("/v2/whoami").await.assert_status(200);
    clients[0].without_key().get("/v2/health").await.assert_status(200);
    drop(replicas);
    deployment.terminate_all().await;
}

async fn a_changed_limit_holds_from_the_next_call_on(pair: Pair) {
    let mut deployment = Builder::new(pair).workers(0).set(REQUESTS_PER_MINUTE, 1000).start().await;
    let (replicas, urls) = processes(&mut deployment, 2).await;
    let clients: Vec<_> = urls.iter().map(|url| deployment.client.at(url)).collect();
    for limit in [5, 700, 60] {
        for client in clients.iter().cycle().take(4) {
            client.get("/v2/whoami").await;
        }
        let organization = deployment.organization.as_str();
        deployment.run(&["org", "update", organization, "--requests-per-minute", &limit.to_string()]);
        for client in &clients {
            let answer = client.get("/v2/whoami").await;
            assert_eq!(answer.data(200)["rate_limit"]["limit"], limit);
            assert_eq!(number(&answer, "x-ratelimit-limit"), limit);
        }
    }
    drop(replicas);
    deployment.terminate_all().await;
}

async fn failed_authentications_are_told_to_wait_and_good_keys_are_not(pair: Pair) {
    const LIMIT: usize = 10;
    let builder = Builder::new(pair).workers(0).set(FAILED_AUTHENTICATIONS_PER_MINUTE, LIMIT);
    let mut deployment = builder.start().await;
    let (replicas, urls) = processes(&mut deployment, 2).await;
    let began = Instant::now();
    let mut refused = 0;
    for url in urls.iter().cycle().take(3 * LIMIT) {
        let answer = Client::new(url).get("/v2/whoami").await;
        if answer.status == 401 {
            answer.assert_problem(401, "UNAUTHORIZED");
        } else {
            answer.assert_problem(429, "RATE_LIMITED");
            assert!((1..=6).contains(&number(&answer, "retry-after")));
            assert!(answer.header("x-ratelimit-limit").is_none(), "there is no key whose limit that would be");
            refused += 1;
        }
    }
    let came_back = usize::try_from(began.elapsed().as_secs() / 6).expect("a small number");
    assert!((2 * LIMIT - came_back..=2 * LIMIT).contains(&refused), "{refused} were refused");
    for url in &urls {
        deployment.client.at(url).get("/v2/whoami").await.assert_status(200);
    }
    drop(replicas);
    deployment.terminate_all().await;
}

/// One call of a client that does not wait to be let in.
struct Call {
    sent: Instant,
    answered: Instant,
    is_admitted: bool,
    remaining: u64,
    reset: u64,
}

async fn hammer(client: Client, until: Instant) -> Vec<Call> {
    let mut calls = Vec::new();
    while Instant::now() < until {
        let sent = Instant::now();
        let answer = client.get("/v2/whoami").await;
        assert!(matches!(answer.status, 200 | 429), "{}", answer.text());
        calls.push(Call {
            sent,
            answered: Instant::now(),
            is_admitted: answer.status == 200,
            remaining: number(&answer, "x-ratelimit-remaining"),
            reset: number(&answer, "x-ratelimit-reset"),
        });
        // Hundreds of calls for each one that comes back, and yet Redis gets its turn on a machine of few cores.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    calls
}

/// Makes `calls` calls, waiting until the time of `X-RateLimit-Reset` whenever none remains.
async fn pace(clients: &[Client], calls: usize) {
    for client in clients.iter().cycle().take(calls) {
        let answer = client.get("/v2/whoami").await;
        answer.assert_status(200);
        if number(&answer, "x-ratelimit-remaining") == 0 {
            let reset = UNIX_EPOCH + Duration::from_secs(number(&answer, "x-ratelimit-reset"));
            tokio::time::sleep(reset.duration_since(std::time::SystemTime::now()).unwrap_or_default()).await;
        }
    }
}

/// Three processes, and what makes clients of all of them with one new key.
async fn three(limit: u64) -> (Deployment, Vec<Process>, Vec<Client>) {
    let builder = Builder::new(Pair::PostgresRedis).workers(0).set(REQUESTS_PER_MINUTE, limit);
    let mut deployment = builder.set(LOG_FILTER, "warn").set(HTTP_WORKERS, 1).start().await;
    let (replicas, urls) = processes(&mut deployment, 3).await;
    let new_clients = || {
        let key = deployment.create_key(&deployment.organization, &[]);
        urls.iter().map(|url| Client::new(url).with_key(&key)).collect::<Vec<_>>()
    };
    // Every process has found Redis before it is counted on.
    for client in new_clients().iter().cycle().take(9) {
        client.get("/v2/whoami").await.assert_status(200);
    }
    let clients = new_clients();
    (deployment, replicas, clients)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_wait_as_they_are_told_pass() {
    let (mut deployment, replicas, clients) = three(100).await;
    let other = deployment.create_key(&deployment.organization, &[]);
    let impatient: Vec<_> = clients.iter().map(|client| Client::new(client.base_url()).with_key(&other)).collect();
    let waiting = async {
        let mut refusals = 0;
        for client in impatient.iter().cycle() {
            let answer = client.get("/v2/whoami").await;
            if answer.status == 429 {
                tokio::time::sleep(Duration::from_secs(number(&answer, "retry-after"))).await;
                client.get("/v2/whoami").await.assert_status(200);
                refusals += 1;
            }
            if refusals == 3 {
                break;
            }
        }
    };
    tokio::join!(pace(&clients, 110), waiting);
    drop(replicas);
    deployment.terminate_all().await;
}

/// Hammers three processes over 64 connections for 20 seconds; `None` when the machine was too busy for Redis to answer in time, since then
/// calls pass uncounted.
async fn hammered() -> Option<Vec<Vec<Call>>> {
    let (mut deployment, replicas, clients) = three(LIMIT).await;
    let until = Instant::now() + Duration::from_secs(20);
    // The clients share no connections.
    let key = deployment.create_key(&deployment.organization, &[]);
    let client = |n: usize| Client::new(clients[n % clients.len()].base_url()).with_key(&key);
    let connections = join_all((0..64).map(|n| hammer(client(n), until))).await;
    let is_slow = |process: &Process| process.printed("rate limits are not enforced");
    let was_slow = replicas.iter().chain(&deployment.api).any(is_slow);
    drop(replicas);
    deployment.terminate_all().await;
    (!was_slow).then_some(connections)
}

const LIMIT: u64 = 100;
const INTERVAL_MS: u128 = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_that_are_hammered_admit_what_the_policy_allows_and_not_one_call_more() {
    let mut connections = None;
    for _ in 0..4 {
        connections = hammered().await;
        if connections.is_some() {
            break;
        }
    }
    let connections = connections.expect("Redis answers in time in one of four attempts");
    for calls in &connections {
        assert!(calls.is_sorted_by_key(|call| call.reset), "the reset of one connection never goes back");
        assert!(calls.is_sorted_by(|a, b| a.remaining >= b.remaining), "what remains never rises");
    }
    let calls: Vec<_> = connections.iter().flatten().collect();
    let admitted = calls.iter().filter(|call| call.is_admitted).count();
    let sent = || calls.iter().map(|call| call.sent);
    let answered = || calls.iter().map(|call| call.answered);
    // What came back between the first count and the last, of which the moments of sending and of answering are the bounds.
    let allowed = |from: Option<Instant>, to: Option<Instant>| {
        let span = to.expect("a call").saturating_duration_since(from.expect("a call"));
        usize::try_from(u128::from(LIMIT) + span.as_millis() / INTERVAL_MS).expect("a small number")
    };
    let bounds = allowed(answered().min(), sent().max())..=allowed(sent().min(), answered().max());
    assert!(bounds.contains(&admitted), "{admitted} of {} calls passed, of {bounds:?}", calls.len());
}
