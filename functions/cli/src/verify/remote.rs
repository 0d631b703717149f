//! A case as it lies in the vault.

use incident::Digest;
use incident::evidence::verify::CaseFiles;
use incident::ports::Vault as _;
use platform::Sdk;
use platform::aws::LockedBucket;
use std::error::Error;
use std::io;
use tokio::runtime::{Builder, Runtime};

pub(super) struct Remote {
    runtime: Runtime,
    bucket: LockedBucket,
    prefix: String,
}

impl Remote {
    pub(super) fn at(bucket: &str, prefix: &str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let bucket = runtime.block_on(async { LockedBucket::connect(&Sdk::load().await, bucket.to_owned()) });
        Ok(Self { runtime, bucket, prefix: format!("{}/", prefix.trim_end_matches('/')) })
    }
}

impl CaseFiles for Remote {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let paths = self.runtime.block_on(self.bucket.list(&self.prefix))?;
        Ok(paths.iter().filter_map(|path| path.strip_prefix(&self.prefix)).map(str::to_owned).collect())
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        Ok(self.runtime.block_on(self.bucket.measure(&format!("{}{path}", self.prefix), None))?)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        Ok(self.runtime.block_on(self.bucket.read(&format!("{}{path}", self.prefix)))?)
    }
}
