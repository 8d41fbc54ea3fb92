//! What virtplug shows on a terminal, for the pictures of the documents.
//!
//! `scripts/pictures.sh` draws them from what is recorded here: all that the program
//! sends to a terminal of the given size.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::outer::Outer;
use crate::plug::{Plugged, Stick};
use crate::progress::step;
use crate::recipe::Release;
use crate::wait::{Seen, until};

/// Machines that run, beside those that the lab has.
const RUNNING: [&str; 3] = ["homeassistant", "desktop", "nas"];

const CONFIG: &str = r#"[machines.homeassistant]
[[machines.homeassistant.device]]
name = "Zigbee stick"
vendor = "0403"
serial = "A1"

[[machines.homeassistant.device]]
name = "energy meter"
serial = "B1"

[machines.desktop]
[[machines.desktop.device]]
name = "keyboard"
serial = "K1"
group = "desk"

[[machines.desktop.device]]
name = "mouse"
serial = "M1"
group = "desk"

[machines.nas]
[[machines.nas.device]]
name = "backup disk"
vendor = "46f4"
serial = "D1"

# Switched off most of the time.
[machines.worker]
[[machines.worker.device]]
name = "licence dongle"
serial = "L1"
"#;

/// A picture: the name of its file, what is typed, and the size of the terminal.
struct Picture {
    name: &'static str,
    command: &'static str,
    columns: u16,
    lines: u16,
    /// It fills the screen until this key ends it.
    until: Option<char>,
}

const PICTURES: [Picture; 3] = [
    Picture {
        name: "devices-tree",
        command: "virtplug devices --tree",
        columns: 80,
        lines: 40,
        until: None,
    },
    Picture {
        name: "explain",
        command: "virtplug explain \"backup disk\"",
        columns: 80,
        lines: 40,
        until: None,
    },
    Picture {
        name: "watch",
        command: "virtplug watch",
        columns: 100,
        lines: 26,
        until: Some('q'),
    },
];

/// Records all pictures into a folder: `NAME.COLUMNSxLINES.pty`, and `NAME.txt` with what was typed
/// where that does not fill the screen.
pub fn record(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let outer = step("start the emulated host", || {
        Outer::ready(Release::default(), "pictures")
    })?;
    let stick = step("machines and devices", || prepare(&outer))?;
    for picture in &PICTURES {
        let Picture {
            name,
            command,
            columns,
            lines,
            ..
        } = picture;
        let shown = step(command, || picture.show(&outer, &stick))?;
        fs::write(folder.join(format!("{name}.{columns}x{lines}.pty")), shown)?;
        if picture.until.is_none() {
            fs::write(folder.join(format!("{name}.txt")), command)?;
        }
    }
    Ok(())
}

/// Gives the stick that is pulled while somebody watches.
fn prepare(outer: &Outer) -> Result<Plugged> {
    for name in RUNNING.into_iter().chain(["worker"]) {
        outer.sh(&format!(
            "sed s/NAME/{name}/ /root/small.xml > /root/{name}.xml && virsh -q define /root/{name}.xml"
        ))?;
    }
    for name in RUNNING {
        outer.machine(name).start()?;
    }
    outer.install(CONFIG)?;
    let zigbee = outer.plug(Stick::serial("A1").port("1"))?;
    let meter = outer.plug(Stick::serial("B1").port("2"))?;
    outer
        .machine("homeassistant")
        .wait_exactly(&[&zigbee, &meter])?;
    outer.plug(Stick::hub().port("3"))?;
    let keyboard = outer.plug(Stick::keyboard("K1").port("3.1"))?;
    let mouse = outer.plug(Stick::mouse("M1").port("3.2"))?;
    outer
        .machine("desktop")
        .wait_exactly(&[&keyboard, &mouse])?;
    let dongle = outer.plug(Stick::serial("L1").port("3.3"))?;
    outer.wait_on_host(&dongle)?;
    // The host uses the disk that belongs to a machine.
    outer.daemon().freeze()?;
    let disk = outer.plug(Stick::disk("D1").port("4"))?;
    let path = &disk.path;
    outer.sh(&format!(
        "until disk=$(ls -d /sys/bus/usb/devices/{path}/{path}:1.0/host*/target*/*/block/*); do sleep 0.2; done; \
         udevadm settle; disk=/dev/${{disk##*/}}; \
         mkfs.ext4 -q $disk && mkdir -p /mnt/backup && mount $disk /mnt/backup"
    ))?;
    outer.daemon().thaw()?;
    outer.daemon().wait_quiet()?;
    Ok(zigbee)
}

impl Picture {
    /// What the command sends to its terminal.
    fn show(&self, outer: &Outer, stick: &Plugged) -> Result<String> {
        let Self {
            name,
            command,
            columns,
            lines,
            until: key,
        } = self;
        let file = format!("/root/{name}.pty");
        let typed = format!("stty rows {lines} cols {columns}; {command}");
        let run = format!("TERM=xterm-256color LANG=C.UTF-8 script -qefc '{typed}' /dev/null");
        let Some(key) = key else {
            return outer.sh(&run);
        };
        outer.sh(&format!(
            "mkfifo /root/keys && (sleep 600 > /root/keys 2> /dev/null &) && \
             ({run} < /root/keys > {file} 2> /dev/null &)"
        ))?;
        self.drawn(outer, &file)?;
        // One after the other, so that it happens in the same order each time.
        outer.unplug(stick)?;
        outer.daemon().wait_quiet()?;
        let stick = outer.plug(Stick::serial("A1").port("1"))?;
        outer.machine("homeassistant").wait_attached(&stick)?;
        let shown = self.drawn(outer, &file)?;
        outer.sh(&format!("printf {key} > /root/keys"))?;
        Ok(shown)
    }

    /// What is on the screen, once it stays the same.
    fn drawn(&self, outer: &Outer, file: &str) -> Result<String> {
        let mut last = String::new();
        until(&format!("{} has drawn its screen", self.command), || {
            let now = outer.sh(&format!("sleep 3; cat {file}"))?;
            let same = !now.is_empty() && now == last;
            last.clone_from(&now);
            Ok(if same {
                Seen::Yes(now)
            } else {
                Seen::NotYet(now)
            })
        })
    }
}
