//! The names of the product's settings that the suites change, each written once. A name that the product does not know makes it
//! refuse to start, so that a renamed setting fails loudly here.

/// Begins every environment variable of the product.
pub const PREFIX: &str = "CREATOR_AUDIT__";

/// Where the facts are kept.
pub const DATABASE_URL: &str = "DATABASE__URL";
/// How workers are woken.
pub const QUEUE_URL: &str = "QUEUE__URL";
/// The API's address.
pub const HTTP_LISTEN: &str = "HTTP__LISTEN";
/// Threads that serve the API.
pub const HTTP_WORKERS: &str = "HTTP__WORKERS";
/// What the API is called from outside.
pub const HTTP_PUBLIC_URL: &str = "HTTP__PUBLIC_URL";
/// Origins whose scripts may call the API.
pub const HTTP_ALLOWED_ORIGINS: &str = "HTTP__ALLOWED_ORIGINS";
/// Where Instagram's pages are read.
pub const INSTAGRAM_BASE_URL: &str = "PLATFORMS__INSTAGRAM__BASE_URL";
/// Where TikTok's pages are read.
pub const TIKTOK_BASE_URL: &str = "PLATFORMS__TIKTOK__BASE_URL";
/// Where YouTube's pages are read.
pub const YOUTUBE_BASE_URL: &str = "PLATFORMS__YOUTUBE__BASE_URL";
/// Where Pinterest's pages are read.
pub const PINTEREST_BASE_URL: &str = "PLATFORMS__PINTEREST__BASE_URL";
/// Refusals in a row after which Instagram is left alone for a while.
pub const INSTAGRAM_REFUSALS_TO_CLOSE: &str = "PLATFORMS__INSTAGRAM__REFUSALS_TO_CLOSE";
/// Refusals in a row after which TikTok is left alone for a while.
pub const TIKTOK_REFUSALS_TO_CLOSE: &str = "PLATFORMS__TIKTOK__REFUSALS_TO_CLOSE";
/// What is logged.
pub const LOG_FILTER: &str = "LOG__FILTER";
/// Calls a minute that a key may make.
pub const REQUESTS_PER_MINUTE: &str = "RATE_LIMIT__REQUESTS_PER_MINUTE";
/// Minutes after a read within which a refresh is answered by it.
pub const REFRESH_COOLDOWN_MINUTES: &str = "REFRESH__COOLDOWN_MINUTES";
/// Answers 401 a minute for a client address.
pub const FAILED_AUTHENTICATIONS_PER_MINUTE: &str = "RATE_LIMIT__FAILED_AUTHENTICATIONS_PER_MINUTE";
/// Seconds for which a worker holds what it claimed; more than a page load and its reading may take together.
pub const LEASE_SECONDS: &str = "WORKER__LEASE_SECONDS";
/// Rows of a part of an export's file at most.
pub const EXPORTS_PART_ROWS: &str = "EXPORTS__PART_ROWS";
/// Seconds until the first attempt after a failure.
pub const RETRY_BASE_SECONDS: &str = "WORKER__RETRY_BASE_SECONDS";
/// Milliseconds after which a connection is given up; at most what a page load may take.
pub const CONNECT_TIMEOUT_MS: &str = "SCRAPING__CONNECT_TIMEOUT_MS";
/// Milliseconds after which a page load is given up.
pub const FETCH_TIMEOUT_MS: &str = "SCRAPING__TIMEOUT_MS";
/// Milliseconds after which the reading of a page is given up.
pub const PARSE_DEADLINE_MS: &str = "SCRAPING__PARSE_DEADLINE_MS";
