//! QEMU's machine protocol (QMP).

use std::cell::RefCell;
use std::fmt;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use qapi::{Command, Qmp, Stream, qmp};
use serde::Serialize;
use serde_json::{Value, json};

type Connection = Qmp<Stream<BufReader<UnixStream>, UnixStream>>;

/// An open monitor.
pub struct Monitor {
    connection: RefCell<Connection>,
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Monitor")
    }
}

// The crate's own types follow QEMU's newest schema. Where an older QEMU
// answers less, or the arguments are a deep tree, these take plain JSON.
macro_rules! plain_command {
    ($type:ident, $name:literal) => {
        #[derive(Debug, Serialize)]
        #[serde(transparent)]
        struct $type(Value);

        impl Command for $type {
            const NAME: &'static str = $name;
            const ALLOW_OOB: bool = false;
            type Ok = Value;
        }
    };
}

plain_command!(ChardevAdd, "chardev-add");
plain_command!(BlockdevAdd, "blockdev-add");
plain_command!(ObjectAdd, "object-add");
plain_command!(Migrate, "migrate");
plain_command!(MigrateIncoming, "migrate-incoming");
plain_command!(MigrateSetCapabilities, "migrate-set-capabilities");
plain_command!(QueryMigrate, "query-migrate");
plain_command!(QueryStatus, "query-status");
plain_command!(SetAction, "set-action");

impl Monitor {
    /// Connects; QEMU may still be starting.
    pub fn connect(socket: &Path, mut ended: impl FnMut() -> bool) -> Result<Self> {
        let begin = Instant::now();
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(error) if ended() || begin.elapsed() > Duration::from_secs(30) => {
                    return Err(error).context("no monitor of the outer machine");
                }
                Err(_) => sleep(Duration::from_millis(20)),
            }
        };
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut connection = Qmp::new(Stream::new(BufReader::new(stream.try_clone()?), stream));
        connection
            .handshake()
            .context("the monitor does not answer")?;
        Ok(Self {
            connection: RefCell::new(connection),
        })
    }

    fn execute<C: Command>(&self, command: &C) -> Result<C::Ok> {
        let mut connection = self.connection.borrow_mut();
        let result = connection
            .execute(command)
            .with_context(|| format!("QMP {}", C::NAME));
        // Nobody reads the events; they must not pile up.
        drop(connection.events());
        result
    }

    /// Adds a device. `arguments` is an object with its properties.
    pub fn device_add(&self, driver: &str, id: &str, bus: &str, arguments: &Value) -> Result<()> {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        self.execute(&qmp::device_add {
            driver: driver.to_owned(),
            id: Some(id.to_owned()),
            bus: Some(bus.to_owned()),
            arguments: arguments.into_iter().collect(),
        })?;
        Ok(())
    }

    /// Removes a device.
    pub fn device_del(&self, id: &str) -> Result<()> {
        self.execute(&qmp::device_del { id: id.to_owned() })?;
        Ok(())
    }

    /// Adds a character device that swallows everything.
    pub fn add_null_chardev(&self, id: &str) -> Result<()> {
        self.execute(&ChardevAdd(
            json!({"id": id, "backend": {"type": "null", "data": {}}}),
        ))?;
        Ok(())
    }

    /// Adds an empty block device.
    pub fn add_null_disk(&self, id: &str) -> Result<()> {
        let megabyte = 1 << 20;
        self.execute(&BlockdevAdd(json!({
            "driver": "null-co", "node-name": id, "size": megabyte, "read-zeroes": true,
        })))?;
        Ok(())
    }

    /// Adds a block device that is this file and takes so many bytes in a second;
    /// 0: as fast as it can.
    pub fn add_file_disk(&self, id: &str, file: &Path, pace: u32) -> Result<()> {
        let group = format!("{id}-pace");
        self.execute(&ObjectAdd(json!({
            "qom-type": "throttle-group", "id": group, "limits": {"bps-write": pace},
        })))?;
        self.execute(&BlockdevAdd(json!({
            "driver": "throttle", "node-name": id, "throttle-group": group, "file": {
                "driver": "raw", "file": {"driver": "file", "filename": file},
            },
        })))?;
        Ok(())
    }

    /// Resets the machine as the button would.
    pub fn reset(&self) -> Result<()> {
        self.execute(&qmp::system_reset {})?;
        Ok(())
    }

    /// From now on a machine that switches itself off stays in this QEMU.
    pub fn stay_when_off(&self) -> Result<()> {
        self.execute(&SetAction(json!({"shutdown": "pause"})))?;
        Ok(())
    }

    /// Whether the machine has switched itself off.
    pub fn is_off(&self) -> Result<bool> {
        let answer = self.execute(&QueryStatus(json!({})))?;
        Ok(answer.get("status").and_then(Value::as_str) == Some("shutdown"))
    }

    /// Lets the processors run.
    pub fn run(&self) -> Result<()> {
        self.execute(&qmp::cont {})?;
        Ok(())
    }

    /// Stops the processors and writes the state to `state` in QEMU's working
    /// folder; the memory is in its file already.
    pub fn save(&self) -> Result<()> {
        self.execute(&qmp::stop {})?;
        self.leave_memory_in_its_file()?;
        self.execute(&Migrate(json!({"uri": "exec:cat > state"})))?;
        let begin = Instant::now();
        loop {
            let answer = self.execute(&QueryMigrate(json!({})))?;
            match answer.get("status").and_then(Value::as_str) {
                Some("completed") => return Ok(()),
                Some("failed" | "cancelled") => bail!("the state was not saved: {answer}"),
                _ if begin.elapsed() > Duration::from_secs(120) => {
                    bail!("saving the state takes too long: {answer}")
                }
                _ => sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Reads the state back and lets the processors run.
    pub fn restore(&self) -> Result<()> {
        self.leave_memory_in_its_file()?;
        self.execute(&MigrateIncoming(json!({"uri": "exec:cat state"})))?;
        let begin = Instant::now();
        loop {
            let answer = self.execute(&QueryStatus(json!({})))?;
            match answer.get("status").and_then(Value::as_str) {
                Some("inmigrate") if begin.elapsed() < Duration::from_secs(60) => {
                    sleep(Duration::from_millis(10));
                }
                Some("paused" | "postmigrate") => break,
                _ => bail!("the saved state was not restored: {answer}"),
            }
        }
        self.run()
    }

    /// Ends QEMU.
    pub fn quit(&self) -> Result<()> {
        self.execute(&qmp::quit {})?;
        Ok(())
    }

    fn leave_memory_in_its_file(&self) -> Result<()> {
        self.execute(&MigrateSetCapabilities(json!({
            "capabilities": [{"capability": "x-ignore-shared", "state": true}],
        })))?;
        Ok(())
    }
}
