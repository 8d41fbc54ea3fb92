//! Record: the lines of one device in a dump.

use std::collections::BTreeSet;

use virtplug_core::{
    BusNumber, ClassCode, DeviceNumber, Fact, Half, HostAddress, InstanceId, PortPath, ProductId,
    RawText, Revision, UdevRecord, VendorId,
};

use super::notes::Notes;
use crate::attribute::{decimal, hexadecimal};
use virtplug_core::Device;

/// udev cuts the list of interfaces off where its buffer of 512 bytes is full.
const INTERFACES_FULL: usize = 500;

/// `idVendor` and `idProduct` of the kernel's own USB 3 root hubs.
const ROOT_HUB_3: (u16, u16) = (0x1d6b, 0x0003);

/// A record; borrowed from the dump until it proves to be of a USB device.
#[derive(Debug, Default)]
pub(super) struct Record<'t> {
    path: &'t [u8],
    /// Properties in the order of the dump.
    properties: Vec<(&'t str, &'t str)>,
    /// An empty line or another record follows.
    complete: bool,
}

/// Splits a dump into its records.
pub(super) fn split(text: &[u8]) -> Vec<Record<'_>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    // What follows the last line break is no line.
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut records = Vec::new();
    let mut current: Option<Record<'_>> = None;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(path) = line.strip_prefix(b"P: ") {
            let next = Record {
                path,
                ..Record::default()
            };
            records.extend(current.replace(next).map(Record::ended));
        } else if line.is_empty() {
            records.extend(current.take().map(Record::ended));
        } else if let (Some(record), Some(entry)) = (&mut current, line.strip_prefix(b"E: ")) {
            // What is not UTF-8 is left out, as on a live host.
            let entry = str::from_utf8(entry).ok();
            record
                .properties
                .extend(entry.and_then(|entry| entry.split_once('=')));
        }
    }
    // A record that is left here was ended by no empty line.
    records.extend(current);
    records
}

impl<'t> Record<'t> {
    fn ended(self) -> Self {
        Self {
            complete: true,
            ..self
        }
    }

    /// Whether the dump ends in the middle of it, as far as one can tell.
    pub(super) fn is_cut_off(&self) -> bool {
        !self.complete
    }

    /// A property; the last one counts, as in udev.
    fn property(&self, name: &str) -> Option<&'t str> {
        let mut properties = self.properties.iter().rev();
        properties
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }

    fn is_usb_device(&self) -> bool {
        self.property("SUBSYSTEM") == Some("usb") && self.property("DEVTYPE") == Some("usb_device")
    }

    fn name(&self) -> Option<&'t str> {
        str::from_utf8(self.path).ok()?.rsplit('/').next()
    }

    /// The bus of a root hub, and which half of its controller it is.
    pub(super) fn root_hub(&self) -> Option<(BusNumber, Half)> {
        let bus = decimal(self.name()?.strip_prefix("usb")?)?;
        let (vendor, product) = self.ids().filter(|_| self.is_usb_device())?;
        let half = if (vendor.0, product.0) == ROOT_HUB_3 {
            Half::Usb3
        } else {
            Half::Usb2
        };
        Some((BusNumber(bus), half))
    }

    /// The device that the record is of. `None`: it is of something else, or
    /// lacks what every device has.
    pub(super) fn device(&self, notes: &mut Notes) -> Option<Device> {
        if !self.is_usb_device() || self.name().is_some_and(|name| name.starts_with("usb")) {
            return None;
        }
        let path = str::from_utf8(self.path).unwrap_or("(not UTF-8)");
        let mut need = |missing: &str| notes.left_out(path, missing);
        let Some(port) = self.name().and_then(|name| name.parse::<PortPath>().ok()) else {
            need("the port in its path");
            return None;
        };
        let Some(number) = self.property("DEVNUM").and_then(decimal) else {
            need("DEVNUM");
            return None;
        };
        let Some((vendor, product)) = self.ids() else {
            need("PRODUCT");
            return None;
        };
        let Some(class) = self.property("TYPE").and_then(class_of) else {
            need("TYPE");
            return None;
        };
        let bus = self.property("BUSNUM").and_then(decimal);
        let syspath = format!("/sys{path}");
        Some(Device {
            instance: InstanceId::new("", &syspath, 0),
            address: HostAddress {
                bus: bus.map_or(port.bus(), BusNumber),
                device: DeviceNumber(number),
            },
            port,
            syspath,
            vendor,
            product,
            revision: self.revision().map_or(Fact::Unknown, Fact::Known),
            class,
            interfaces: self.interfaces().map_or(Fact::Unknown, Fact::Known),
            speed: Fact::Unknown,
            removable: Fact::Unknown,
            peer: Fact::Unknown,
            half: Fact::Unknown,
            bound: Fact::Unknown,
            authorized: Fact::Known(true),
            serial: self.serial(),
            manufacturer: self.text("ID_VENDOR", vendor.to_string()),
            product_name: self.text("ID_MODEL", product.to_string()),
            udev: self.udev(),
            processed: self.is_processed(),
            in_use: Fact::Known(BTreeSet::new()),
            disks: BTreeSet::new(),
        })
    }

    /// `PRODUCT` is `46d/c52b/1211`: vendor, product and revision in hexadecimal.
    fn product_part(&self, index: usize) -> Option<u16> {
        let part = self.property("PRODUCT")?.split('/').nth(index)?;
        (!part.is_empty()).then(|| hexadecimal(part))?
    }

    fn ids(&self) -> Option<(VendorId, ProductId)> {
        let id = |index, name| {
            let other = || self.property(name).filter(|text| !text.is_empty());
            let part = self.product_part(index);
            part.or_else(|| other().and_then(hexadecimal))
        };
        let vendor = VendorId(id(0, "ID_VENDOR_ID")?);
        Some((vendor, ProductId(id(1, "ID_MODEL_ID")?)))
    }

    fn revision(&self) -> Option<Revision> {
        let other = || self.property("ID_REVISION")?.parse().ok();
        self.product_part(2).map(Revision).or_else(other)
    }

    /// From `:080650:030101:`. `None`: some may be missing.
    fn interfaces(&self) -> Option<BTreeSet<ClassCode>> {
        let list = self.property("ID_USB_INTERFACES")?;
        if !self.is_identified() || list.len() >= INTERFACES_FULL {
            return None;
        }
        let codes = list.strip_prefix(':')?.strip_suffix(':')?;
        let code = |text: &str| {
            let plain = text.len() == 6 && text.bytes().all(|b| b.is_ascii_hexdigit());
            let number = u32::from_str_radix(text, 16).ok().filter(|_| plain)?;
            let [_, class, subclass, protocol] = number.to_be_bytes();
            Some(ClassCode::new(class, subclass, protocol))
        };
        codes.split(':').map(code).collect()
    }

    /// Whether udev's part is there as a whole.
    fn is_processed(&self) -> bool {
        self.complete && self.property("USEC_INITIALIZED").is_some()
    }

    /// Whether udev asked the device who it is.
    fn is_identified(&self) -> bool {
        self.is_processed() && self.property("ID_VENDOR_ID").is_some()
    }

    fn serial(&self) -> Fact<Option<RawText>> {
        if !self.is_identified() {
            return Fact::Unknown;
        }
        let serial = self.property("ID_SERIAL_SHORT");
        Fact::Known(
            serial
                .filter(|text| !text.trim().is_empty())
                .map(RawText::from),
        )
    }

    /// A name of the device. udev takes the id where the device has none.
    fn text(&self, name: &str, id: String) -> Fact<Option<RawText>> {
        if !self.is_identified() {
            return Fact::Unknown;
        }
        let plain = self.property(name);
        let bytes = match (self.property(&format!("{name}_ENC")), plain) {
            (Some(encoded), _) => decode(encoded),
            // udev puts `_` for blanks and more; what was there is lost.
            (None, Some(plain)) if !plain.contains('_') => plain.as_bytes().to_vec(),
            _ => return Fact::Unknown,
        };
        let absent = bytes.trim_ascii().is_empty() || bytes == id.into_bytes();
        Fact::Known((!absent).then(|| RawText::new(bytes)))
    }

    fn udev(&self) -> Fact<UdevRecord> {
        if !self.is_processed() {
            return Fact::Unknown;
        }
        let tags = |name| {
            let joined = self.property(name).unwrap_or_default();
            let tags = joined.split(':').filter(|tag| !tag.is_empty());
            tags.map(str::to_owned).collect()
        };
        let properties = self.properties.iter();
        Fact::Known(UdevRecord {
            properties: properties
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            tags: tags("TAGS"),
            current_tags: tags("CURRENT_TAGS"),
        })
    }
}

/// `TYPE` is `239/2/1`: class, subclass and protocol in decimal.
fn class_of(text: &str) -> Option<ClassCode> {
    let parts: Vec<&str> = text.splitn(4, '/').collect();
    let [class, subclass, protocol] = *parts.as_slice() else {
        return None;
    };
    let number = |part: &str| part.parse::<u8>().ok().filter(|_| !part.starts_with('+'));
    Some(ClassCode::new(
        number(class)?,
        number(subclass)?,
        number(protocol)?,
    ))
}

/// Undoes udev's encoding: `\x20` is a blank.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'\\', b'x', high, low, after @ ..] => {
                let digits = [char::from(*high), char::from(*low)].map(|c| c.to_digit(16));
                match digits {
                    [Some(high), Some(low)] => u8::try_from(high * 16 + low).ok().zip(Some(after)),
                    _ => None,
                }
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}
