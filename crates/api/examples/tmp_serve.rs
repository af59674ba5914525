//! tmp
#[tokio::main]
async fn main() {
    let url = format!("sqlite://{}", std::env::args().nth(1).unwrap());
    let store = store::Store::connect(&store::StoreConfig { url, max_connections: 4 }).await.unwrap();
    store.migrate().await.unwrap();
    let now = domain::Clock::system().now();
    let org = store
        .create_organization(&store::NewOrganization { name: "x".into(), max_tracked_accounts: None }, now)
        .await
        .unwrap();
    let key = domain::ApiKey::from_entropy(&std::array::from_fn(|i| i as u8 * 3));
    store.create_key(org.id, "k", &key, &"read,write,admin".parse().unwrap(), None, now).await.unwrap();
    println!("{}", key.reveal());
    let config = api::ApiConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        workers: 1,
        body_limit_bytes: 1 << 20,
        rate_limit_per_minute: 10_000_000,
        limiter: api::LimiterConfig::Memory,
        public_url: None,
        shutdown: std::time::Duration::from_secs(1),
    };
    let server = api::start(config, store, queue::Queue::memory(), domain::Clock::system()).unwrap();
    println!("{}", server.addr());
    server.await.unwrap();
}
