//! Where images, saved states and logs are kept between runs.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{FlockOperation, flock};

/// The cache folder: `$VIRTPLUG_LAB_CACHE`, else `virtplug-lab` in the user's
/// cache folder.
pub fn folder() -> Result<PathBuf> {
    let folder = if let Some(folder) = env::var_os("VIRTPLUG_LAB_CACHE") {
        PathBuf::from(folder)
    } else if let Some(folder) = env::var_os("XDG_CACHE_HOME") {
        Path::new(&folder).join("virtplug-lab")
    } else {
        let home = env::var_os("HOME").context("neither VIRTPLUG_LAB_CACHE nor HOME is set")?;
        Path::new(&home).join(".cache/virtplug-lab")
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// A folder for the log of one scenario, emptied.
pub fn log_folder(scenario: &str) -> Result<PathBuf> {
    let folder = folder()?.join("logs").join(scenario);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Held while something in the cache is built. Tests run in several threads
/// and processes; the first one builds, the others wait here.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock.
    pub fn take() -> Result<Self> {
        let path = folder()?.join("lock");
        let file =
            File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(Self { _file: file })
    }
}

/// Builds a folder of the cache under a temporary name, so that an
/// interrupted build leaves nothing that looks finished, and removes older
/// folders with the same prefix.
pub fn build(prefix: &str, key: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = folder()?;
    let done = cache.join(format!("{prefix}-{key}"));
    if done.exists() {
        return Ok(done);
    }
    let _lock = Lock::take()?;
    if done.exists() {
        return Ok(done);
    }
    for entry in fs::read_dir(&cache)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(&format!("{prefix}-"))
        {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let unfinished = cache.join(format!("{prefix}-unfinished"));
    fs::create_dir_all(&unfinished)?;
    fill(&unfinished)?;
    fs::rename(&unfinished, &done)?;
    Ok(done)
}
