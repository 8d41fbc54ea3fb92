//! The process of the outer machine.

use std::env;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::accel::Accel;
use crate::image::{Image, program};
use crate::payload;

/// Memory of the outer machine in MiB.
const MEMORY: u32 = 2048;
/// Where the xHCI controller sits on the outer machine's PCI bus.
pub const XHCI_ADDRESS: &str = "0000:00:03.0";
/// QEMU's arguments that shape the machine, with [`processors`] part of the saved state's key.
pub const HARDWARE: &[&str] = &[
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-device",
    "virtio-blk-pci,drive=root,addr=0x1",
    "-device",
    "virtio-blk-pci,drive=payload,addr=0x2",
    "-device",
    "qemu-xhci,id=xhci,p2=15,p3=15,addr=0x3",
    "-device",
    "usb-ehci,id=ehci,addr=0x4",
    "-device",
    "virtio-serial-pci,addr=0x5",
    "-device",
    "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
    "-device",
    "virtserialport,chardev=world,name=virtplug.world",
    "-device",
    "virtio-rng-pci,addr=0x6",
];
const KERNEL_ARGUMENTS: &str =
    "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 mitigations=off nowatchdog";

/// What the serial console is connected to.
#[derive(Debug, Clone, Copy)]
pub enum Console {
    /// `console.log` in the log folder.
    Log,
    /// The terminal of this process.
    Terminal,
}

/// Memory and disk of a start.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// Boots; what happens is kept in the folder's memory file and disk.
    Boot,
    /// Waits for the saved state; nothing of what happens is kept.
    Restore,
}

/// One start of the outer machine.
#[derive(Debug)]
pub struct Launch<'a> {
    /// Kernel and initrd.
    pub image: &'a Image,
    /// Accelerator.
    pub accel: Accel,
    /// Folder with `disk.raw`, `memory` and `state`.
    pub folder: &'a Path,
    /// Boot or restore.
    pub start: Start,
    /// The disk that carries the program under test.
    pub payload: &'a Path,
    /// Folder for the sockets (their paths must be short).
    pub sockets: &'a Path,
    /// Folder for logs.
    pub logs: &'a Path,
    /// Serial console.
    pub console: Console,
}

/// A running QEMU; it ends with this value, and with the thread that made it.
#[derive(Debug)]
pub struct Qemu {
    child: Child,
}

impl Qemu {
    /// Starts QEMU.
    ///
    /// The memory is a file. While the state is made it is shared, so that the
    /// file holds the memory in the end; afterwards each start maps it
    /// privately. So a start reads only the pages it touches, all running
    /// machines share them, and nothing is copied.
    pub fn launch(launch: &Launch<'_>) -> Result<Self> {
        let (share, snapshot) = match launch.start {
            Start::Boot => ("on", "off"),
            Start::Restore => ("off", "on"),
        };
        // `setpriv` makes the kernel end QEMU when we die without a chance to do it.
        let mut command = Command::new(program("setpriv", "util-linux")?);
        command
            .args(["--pdeathsig", "KILL"])
            .arg(program("qemu-system-x86_64", "qemu-system-x86")?)
            .args(HARDWARE)
            .args(["-smp", &processors()])
            .args(launch.accel.arguments())
            .args([
                "-m",
                &MEMORY.to_string(),
                "-machine",
                "q35,memory-backend=memory",
                "-object",
            ])
            .arg(format!(
                "memory-backend-file,id=memory,size={MEMORY}M,mem-path=memory,share={share}"
            ))
            .arg("-kernel")
            .arg(launch.image.kernel())
            .arg("-initrd")
            .arg(launch.image.initrd())
            .args(["-append", KERNEL_ARGUMENTS, "-drive"])
            .arg(format!(
                "file=disk.raw,format=raw,if=none,id=root,cache=unsafe,snapshot={snapshot}"
            ))
            .arg("-drive")
            .arg(format!(
                "file={},format=raw,if=none,id=payload,readonly=on",
                launch.payload.display()
            ))
            .args(["agent", "world"].iter().flat_map(|name| {
                let path = launch.sockets.join(name);
                let socket = format!(
                    "socket,id={name},path={},server=on,wait=off",
                    path.display()
                );
                ["-chardev".to_owned(), socket]
            }))
            .arg("-qmp")
            .arg(format!(
                "unix:{},server=on,wait=off",
                launch.sockets.join("monitor").display()
            ));
        let log = File::create(launch.logs.join("qemu.log"))?;
        match launch.console {
            Console::Log => {
                let path = launch.logs.join("console.log");
                command
                    .arg("-serial")
                    .arg(format!("file:{}", path.display()));
                command
                    .stdin(Stdio::null())
                    .stdout(log.try_clone()?)
                    .stderr(log);
            }
            Console::Terminal => {
                command.args(["-serial", "mon:stdio"]).stderr(log);
            }
        }
        if let Start::Restore = launch.start {
            command.args(["-incoming", "defer"]);
        }
        let child = command
            .current_dir(launch.folder)
            .spawn()
            .context("cannot start the outer machine")?;
        Ok(Self { child })
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process ends by itself.
    pub fn wait(mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // Ended already: nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The version line of QEMU; a saved state fits only the version that made it.
pub fn version() -> Result<String> {
    let output = Command::new(program("qemu-system-x86_64", "qemu-system-x86")?)
        .arg("--version")
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}

/// How many processors the machine has: one, or `VIRTPLUG_LAB_PROCESSORS`.
fn processors() -> String {
    env::var("VIRTPLUG_LAB_PROCESSORS").unwrap_or_else(|_| "1".to_owned())
}

/// Everything outside the image that a saved state depends on.
pub fn hardware(accel: Accel) -> Result<String> {
    let mut text = format!(
        "{} {} {MEMORY} {} {KERNEL_ARGUMENTS} {} {} ",
        version()?,
        accel.arguments().join(" "),
        payload::SIZE,
        HARDWARE.join(" "),
        processors(),
    );
    if accel == Accel::Kvm {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        text += cpu
            .lines()
            .find(|line| line.starts_with("model name"))
            .unwrap_or_default();
    }
    Ok(text)
}
