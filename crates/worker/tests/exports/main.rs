//! Exports by a worker that dies, fails, is overtaken and is told to stop, at every step, on both databases.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod mortal;
#[path = "../../../store/tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::media_value::{Priced, WrittenCard};
use domain::{
    AccountId, Clock, DateBasis, Day, ExportDataset, ExportFilters, ExportFormat, ExportId, ExportStatus, Platform,
    RateCard, ReportOptions, ReportedMetrics, RequestId, Timestamp,
};
use files::{Folder, PartLimits, Storage};
use futures_util::TryStreamExt;
use mortal::{Mortal, Step};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use parquet::file::reader::{FileReader, SerializedFileReader};
use store::{Export, JobTarget, NewExport, Refusal, Store, Tenant};
use support::{Home, START, add, new_account, post, profile, work};
use tokio_util::sync::CancellationToken;
use worker::{Exporter, ExportsConfig, Layouts};

const LEASE: Duration = Duration::from_secs(30);
const KEPT: Duration = Duration::from_hours(24);

/// A clock, a place for files, and the accounts of an organization, some with some days.
struct World {
    home: Home,
    clock: Clock,
    tenant: Tenant,
    objects: Arc<InMemory>,
}

const ACCOUNTS: usize = 23;

async fn world(home: Home) -> World {
    let tenant = support::tenant(&home.store).await;
    let other = support::tenant(&home.store).await;
    for n in 0..ACCOUNTS {
        let new = store::NewAccount { category: (n % 2 == 0).then(|| "=even".to_owned()), ..new_account(&name(n)) };
        add(&tenant, &new, START.plus(Duration::from_secs(n as u64 / 5))).await;
    }
    add(&other, &new_account("not.theirs"), START).await;
    support::add_creator(&other, "Not theirs", START).await;
    for n in 0..ACCOUNTS {
        support::add_creator(&tenant, &format!("Creator {n:02}"), START).await;
    }
    for day in 0..3_i64 {
        let now = START.plus(Duration::from_mins(10) + Duration::from_hours(30) * u32::try_from(day).unwrap());
        work(&home.store, now, |job| match &job.target {
            JobTarget::Profile { username, .. } => profile(
                &format!("id-{username}"),
                username,
                1000 + 10 * day - i64::from(username == "user.03") * 30 * day,
            ),
            JobTarget::Feed { .. } | JobTarget::Post { .. } => {
                support::feed(vec![post(support::post_id(job.target_id), START, 100 + day)])
            }
        })
        .await;
    }
    let now = START.plus(Duration::from_hours(24 * 5));
    World { home, clock: Clock::manual(now), tenant, objects: Arc::new(InMemory::new()) }
}

fn name(n: usize) -> String {
    format!("user.{n:02}")
}

impl World {
    fn store(&self) -> &Store {
        &self.home.store
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn exporter_on(&self, objects: Arc<dyn ObjectStore>, part_rows: u64) -> Exporter {
        self.exporter_with(objects, part_rows, LEASE)
    }

    fn exporter_with(&self, objects: Arc<dyn ObjectStore>, part_rows: u64, lease: Duration) -> Exporter {
        let config = ExportsConfig {
            storage: Storage::of(objects),
            at_once: 1,
            interval: Duration::from_secs(1),
            lease,
            kept: KEPT,
            part: PartLimits { rows: part_rows, bytes: usize::MAX },
            page_rows: 7,
            backoff: Backoff { base: Duration::from_secs(30), cap: Duration::from_hours(1) },
            layouts: Layouts { accounts: &api::ACCOUNT_ROWS, posts: &api::POST_ROWS, members: &api::MEMBER_ROWS },
        };
        Exporter::new(self.store().clone(), self.clock.clone(), "w1".to_owned(), config)
    }

    fn exporter(&self) -> Exporter {
        self.exporter_on(self.objects.clone(), 10)
    }

    async fn ask(&self, dataset: ExportDataset, format: ExportFormat, filters: ExportFilters) -> ExportId {
        let mut tx = self.tenant.begin(&RequestId::new(), self.now()).await.unwrap();
        let id = tx.create_export(&NewExport { dataset, format, filters }).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn delete(&self, id: ExportId) {
        let mut tx = self.tenant.begin(&RequestId::new(), self.now()).await.unwrap();
        tx.delete_export(id).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn export(&self, id: ExportId) -> Export {
        self.tenant.export(id, self.now()).await.unwrap().expect("the export")
    }

    async fn bytes(&self, id: ExportId) -> Vec<u8> {
        let export = self.export(id).await;
        assert_eq!(export.status, ExportStatus::Succeeded, "{export:?}");
        let file = export.file.unwrap();
        let (organization, _) = self.store().linked_export(id, self.now()).await.unwrap().unwrap();
        let folder = Folder { organization, export: id };
        let range = 0..u64::try_from(file.bytes).unwrap();
        let read = Storage::of(self.objects.clone()).read(folder, &file.name, range).await.unwrap();
        read.try_collect::<Vec<_>>().await.unwrap().concat()
    }

    /// Names of the objects that there are.
    async fn there(&self) -> Vec<String> {
        self.objects.list(None).map_ok(|object| object.location.to_string()).try_collect().await.unwrap()
    }

    /// An export that nothing disturbs; its bytes.
    async fn undisturbed(&self, dataset: ExportDataset, format: ExportFormat, filters: &ExportFilters) -> Vec<u8> {
        let id = self.ask(dataset, format, filters.clone()).await;
        assert!(self.exporter().work_once(&CancellationToken::new()).await.unwrap());
        let bytes = self.bytes(id).await;
        self.delete(id).await;
        assert!(self.exporter().work_once(&CancellationToken::new()).await.unwrap());
        assert_eq!(self.there().await, [""; 0]);
        bytes
    }
}

fn days() -> ExportFilters {
    let start = Day::of(START);
    ExportFilters { start_date: Some(start.plus(-1)), end_date: Some(start.plus(4)), ..ExportFilters::default() }
}

/// A report of what is known now, in which a view is worth a tenth.
fn report() -> ExportFilters {
    let prices = Platform::ALL.map(|platform| (platform.as_str(), Priced::ALL.map(|what| (what.as_str(), "0"))));
    let prices: BTreeMap<_, BTreeMap<_, _>> = prices.into_iter().map(|(name, each)| (name, each.into())).collect();
    let card = serde_json::json!({"id": "test-1", "currency": "EUR", "prices": prices});
    let card: WrittenCard = serde_json::from_value(card).unwrap();
    let card = RateCard::try_from(card).unwrap().with("tiktok.thousand_views:100").unwrap();
    let report = ReportOptions {
        date_basis: DateBasis::Published,
        metrics: ReportedMetrics::Lifetime,
        card,
        rate_card: None,
        rates: None,
    };
    ExportFilters { report: Some(report), ..ExportFilters::default() }
}

/// A report of what was gained within [`days`] by the posts that were read then.
fn gains() -> ExportFilters {
    let lifetime = report().report.unwrap();
    let report = ReportOptions { date_basis: DateBasis::Metric, metrics: ReportedMetrics::Range, ..lifetime };
    ExportFilters { report: Some(report), ..days() }
}

fn filters(dataset: ExportDataset) -> ExportFilters {
    match dataset {
        ExportDataset::Accounts => ExportFilters::default(),
        ExportDataset::Posts => gains(),
        ExportDataset::Members => report(),
        ExportDataset::Timeseries => days(),
    }
}

/// Each dataset in one format, and one in all.
fn formats(dataset: ExportDataset) -> &'static [ExportFormat] {
    match dataset {
        ExportDataset::Accounts => &ExportFormat::ALL,
        ExportDataset::Timeseries => &[ExportFormat::Parquet],
        ExportDataset::Posts | ExportDataset::Members => &[ExportFormat::Csv],
    }
}

fn lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    std::str::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Kills a worker at the `n`th step with the objects, before it is done or right after; whether it came so far.
async fn killed_at(world: &World, n: usize, step: Step) -> bool {
    let mortal = Arc::new(Mortal::new(world.objects.clone(), n, step));
    let exporter = world.exporter_on(mortal.clone(), 10);
    let running = CancellationToken::new();
    tokio::select! {
        found = exporter.work_once(&running) => {
            assert!(found.unwrap());
            false
        }
        () = mortal.died() => true,
    }
}

on_both! {
    async fn a_file_is_the_same_wherever_its_writer_died(home) {
        let world = world(home).await;
        for dataset in ExportDataset::ALL {
            for format in formats(dataset).iter().copied() {
                let expected = world.undisturbed(dataset, format, &filters(dataset)).await;
                for step in [Step::Before, Step::After] {
                    let mut n = 0;
                    loop {
                        let id = world.ask(dataset, format, filters(dataset)).await;
                        let died = killed_at(&world, n, step).await;
                        if died {
                            // Nobody takes it while the lease lasts.
                            assert!(!world.exporter().work_once(&CancellationToken::new()).await.unwrap());
                            world.later(LEASE);
                            assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
                        }
                        let end = world.export(id).await;
                        assert_eq!(end.status, ExportStatus::Succeeded, "{dataset:?} {format:?} {step:?} {n}");
                        assert!(world.bytes(id).await == expected, "{dataset:?} {format:?} {step:?} {n}");
                        // What the dead one left behind goes with the rest.
                        world.delete(id).await;
                        assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
                        assert_eq!(world.there().await, [""; 0]);
                        if !died {
                            break;
                        }
                        n += 1;
                    }
                    // Each part was written and read once at least.
                    assert!(n >= 6, "{dataset:?} {format:?} {n}");
                }
            }
        }
    }

    async fn a_file_has_every_row_of_its_organization_and_no_other(home) {
        let world = world(home).await;
        let accounts = world.undisturbed(ExportDataset::Accounts, ExportFormat::Ndjson, &ExportFilters::default()).await;
        let accounts = lines(&accounts);
        let names: Vec<_> = accounts.iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, (0..ACCOUNTS).map(name).collect::<Vec<_>>());
        assert_eq!((&accounts[4]["follower_count"], &accounts[4]["category"]), (&1020.into(), &"=even".into()));
        assert_eq!(accounts[4]["metric_status"]["saved_count"], "unsupported");
        let series = world.undisturbed(ExportDataset::Timeseries, ExportFormat::Ndjson, &days()).await;
        let series = lines(&series);
        assert_eq!(series.len(), ACCOUNTS * 6);
        for (n, rows) in series.chunks(6).enumerate() {
            assert!(rows.iter().all(|row| row["account_id"] == accounts[n]["id"] && row["username"] == name(n)));
            let dates: Vec<_> = rows.iter().map(|row| row["date"].as_str().unwrap().to_owned()).collect();
            assert_eq!(dates, days().window().unwrap().each().map(|day| day.to_string()).collect::<Vec<_>>());
            assert!(rows[0]["observed"] == false && rows[0]["views_gained"].is_null() && rows[0]["followers"].is_null());
            let observed: Vec<_> = rows.iter().filter(|row| row["observed"] == true).collect();
            assert_eq!(observed.len(), 3, "{rows:?}");
            // One account loses followers: that is kept, and flagged.
            let gained = if n == 3 { -20 } else { 10 };
            assert_eq!((&observed[1]["followers_gained"], &observed[1]["anomaly"]), (&gained.into(), &(n == 3).into()));
        }
        let csv = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        let csv = String::from_utf8(csv).unwrap();
        assert_eq!(csv.lines().count(), ACCOUNTS + 1);
        assert!(csv.contains(",'=even,"), "{csv}");
        let parquet = world.undisturbed(ExportDataset::Timeseries, ExportFormat::Parquet, &days()).await;
        let parquet = SerializedFileReader::new(bytes::Bytes::from(parquet)).unwrap();
        assert_eq!(parquet.get_row_iter(None).unwrap().count(), ACCOUNTS * 6);
    }

    async fn posts_and_creators_are_there_once_each(home) {
        let world = world(home).await;
        let undisturbed = async |dataset, filters| {
            lines(&world.undisturbed(dataset, ExportFormat::Ndjson, &filters).await)
        };
        let posts = undisturbed(ExportDataset::Posts, report()).await;
        assert_eq!(posts.len(), ACCOUNTS);
        let urls: std::collections::BTreeSet<_> = posts.iter().map(|row| row["url"].as_str().unwrap()).collect();
        assert_eq!(urls.len(), ACCOUNTS);
        assert!(posts.iter().all(|row| row["views"] == 102 && row["source"] == "auto_discovered"), "{posts:?}");
        let members = undisturbed(ExportDataset::Members, report()).await;
        let names: Vec<_> = members.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, (0..ACCOUNTS).map(|n| format!("Creator {n:02}")).collect::<Vec<_>>());
    }

    async fn a_row_of_a_report_says_what_the_report_says(home) {
        let world = world(home).await;
        let undisturbed = async |dataset, filters| {
            lines(&world.undisturbed(dataset, ExportFormat::Ndjson, &filters).await)
        };
        let card = gains().report.unwrap().card;
        for (filters, views, metrics) in [(report(), 102, "lifetime"), (gains(), 102, "range")] {
            let posts = undisturbed(ExportDataset::Posts, filters.clone()).await;
            let (filter, kind) = (store::ReportFilter::of(&filters), store::ReportMetrics::of(&filters));
            let expected = world.tenant.report_posts(&filter, kind, &card, None, 100).await.unwrap().rows;
            assert_eq!(posts.len(), expected.len());
            for (row, post) in posts.iter().zip(&expected) {
                assert_eq!((&row["id"], &row["views"]), (&post.id.into(), &views.into()), "{row}");
                assert_eq!(post.numbers.tmv, Some(10_200_000), "a tenth for each view");
                assert_eq!((&row["tmv"], &row["metrics"]), (&10.2.into(), &metrics.into()));
                assert_eq!((&row["rate_card_id"], &row["rate_card_currency"]), (&"custom".into(), &"EUR".into()));
                assert_eq!((&row["metric_status"]["saves"], &row["saves"]), (&"unsupported".into(), &serde_json::Value::Null));
                assert_eq!(row["coverage_observed_days"].is_null(), metrics == "lifetime", "{row}");
            }
        }
        let members = undisturbed(ExportDataset::Members, gains()).await;
        assert!(members.iter().all(|row| row["tmv"].is_null() && row["metric_status"]["views"] == "not_yet_scraped"));
        assert!(members.iter().all(|row| row["coverage_posts"] == 0 && row["start_date"] == days().start_date.unwrap().to_string()));
    }

    async fn what_another_version_asked_for_or_began_is_given_up(home) {
        let world = world(home).await;
        let asked = world.ask(ExportDataset::Posts, ExportFormat::Csv, ExportFilters::default()).await;
        let begun = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        world.home.sql("UPDATE exports SET place = '{\"account\":{}}' WHERE dataset = 'accounts'").await;
        for _ in 0..2 {
            assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        }
        for id in [asked, begun] {
            let export = world.export(id).await;
            assert_eq!(export.status, ExportStatus::Failed);
            assert!(export.failure.unwrap().contains("another version"));
        }
    }

    async fn filters_leave_out_what_they_say(home) {
        let world = world(home).await;
        let count = async |dataset, filters: ExportFilters| {
            lines(&world.undisturbed(dataset, ExportFormat::Ndjson, &filters).await).len()
        };
        let even = ExportFilters { category: Some("=even".to_owned()), ..ExportFilters::default() };
        assert_eq!(count(ExportDataset::Accounts, even.clone()).await, 12);
        let instagram = ExportFilters { platform: Some(Platform::Instagram), ..days() };
        assert_eq!(count(ExportDataset::Timeseries, instagram).await, 0);
        assert_eq!(count(ExportDataset::Timeseries, ExportFilters { category: even.category, ..days() }).await, 72);
        let one = support::all_accounts(&world.tenant).await.rows[0].id;
        assert_eq!(count(ExportDataset::Timeseries, ExportFilters { account_id: Some(one), ..days() }).await, 6);
        let nobody = ExportFilters { account_id: Some(AccountId::new()), ..days() };
        assert_eq!(count(ExportDataset::Timeseries, nobody).await, 0);
        let paused = ExportFilters { is_active: Some(false), ..ExportFilters::default() };
        assert_eq!(world.undisturbed(ExportDataset::Accounts, ExportFormat::Ndjson, &paused).await, b"");
    }

    async fn whoever_was_overtaken_changes_nothing(home) {
        let world = world(home).await;
        let expected = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        for n in 0..4 {
            let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
            let slow = Arc::new(Mortal::new(world.objects.clone(), n, Step::Before));
            let exporter = world.exporter_on(slow.clone(), 10);
            let stop = CancellationToken::new();
            let overtaken = async {
                slow.died().await;
                world.later(LEASE);
                assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
                let bytes = world.bytes(id).await;
                slow.revive();
                bytes
            };
            let (found, bytes) = tokio::join!(exporter.work_once(&stop), overtaken);
            assert!(found.unwrap());
            assert!(bytes == expected && world.bytes(id).await == expected, "{n}");
            world.delete(id).await;
            assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        }
    }

    async fn a_place_that_refuses_is_tried_again_and_then_given_up(home) {
        let world = world(home).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        let broken = Arc::new(Mortal::broken_from(world.objects.clone(), 1));
        for attempt in 1..=6 {
            let before = world.export(id).await;
            if attempt == 1 { assert_eq!(before.rows_written, 0) } else { assert_eq!(before.rows_written, 10) }
            assert_eq!(before.status, ExportStatus::Queued);
            assert!(world.exporter_on(broken.clone(), 10).work_once(&CancellationToken::new()).await.unwrap());
            if world.export(id).await.status == ExportStatus::Failed {
                break;
            }
            assert!(!world.exporter().work_once(&CancellationToken::new()).await.unwrap(), "not at once");
            world.later(Duration::from_hours(2));
        }
        let failed = world.export(id).await;
        assert_eq!(failed.status, ExportStatus::Failed);
        let why = "It was given up after 5 attempts in a row; at the last, the file could not be written.";
        assert_eq!(failed.failure.as_deref(), Some(why));
        assert!(failed.file.is_none() && failed.finished_at.is_some());
        // What could not be removed then is removed with the row.
        world.later(Duration::from_hours(24 * 31));
        assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        assert!(world.tenant.export(id, world.now()).await.unwrap().is_none());
        assert_eq!(world.there().await, [""; 0]);
    }

    async fn one_that_kills_every_writer_is_given_up(home) {
        let world = world(home).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        for _ in 0..5 {
            assert!(killed_at(&world, 0, Step::Before).await);
            world.later(LEASE);
        }
        assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        let failed = world.export(id).await;
        assert_eq!(failed.status, ExportStatus::Failed);
        assert!(failed.failure.unwrap().contains("came to no end"));
    }

    async fn a_deleted_export_is_not_written_on_and_leaves_nothing(home) {
        let world = world(home).await;
        for n in 0..5 {
            let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
            let slow = Arc::new(Mortal::new(world.objects.clone(), n, Step::After));
            let exporter = world.exporter_on(slow.clone(), 10);
            let stop = CancellationToken::new();
            let deleted = async {
                slow.died().await;
                world.delete(id).await;
                assert!(world.tenant.export(id, world.now()).await.unwrap().is_none());
                // Whoever writes it may still be at it.
                assert!(!world.exporter().work_once(&CancellationToken::new()).await.unwrap());
                slow.revive();
            };
            let (found, ()) = tokio::join!(exporter.work_once(&stop), deleted);
            assert!(found.unwrap());
            world.later(LEASE);
            assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
            assert_eq!(world.there().await, [""; 0], "{n}");
            assert_eq!(world.home.number("SELECT COUNT(*) FROM exports").await, Some(0));
            assert_eq!(world.home.number("SELECT COUNT(*) FROM export_parts").await, Some(0));
        }
    }

    async fn a_worker_that_is_told_to_stop_gives_its_export_back(home) {
        let world = world(home).await;
        let expected = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        // More often than an export may fail.
        for _ in 0..7 {
            let slow = Arc::new(Mortal::new(world.objects.clone(), 0, Step::Before));
            let stop = CancellationToken::new();
            let exporter = world.exporter_on(slow.clone(), 10);
            let stopped = async {
                slow.died().await;
                assert_eq!(world.export(id).await.status, ExportStatus::Running);
                stop.cancel();
            };
            let (found, ()) = tokio::join!(exporter.work_once(&stop), stopped);
            assert!(found.unwrap());
            assert_eq!(world.export(id).await.status, ExportStatus::Queued);
        }
        assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        assert!(world.bytes(id).await == expected);
    }

    async fn a_file_is_kept_for_its_time_and_its_row_somewhat_longer(home) {
        let world = world(home).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        let exporter = world.exporter();
        assert!(exporter.work_once(&CancellationToken::new()).await.unwrap());
        assert_eq!(world.export(id).await.expires_at, Some(world.now().plus(KEPT)));
        assert_eq!(world.there().await.len(), 1, "the parts are gone");
        assert!(!exporter.work_once(&CancellationToken::new()).await.unwrap());
        world.later(KEPT);
        let expired = world.export(id).await;
        assert!(expired.status == ExportStatus::Expired && expired.file.is_none(), "before anybody came by");
        assert!(exporter.work_once(&CancellationToken::new()).await.unwrap());
        assert_eq!(world.there().await, [""; 0]);
        let expired = world.export(id).await;
        assert_eq!((expired.status, expired.rows_written), (ExportStatus::Expired, 23));
        world.later(Duration::from_hours(24 * 30));
        assert!(exporter.work_once(&CancellationToken::new()).await.unwrap());
        assert!(world.tenant.export(id, world.now()).await.unwrap().is_none());
        assert!(!exporter.work_once(&CancellationToken::new()).await.unwrap());
    }

    async fn an_organization_that_is_not_active_has_no_links_and_its_exports_wait(home) {
        let world = world(home).await;
        let (nobody, running) = (world.exporter(), CancellationToken::new());
        let expected = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        let done = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        assert!(nobody.work_once(&running).await.unwrap());
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        // More often than an export may fail, and each time amid its being written.
        for n in 0..7 {
            let slow = Arc::new(Mortal::new(world.objects.clone(), 0, Step::Before));
            let exporter = world.exporter_on(slow.clone(), 10);
            let made_inactive = async {
                slow.died().await;
                world.home.sql("UPDATE organizations SET is_active = FALSE").await;
                slow.revive();
            };
            let (found, ()) = tokio::join!(exporter.work_once(&running), made_inactive);
            assert!(found.unwrap());
            assert!(world.store().linked_export(done, world.now()).await.unwrap().is_none());
            for _ in 0..2 {
                assert!(!nobody.work_once(&running).await.unwrap(), "{n}");
                assert_eq!(world.export(id).await.status, ExportStatus::Queued, "{n}");
                world.later(LEASE);
            }
            world.home.sql("UPDATE organizations SET is_active = TRUE").await;
        }
        assert!(nobody.work_once(&running).await.unwrap());
        assert!(world.bytes(id).await == expected);
    }

    async fn one_that_waits_for_a_month_is_given_up_and_leaves_nothing(home) {
        let world = world(home).await;
        let (exporter, running) = (world.exporter(), CancellationToken::new());
        let of_nobody = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        // It has a part by then.
        let broken = Arc::new(Mortal::broken_from(world.objects.clone(), 1));
        assert!(world.exporter_on(broken, 10).work_once(&running).await.unwrap());
        assert_eq!(world.there().await.len(), 1);
        world.home.sql("UPDATE organizations SET is_active = FALSE").await;
        world.later(Duration::from_hours(24 * 30 - 1));
        assert!(!exporter.work_once(&running).await.unwrap());
        world.later(Duration::from_hours(1));
        assert!(exporter.work_once(&running).await.unwrap());
        let given_up = world.export(of_nobody).await;
        assert_eq!(given_up.status, ExportStatus::Failed);
        assert!(given_up.failure.unwrap().contains("30 days"));
        assert_eq!(world.there().await, [""; 0]);
        assert!(!exporter.work_once(&running).await.unwrap());
    }

    async fn what_goes_while_it_is_read_ends_no_file(home) {
        let world = world(home).await;
        let rows = lines(&world.undisturbed(ExportDataset::Posts, ExportFormat::Ndjson, &report()).await);
        let ids: Vec<_> = rows.iter().map(|row| row["external_id"].as_str().unwrap().to_owned()).collect();
        // As a page finds it whose posts go between its two statements: named, and not there. The whole second page, and some of the third.
        let gone = ids[6..16].iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let (off, on) = if world.home.url.starts_with("sqlite") {
            ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON")
        } else {
            ("SET session_replication_role = replica", "SET session_replication_role = origin")
        };
        world.home.sql(&format!("{off}; DELETE FROM posts WHERE external_id IN ({gone}); {on}")).await;
        let left = lines(&world.undisturbed(ExportDataset::Posts, ExportFormat::Ndjson, &report()).await);
        let left: Vec<_> = left.iter().map(|row| row["external_id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(left, [&ids[..6], &ids[16..]].concat());
    }

    async fn one_that_gets_further_is_not_given_up(home) {
        let world = world(home).await;
        let expected = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        // The fifth writes a part before it fails.
        for steps in [0, 0, 0, 0, 1, 0, 0, 0] {
            let broken = Arc::new(Mortal::broken_from(world.objects.clone(), steps));
            assert!(world.exporter_on(broken, 10).work_once(&CancellationToken::new()).await.unwrap());
            assert_eq!(world.export(id).await.status, ExportStatus::Queued);
            world.later(Duration::from_hours(2));
        }
        assert_eq!(world.export(id).await.rows_written, 10);
        assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        assert!(world.bytes(id).await == expected);
    }

    async fn whoever_was_overtaken_removes_nothing_when_it_fails(home) {
        let world = world(home).await;
        let running = CancellationToken::new();
        let expected = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        for _ in 0..4 {
            let broken = Arc::new(Mortal::broken_from(world.objects.clone(), 0));
            assert!(world.exporter_on(broken, 10).work_once(&running).await.unwrap());
            world.later(Duration::from_hours(2));
        }
        // The fifth attempt writes a part and is overtaken with the next, which fails in the end.
        let slow = Arc::new(Mortal::failing_late(world.objects.clone(), 1));
        let exporter = world.exporter_on(slow.clone(), 10);
        let overtaken = async {
            slow.died().await;
            world.later(LEASE);
            assert!(world.exporter().work_once(&running).await.unwrap());
            assert!(world.bytes(id).await == expected);
            slow.revive();
        };
        let (found, ()) = tokio::join!(exporter.work_once(&running), overtaken);
        assert!(found.unwrap());
        assert!(world.bytes(id).await == expected);
    }

    async fn the_parts_of_a_file_are_removed_however_long_that_takes(home) {
        let world = world(home).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        let slow = Arc::new(Mortal::holding_removals(world.objects.clone()));
        let lease = Duration::from_millis(30);
        let exporter = world.exporter_with(slow.clone(), 10, lease);
        let removing = async {
            slow.died().await;
            assert_eq!(world.export(id).await.status, ExportStatus::Succeeded);
            // Time enough for a lease to be renewed, when there is one.
            tokio::time::sleep(10 * lease).await;
            slow.revive();
        };
        let running = CancellationToken::new();
        let (found, ()) = tokio::join!(exporter.work_once(&running), removing);
        assert!(found.unwrap());
        assert_eq!(world.there().await.len(), 1, "the parts are gone");
    }

    async fn what_a_worker_cannot_read_is_left_to_others(home) {
        let world = world(home).await;
        let (exporter, running) = (world.exporter(), CancellationToken::new());
        let expected = world.undisturbed(ExportDataset::Accounts, ExportFormat::Csv, &ExportFilters::default()).await;
        let id = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        world.home.sql("UPDATE exports SET filters = '{\"of_a_later_day\": true}'").await;
        let other = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        assert!(exporter.work_once(&running).await.unwrap());
        assert!(world.bytes(other).await == expected);
        for _ in 0..7 {
            assert!(!exporter.work_once(&running).await.unwrap());
            world.later(Duration::from_mins(5));
        }
        world.home.sql("UPDATE exports SET filters = '{}'").await;
        assert_eq!(world.export(id).await.status, ExportStatus::Queued);
        world.later(Duration::from_mins(1));
        assert!(exporter.work_once(&running).await.unwrap());
        assert!(world.bytes(id).await == expected);
    }

    async fn an_organization_has_so_many_exports_and_no_more(home) {
        let world = world(home).await;
        let mut ids = Vec::new();
        for _ in 0..store::MOST_EXPORTS_AT_ONCE {
            ids.push(world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await);
        }
        let refused = async || {
            let new = NewExport {
                dataset: ExportDataset::Accounts,
                format: ExportFormat::Csv,
                filters: ExportFilters::default(),
            };
            let mut tx = world.tenant.begin(&RequestId::new(), world.now()).await.unwrap();
            tx.create_export(&new).await.err()
        };
        assert!(matches!(refused().await, Some(Refusal::TooManyExportsAtOnce { most: 5 })));
        world.delete(ids[0]).await;
        assert!(refused().await.is_none());
        world.home.sql("UPDATE exports SET status = 'succeeded' WHERE removed_at IS NULL").await;
        for _ in ids.len() - 1..100 {
            world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
            world.home.sql("UPDATE exports SET status = 'succeeded' WHERE removed_at IS NULL").await;
        }
        assert!(matches!(refused().await, Some(Refusal::TooManyExports { most: 100 })));
        world.home.sql("UPDATE exports SET status = 'expired'").await;
        assert!(refused().await.is_none());
    }

    async fn links_are_signed_with_one_secret_whoever_asks_first(home) {
        let (one, other) = tokio::join!(home.store.link_secret(&[1; 32], START), home.store.link_secret(&[2; 32], START));
        assert_eq!(one.unwrap(), other.unwrap());
        let first = home.store.link_secret(&[3; 32], START).await.unwrap();
        assert!(first == [1; 32] || first == [2; 32]);
    }
}
