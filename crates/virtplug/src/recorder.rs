//! `virtplug daemon --record`: what the engine was told and what it asked for,
//! one line of JSON for each event, so that the same can happen again elsewhere.
//!
//! Recording never stands in the way: a thread of its own writes, and what
//! cannot be recorded is said in the log and left.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use serde::Serialize;
use tracing::{error, info, warn};
use virtplug_core::{Action, Escaped, Event, Time, TraceHeader, TraceStep};

use crate::edge::error_text;
use crate::journal::Kind;

/// A trace ends there; the folder may be in memory.
const MAX_BYTES: u64 = 64 << 20;

/// Names that are tried: each daemon makes a file of its own, and a daemon
/// that is started over and over does not fill the disk.
const MAX_FILES: usize = 10;

/// Steps that may wait for the disk.
const MAX_WAITING: usize = 10_000;

/// How long the end waits for the disk.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// A file for a trace, which did not exist before.
pub(crate) struct TraceFile {
    file: File,
    path: PathBuf,
}

impl TraceFile {
    /// Makes the file, or one with a number after the name where that exists.
    /// To be called before the daemon gives up its rights on files.
    pub(crate) fn create(path: &Path) -> Option<Self> {
        let created = names(path).find_map(|path| match open(&path) {
            Ok(file) => Some(Ok(Self { file, path })),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
            Err(error) => Some(Err(error)),
        });
        let problem = match created {
            Some(Ok(file)) => return Some(file),
            Some(Err(error)) => error_text(&error),
            None => format!("it and {} more traces exist; move them away", MAX_FILES - 1),
        };
        error!(
            event = Kind::Recording.name(),
            "cannot record to {}, going on without: {problem}",
            shown(path)
        );
        None
    }
}

fn shown(path: &Path) -> String {
    Escaped(&path.to_string_lossy()).to_string()
}

/// `FILE`, `FILE.1` and so on.
fn names(path: &Path) -> impl Iterator<Item = PathBuf> {
    let numbered = (1..MAX_FILES).map(|number| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    });
    std::iter::once(path.to_owned()).chain(numbered)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)
}

/// Takes steps and hands them to the thread that writes.
pub(crate) struct Recorder {
    /// `None`: it stopped.
    steps: Option<SyncSender<TraceStep>>,
    /// What the engine is being told.
    told: Option<(Time, Event)>,
    written: Receiver<()>,
}

impl Recorder {
    /// Begins with an engine that was made with `seed`. `None`: no thread could be started.
    pub(crate) fn begin(file: TraceFile, seed: u64) -> Option<Self> {
        Self::limited(file, seed, MAX_BYTES)
    }

    fn limited(file: TraceFile, seed: u64, limit: u64) -> Option<Self> {
        let (steps, queue) = sync_channel(MAX_WAITING);
        let (end, written) = channel();
        let header = TraceHeader {
            virtplug: env!("CARGO_PKG_VERSION").to_owned(),
            format: TraceHeader::FORMAT,
            seed,
        };
        let TraceFile { file, path } = file;
        let shown = shown(&path);
        let name = shown.clone();
        let write = move || {
            match write(file, limit, &header, &queue) {
                Ok(End::Stopped) => {}
                Ok(End::Full) => warn!(
                    event = Kind::Recording.name(),
                    "stopped recording to {name}, as it would have more than {limit} bytes"
                ),
                Err(error) => error!(
                    event = Kind::Recording.name(),
                    "stopped recording to {name}: {}",
                    error_text(&error)
                ),
            }
            let _ = end.send(());
        };
        match thread::Builder::new().name("vp-record".into()).spawn(write) {
            Ok(_) => {
                info!(
                    event = Kind::Recording.name(),
                    "writing all that happens to {shown}, with serial numbers and names"
                );
                Some(Self {
                    steps: Some(steps),
                    told: None,
                    written,
                })
            }
            Err(error) => {
                error!(
                    event = Kind::Recording.name(),
                    "cannot record to {shown}, going on without: {}",
                    error_text(&error)
                );
                None
            }
        }
    }

    /// The engine is about to be told this.
    pub(crate) fn told(&mut self, at: Time, event: &Event) {
        if self.steps.is_some() {
            self.told = Some((at, event.clone()));
        }
    }

    /// It asked for this.
    pub(crate) fn asked(&mut self, actions: &[Action]) {
        let (Some((at, event)), Some(steps)) = (self.told.take(), &self.steps) else {
            return;
        };
        let step = TraceStep {
            at,
            event,
            actions: actions.to_vec(),
        };
        match steps.try_send(step) {
            Ok(()) => {}
            // A trace with a gap would be of no use.
            Err(TrySendError::Full(_)) => {
                warn!(
                    event = Kind::Recording.name(),
                    "stopped recording, as the disk does not keep up"
                );
                self.steps = None;
            }
            // The thread has said why.
            Err(TrySendError::Disconnected(_)) => self.steps = None,
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // What the engine did not survive is the most telling step.
        self.asked(&[]);
        self.steps = None;
        let _ = self.written.recv_timeout(LAST_STEPS);
    }
}

/// Why nothing more is written.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Stopped,
    Full,
}

fn write(
    file: File,
    limit: u64,
    header: &TraceHeader,
    queue: &Receiver<TraceStep>,
) -> io::Result<End> {
    let mut out = BufWriter::new(file);
    let mut left = limit;
    if !line(&mut out, &mut left, header)? {
        return Ok(End::Full);
    }
    loop {
        let step = match queue.try_recv() {
            Ok(step) => step,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                // Whoever kills the daemon finds what happened until then.
                out.flush()?;
                let Ok(step) = queue.recv() else {
                    break;
                };
                step
            }
        };
        if !line(&mut out, &mut left, &step)? {
            out.flush()?;
            return Ok(End::Full);
        }
    }
    out.flush()?;
    Ok(End::Stopped)
}

/// Writes a line, if it fits.
fn line(out: &mut impl io::Write, left: &mut u64, value: &impl Serialize) -> io::Result<bool> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    let Some(rest) = left.checked_sub(text.len() as u64) else {
        return Ok(false);
    };
    *left = rest;
    out.write_all(&text)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn record(recorder: &mut Recorder, number: u64) {
        let at = Time::after_origin(Duration::from_millis(number));
        recorder.told(at, &Event::Tick);
        recorder.asked(&[Action::ScanDevices]);
    }

    #[test]
    fn each_step_is_a_line_after_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        let mut recorder = Recorder::begin(TraceFile::create(&path).unwrap(), 7).unwrap();
        record(&mut recorder, 1);
        record(&mut recorder, 2);
        // The engine panics here.
        recorder.told(Time::default(), &Event::ScanFailed("x\n".into()));
        drop(recorder);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap());
    }

    #[test]
    fn a_full_trace_ends_with_a_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        let file = TraceFile::create(&path).unwrap();
        let mut recorder = Recorder::limited(file, 7, 1000).unwrap();
        for number in 0..100 {
            record(&mut recorder, number);
        }
        drop(recorder);
        let text = fs::read_to_string(&path).unwrap();
        assert!((900..=1000).contains(&text.len()), "{}", text.len());
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn nothing_that_exists_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        let other = folder.path().join("other");
        symlink(&other, &path).unwrap();
        let created = TraceFile::create(&path).unwrap().path;
        assert_eq!(created, folder.path().join("trace.1"));
        for _ in 2..MAX_FILES {
            assert!(TraceFile::create(&path).is_some());
        }
        assert!(TraceFile::create(&path).is_none());
        assert!(!other.exists());
        assert!(TraceFile::create(&folder.path().join("none/trace")).is_none());
    }
}
