//! Whoever writes a file: overtaken, refused, killed, told to stop.

use std::sync::Arc;
use std::time::Duration;

use domain::{ExportDataset, ExportFilters, ExportFormat, ExportStatus};
use tokio_util::sync::CancellationToken;

use crate::mortal::{Mortal, Step};
use crate::world::{LEASE, killed_at, world};
use crate::{on_both, support};

on_both! {
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
}
