//! An organization with something to export, and whoever writes it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::media_value::{Priced, WrittenCard};
use domain::{
    Clock, DateBasis, Day, ExportDataset, ExportFilters, ExportFormat, ExportId, ExportStatus, Platform, RateCard,
    ReportOptions, ReportedMetrics, RequestId, Timestamp,
};
use files::{Folder, PartLimits, Storage};
use futures_util::TryStreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use store::{Export, JobTarget, NewExport, Store, Tenant};
use tokio_util::sync::CancellationToken;
use worker::{Exporter, ExportsConfig, Layouts};

use crate::mortal::{Mortal, Step};
use crate::support::{self, Home, START, add, new_account, post, profile, work};

pub const LEASE: Duration = Duration::from_secs(30);
pub const KEPT: Duration = Duration::from_hours(24);

/// A clock, a place for files, and the accounts of an organization, some with some days.
pub struct World {
    pub home: Home,
    pub clock: Clock,
    pub tenant: Tenant,
    pub objects: Arc<InMemory>,
}

pub const ACCOUNTS: usize = 23;

pub async fn world(home: Home) -> World {
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

pub fn name(n: usize) -> String {
    format!("user.{n:02}")
}

impl World {
    pub fn store(&self) -> &Store {
        &self.home.store
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn exporter_on(&self, objects: Arc<dyn ObjectStore>, part_rows: u64) -> Exporter {
        self.exporter_with(objects, part_rows, LEASE)
    }

    pub fn exporter_with(&self, objects: Arc<dyn ObjectStore>, part_rows: u64, lease: Duration) -> Exporter {
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

    pub fn exporter(&self) -> Exporter {
        self.exporter_on(self.objects.clone(), 10)
    }

    pub async fn ask(&self, dataset: ExportDataset, format: ExportFormat, filters: ExportFilters) -> ExportId {
        let mut tx = self.tenant.begin(&RequestId::new(), self.now()).await.unwrap();
        let id = tx.create_export(&NewExport { dataset, format, filters }).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn delete(&self, id: ExportId) {
        let mut tx = self.tenant.begin(&RequestId::new(), self.now()).await.unwrap();
        tx.delete_export(id).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn export(&self, id: ExportId) -> Export {
        self.tenant.export(id, self.now()).await.unwrap().expect("the export")
    }

    pub async fn bytes(&self, id: ExportId) -> Vec<u8> {
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
    pub async fn there(&self) -> Vec<String> {
        self.objects.list(None).map_ok(|object| object.location.to_string()).try_collect().await.unwrap()
    }

    /// An export that nothing disturbs; its bytes.
    pub async fn undisturbed(&self, dataset: ExportDataset, format: ExportFormat, filters: &ExportFilters) -> Vec<u8> {
        let id = self.ask(dataset, format, filters.clone()).await;
        assert!(self.exporter().work_once(&CancellationToken::new()).await.unwrap());
        let bytes = self.bytes(id).await;
        self.delete(id).await;
        assert!(self.exporter().work_once(&CancellationToken::new()).await.unwrap());
        assert_eq!(self.there().await, [""; 0]);
        bytes
    }
}

pub fn days() -> ExportFilters {
    let start = Day::of(START);
    ExportFilters { start_date: Some(start.plus(-1)), end_date: Some(start.plus(4)), ..ExportFilters::default() }
}

/// A report of what is known now, in which a view is worth a tenth.
pub fn report() -> ExportFilters {
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
pub fn gains() -> ExportFilters {
    let lifetime = report().report.unwrap();
    let report = ReportOptions { date_basis: DateBasis::Metric, metrics: ReportedMetrics::Range, ..lifetime };
    ExportFilters { report: Some(report), ..days() }
}

pub fn filters(dataset: ExportDataset) -> ExportFilters {
    match dataset {
        ExportDataset::Accounts => ExportFilters::default(),
        ExportDataset::Posts => gains(),
        ExportDataset::Members => report(),
        ExportDataset::Timeseries => days(),
    }
}

/// Each dataset in one format, and one in all.
pub fn formats(dataset: ExportDataset) -> &'static [ExportFormat] {
    match dataset {
        ExportDataset::Accounts => &ExportFormat::ALL,
        ExportDataset::Timeseries => &[ExportFormat::Parquet],
        ExportDataset::Posts | ExportDataset::Members => &[ExportFormat::Csv],
    }
}

pub fn lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    std::str::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Kills a worker at the `n`th step with the objects, before it is done or right after; whether it came so far.
pub async fn killed_at(world: &World, n: usize, step: Step) -> bool {
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
