//! A daemon and commands that speak with it.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A configuration, and where a daemon with it listens.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// With a rule that no device fits.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rule = "[[machines.test.device]]\nserial = \"no such device\"\n";
        fs::write(folder.path().join("virtplug.toml"), rule).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("VIRTPLUG_SOCKET", self.path("control.sock"))
            .env_remove("JOURNAL_STREAM")
            .env_remove("VIRTPLUG_LOG")
            .stdin(Stdio::null());
        command
    }

    /// What a command answers; it must come to an end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_virtplug"));
        let child = command
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        child.unwrap().wait_with_output().unwrap()
    }

    /// What comes of a command whose output goes to somebody who has left.
    pub(crate) fn unread(&self, command: &str) -> Output {
        let mut shell = self.command("bash");
        let script = format!(
            "{} {command} | :; exit ${{PIPESTATUS[0]}}",
            env!("CARGO_BIN_EXE_virtplug")
        );
        shell.args(["-c", &script]).output().unwrap()
    }

    /// A daemon that is about to start, below a shell that runs `before`.
    pub(crate) fn daemon(&self, before: &str) -> Command {
        let mut command = self.command("sh");
        command
            .args(["-c", &format!("{before}; exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_virtplug"))
            .args(["daemon", "--connect", "test:///default", "--config"])
            .arg(self.path("virtplug.toml"));
        command
    }

    /// A daemon that writes its log to a file and answers.
    pub(crate) fn start(&self) -> Running<'_> {
        let log = fs::File::create(self.path("log")).unwrap();
        let running = Running::new(self, self.daemon(":").stderr(log));
        running.wait_until_it_answers();
        running
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

/// A daemon; it goes with this.
pub(crate) struct Running<'a> {
    place: &'a Place,
    child: Child,
}

impl<'a> Running<'a> {
    pub(crate) fn new(place: &'a Place, command: &mut Command) -> Self {
        let child = command.spawn().unwrap();
        Self { place, child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The code that it has ended with, if it has.
    pub(crate) fn code(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap()?.code()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    pub(crate) fn wait_until_it_answers(&self) {
        until("the daemon answers", || {
            self.place.run(&["status"]).status.code() == Some(0)
                && Path::new(&self.place.path("control.sock")).exists()
        });
    }

    /// The code that it ends with by itself.
    pub(crate) fn ended(mut self) -> Option<i32> {
        let status = self.wait();
        assert_eq!(status.signal(), None);
        status.code()
    }

    /// The code that it ends with, or nothing if a signal ends it.
    pub(crate) fn ended_or_killed(mut self) -> Option<i32> {
        self.wait().code()
    }

    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until("the daemon ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Asks it to end, which it does at once and well.
    pub(crate) fn stop(self) {
        let asked = Instant::now();
        self.signal(Signal::SIGTERM);
        assert_eq!(self.ended(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(20));
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that must come.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain: {what}");
        sleep(Duration::from_millis(20));
    }
}
