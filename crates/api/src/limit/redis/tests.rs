//! Against the Redis server that `TEST_REDIS_URL` names, in names of their own.

use std::cell::RefCell;

use domain::ApiKeyId;
use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

fn client() -> Option<redis::Client> {
    let url = std::env::var("TEST_REDIS_URL").ok();
    if url.is_none() {
        eprintln!("skipped: TEST_REDIS_URL names no Redis");
    }
    url.map(|url| redis::Client::open(url).unwrap())
}

fn limits(client: &redis::Client) -> RedisLimits {
    RedisLimits::new(client.clone(), Arc::default()).unwrap()
}

/// The script with a time that is handed to it, as its last argument.
fn timed() -> Script {
    const CLOCK: &str = "redis.call('TIME')";
    const NOW: &str = "time[1] * 1000000 + time[2]";
    assert!(SCRIPT.contains(CLOCK) && SCRIPT.contains(NOW));
    Script::new(&SCRIPT.replace(CLOCK, "ARGV[#ARGV]").replace(NOW, "tonumber(time)"))
}

/// Runs the script as the limiter does, at `now_us`.
fn run(script: &Script, connection: &mut redis::Connection, callers: &[(&Call, u32)], now_us: i64) -> Answers {
    let mut run = prepared(script, callers);
    run.arg(now_us);
    run.invoke(connection).unwrap()
}

fn new_call(limit: u32) -> Call {
    Call { subject: Subject::Key(ApiKeyId::new()), rate: Rate::per_minute(limit), public_part: None }
}

#[test]
fn the_script_and_the_function_agree_whatever_comes() {
    let Some(client) = client() else { return };
    let (script, connection) = (timed(), RefCell::new(client.get_connection().unwrap()));
    let base = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    // Pauses go backwards now and then, as clocks do.
    let pause = prop_oneof![8 => 0_i64..3_000_000, 1 => -200_000_000_i64..0, 1 => 0_i64..90_000_000];
    let limits = prop_oneof![Just(0_u32), 1_u32..20, 1_u32..2_000, Just(1_000_000), Just(u32::MAX)];
    let steps = vec((pause, 0_usize..2, 1_u32..60), 1..40);
    let outcome = TestRunner::default().run(&([limits.clone(), limits], steps), |(limits, steps)| {
        let calls = limits.map(new_call);
        let (mut full_at, mut now) = ([None; 2], base);
        for (pause, caller, count) in steps {
            now += pause;
            let call = &calls[caller];
            let (told_now, answers) = run(&script, &mut connection.borrow_mut(), &[(call, count)], now);
            let expected = call.rate.take(full_at[caller].unwrap_or(now), now, count);
            prop_assert_eq!(told_now, now);
            prop_assert_eq!((answers[0].0, answers[0].1), (expected.admitted, expected.full_at_us));
            if expected.admitted > 0 {
                full_at[caller] = Some(expected.full_at_us);
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn what_an_older_version_left_is_worth_nothing() {
    let Some(client) = client() else { return };
    let (mut connection, call) = (client.get_connection().unwrap(), new_call(5));
    redis::cmd("SET").arg(call.subject.to_string()).arg("29833334:5").exec(&mut connection).unwrap();
    let (_, answers) = run(&timed(), &mut connection, &[(&call, 7)], 1_790_000_000_000_000);
    assert_eq!(answers[0].0, 5);
}

#[test]
fn what_is_kept_of_a_caller_goes_by_itself() {
    let Some(client) = client() else { return };
    let (mut connection, call) = (client.get_connection().unwrap(), new_call(60));
    prepared(&Script::new(SCRIPT), &[(&call, 3)]).invoke::<Answers>(&mut connection).unwrap();
    let left_ms: i64 = redis::cmd("PTTL").arg(call.subject.to_string()).query(&mut connection).unwrap();
    assert!((2_000..=4_001).contains(&left_ms), "{left_ms} ms");
}

#[actix_web::test]
async fn calls_of_several_keys_that_come_together_are_each_counted_exactly() {
    let Some(client) = client() else { return };
    let limits = limits(&client);
    let (few, many) = (Subject::Key(ApiKeyId::new()), Subject::Key(ApiKeyId::new()));
    let of = |subject, limit| {
        let limits = &limits;
        join_all((0..50).map(move |_| limits.take(subject, Rate::per_minute(limit), None)))
    };
    let (few, many) = tokio::join!(of(few, 7), of(many, 40));
    for (answers, limit) in [(few, 7), (many, 40)] {
        let windows: Vec<_> = answers.into_iter().map(|counted| counted.unwrap().window).collect();
        let left: Vec<_> = windows.iter().map(|window| window.remaining).collect();
        let expected: Vec<_> = (1..=50_u32).map(|place| limit - place.min(limit)).collect();
        assert_eq!(left, expected, "in the order in which they came");
        assert_eq!(windows.iter().filter(|window| window.is_admitted).count(), limit as usize);
    }
}

#[actix_web::test]
async fn a_key_has_one_tag_until_it_is_changed_and_none_while_it_is() {
    let Some(client) = client() else { return };
    let (one, other) = (limits(&client), limits(&client));
    let public_part = format!("test{}", ApiKeyId::new());
    let subject = Subject::Key(ApiKeyId::new());
    let tag =
        async |limits: &RedisLimits| limits.take(subject, Rate::per_minute(1), Some(&public_part)).await.unwrap().tag;
    let first = tag(&one).await;
    assert!(first.is_some() && tag(&other).await == first);

    let mut change = key_tags::KeyChange::new(one.connection(), std::slice::from_ref(&public_part));
    change.announce().await.unwrap();
    assert!(tag(&other).await.is_none());
    let mut connection = client.get_connection().unwrap();
    let name = key_tags::name(&public_part);
    let left: i64 = redis::cmd("TTL").arg(&name).query(&mut connection).unwrap();
    assert!((1..=30).contains(&left), "a mark goes by itself");

    change.committed().await.unwrap();
    let second = tag(&other).await;
    assert!(second.is_some() && second != first && tag(&one).await == second);

    redis::cmd("DEL").arg(&name).exec(&mut connection).unwrap();
    assert!(tag(&one).await.is_some_and(|third| Some(third) != second), "an emptied Redis means new tags");
}
