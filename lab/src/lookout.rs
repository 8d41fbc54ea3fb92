//! Looks into the outer machine and commands in it, over a port of its own.
//!
//! `recipe/world.pl` answers at the other end. It is up since the state was
//! saved, so that a look starts no process. It answers a command when that has
//! ended; QEMU's guest agent would have to be asked again and again, and writes
//! each question to the journal.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::agent::Output;

/// How long a look or a command may take; generous, because emulation is slow.
const PATIENCE: Duration = Duration::from_secs(180);

/// A connection to the outer machine's `world.pl`.
pub struct Lookout {
    socket: PathBuf,
    connection: RefCell<Connection>,
}

struct Connection {
    stream: BufReader<UnixStream>,
    number: u32,
}

impl fmt::Debug for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookout({})", self.socket.display())
    }
}

impl Lookout {
    /// Connects and waits for the first answer, for as long as a boot takes.
    pub fn connect(socket: &Path, patience: Duration) -> Result<Self> {
        Ok(Self {
            socket: socket.to_owned(),
            connection: RefCell::new(answering(socket, patience, 0)?),
        })
    }

    /// Waits for an answer of a machine that boots again.
    pub fn reconnect(&self, patience: Duration) -> Result<()> {
        let mut connection = self.connection.borrow_mut();
        // QEMU takes one client at a time.
        let old = connection.stream.get_ref();
        drop(old.shutdown(std::net::Shutdown::Both));
        *connection = answering(&self.socket, patience, connection.number)?;
        Ok(())
    }

    /// Asks for what one of the words of `world.pl` shows.
    pub fn look(&self, request: &str) -> Result<String> {
        let answer = self.connection.borrow_mut().ask(request);
        let bytes = answer.with_context(|| format!("a look at {request}"))?;
        Ok(text(&bytes))
    }

    /// Runs a shell script as root and waits for its end.
    pub fn run(&self, script: &str) -> Result<Output> {
        self.run_while(script, || Ok(()))
    }

    /// Runs a shell script as root, does something meanwhile that needs no look, and
    /// waits for the script's end.
    pub fn run_while(
        &self,
        script: &str,
        meanwhile: impl FnOnce() -> Result<()>,
    ) -> Result<Output> {
        let hex = script.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let number = self.connection.borrow_mut().send(&format!("run {hex}"))?;
        // An answer that nobody takes is passed by later.
        meanwhile()?;
        let answer = self.connection.borrow_mut().receive(&number);
        let bytes = answer.with_context(|| format!("no answer to: {script}"))?;
        output(&bytes).with_context(|| format!("unexpected answer to: {script}"))
    }
}

impl Connection {
    fn ask(&mut self, request: &str) -> Result<Vec<u8>> {
        let number = self.send(request)?;
        self.receive(&number)
    }

    /// Sends a request; returns its number.
    fn send(&mut self, request: &str) -> Result<String> {
        ensure!(!request.contains('\n'), "a request is one line");
        self.number += 1;
        let number = self.number.to_string();
        self.stream
            .get_mut()
            .write_all(format!("{number} {request}\n").as_bytes())?;
        Ok(number)
    }

    /// Waits for the answer to a request.
    fn receive(&mut self, number: &str) -> Result<Vec<u8>> {
        let mut header = String::new();
        loop {
            header.clear();
            ensure!(self.stream.read_line(&mut header)? > 0, "the port is shut");
            let words: Vec<_> = header.split_whitespace().collect();
            let &[found, failed, length] = words.as_slice() else {
                bail!("unexpected answer {header:?}");
            };
            let mut bytes = vec![0; length.parse()?];
            self.stream.read_exact(&mut bytes)?;
            // An earlier client may have left before its answer came.
            if found == number {
                ensure!(failed == "0", "{}", text(&bytes));
                return Ok(bytes);
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What `world.pl` answers to `run`: a line with the exit code and the length of
/// the output, that, and the errors.
fn output(bytes: &[u8]) -> Option<Output> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (header, rest) = bytes.split_at(end);
    let (code, length) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let (out, err) = rest.get(1..)?.split_at_checked(length.parse().ok()?)?;
    Some(Output {
        code: code.parse().ok()?,
        out: text(out),
        err: text(err),
    })
}

fn answering(socket: &Path, patience: Duration, mut number: u32) -> Result<Connection> {
    let begin = Instant::now();
    loop {
        let stream = UnixStream::connect(socket).context("no socket of the lookout")?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut connection = Connection {
            stream: BufReader::new(stream),
            number,
        };
        match connection.ask("hello") {
            Ok(_) => {
                let stream = connection.stream.get_ref();
                stream.set_read_timeout(Some(PATIENCE))?;
                return Ok(connection);
            }
            Err(error) if begin.elapsed() > patience => {
                return Err(error).context("the outer machine's world.pl does not answer");
            }
            Err(_) => number = connection.number,
        }
        sleep(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_errors_are_told_apart() {
        let found = output(b"3 4\na\xff\n\nno").unwrap();
        assert_eq!(found.code, 3);
        assert_eq!(
            (found.out.as_str(), found.err.as_str()),
            ("a\u{fffd}\n\n", "no")
        );
        assert!(output(b"0 9\nshort").is_none());
    }
}
