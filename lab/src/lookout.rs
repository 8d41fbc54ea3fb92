//! Looks into the outer machine, over a port of its own.
//!
//! `recipe/world.pl` answers at the other end. It is up since the state was
//! saved, so that a look starts no process.

use std::cell::RefCell;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How long a look may take; as long as a command of the agent.
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
        answer.with_context(|| format!("a look at {request}"))
    }
}

impl Connection {
    fn ask(&mut self, request: &str) -> Result<String> {
        ensure!(!request.contains('\n'), "a request is one line");
        self.number += 1;
        let number = self.number.to_string();
        self.stream
            .get_mut()
            .write_all(format!("{number} {request}\n").as_bytes())?;
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
                let text = String::from_utf8_lossy(&bytes).into_owned();
                ensure!(failed == "0", "{text}");
                return Ok(text);
            }
        }
    }
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
