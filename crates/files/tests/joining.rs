//! Parts become files, on each kind of place.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::ops::Range;
use std::sync::Arc;

use domain::{ExportFormat, ExportId, OrganizationId};
use files::{Column, Folder, Kind, Part, PartLimits, PartWriter, S3Config, Storage, StorageConfig, Value};
use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};

const COLUMNS: &[Column] = &[Column::new("n", Kind::Integer), Column::new("text", Kind::Text)];

fn folder() -> Folder {
    Folder { organization: OrganizationId::new(), export: ExportId::new() }
}

fn local(folder: &tempfile::TempDir) -> Storage {
    let url = format!("file:{}", folder.path().join("new").join("exports").display());
    Storage::open(&StorageConfig { url, s3: S3Config::default() }).unwrap()
}

fn row(n: i64) -> Vec<Value> {
    vec![Value::Integer(n), Value::Text(format!("row {n} {}", "x".repeat(usize::try_from(n % 50).unwrap())))]
}

async fn whole(storage: &Storage, folder: Folder, name: &str, range: Range<u64>) -> Vec<u8> {
    let pieces: Vec<_> = storage.read(folder, name, range).await.unwrap().try_collect().await.unwrap();
    pieces.concat()
}

/// Writes `rows` rows in parts of `limits` and joins them; the bytes.
async fn file(storage: &Storage, format: ExportFormat, rows: i64, limits: PartLimits) -> Vec<u8> {
    let folder = folder();
    let mut parts = Vec::new();
    let mut rows = (0..rows).peekable();
    while rows.peek().is_some() {
        let mut part = PartWriter::new(format, COLUMNS, limits);
        while !part.is_full()
            && let Some(n) = rows.next()
        {
            part.push(&row(n)).unwrap();
        }
        let name = format!("part-{:05}", parts.len());
        storage.put(folder, &name, part.finish().unwrap()).await.unwrap();
        parts.push(Part { name });
    }
    let written = storage.join(folder, "file", format, COLUMNS, &parts).await.unwrap();
    let bytes = whole(storage, folder, "file", 0..written.bytes).await;
    assert_eq!(written.bytes, u64::try_from(bytes.len()).unwrap());
    assert_eq!(written.sha256, format!("{:x}", Sha256::digest(&bytes)));
    storage.clear(folder, Some("file")).await.unwrap();
    for Part { name } in &parts {
        assert!(storage.read(folder, name, 0..1).await.err().unwrap().is_missing());
    }
    assert_eq!(whole(storage, folder, "file", 0..written.bytes).await, bytes);
    storage.clear(folder, None).await.unwrap();
    assert!(storage.read(folder, "file", 0..1).await.err().unwrap().is_missing());
    bytes
}

fn texts(bytes: &[u8]) -> Vec<String> {
    let file = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes)).unwrap();
    let rows = file.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().to_string()).collect()
}

#[tokio::test]
async fn parts_of_any_size_join_to_the_same_lines_and_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let one = PartLimits { rows: u64::MAX, bytes: usize::MAX };
    for storage in [Storage::of(Arc::new(InMemory::new())), local(&folder)] {
        for rows in [0, 1, 200] {
            for limits in [PartLimits { rows: 7, bytes: usize::MAX }, PartLimits { rows: 1000, bytes: 900 }] {
                for format in [ExportFormat::Csv, ExportFormat::Ndjson] {
                    let (some, all) =
                        (file(&storage, format, rows, limits).await, file(&storage, format, rows, one).await);
                    assert_eq!(some, all, "{format:?} {rows}");
                }
                let parquet = file(&storage, ExportFormat::Parquet, rows, limits).await;
                let again = file(&storage, ExportFormat::Parquet, rows, limits).await;
                assert_eq!(parquet, again);
                let in_one = file(&storage, ExportFormat::Parquet, rows, one).await;
                assert_eq!(texts(&parquet), texts(&in_one));
                assert_eq!(texts(&parquet).len(), usize::try_from(rows).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn a_file_of_many_pieces_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let text = "0123456789abcdef".repeat(64 * 1024);
    for storage in [Storage::of(Arc::new(InMemory::new())), local(&folder)] {
        let folder = self::folder();
        let mut parts = Vec::new();
        for n in 0..20 {
            let mut part = PartWriter::new(ExportFormat::Ndjson, COLUMNS, PartLimits { rows: 1, bytes: usize::MAX });
            part.push(&[Value::Integer(n), text.as_str().into()]).unwrap();
            parts.push(Part { name: format!("part-{n}") });
            storage.put(folder, &parts.last().unwrap().name, part.finish().unwrap()).await.unwrap();
        }
        let written = storage.join(folder, "file", ExportFormat::Ndjson, COLUMNS, &parts).await.unwrap();
        let bytes = whole(&storage, folder, "file", 0..written.bytes).await;
        let lines: Vec<serde_json::Value> =
            std::str::from_utf8(&bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 20);
        assert!(lines.iter().zip(0..).all(|(line, n)| line["n"] == n && line["text"] == text));
        let middle = bytes.len() / 2;
        let some = whole(&storage, folder, "file", middle as u64..middle as u64 + 100).await;
        assert_eq!(some, bytes[middle..middle + 100]);
    }
}

#[tokio::test]
async fn a_missing_part_fails_and_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    for storage in [Storage::of(Arc::new(InMemory::new())), local(&directory)] {
        let folder = folder();
        let parts = [Part { name: "never".to_owned() }];
        for format in ExportFormat::ALL {
            let error = storage.join(folder, "file", format, COLUMNS, &parts).await.unwrap_err();
            assert!(error.is_missing(), "{error:?}");
            assert!(storage.read(folder, "file", 0..1).await.err().unwrap().is_missing());
        }
        // Nothing there is as good as cleared.
        storage.clear(folder, None).await.unwrap();
    }
}

#[test]
fn a_place_that_is_none_is_refused() {
    let open = |url: &str| Storage::open(&StorageConfig { url: url.to_owned(), s3: S3Config::default() });
    for url in ["", "exports", "http://x", "s3://", "s3:///prefix"] {
        assert!(open(url).is_err(), "{url}");
    }
    // S3 is not asked before something is written.
    assert!(open("s3://bucket/some/prefix/").is_ok());
}
