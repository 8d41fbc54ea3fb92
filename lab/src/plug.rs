//! Plugging and unplugging emulated devices at the outer machine's xHCI.

use std::fmt;
use std::fs::File;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use crate::attachment;
use crate::outer::Outer;
use crate::qemu::XHCI_ADDRESS;
use crate::wait::{Seen, until};
use crate::world::{Device, World};

/// Size of a disk that keeps what is written; LUKS takes two megabytes of it.
const DISK: u64 = 32 << 20;

/// A device that can be plugged.
#[derive(Debug, Clone)]
pub struct Stick {
    driver: &'static str,
    serial: String,
    port: String,
    /// Whether it is a disk that keeps what is written.
    keeps: bool,
    /// Bytes that are written to that disk in a second; 0: no limit.
    pace: u32,
}

impl Stick {
    fn new(driver: &'static str, serial: &str) -> Self {
        Self {
            driver,
            serial: serial.to_owned(),
            port: "1".to_owned(),
            keeps: false,
            pace: 0,
        }
    }

    /// A serial adapter, `0403:6001`. The cheapest to emulate, so most tests use it.
    pub fn serial(serial: &str) -> Self {
        Self::new("usb-serial", serial)
    }

    /// A memory stick of 1 MiB, `46f4:0001`.
    pub fn storage(serial: &str) -> Self {
        Self::new("usb-storage", serial)
    }

    /// A disk of 32 MiB that keeps what is written, `46f4:0001`.
    pub fn disk(serial: &str) -> Self {
        Self {
            keeps: true,
            ..Self::storage(serial)
        }
    }

    /// Such a disk, to which a megabyte is written in a second.
    pub fn slow_disk(serial: &str) -> Self {
        Self {
            pace: 1 << 20,
            ..Self::disk(serial)
        }
    }

    /// A network adapter, `0525:a4a2`.
    pub fn network() -> Self {
        Self::new("usb-net", "")
    }

    /// A keyboard, `0627:0001`.
    pub fn keyboard(serial: &str) -> Self {
        Self::new("usb-kbd", serial)
    }

    /// A mouse, `0627:0001`.
    pub fn mouse(serial: &str) -> Self {
        Self::new("usb-mouse", serial)
    }

    /// A tablet, `0627:0001`.
    pub fn tablet(serial: &str) -> Self {
        Self::new("usb-tablet", serial)
    }

    /// A hub with eight ports.
    pub fn hub() -> Self {
        Self::new("usb-hub", "")
    }

    /// The port to use, such as `3`, or `3.1` behind a hub at port 3. Without
    /// it: port 1.
    #[must_use]
    pub fn port(mut self, port: &str) -> Self {
        port.clone_into(&mut self.port);
        self
    }
}

/// A plugged device.
#[derive(Debug, Clone)]
pub struct Plugged {
    /// Port path in the outer machine.
    pub path: String,
    /// As it was when it was plugged.
    pub first: Device,
    id: String,
    stick: Stick,
}

impl fmt::Display for Plugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?} at {}",
            self.stick.driver, self.stick.serial, self.path
        )
    }
}

/// A device of which nobody waited to see whether the kernel noticed it.
#[derive(Debug)]
#[must_use = "it stays plugged until it is pulled"]
pub struct Unseen {
    id: String,
}

impl Outer {
    /// Plugs a device and waits until the kernel has enumerated it.
    pub fn plug(&self, stick: Stick) -> Result<Plugged> {
        let Unseen { id } = self.plug_blindly(&stick)?;
        self.find(id, stick)
    }

    /// A plugged device after a boot or [`Outer::renumber_buses`]: buses have
    /// other numbers.
    pub fn find_again(&self, plugged: &Plugged) -> Result<Plugged> {
        self.find(plugged.id.clone(), plugged.stick.clone())
    }

    /// Waits until the kernel has enumerated a device.
    fn find(&self, id: String, stick: Stick) -> Result<Plugged> {
        let port = &stick.port;
        let path = until(&format!("the kernel sees {stick:?}"), || {
            // A fast device sits on the other bus of the same controller.
            let world = self.devices()?;
            let roots = world
                .devices
                .iter()
                .filter(|device| device.serial == XHCI_ADDRESS);
            let found = roots
                .map(|root| format!("{}-{port}", root.bus))
                .find(|path| world.at(path).is_some_and(|device| device.configured));
            Ok(found
                .ok_or_else(|| format!("nothing at port {port}"))
                .into())
        })?;
        // Drivers load after the device appears; a test looks at them.
        self.sh("udevadm settle")?;
        let first = self.device(&path)?;
        ensure!(
            first.serial == stick.serial || stick.serial.is_empty(),
            "at {path}: {first:?}"
        );
        Ok(Plugged {
            path,
            first,
            id,
            stick,
        })
    }

    /// Plugs a device without waiting for anything.
    pub fn plug_blindly(&self, stick: &Stick) -> Result<Unseen> {
        let id = self.new_id();
        let mut arguments = Map::new();
        arguments.insert("port".to_owned(), Value::from(stick.port.as_str()));
        if !stick.serial.is_empty() {
            arguments.insert("serial".to_owned(), Value::from(stick.serial.as_str()));
        }
        let backend = format!("{id}-backend");
        match stick.driver {
            "usb-serial" => {
                self.monitor.add_null_chardev(&backend)?;
                arguments.insert("chardev".to_owned(), json!(backend));
                arguments.insert("always-plugged".to_owned(), json!(true));
            }
            "usb-storage" => {
                if stick.keeps {
                    let file = self.sockets.path().join(&backend);
                    File::create(&file)?.set_len(DISK)?;
                    self.monitor.add_file_disk(&backend, &file, stick.pace)?;
                } else {
                    self.monitor.add_null_disk(&backend)?;
                }
                arguments.insert("drive".to_owned(), json!(backend));
            }
            _ => {}
        }
        self.monitor
            .device_add(stick.driver, &id, "xhci.0", &Value::Object(arguments))?;
        Ok(Unseen { id })
    }

    /// Unplugs a device and waits until the kernel has noticed.
    pub fn unplug(&self, plugged: &Plugged) -> Result<()> {
        self.monitor.device_del(&plugged.id)?;
        self.wait_gone(plugged)
    }

    /// Unplugs a device without waiting for anything.
    pub fn unplug_blindly(&self, unseen: &Unseen) -> Result<()> {
        self.monitor.device_del(&unseen.id)
    }

    /// Waits until the kernel has a device at a port path, whatever udev does.
    pub fn wait_in_sysfs(&self, path: &str) -> Result<()> {
        until(&format!("the kernel has a device at {path}"), || {
            let world = self.devices()?;
            Ok(if world.at(path).is_some_and(|device| device.configured) {
                Seen::Yes(())
            } else {
                Seen::NotYet("nothing".to_owned())
            })
        })
    }

    /// Waits until a device that is no longer plugged is gone from sysfs.
    pub fn wait_gone(&self, plugged: &Plugged) -> Result<()> {
        let path = &plugged.path;
        until(&format!("{plugged} is gone from the outer machine"), || {
            Ok(if self.devices()?.at(path).is_none() {
                Seen::Yes(())
            } else {
                Seen::NotYet("still there".to_owned())
            })
        })
    }

    /// The same device, unplugged and plugged again at a port.
    pub fn replug(&self, plugged: &Plugged, port: &str) -> Result<Plugged> {
        self.unplug(plugged)?;
        self.plug(plugged.stick.clone().port(port))
    }

    /// The devices without the machines. Works without libvirt.
    pub(crate) fn devices(&self) -> Result<World> {
        World::parse(&self.lookout.look("devices")?)
    }

    /// The device at a port path now. Works without libvirt.
    pub fn device(&self, path: &str) -> Result<Device> {
        self.devices()?
            .at(path)
            .cloned()
            .with_context(|| format!("no device at {path}"))
    }

    /// Waits until no machine has the device and a driver of the host has it.
    pub fn wait_on_host(&self, plugged: &Plugged) -> Result<()> {
        self.wait_on_host_at(&plugged.path)
    }

    /// Waits until no machine has what is at a port path and a driver of the
    /// host has it.
    pub fn wait_on_host_at(&self, path: &str) -> Result<()> {
        until(
            &format!("the host has what is at {path} for itself"),
            || Ok(attachment::is_on_host(&self.world()?, path).into()),
        )
    }

    /// Fails if a machine has the device now.
    pub fn check_on_host(&self, plugged: &Plugged) -> Result<()> {
        let found = attachment::is_on_host(&self.world()?, &plugged.path);
        ensure!(
            found.is_ok(),
            "the host should have {plugged} for itself, but: {found:?}"
        );
        Ok(())
    }
}
