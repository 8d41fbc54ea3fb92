//! Lines for systemd's journal, with fields, in its native protocol. A journal
//! that takes nothing is not waited for: what it does not take is counted, and
//! told with the first line that it takes again.

use std::fmt::{self, Write as _};
use std::io::Result;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::journal::Kind;

/// Where journald listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Fields are `VIRTPLUG_DEVICE`, `VIRTPLUG_MACHINE` and so on.
const PREFIX: &str = "VIRTPLUG_";

/// Most bytes of a field: all of them together must fit a datagram.
const LONGEST: usize = 16 * 1024;

/// The journal.
#[derive(Debug)]
pub(super) struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
    /// Lines that were lost and not told yet.
    lost: Mutex<u64>,
}

impl Journal {
    /// Fails where no journal is.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // The journal passes over what is empty.
        socket.send_to(&[], path)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            path: path.to_owned(),
            lost: Mutex::new(0),
        })
    }

    fn send(&self, line: &Line) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if *lost > 0 && self.try_send(&lost_lines(*lost)) {
            *lost = 0;
        }
        if *lost > 0 || !self.try_send(line) {
            *lost += 1;
        }
    }

    fn try_send(&self, line: &Line) -> bool {
        // By its path each time: a journal that starts anew has a new socket.
        self.socket.send_to(&line.bytes, &self.path).is_ok()
    }
}

/// Tells of lines that are not there.
fn lost_lines(count: u64) -> Line {
    let lines = if count == 1 { "line" } else { "lines" };
    let mut line = Line::new(Level::WARN);
    line.put(
        "MESSAGE",
        format_args!("{count} {lines} of the log before this one were lost"),
    );
    line.put_kind(Kind::LogLost);
    line.put(&format!("{PREFIX}LINES"), format_args!("{count}"));
    line
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::new(*event.metadata().level());
        line.put_place(event.metadata());
        event.record(&mut line);
        self.send(&line);
    }
}

/// A line, as the journal reads it.
#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
}

impl Line {
    fn new(level: Level) -> Self {
        let mut line = Self { bytes: Vec::new() };
        // As syslog counts them, one step apart.
        let priority = match level {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 5,
            Level::DEBUG => 6,
            Level::TRACE => 7,
        };
        line.put("PRIORITY", format_args!("{priority}"));
        line.put("SYSLOG_IDENTIFIER", format_args!("virtplug"));
        line
    }

    fn put_place(&mut self, metadata: &Metadata<'_>) {
        self.put("TARGET", format_args!("{}", metadata.target()));
        if let Some(file) = metadata.file() {
            self.put("CODE_FILE", format_args!("{file}"));
        }
        if let Some(line) = metadata.line() {
            self.put("CODE_LINE", format_args!("{line}"));
        }
    }

    /// What it tells of, with the number by which the catalog explains that.
    fn put_kind(&mut self, kind: Kind) {
        self.put(&format!("{PREFIX}EVENT"), format_args!("{}", kind.name()));
        self.put("MESSAGE_ID", format_args!("{}", kind.id()));
    }

    /// A field with its length, so that no value can make another field.
    fn put(&mut self, name: &str, value: fmt::Arguments<'_>) {
        let mut text = Value::default();
        // It takes no more than fits, which is no error here.
        let _ = text.write_fmt(value);
        let length = u64::try_from(text.0.len()).unwrap_or_default();
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b'\n');
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(text.0.as_bytes());
        self.bytes.push(b'\n');
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event"
            && let Some(kind) = Kind::named(value)
        {
            self.put_kind(kind);
            return;
        }
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let key = match field.name() {
            "message" => "MESSAGE".to_owned(),
            name => {
                let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
                format!("{PREFIX}{}", name.to_ascii_uppercase())
            }
        };
        // Rust 1.88 keeps no arguments for later.
        self.put(&key, format_args!("{value:?}"));
    }
}

/// A value, as far as it fits.
#[derive(Debug, Default)]
struct Value(String);

impl fmt::Write for Value {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut room = LONGEST - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.0.push_str(text.get(..room).unwrap_or_default());
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// A journal that reads when it likes, and a logger for it.
    fn journal() -> (
        tempfile::TempDir,
        UnixDatagram,
        impl Subscriber + Send + Sync,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let journal = UnixDatagram::bind(&path).unwrap();
        let logger = tracing_subscriber::registry().with(Journal::open(&path).unwrap());
        let mut empty = [0; 1];
        assert_eq!(journal.recv(&mut empty).unwrap(), 0);
        journal.set_nonblocking(true).unwrap();
        (folder, journal, logger)
    }

    /// The fields of all lines that came.
    fn read(journal: &UnixDatagram) -> Vec<Vec<(String, String)>> {
        let mut buffer = vec![0; 1 << 20];
        let mut lines = Vec::new();
        while let Ok(length) = journal.recv(&mut buffer) {
            let mut rest = &buffer[..length];
            let mut fields = Vec::new();
            while !rest.is_empty() {
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
                let name = String::from_utf8(rest[..end].to_vec()).unwrap();
                let (size, after) = rest[end + 1..].split_first_chunk().unwrap();
                let size = usize::try_from(u64::from_le_bytes(*size)).unwrap();
                let value = String::from_utf8(after[..size].to_vec()).unwrap();
                assert_eq!(after[size], b'\n');
                fields.push((name, value));
                rest = &after[size + 1..];
            }
            lines.push(fields);
        }
        lines
    }

    fn value<'a>(line: &'a [(String, String)], name: &str) -> &'a str {
        let field = line.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value)
    }

    #[test]
    fn fields_are_what_they_were_whatever_is_in_them() {
        let (_folder, journal, logger) = journal();
        with_default(logger, || {
            let machine = "a\nPRIORITY=0\n";
            tracing::info!(event = "attached", machine, number = 7, "two\nlines {}", 1);
            tracing::error!("{}", "\u{e4}".repeat(LONGEST));
        });
        let lines = read(&journal);
        assert_eq!(lines.len(), 2);
        let names: Vec<&str> = lines[0].iter().map(|(name, _)| name.as_str()).collect();
        insta::assert_snapshot!(names.join(" "));
        assert_eq!(value(&lines[0], "MESSAGE"), "two\nlines 1");
        assert_eq!(value(&lines[0], "PRIORITY"), "5");
        assert_eq!(value(&lines[0], "VIRTPLUG_EVENT"), "attached");
        assert_eq!(value(&lines[0], "MESSAGE_ID"), Kind::Attached.id());
        assert_eq!(value(&lines[0], "VIRTPLUG_MACHINE"), "a\nPRIORITY=0\n");
        assert_eq!(value(&lines[0], "VIRTPLUG_NUMBER"), "7");
        assert_eq!(value(&lines[0], "SYSLOG_IDENTIFIER"), "virtplug");
        assert_eq!(value(&lines[1], "PRIORITY"), "3");
        assert_eq!(value(&lines[1], "MESSAGE").len(), LONGEST);
    }

    #[test]
    fn a_journal_that_takes_nothing_is_not_waited_for_and_told_what_it_missed() {
        const LINES: usize = 20_000;
        let (_folder, journal, logger) = journal();
        with_default(logger, || {
            let begin = Instant::now();
            for number in 0..LINES {
                tracing::info!("line {number}");
            }
            assert!(begin.elapsed() < Duration::from_secs(20));
            let taken = read(&journal).len();
            assert!(taken > 0 && taken < LINES, "{taken} lines");
            tracing::info!("after");
            tracing::info!("later");
            let lines = read(&journal);
            let texts: Vec<&str> = lines.iter().map(|line| value(line, "MESSAGE")).collect();
            let lost = format!(
                "{} lines of the log before this one were lost",
                LINES - taken
            );
            assert_eq!(texts, [lost.as_str(), "after", "later"]);
            assert_eq!(value(&lines[0], "VIRTPLUG_EVENT"), "log-lost");
            assert_eq!(value(&lines[0], "MESSAGE_ID"), Kind::LogLost.id());
            assert_eq!(value(&lines[0], "PRIORITY"), "4");
        });
    }

    #[test]
    fn a_journal_that_goes_and_comes_gets_lines_again() {
        let (folder, first, logger) = journal();
        let path = folder.path().join("socket");
        with_default(logger, || {
            drop(first);
            tracing::info!("nobody is there");
            std::fs::remove_file(&path).unwrap();
            tracing::info!("nothing is there");
            let next = UnixDatagram::bind(&path).unwrap();
            next.set_nonblocking(true).unwrap();
            tracing::info!("back");
            let lines = read(&next);
            let texts: Vec<&str> = lines.iter().map(|line| value(line, "MESSAGE")).collect();
            let lost = "2 lines of the log before this one were lost";
            assert_eq!(texts, [lost, "back"]);
        });
    }

    #[test]
    fn without_a_journal_there_is_none() {
        assert!(Journal::open(Path::new("/nowhere/socket")).is_err());
    }
}
