//! Tests on fake trees of sysfs.

mod facts;
mod faults;
mod fields;

use virtplug_core::{
    BusNumber, ClassCode, DeviceNumber, Fact, Half, HostAddress, ProductId, RawText, Removable,
    Revision, Speed, VendorId,
};

use super::*;

fn port(text: &str) -> PortPath {
    text.parse().unwrap()
}

fn ports(scan: &Scan) -> Vec<String> {
    let devices = scan.devices.iter();
    devices.map(|device| device.port.to_string()).collect()
}

fn present(host: &Host, at: &str) -> Device {
    match host.read(&port(at)) {
        Presence::Present(device) => *device,
        other => panic!("{at}: {other:?}"),
    }
}

fn serial(text: &[u8]) -> Fact<Option<RawText>> {
    Fact::Known(Some(RawText::new(text)))
}
