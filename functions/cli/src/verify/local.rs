//! A case in a directory.

use incident::Digest;
use incident::digest::Measure;
use incident::evidence::verify::CaseFiles;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::PathBuf;

/// How much of a file is in memory.
const PIECE: usize = 256 * 1024;

pub(super) struct Local(PathBuf);

impl Local {
    pub(super) fn at(folder: &str) -> Self {
        Self(PathBuf::from(folder))
    }

    /// Opens a plain file. A link would lead to what is no part of the case, a pipe to no end.
    fn open(&self, path: &str) -> io::Result<Option<File>> {
        let path = self.0.join(path);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => File::open(&path).map(Some),
            Ok(_) => Err(io::Error::other("it is no plain file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl CaseFiles for Local {
    fn paths(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut paths = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else {
                    let path = entry.path();
                    let relative = path.strip_prefix(&self.0)?;
                    paths.push(relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"));
                }
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn measure(&self, path: &str) -> Result<Option<(Digest, u64)>, Box<dyn Error>> {
        let Some(mut file) = self.open(path)? else { return Ok(None) };
        let mut measure = Measure::default();
        let mut piece = vec![0; PIECE];
        loop {
            let length = file.read(&mut piece)?;
            match piece.get(..length) {
                Some([]) | None => return Ok(Some(measure.finish())),
                Some(read) => measure.take(read),
            }
        }
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        let Some(mut file) = self.open(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}
