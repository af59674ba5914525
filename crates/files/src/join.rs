//! Joining parts into the file that is handed out.

use domain::ExportFormat;
use futures_util::StreamExt;
use object_store::ObjectStoreExt;
use parquet::file::writer::SerializedFileWriter;

use crate::storage::{Folder, Storage};
use crate::upload::{Upload, Written};
use crate::write::{head, joined_parquet, properties, schema};
use crate::{Column, FilesError};

/// A part that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its object's name in the folder.
    pub name: String,
}

impl Storage {
    /// Joins `parts`, in their order, into the object `name` of `folder`. Holds a part and a piece of the file in memory, and no more.
    pub async fn join(
        &self,
        folder: Folder,
        name: &str,
        format: ExportFormat,
        columns: &[Column],
        parts: &[Part],
    ) -> Result<Written, FilesError> {
        let mut upload = Upload::new(self.store(), folder.path(name));
        let joined = match format {
            ExportFormat::Csv | ExportFormat::Ndjson => {
                self.join_texts(folder, &head(format, columns)?, parts, &mut upload).await
            }
            ExportFormat::Parquet => self.join_parquet(folder, columns, parts, &mut upload).await,
        };
        match joined {
            Ok(()) => upload.finish().await,
            Err(error) => {
                upload.abort().await;
                Err(error)
            }
        }
    }

    async fn join_texts(
        &self,
        folder: Folder,
        head: &[u8],
        parts: &[Part],
        upload: &mut Upload<'_>,
    ) -> Result<(), FilesError> {
        upload.write(head).await?;
        for part in parts {
            let mut bytes = self.store().get(&folder.path(&part.name)).await?.into_stream();
            while let Some(some) = bytes.next().await {
                upload.write(&some?).await?;
            }
        }
        Ok(())
    }

    async fn join_parquet(
        &self,
        folder: Folder,
        columns: &[Column],
        parts: &[Part],
        upload: &mut Upload<'_>,
    ) -> Result<(), FilesError> {
        let mut file = SerializedFileWriter::new(Vec::new(), schema(columns)?, properties())?;
        for part in parts {
            let bytes = self.store().get(&folder.path(&part.name)).await?.bytes().await?;
            joined_parquet(&mut file, &bytes)?;
            file.flush().map_err(parquet::errors::ParquetError::from)?;
            // The writer counts what it wrote, so what is taken away here moves nothing.
            upload.write(&std::mem::take(file.inner_mut())).await?;
        }
        upload.write(&file.into_inner()?).await
    }
}
