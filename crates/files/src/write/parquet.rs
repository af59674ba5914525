//! Parquet: each part is a file of one row group, and joining copies row groups as they are.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::{Column, FilesError, Kind, Value};

/// Which level of definition says that there is a value, and that there is none.
const THERE: i16 = 1;
const NOT_THERE: i16 = 0;

/// A row group in the making, column by column.
#[derive(Debug)]
pub struct RowGroup {
    columns: &'static [Column],
    chunks: Vec<Chunk>,
    bytes: usize,
}

/// The values of one column, and for each row whether it has one.
#[derive(Debug)]
struct Chunk {
    levels: Vec<i16>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
    Days(Vec<i32>),
}

impl Chunk {
    const fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json => Values::Texts(Vec::new()),
            Kind::Integer | Kind::Time => Values::Integers(Vec::new()),
            Kind::Number => Values::Numbers(Vec::new()),
            Kind::Boolean => Values::Flags(Vec::new()),
            Kind::Day => Values::Days(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    /// Adds a value; how many bytes it counts for.
    fn push(&mut self, value: &Value) -> Result<usize, FilesError> {
        let bytes = match (&mut self.values, value) {
            (_, Value::Null) => {
                self.levels.push(NOT_THERE);
                return Ok(size_of::<i16>());
            }
            (Values::Texts(texts), Value::Text(text) | Value::Json(text)) => {
                texts.push(ByteArray::from(text.as_str()));
                text.len() + size_of::<ByteArray>()
            }
            (Values::Integers(numbers), Value::Integer(number)) => {
                numbers.push(*number);
                size_of::<i64>()
            }
            (Values::Integers(numbers), Value::Time(at)) => {
                numbers.push(at.as_millis());
                size_of::<i64>()
            }
            (Values::Numbers(numbers), Value::Number(number)) => {
                numbers.push(*number);
                size_of::<f64>()
            }
            (Values::Flags(flags), Value::Boolean(flag)) => {
                flags.push(*flag);
                size_of::<bool>()
            }
            (Values::Days(days), Value::Day(day)) => {
                days.push(day.number());
                size_of::<i32>()
            }
            (
                Values::Texts(_) | Values::Integers(_) | Values::Numbers(_) | Values::Flags(_) | Values::Days(_),
                Value::Text(_)
                | Value::Json(_)
                | Value::Integer(_)
                | Value::Number(_)
                | Value::Boolean(_)
                | Value::Time(_)
                | Value::Day(_),
            ) => return Err(FilesError::Misfit),
        };
        self.levels.push(THERE);
        Ok(bytes + size_of::<i16>())
    }

    fn write(&self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), FilesError> {
        match &self.values {
            Values::Texts(values) => write_column::<ByteArrayType>(group, values, &self.levels),
            Values::Integers(values) => write_column::<Int64Type>(group, values, &self.levels),
            Values::Numbers(values) => write_column::<DoubleType>(group, values, &self.levels),
            Values::Flags(values) => write_column::<BoolType>(group, values, &self.levels),
            Values::Days(values) => write_column::<Int32Type>(group, values, &self.levels),
        }
    }
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: &[i16],
) -> Result<(), FilesError> {
    let mut column = group.next_column()?.ok_or(FilesError::Misfit)?;
    column.typed::<T>().write_batch(values, Some(levels), None)?;
    Ok(column.close()?)
}

impl RowGroup {
    pub fn new(columns: &'static [Column]) -> Self {
        Self { columns, chunks: columns.iter().map(|column| Chunk::new(column.kind)).collect(), bytes: 0 }
    }

    pub fn push(&mut self, row: &[Value]) -> Result<(), FilesError> {
        if row.len() != self.chunks.len() {
            return Err(FilesError::Misfit);
        }
        for (chunk, value) in self.chunks.iter_mut().zip(row) {
            self.bytes += chunk.push(value)?;
        }
        Ok(())
    }

    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn finish(self) -> Result<Vec<u8>, FilesError> {
        let mut file = SerializedFileWriter::new(Vec::new(), schema(self.columns)?, properties())?;
        let mut group = file.next_row_group()?;
        for chunk in self.chunks {
            chunk.write(&mut group)?;
        }
        group.close()?;
        Ok(file.into_inner()?)
    }
}

/// Nothing in a file depends on when or where it was written.
pub fn properties() -> WriterPropertiesPtr {
    let properties = WriterProperties::builder()
        .set_created_by("creator-audit".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    Arc::new(properties.build())
}

/// The schema of these columns; each may be null.
pub fn schema(columns: &[Column]) -> Result<TypePtr, FilesError> {
    let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?))
}

fn field(column: &Column) -> Result<TypePtr, FilesError> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        Kind::Day => (Physical::INT32, Some(LogicalType::Date)),
    };
    let field = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(Arc::new(field.build()?))
}

/// Copies the row groups of a part to the end of `file`.
pub fn joined(file: &mut SerializedFileWriter<Vec<u8>>, part: &bytes::Bytes) -> Result<(), FilesError> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(part)?;
    for group in metadata.row_groups() {
        let mut copy = file.next_row_group()?;
        for column in group.columns() {
            let close = ColumnCloseResult {
                bytes_written: u64::try_from(column.compressed_size()).unwrap_or_default(),
                rows_written: u64::try_from(group.num_rows()).unwrap_or_default(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            copy.append_column(part, close)?;
        }
        copy.close()?;
    }
    Ok(())
}
