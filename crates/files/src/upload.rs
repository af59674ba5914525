//! Writing one object of any size, a piece at a time. It is there as a whole when it is finished, and not at all before.

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

use crate::FilesError;

/// How much goes out at a time. S3 takes 10,000 pieces of at least 5 MiB.
const PIECE_BYTES: usize = 8 * 1024 * 1024;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

/// An object in the making.
pub struct Upload<'a> {
    store: &'a dyn ObjectStore,
    path: Path,
    waiting: Vec<u8>,
    begun: Option<Box<dyn MultipartUpload>>,
    digest: Sha256,
    bytes: u64,
}

impl<'a> Upload<'a> {
    pub fn new(store: &'a dyn ObjectStore, path: Path) -> Self {
        Self { store, path, waiting: Vec::new(), begun: None, digest: Sha256::new(), bytes: 0 }
    }

    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), FilesError> {
        self.digest.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or_default();
        while self.waiting.len() + bytes.len() >= PIECE_BYTES {
            let (now, later) = bytes.split_at(PIECE_BYTES.saturating_sub(self.waiting.len()).min(bytes.len()));
            self.waiting.extend_from_slice(now);
            self.send().await?;
            bytes = later;
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    async fn send(&mut self) -> Result<(), FilesError> {
        let piece = std::mem::take(&mut self.waiting);
        let upload = match &mut self.begun {
            Some(upload) => upload,
            begun @ None => begun.insert(self.store.put_multipart(&self.path).await?),
        };
        // One at a time: what waits stands in memory.
        Ok(upload.put_part(piece.into()).await?)
    }

    pub async fn finish(mut self) -> Result<Written, FilesError> {
        match self.begun {
            None => {
                self.store.put(&self.path, self.waiting.into()).await?;
            }
            Some(ref mut upload) => {
                if !self.waiting.is_empty() {
                    upload.put_part(std::mem::take(&mut self.waiting).into()).await?;
                }
                upload.complete().await?;
            }
        }
        Ok(Written { bytes: self.bytes, sha256: hexadecimal(&self.digest.finalize()) })
    }

    /// Lets go of what was sent already. Without it a store keeps the pieces for a while.
    pub async fn abort(self) {
        if let Some(mut upload) = self.begun {
            // It failed before, and may do so again; the pieces are then the store's to forget.
            let _ = upload.abort().await;
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
