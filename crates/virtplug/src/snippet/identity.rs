//! How a udev rule finds a device.

use std::fmt::Write as _;

use virtplug_core::{Device, Fact, RawText};

use super::udev_value;

/// The keys of a rule that find one device: always its vendor and product, and
/// what tells it from others of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    vendor: String,
    product: String,
    serial: Option<String>,
    place: Option<String>,
    /// What the reader should know of this way to find it.
    pub(super) limit: &'static str,
}

const BY_SERIAL: &str = "the serial finds it in any port";
const NO_SERIAL: &str = "it has no serial, so every device with this vendor and product matches";
const NO_SERIAL_TWIN: &str = "it has no serial and another one of its kind is present, so the rule \
     holds for this port only";
const SAME_SERIAL: &str =
    "another device has the same serial, so the rule holds for this port only";
const ODD_SERIAL: &str = "its serial has characters that a udev rule cannot name safely, so the rule \
     holds for this port only";
const UNREAD_SERIAL: &str = "its serial could not be read, so the rule holds for this port only";

impl Identity {
    /// The surest way to find a device among those that are present.
    pub(super) fn of(device: &Device, present: &[Device]) -> Self {
        let twins: Vec<&Device> = twins(device, present).collect();
        let value = serial(device).and_then(|serial| udev_value::matching(serial.as_bytes()));
        let shared = twins.iter().any(|twin| {
            // A serial that was not read may be the same.
            twin.serial == Fact::Unknown || serial(twin) == serial(device)
        });
        let (serial, at_port, limit) = match (&device.serial, value) {
            (Fact::Known(Some(_)), Some(value)) if shared => (Some(value), true, SAME_SERIAL),
            (Fact::Known(Some(_)), Some(value)) => (Some(value), false, BY_SERIAL),
            (Fact::Known(Some(_)), None) => (None, true, ODD_SERIAL),
            (Fact::Known(None), _) if twins.is_empty() => (None, false, NO_SERIAL),
            (Fact::Known(None), _) => (None, true, NO_SERIAL_TWIN),
            (Fact::Unknown, _) => (None, true, UNREAD_SERIAL),
        };
        Self {
            vendor: device.vendor.to_string(),
            product: device.product.to_string(),
            serial,
            place: at_port.then(|| place(device)),
            limit,
        }
    }

    /// The keys for the device itself.
    pub(super) fn device_keys(&self) -> String {
        let place = self.place.clone();
        let start = "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\"";
        self.keys(start, "ATTR", place)
    }

    /// The keys for the device and for all that comes of it: its interfaces,
    /// and what their drivers make, such as a disk and its partitions.
    pub(super) fn family_keys(&self) -> String {
        let place = self
            .place
            .as_ref()
            .map(|place| format!("{place}|{place}/*"));
        self.keys("SUBSYSTEMS==\"usb\"", "ATTRS", place)
    }

    fn keys(&self, start: &str, attribute: &str, place: Option<String>) -> String {
        let Self {
            vendor, product, ..
        } = self;
        let mut keys = format!(
            "{start}, {attribute}{{idVendor}}==\"{vendor}\", {attribute}{{idProduct}}==\"{product}\""
        );
        // Writing to a string does not fail.
        if let Some(serial) = &self.serial {
            let _ = write!(keys, ", {attribute}{{serial}}==\"{serial}\"");
        }
        if let Some(place) = place {
            let _ = write!(keys, ", DEVPATH==\"{place}\"");
        }
        keys
    }
}

/// Other present devices with the same vendor and product.
pub(super) fn twins<'a>(
    device: &'a Device,
    present: &'a [Device],
) -> impl Iterator<Item = &'a Device> {
    present.iter().filter(|other| {
        other.port != device.port
            && (other.vendor, other.product) == (device.vendor, device.product)
    })
}

/// A name for the link to the device: from its serial where that is its own
/// and can be part of a path, else from its port.
pub(super) fn link_name(device: &Device, present: &[Device]) -> String {
    let (vendor, product) = (device.vendor, device.product);
    let by_serial = Identity::of(device, present).place.is_none();
    let serial = serial(device)
        .filter(|_| by_serial)
        .and_then(|serial| std::str::from_utf8(serial.as_bytes()).ok())
        .filter(|serial| udev_value::is_plain(serial) && !serial.contains('/'));
    match serial {
        Some(serial) => format!("virtplug/{vendor}-{product}-{serial}"),
        None => format!("virtplug/{vendor}-{product}-at-{}", device.port),
    }
}

fn serial(device: &Device) -> Option<&RawText> {
    device.serial.known()?.as_ref()
}

/// A pattern for its path in sysfs that does not depend on the number of the
/// bus, which may be another one after each boot: the controller, which is the
/// directory above the root hub, and the chain of ports.
fn place(device: &Device) -> String {
    let chain: Vec<String> = device.port.ports().iter().map(u8::to_string).collect();
    let chain = chain.join(".");
    let root = format!("/usb{}/", device.port.bus());
    let controller = device
        .syspath
        .split_once(&root)
        .and_then(|(above, _)| above.rsplit('/').next())
        .and_then(|name| udev_value::matching(name.as_bytes()));
    match controller {
        Some(controller) => format!("*/{controller}/usb[0-9]*/[0-9]*-{chain}"),
        None => format!("*/{}", device.port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippet::fixture::{device, devices};

    fn keys(port: &str) -> String {
        let present = devices();
        let identity = Identity::of(device(&present, port), &present);
        format!(
            "{}\n{}\n{}\n{}",
            identity.limit,
            identity.device_keys(),
            identity.family_keys(),
            link_name(device(&present, port), &present),
        )
    }

    #[test]
    fn each_device_is_found_in_the_surest_way() {
        let ports = [
            "3-1", "3-2.1", "3-2.2", "3-2.3", "3-2.4", "3-3", "3-4", "3-5", "7-1",
        ];
        let all: Vec<String> = ports
            .iter()
            .map(|port| format!("{port}: {}", keys(port)))
            .collect();
        insta::assert_snapshot!(all.join("\n\n"));
    }
}
