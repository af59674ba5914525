//! What stands in files, whatever happens while they are written.

use domain::{AccountId, ExportDataset, ExportFilters, ExportFormat, ExportStatus, Platform};
use parquet::file::reader::{FileReader, SerializedFileReader};
use tokio_util::sync::CancellationToken;

use crate::mortal::Step;
use crate::world::{ACCOUNTS, LEASE, days, filters, formats, gains, killed_at, lines, name, report, world};
use crate::{on_both, support};

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
}
