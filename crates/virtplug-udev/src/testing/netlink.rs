//! Messages to udev's multicast group, as udev sends them
//! (systemd's `monitor_netlink_header`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, SendFlags, SocketFlags, SocketType, getsockname, sendto, socket_with,
};

const MAGIC: u32 = 0xfeed_cafe;
const HEADER: u32 = 40;
/// udev's multicast group, as a bit.
const GROUP: u32 = 2;

pub(crate) struct Sender(OwnedFd);

impl Sender {
    pub(crate) fn new() -> Self {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(KOBJECT_UEVENT),
        );
        Self(socket.unwrap())
    }

    /// Where one socket alone is reached.
    pub(crate) fn address(socket: impl AsFd) -> SocketAddrNetlink {
        let address = SocketAddrNetlink::try_from(getsockname(socket).unwrap());
        SocketAddrNetlink::new(address.unwrap().pid(), 0)
    }

    /// Sends to one socket alone, as udev never does.
    pub(crate) fn to(&self, address: SocketAddrNetlink, message: &[u8]) {
        sendto(&self.0, message, SendFlags::empty(), &address).unwrap();
    }

    /// What the kernel says to a message to the group.
    pub(crate) fn attempt(&self, message: &[u8]) -> Result<(), Errno> {
        let to = SocketAddrNetlink::new(0, GROUP);
        match sendto(&self.0, message, SendFlags::empty(), &to) {
            // The kernel itself does not take part in the group.
            Ok(_) | Err(Errno::CONNREFUSED) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends an event of a `usb_device`.
    pub(crate) fn usb(&self, action: &str, port: &str) {
        self.raw(&message(action, port, "usb", "usb_device"));
    }

    pub(crate) fn raw(&self, message: &[u8]) {
        let sent = self.attempt(message);
        sent.expect("cannot send to the udev group");
    }
}

/// An event of the device at a port.
pub(crate) fn message(action: &str, port: &str, subsystem: &str, devtype: &str) -> Vec<u8> {
    let properties = format!(
        "ACTION={action}\0DEVPATH=/devices/pci0/usb1/{port}\0SUBSYSTEM={subsystem}\0DEVTYPE={devtype}\0SEQNUM=1\0"
    );
    let mut message = b"libudev\0".to_vec();
    message.extend(MAGIC.to_be_bytes());
    let length = u32::try_from(properties.len()).unwrap();
    for number in [HEADER, HEADER, length] {
        message.extend(number.to_ne_bytes());
    }
    message.extend(murmur2(subsystem.as_bytes()).to_be_bytes());
    message.extend(murmur2(devtype.as_bytes()).to_be_bytes());
    message.extend([0; 8]);
    message.extend(properties.as_bytes());
    message
}

/// `MurmurHash2` with seed 0, which udev's in-kernel filter compares.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = u32::try_from(bytes.len()).unwrap();
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let mut k = u32::from_le_bytes(block.try_into().unwrap()).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = blocks.remainder();
    for (index, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * index);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}
