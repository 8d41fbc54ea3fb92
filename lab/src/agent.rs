//! Commands inside the outer machine, over QEMU's guest agent: for a machine in
//! which nothing of the lab runs yet, or no longer.

use std::cell::RefCell;
use std::fmt;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use qapi::{Qga, Stream, qga};

/// How long a command may take; generous, because emulation is slow.
const PATIENCE: Duration = Duration::from_secs(180);

type Connection = Qga<Stream<BufReader<UnixStream>, UnixStream>>;

/// What a command left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// Exit code, or 128 + the signal.
    pub code: i64,
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Output {
    /// Fails unless the script succeeded; its output without the last newline.
    pub(crate) fn checked(self, script: &str) -> Result<String> {
        ensure!(
            self.code == 0,
            "exit code {} of: {script}\n{}{}",
            self.code,
            self.out,
            self.err
        );
        Ok(self.out.trim_end_matches('\n').to_owned())
    }
}

/// A connection to the agent.
pub struct Agent {
    connection: RefCell<Connection>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agent")
    }
}

impl Agent {
    /// Connects and waits until the agent answers, for as long as a boot takes.
    pub fn connect(socket: &Path, patience: Duration) -> Result<Self> {
        Ok(Self {
            connection: RefCell::new(answering(socket, patience)?),
        })
    }

    /// Runs a shell script and waits for its end.
    pub fn run(&self, script: &str) -> Result<Output> {
        self.run_within(PATIENCE, script)
    }

    fn run_within(&self, patience: Duration, script: &str) -> Result<Output> {
        let mut connection = self.connection.borrow_mut();
        let pid = connection
            .execute(&qga::guest_exec {
                path: "/bin/sh".to_owned(),
                arg: Some(vec!["-c".to_owned(), script.to_owned()]),
                capture_output: Some(qga::GuestExecCaptureOutput::flag(true)),
                env: None,
                input_data: None,
            })
            .with_context(|| format!("the guest agent did not start: {script}"))?
            .pid;
        let begin = Instant::now();
        let mut pause = 5;
        loop {
            let status = connection
                .execute(&qga::guest_exec_status { pid })
                .with_context(|| format!("the guest agent lost: {script}"))?;
            if status.exited {
                let text = |data: Option<Vec<u8>>| {
                    String::from_utf8_lossy(&data.unwrap_or_default()).into_owned()
                };
                let signalled = status.signal.map(|signal| 128 + signal);
                return Ok(Output {
                    code: status.exitcode.or(signalled).unwrap_or(-1),
                    out: text(status.out_data),
                    err: text(status.err_data),
                });
            }
            if begin.elapsed() > patience {
                bail!("still running after {} s: {script}", patience.as_secs());
            }
            sleep(Duration::from_millis(pause));
            // Each question costs the machine work, and a line in its journal.
            pause = (pause * 2).min(1000);
        }
    }

    /// Runs a script that must succeed; returns its output without the last newline.
    pub fn sh(&self, script: &str) -> Result<String> {
        self.sh_within(PATIENCE, script)
    }

    /// Like [`Agent::sh`], for a script that may take longer.
    pub fn sh_within(&self, patience: Duration, script: &str) -> Result<String> {
        self.run_within(patience, script)?.checked(script)
    }
}

fn answering(socket: &Path, patience: Duration) -> Result<Connection> {
    let begin = Instant::now();
    let mut number = 1;
    loop {
        // A fresh connection for each try: a late answer to an earlier one would
        // be taken for the answer to the next.
        let stream = UnixStream::connect(socket).context("no socket of the guest agent")?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let mut connection = Qga::new(Stream::new(
            BufReader::new(stream.try_clone()?),
            stream.try_clone()?,
        ));
        // The agent still may have a late answer to an earlier client on its way.
        for _ in 0..5 {
            number += 1;
            match connection.guest_sync(number) {
                Ok(()) => {
                    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
                    return Ok(connection);
                }
                Err(_) if begin.elapsed() > patience => {
                    bail!(
                        "the guest agent did not answer for {} s",
                        patience.as_secs()
                    )
                }
                Err(qapi::ExecuteError::Io(error))
                    if error.kind() == std::io::ErrorKind::InvalidData => {}
                Err(_) => break,
            }
        }
        sleep(Duration::from_millis(200));
    }
}
