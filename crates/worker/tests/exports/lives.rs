//! How long exports and their files are there, and for whom.

use std::sync::Arc;
use std::time::Duration;

use domain::{ExportDataset, ExportFilters, ExportFormat, ExportStatus, RequestId};
use store::{NewExport, Refusal};
use tokio_util::sync::CancellationToken;

use crate::mortal::{Mortal, Step};
use crate::support::START;
use crate::world::{KEPT, LEASE, world};
use crate::{on_both, support};

on_both! {
    async fn what_another_version_asked_for_or_began_is_given_up(home) {
        let world = world(home).await;
        let asked = world.ask(ExportDataset::Posts, ExportFormat::Csv, ExportFilters::default()).await;
        let begun = world.ask(ExportDataset::Accounts, ExportFormat::Csv, ExportFilters::default()).await;
        world.home.sql("UPDATE exports SET place = '{\"account\":{}}' WHERE dataset = 'accounts'").await;
        // A place that is understood, in a file of other columns.
        let changed = world.ask(ExportDataset::Accounts, ExportFormat::Ndjson, ExportFilters::default()).await;
        let place = format!(r#"{{"form":1,"after":{{"account":{{"added_at":0,"id":"{}"}}}}}}"#, uuid::Uuid::nil());
        world.home.sql(&format!("UPDATE exports SET place = '{place}' WHERE format = 'ndjson'")).await;
        for _ in 0..3 {
            assert!(world.exporter().work_once(&CancellationToken::new()).await.unwrap());
        }
        for id in [asked, begun, changed] {
            let export = world.export(id).await;
            assert_eq!(export.status, ExportStatus::Failed);
            assert!(export.failure.unwrap().contains("another version"));
        }
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
