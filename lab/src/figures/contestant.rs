//! What may bring a device into a machine; only one of them is active at a time.

use anyhow::{Context as _, Result};

use super::CONFIG;
use crate::outer::Outer;

/// The machine that gets the device.
pub(super) const MACHINE: &str = "alpha";

const HANDLER: &str = include_str!("../../../bench/handler.sh");
const HANDLER_PLACE: &str = "/usr/local/lib/usb-handler";
const RULES: &str = "/etc/udev/rules.d/99-usb-handler.rules";

/// One of those that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contestant {
    /// A bare client that knows all before and acts on udev's event.
    Floor,
    /// The service under test.
    Virtplug,
    /// A udev rule with a script that calls virsh.
    Handler,
    /// The bare client on the kernel's event.
    Kernel,
}

impl Contestant {
    /// All of them; the first is what the others are measured by.
    pub(super) const ALL: [Self; 4] = [Self::Floor, Self::Virtplug, Self::Handler, Self::Kernel];

    /// What it is called in the tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Floor => "bare client",
            Self::Virtplug => "virtplug",
            Self::Handler => "udev rule, script and virsh",
            Self::Kernel => "bare client that does not wait for udev",
        }
    }

    /// Puts what it needs in place.
    pub(super) fn install(self, outer: &Outer) -> Result<()> {
        match self {
            Self::Virtplug => outer.install_stopped(CONFIG),
            Self::Handler => {
                outer.write(HANDLER_PLACE, HANDLER)?;
                outer.sh(&format!("chmod 755 {HANDLER_PLACE}")).map(drop)
            }
            Self::Floor | Self::Kernel => Ok(()),
        }
    }

    /// Starts it and waits until it is ready for a device at this port.
    pub(super) fn start(self, outer: &Outer, path: &str) -> Result<()> {
        match self {
            Self::Virtplug => {
                outer.daemon().start()?;
                outer.daemon().wait_quiet()
            }
            Self::Floor => client(outer, &format!("floor {MACHINE} {path}")),
            Self::Kernel => client(outer, &format!("floor --kernel {MACHINE} {path}")),
            Self::Handler => {
                outer.write(
                    RULES,
                    &format!(
                        "SUBSYSTEM==\"usb\", ENV{{DEVTYPE}}==\"usb_device\", \
                         ENV{{PRODUCT}}==\"403/6001/*\", RUN+=\"{HANDLER_PLACE} {MACHINE}\""
                    ),
                )?;
                outer.sh("udevadm control --reload").map(drop)
            }
        }
    }

    /// Ends it.
    pub(super) fn stop(self, outer: &Outer) -> Result<()> {
        match self {
            Self::Virtplug => outer.daemon().stop(),
            Self::Floor | Self::Kernel => outer.sh("kill \"$(cat /run/floor.pid)\"").map(drop),
            Self::Handler => outer
                .sh(&format!("rm {RULES}; udevadm control --reload"))
                .map(drop),
        }
    }
}

fn client(outer: &Outer, arguments: &str) -> Result<()> {
    start_program(outer, "floor", arguments)
}

/// Starts the recorder or the bare client, and waits until it says that it is ready.
/// Its number is in `/run/NAME.pid`, what it says in `/run/NAME.log`.
pub(super) fn start_program(outer: &Outer, name: &str, arguments: &str) -> Result<()> {
    // The recorder goes before all others, so that it sees when a thing was told, not when
    // there was time for it.
    let before = if name == "record" {
        "chrt --fifo 10 "
    } else {
        ""
    };
    outer
        .sh(&format!(
            "{before}{PROGRAM} {arguments} > /run/{name}.log 2>&1 & echo $! > /run/{name}.pid
            for try in $(seq 300); do grep -q ready /run/{name}.log && exit; sleep 0.1; done
            cat /run/{name}.log >&2; exit 1"
        ))
        .map(drop)
        .with_context(|| format!("{PROGRAM} {arguments} does not get ready"))
}

/// Where the recorder and the bare client are in the outer machine.
pub(super) const PROGRAM: &str = "/usr/bin/virtplug-bench";
