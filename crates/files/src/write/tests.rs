//! What is written is read again by the readers of others.

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use domain::{Day, Timestamp};

use super::*;
use crate::Kind;

const COLUMNS: &[Column] = &[
    Column::new("text", Kind::Text),
    Column::new("json", Kind::Json),
    Column::new("integer", Kind::Integer),
    Column::new("number", Kind::Number),
    Column::new("flag", Kind::Boolean),
    Column::new("time", Kind::Time),
    Column::new("day", Kind::Day),
];

const UNBOUNDED: PartLimits = PartLimits { rows: u64::MAX, bytes: usize::MAX };

fn full(text: &str) -> Vec<Value> {
    vec![
        text.into(),
        Value::Json(r#"{"a":"b, \"c\""}"#.to_owned()),
        Value::Integer(-5),
        Value::Number(2.5),
        Value::Boolean(true),
        Value::Time(Timestamp::parse("2024-02-29T23:59:59.250Z").unwrap()),
        Value::Day(Day::parse("2024-02-29").unwrap()),
    ]
}

fn empty() -> Vec<Value> {
    vec![Value::Null; COLUMNS.len()]
}

fn written(format: ExportFormat, rows: &[Vec<Value>]) -> Vec<u8> {
    let mut part = PartWriter::new(format, COLUMNS, UNBOUNDED);
    for row in rows {
        part.push(row).unwrap();
    }
    part.finish().unwrap()
}

#[test]
fn csv_is_read_again_as_it_was_and_no_text_is_a_formula() {
    let rows: Vec<_> = ["plain", "a \"b\", c\r\nd", "ünï 🎉", "=1+1", "+1", "-1", "@x", "\tx", "'='"].map(full).into();
    let bytes = [head(ExportFormat::Csv, COLUMNS).unwrap(), written(ExportFormat::Csv, &rows)].concat();
    let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap(), vec!["text", "json", "integer", "number", "flag", "time", "day"]);
    let read: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let texts: Vec<_> = read.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(texts, ["plain", "a \"b\", c\r\nd", "ünï 🎉", "'=1+1", "'+1", "'-1", "'@x", "'\tx", "'='"]);
    let rest = [r#"{"a":"b, \"c\""}"#, "-5", "2.5", "true", "2024-02-29T23:59:59.250Z", "2024-02-29"];
    assert!(read.iter().all(|row| row[1..] == rest), "{read:?}");
}

#[test]
fn a_null_is_empty_in_csv_and_null_elsewhere() {
    assert_eq!(written(ExportFormat::Csv, &[empty()]), b",,,,,,\r\n");
    let line = written(ExportFormat::Ndjson, &[empty()]);
    let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(object.as_object().unwrap().len(), COLUMNS.len());
    assert!(object.as_object().unwrap().values().all(serde_json::Value::is_null), "{object}");
    let file = SerializedFileReader::new(bytes::Bytes::from(written(ExportFormat::Parquet, &[empty()]))).unwrap();
    let row = file.get_row_iter(None).unwrap().next().unwrap().unwrap();
    assert!(row.get_column_iter().all(|(_, field)| *field == Field::Null), "{row}");
}

#[test]
fn ndjson_has_a_whole_object_on_each_line() {
    let bytes = written(ExportFormat::Ndjson, &[full("=a\n\"b\""), empty()]);
    let lines: Vec<_> = std::str::from_utf8(&bytes).unwrap().lines().collect();
    assert_eq!(lines.len(), 2);
    let first: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    let expected = serde_json::json!({
        "text": "=a\n\"b\"", "json": {"a": "b, \"c\""}, "integer": -5, "number": 2.5, "flag": true,
        "time": "2024-02-29T23:59:59.250Z", "day": "2024-02-29",
    });
    assert_eq!(first, expected);
}

#[test]
fn parquet_has_the_types_that_it_promises() {
    let file = SerializedFileReader::new(bytes::Bytes::from(written(ExportFormat::Parquet, &[full("=x"), empty()])));
    let file = file.unwrap();
    let metadata = file.metadata().file_metadata();
    assert_eq!((metadata.num_rows(), metadata.created_by()), (2, Some("creator-audit")));
    let row = file.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let fields: Vec<_> = row.get_column_iter().map(|(_, field)| field.clone()).collect();
    let at = Timestamp::parse("2024-02-29T23:59:59.250Z").unwrap();
    let expected = [
        Field::Str("=x".to_owned()),
        Field::Str(r#"{"a":"b, \"c\""}"#.to_owned()),
        Field::Long(-5),
        Field::Double(2.5),
        Field::Bool(true),
        Field::TimestampMillis(at.as_millis()),
        Field::Date(Day::of(at).number()),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn a_row_that_does_not_fit_is_refused() {
    for format in ExportFormat::ALL {
        let mut part = PartWriter::new(format, COLUMNS, UNBOUNDED);
        part.push(&full("x")).unwrap();
        assert!(part.push(&full("x")[1..]).is_err(), "{format:?}");
    }
    let mut part = PartWriter::new(ExportFormat::Parquet, COLUMNS, UNBOUNDED);
    let mut row = full("x");
    row.swap(0, 2);
    assert!(part.push(&row).is_err());
}

#[test]
fn a_part_is_full_by_its_rows_or_by_its_bytes() {
    for format in ExportFormat::ALL {
        let by_rows = PartLimits { rows: 2, bytes: usize::MAX };
        let by_bytes = PartLimits { rows: u64::MAX, bytes: 1000 };
        for (limits, text, expected) in [(by_rows, String::new(), 2), (by_bytes, "x".repeat(600), 2)] {
            let mut part = PartWriter::new(format, COLUMNS, limits);
            while !part.is_full() {
                part.push(&full(&text)).unwrap();
            }
            assert_eq!(part.rows(), expected, "{format:?} {limits:?}");
        }
    }
}
