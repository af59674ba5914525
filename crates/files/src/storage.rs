//! Where files are kept: a folder of this machine, or a bucket of S3 or what speaks its language.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use domain::{ExportId, OrganizationId};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use crate::FilesError;

/// Where files are kept.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// `file:path/to/folder` or `s3://bucket/prefix`.
    pub url: String,
    /// How S3 is spoken to.
    pub s3: S3Config,
}

/// How S3 is spoken to.
#[derive(Clone, Default)]
pub struct S3Config {
    /// Where it is, when it is not Amazon's. A plain `http:` address is taken as it is.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The key's id; without it the machine's own role is taken.
    pub access_key_id: Option<String>,
    /// The key's secret.
    pub secret_access_key: Option<String>,
}

impl std::fmt::Debug for S3Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { endpoint, region, access_key_id: _, secret_access_key: _ } = self;
        f.debug_struct("S3Config").field("endpoint", endpoint).field("region", region).finish_non_exhaustive()
    }
}

/// The folder of one export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which one.
    pub export: ExportId,
}

impl Folder {
    fn root(self) -> Path {
        Path::from_iter([self.organization.to_string(), self.export.to_string()])
    }

    pub(crate) fn path(self, name: &str) -> Path {
        self.root().join(name)
    }
}

/// What keeps files: cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// Where the folder is, when it is one of this machine.
    local: Option<PathBuf>,
}

impl Storage {
    /// Makes ready to use the place. A folder is made when it is missing; S3 is not asked yet.
    pub fn open(config: &StorageConfig) -> Result<Self, FilesError> {
        if let Some(folder) = config.url.strip_prefix("file:") {
            let folder = PathBuf::from(folder.strip_prefix("//").unwrap_or(folder));
            let unusable = |cause| FilesError::Folder { folder: folder.display().to_string(), cause };
            std::fs::create_dir_all(&folder).map_err(unusable)?;
            let folder = folder.canonicalize().map_err(unusable)?;
            // What a row in the database says to be there must be there after a loss of power too.
            let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
            return Ok(Self { store: Arc::new(store), local: Some(folder) });
        }
        let Some(rest) = config.url.strip_prefix("s3://") else {
            return Err(FilesError::Address("must begin with file: or s3://"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(FilesError::Address("must name a bucket: s3://bucket/prefix"));
        }
        let S3Config { endpoint, region, access_key_id, secret_access_key } = &config.s3;
        let mut s3 = AmazonS3Builder::new().with_bucket_name(bucket);
        if let Some(endpoint) = endpoint {
            s3 = s3.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(region) = region {
            s3 = s3.with_region(region);
        }
        if let (Some(id), Some(secret)) = (access_key_id, secret_access_key) {
            s3 = s3.with_access_key_id(id).with_secret_access_key(secret);
        }
        let s3 = s3.build()?;
        let prefix = Path::parse(prefix.trim_end_matches('/')).map_err(object_store::Error::from)?;
        Ok(Self { store: Arc::new(PrefixStore::new(s3, prefix)), local: None })
    }

    /// What keeps files as long as the process lives.
    pub fn in_memory() -> Self {
        Self::of(Arc::new(InMemory::new()))
    }

    /// What keeps files in any other place.
    pub fn of(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, local: None }
    }

    pub(crate) fn store(&self) -> &dyn ObjectStore {
        self.store.as_ref()
    }

    /// Writes an object as a whole.
    pub async fn put(&self, folder: Folder, name: &str, bytes: Vec<u8>) -> Result<(), FilesError> {
        self.store.put(&folder.path(name), bytes.into()).await?;
        Ok(())
    }

    /// Reads `range` of an object, a piece at a time. Fails at once when there is no such object.
    pub async fn read(
        &self,
        folder: Folder,
        name: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<bytes::Bytes, FilesError>>, FilesError> {
        if range.is_empty() {
            // No store has such a range; whether the object is there must be known all the same.
            self.store.head(&folder.path(name)).await?;
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(&folder.path(name), options).await?;
        Ok(found.into_stream().map_err(FilesError::from).boxed())
    }

    /// Removes all of an export's objects but the one named, if any.
    pub async fn clear(&self, folder: Folder, but: Option<&str>) -> Result<(), FilesError> {
        if let (Some(root), None) = (&self.local, but) {
            // With what an interrupted upload left behind, which the store of objects does not show.
            let folder = root.join(folder.organization.to_string()).join(folder.export.to_string());
            return match tokio::fs::remove_dir_all(&folder).await {
                Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                    Err(FilesError::Folder { folder: folder.display().to_string(), cause })
                }
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let kept = but.map(|name| folder.path(name));
        let mut objects = self.store.list(Some(&folder.root()));
        while let Some(object) = objects.next().await {
            let path = object?.location;
            if Some(&path) == kept.as_ref() {
                continue;
            }
            match self.store.delete(&path).await {
                // Somebody else did it.
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
