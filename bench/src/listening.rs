//! Events of USB devices, from the kernel or from udev.

use anyhow::Result;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use udev::{Event, MonitorBuilder, MonitorSocket};

/// Who tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Teller {
    /// The kernel, at once.
    Kernel,
    /// udev, after its rules ran.
    Udev,
}

impl Teller {
    /// Starts to listen.
    pub(crate) fn listen(self) -> Result<MonitorSocket> {
        let builder = match self {
            Self::Kernel => MonitorBuilder::new_kernel(),
            Self::Udev => MonitorBuilder::new(),
        };
        Ok(builder?
            .match_subsystem_devtype("usb", "usb_device")?
            .listen()?)
    }
}

/// Waits for events and hands them on, for ever. The index is that of the socket.
pub(crate) fn each_event(
    sockets: &[MonitorSocket],
    mut take: impl FnMut(usize, &Event) -> Result<()>,
) -> Result<()> {
    loop {
        let mut fds: Vec<_> = sockets
            .iter()
            .map(|socket| PollFd::new(socket, PollFlags::IN))
            .collect();
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for (index, socket) in sockets.iter().enumerate() {
            for event in socket.iter() {
                take(index, &event)?;
            }
        }
    }
}
