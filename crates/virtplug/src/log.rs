//! Where the log goes: to the journal with fields when systemd listens, to
//! standard error otherwise.

mod native;

use std::io::{IsTerminal as _, Result, Write, stderr};
use std::os::fd::AsFd as _;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::fstat;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::native::Journal;

/// Levels by the variable `VIRTPLUG_LOG`, for instance `debug`; `info` without it.
const LEVELS: &str = "VIRTPLUG_LOG";

/// Whether systemd connected standard error to the journal: it names that
/// stream, and a program that was started by another may have a different one.
pub(crate) fn goes_to_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else {
        return false;
    };
    let here = fstat(stderr()).map(|stat| format!("{}:{}", stat.st_dev, stat.st_ino));
    here.is_ok_and(|here| stream == here.as_str())
}

/// Starts logging.
pub(crate) fn start() {
    let levels = || {
        EnvFilter::builder()
            .with_env_var(LEVELS)
            .with_default_directive(tracing::Level::INFO.into())
            .from_env_lossy()
    };
    let journal = goes_to_journal()
        .then(|| Journal::open(Path::new(native::SOCKET)).ok())
        .flatten();
    if let Some(journal) = journal {
        tracing_subscriber::registry()
            .with(levels())
            .with(journal)
            .init();
    } else {
        let stderr = tracing_subscriber::fmt::layer()
            .with_writer(|| Stderr)
            .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_target(false)
            // There is no other place to say it, and `eprintln!` would panic.
            .log_internal_errors(false);
        tracing_subscriber::registry()
            .with(levels())
            .with(stderr)
            .init();
    }
}

/// Standard error. What it does not take at once is lost: the daemon does not
/// wait for those who read its log.
#[derive(Debug)]
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        /// A pipe that can be written to takes at least so many bytes (`PIPE_BUF`).
        const TAKEN: usize = 4096;
        let part = bytes.get(..TAKEN).unwrap_or(bytes);
        let stderr = stderr();
        let mut asked = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        match poll(&mut asked, PollTimeout::ZERO) {
            Ok(0) => Ok(part.len()),
            _ => stderr.lock().write(part),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
