use store::StoreConfig;

use super::*;

fn event(number: usize) -> NewRequestEvent<'static> {
    NewRequestEvent {
        request_id: format!("call-{number}").into(),
        occurred_at: Timestamp::from_millis(1_790_000_000_000),
        organization_id: None,
        api_key_id: None,
        api_key_name: None,
        method: "GET".into(),
        route: "/v2/accounts",
        path: "/v2/accounts".into(),
        status: 401,
        code: Some("UNAUTHORIZED"),
        duration_us: 1,
        client_address: None,
        user_agent: None,
        idempotency_key: None,
        resources: None,
        replay_of: None,
        is_write: false,
    }
}

#[test]
fn what_does_not_fit_is_counted_and_takes_no_room() {
    let recorder = Recorder::default();
    for number in 0..ROOM + 7 {
        recorder.record(&event(number));
    }
    assert_eq!(recorder.lost(), 7);
    assert_eq!(recorder.waiting.lock().unwrap().len(), ROOM);
    assert_eq!(recorder.held.load(Ordering::Relaxed), ROOM);
}

#[tokio::test]
async fn calls_that_cannot_be_written_before_the_end_are_counted_as_lost() {
    // Without tables.
    let config =
        StoreConfig { url: "sqlite::memory:".to_owned(), max_connections: 1, age_curve: domain::AgeCurve::flat() };
    let store = Store::connect(&config).await.unwrap();
    let recorder = Arc::new(Recorder::default());
    recorder.start(store, "test".to_owned(), Clock::system());
    for number in 0..3 {
        recorder.record(&event(number));
    }
    recorder.stop().await;
    assert_eq!((recorder.written(), recorder.lost(), recorder.held.load(Ordering::Relaxed)), (0, 3, 0));
}

#[test]
fn what_is_gathered_comes_out_as_it_went_in_whatever_was_forgotten_before() {
    let full = NewRequestEvent {
        api_key_name: Some("Müller's key".into()),
        user_agent: Some("".into()),
        resources: Some("17 18".into()),
        replay_of: Some("call-0".into()),
        ..event(1)
    };
    let (mut waiting, mut in_hand) = (Gathered::default(), Gathered::default());
    let ids = |gathered: &Gathered| -> Vec<String> { gathered.iter().map(|event| event.request_id.into()).collect() };
    waiting.push(&event(0));
    waiting.push(&full);
    in_hand.take_all(&mut waiting);
    assert_eq!(in_hand.iter().collect::<Vec<_>>(), [event(0), full.clone()]);
    assert_eq!(waiting.len(), 0);
    in_hand.forget(1);
    waiting.push(&event(2));
    in_hand.take_all(&mut waiting);
    assert_eq!(in_hand.iter().collect::<Vec<_>>(), [full, event(2)]);
    in_hand.forget(2);
    waiting.push(&event(3));
    in_hand.take_all(&mut waiting);
    assert_eq!(ids(&in_hand), ["call-3"]);
}
