use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountVideoId, CreatorId, DateBasis, Float, MediaType, MetricStatus, Platform, PostSource, PostStatus,
    RateCard, ReportOptions, ReportedMetrics, VideoId,
};
use serde_json::json;
use store::{CountedPosts, MemberNumbers, PostCounts, ReportNumbers};

use super::*;

fn at() -> Timestamp {
    Timestamp::from_millis(1_790_000_000_042)
}

fn counts() -> PostCounts {
    PostCounts { view_count: Some(2000), like_count: Some(100), ..PostCounts::default() }
}

fn numbers() -> ReportNumbers {
    ReportNumbers { counts: counts(), engagements: Some(100), engagement_rate: Some(500), tmv: Some(12_500_000) }
}

fn post() -> ReportPost {
    ReportPost {
        id: 7,
        video_id: Some(VideoId::new()),
        account_video_ids: vec![AccountVideoId(4), AccountVideoId(5)],
        platform: Platform::Tiktok,
        external_id: "7571863205253778710".to_owned(),
        author_username: Some("amy".to_owned()),
        description: Some("=1+1".to_owned()),
        create_time: Some(at()),
        media_type: Some(MediaType::Video),
        duration: Some(Float(12.5)),
        status: PostStatus::Live,
        source: PostSource::Submitted,
        added_at: at(),
        first_scrape_at: Some(at()),
        last_scrape_at: Some(at()),
        account_id: Some(AccountId::new()),
        account_username: Some("amy".to_owned()),
        creator_id: Some(CreatorId::new()),
        creator_name: Some("Amy".to_owned()),
        numbers: numbers(),
        observed_days: Some(3),
        metric_status: BTreeMap::from([("comment_count".to_owned(), MetricStatus::Hidden)]),
    }
}

fn member() -> ReportMember {
    let total = MemberNumbers {
        numbers: numbers(),
        posts_known: 3,
        posts_counted: 2,
        posts_read: 3,
        counted: CountedPosts { views: 2, likes: 1, ..CountedPosts::default() },
        posts_observed: Some(1),
    };
    ReportMember {
        id: CreatorId::new(),
        name: "Amy".to_owned(),
        is_active: true,
        added_at: at(),
        followers: Some(9),
        accounts_by_platform: BTreeMap::from([(Platform::Tiktok, 1)]),
        total,
        by_platform: BTreeMap::from([(Platform::Tiktok, total)]),
        by_media_type: vec![(None, total)],
    }
}

fn filters() -> ExportFilters {
    let mut card = RateCard::without_prices();
    (card.id, card.base, card.currency) = ("custom".to_owned(), Some("c-1".to_owned()), "EUR".to_owned());
    ExportFilters {
        start_date: Day::parse("2026-01-01"),
        end_date: Day::parse("2026-01-30"),
        report: Some(ReportOptions {
            date_basis: DateBasis::Metric,
            metrics: ReportedMetrics::Range,
            card,
            rate_card: None,
            rates: None,
        }),
        ..ExportFilters::default()
    }
}

/// Places of everything that a record says: a column's as a whole.
fn leaves(record: &Json, at: &str, places: &[&str], found: &mut BTreeSet<String>) {
    match record {
        Json::Object(members) if !places.contains(&at) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), places, found));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            found.insert(at.to_owned());
        }
    }
}

/// Holds a layout to its rule, and to a record in which nothing is left out.
fn check(record: &Json, columns: &[Column], places: &[&str]) {
    for (column, place) in columns.iter().zip(places) {
        let own = place.trim_start_matches('/');
        let own = own.strip_prefix("metrics/").or_else(|| own.strip_prefix("meta/")).unwrap_or(own);
        assert_eq!(column.name, own.replace('/', "_"));
    }
    let mut said = BTreeSet::new();
    leaves(record, "", places, &mut said);
    // Every row is of one type, and the prices are shown with the export.
    said.remove("/type");
    said.retain(|place| !place.starts_with("/meta/rate_card/prices/"));
    assert_eq!(said, places.iter().map(|place| (*place).to_owned()).collect());
}

/// What a page of the report shows of one record, and what it says once.
fn shown<R, T: From<Row<R>> + Serialize>(of: R) -> Json {
    let metrics = ReportMetrics::of(&filters());
    let mut shown = serde_json::to_value(T::from(Row { of, metrics })).unwrap();
    let card = filters().report.unwrap().card;
    shown["meta"] = serde_json::to_value(ReportMetaOut::new(metrics, filters().window(), card)).unwrap();
    shown
}

#[test]
fn every_member_of_a_record_is_a_column_and_every_column_a_member() {
    check(&shown::<_, ReportPostOut>(post()), POST_COLUMNS, POST_PLACES);
    check(&shown::<_, ReportMemberOut>(member()), MEMBER_COLUMNS, MEMBER_PLACES);
    let account = AccountOut::from(crate::views::account::tests::account(Platform::Instagram, Some(at())));
    check(&serde_json::to_value(account).unwrap(), ACCOUNT_COLUMNS, ACCOUNT_PLACES);
}

fn named(columns: &[Column], row: &[Value]) -> BTreeMap<&'static str, Value> {
    assert_eq!(columns.len(), row.len());
    columns.iter().zip(row).map(|(column, value)| (column.name, value.clone())).collect()
}

#[test]
fn a_row_says_what_the_record_says() {
    let rows = (POST_ROWS.rows)(vec![post(), post()], &filters()).unwrap();
    assert_eq!(rows.len(), 2);
    let row = named(POST_COLUMNS, &rows[0]);
    let record = shown::<_, ReportPostOut>(post());
    assert_eq!(
        (&row["id"], &row["tmv"], &row["views"]),
        (&Value::Integer(7), &Value::Number(12.5), &Value::Integer(2000))
    );
    assert_eq!((&row["engagement_rate"], &row["comments"]), (&Value::Number(5.0), &Value::Null));
    assert_eq!((&row["create_time"], &row["account_username"]), (&at().into(), &"amy".into()));
    assert_eq!(row["metric_status"], Value::Json(record["metric_status"].to_string()));
    assert_eq!(record["metric_status"]["saves"], "unsupported");
    assert_eq!((&row["coverage_days"], &row["coverage_observed_days"]), (&Value::Integer(30), &Value::Integer(3)));
    assert_eq!((&row["metrics"], &row["start_date"]), (&"range".into(), &Day::parse("2026-01-01").into()));
    assert_eq!((&row["rate_card_id"], &row["rate_card_base"]), (&"custom".into(), &"c-1".into()));
    let rows = (MEMBER_ROWS.rows)(vec![member()], &filters()).unwrap();
    let row = named(MEMBER_COLUMNS, &rows[0]);
    let record = shown::<_, ReportMemberOut>(member());
    assert_eq!(row["by_platform"], Value::Json(record["by_platform"].to_string()));
    assert_eq!((&row["counted_views"], &row["coverage_posts_observed"]), (&Value::Integer(2), &Value::Integer(1)));
    assert_eq!(record["metric_status"]["saves"], "unsupported", "{record}");
}

#[test]
fn what_hangs_on_what_is_not_there_is_null() {
    let alone = ReportPost { account_id: None, creator_id: None, ..post() };
    let lifetime = ExportFilters {
        report: Some(ReportOptions { metrics: ReportedMetrics::Lifetime, ..filters().report.unwrap() }),
        ..filters()
    };
    let rows = (POST_ROWS.rows)(vec![alone], &lifetime).unwrap();
    let row = named(POST_COLUMNS, &rows[0]);
    for name in ["account_id", "account_username", "creator_id", "creator_name", "coverage_days", "impressions"] {
        assert_eq!(row[name], Value::Null, "{name}");
    }
    assert_eq!(row["metrics"], "lifetime".into());
}

#[test]
fn a_value_of_another_kind_fits_no_column() {
    assert_eq!(value_of(Kind::Integer, json!(1.5)), None);
    assert_eq!(value_of(Kind::Text, json!(1)), None);
    assert_eq!(value_of(Kind::Time, json!("now")), None);
    assert_eq!(value_of(Kind::Number, json!(2)), Some(Value::Number(2.0)));
}
