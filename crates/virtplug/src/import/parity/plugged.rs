//! Devices for the tables, with what udev says of them.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{
    BusNumber, ClassCode, Device, DeviceNumber, Fact, Half, HostAddress, InstanceId, PortPath,
    ProductId, RawText, Removable, Revision, Speed, UdevRecord, VendorId,
};

/// A device as the old tools see it.
#[derive(Debug, Clone, Default)]
pub(super) struct Plugged {
    ids: (u16, u16),
    revision: u16,
    /// Empty: it has none.
    serial: &'static str,
    name: &'static str,
    /// Its path below a controller, such as `usb1/1-4`.
    path: Option<&'static str>,
    address: Option<(u8, u8)>,
    tags: &'static [&'static str],
    current_tags: &'static [&'static str],
    /// `ID_SERIAL`, if it is of interest.
    whole_serial: Option<&'static str>,
}

/// A device of a product.
pub(super) fn usb(vendor: u16, product: u16, serial: &'static str) -> Plugged {
    Plugged {
        ids: (vendor, product),
        serial,
        revision: 0x0100,
        ..Plugged::default()
    }
}

impl Plugged {
    pub(super) fn revision(self, revision: u16) -> Self {
        Self { revision, ..self }
    }

    pub(super) fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) fn path(self, path: &'static str) -> Self {
        let path = Some(path);
        Self { path, ..self }
    }

    pub(super) fn address(self, bus: u8, device: u8) -> Self {
        let address = Some((bus, device));
        Self { address, ..self }
    }

    pub(super) fn tags(
        self,
        tags: &'static [&'static str],
        current_tags: &'static [&'static str],
    ) -> Self {
        Self {
            tags,
            current_tags,
            ..self
        }
    }

    pub(super) fn whole_serial(self, text: &'static str) -> Self {
        let whole_serial = Some(text);
        Self {
            whole_serial,
            ..self
        }
    }

    /// The device at a place of its own.
    pub(super) fn device(&self, number: usize) -> Device {
        let path = self
            .path
            .map_or_else(|| format!("usb9/9-{}", number + 1), str::to_owned);
        let own = (9, u8::try_from(number + 2).unwrap());
        let (bus, device) = self.address.unwrap_or(own);
        let port: PortPath = path.rsplit('/').next().unwrap().parse().unwrap();
        let devpath = format!("/devices/pci0000:00/0000:00:14.0/{path}");
        let text = |text: &str| Fact::Known((!text.is_empty()).then(|| RawText::new(text)));
        Device {
            syspath: format!("/sys{devpath}"),
            instance: InstanceId(u64::try_from(number).unwrap() + 1),
            address: HostAddress {
                bus: BusNumber(bus.into()),
                device: DeviceNumber(device),
            },
            port,
            vendor: VendorId(self.ids.0),
            product: ProductId(self.ids.1),
            revision: Fact::Known(Revision(self.revision)),
            class: ClassCode::default(),
            interfaces: Fact::Known([ClassCode::new(0xff, 0, 0)].into()),
            speed: Fact::Known(Speed::Full),
            removable: Fact::Known(Removable::Unknown),
            peer: Fact::Known(None),
            half: Fact::Known(Half::Usb2),
            bound: Fact::Known(true),
            authorized: Fact::Known(true),
            serial: text(self.serial),
            manufacturer: Fact::Known(None),
            product_name: text(self.name),
            udev: Fact::Known(UdevRecord {
                properties: self.properties(&devpath, bus, device).into(),
                tags: set(self.tags),
                current_tags: set(self.current_tags),
            }),
            processed: true,
            in_use: Fact::Known(BTreeSet::new()),
            disks: BTreeSet::new(),
        }
    }

    /// As the kernel and `usb_id` of udev set them.
    fn properties(&self, devpath: &str, bus: u8, device: u8) -> BTreeMap<String, String> {
        let (vendor, product) = self.ids;
        let mut properties = BTreeMap::new();
        let mut set = |name: &str, value: String| properties.insert(name.to_owned(), value);
        set("DEVPATH", devpath.to_owned());
        set("SUBSYSTEM", "usb".to_owned());
        set("DEVTYPE", "usb_device".to_owned());
        set(
            "PRODUCT",
            format!("{vendor:x}/{product:x}/{:x}", self.revision),
        );
        set("BUSNUM", format!("{bus:03}"));
        set("DEVNUM", format!("{device:03}"));
        set("ID_VENDOR_ID", format!("{vendor:04x}"));
        set("ID_MODEL_ID", format!("{product:04x}"));
        set("ID_MODEL", self.name.replace(' ', "_"));
        if !self.serial.is_empty() {
            set("ID_SERIAL_SHORT", self.serial.replace(' ', "_"));
        }
        if let Some(serial) = self.whole_serial {
            set("ID_SERIAL", serial.to_owned());
        }
        properties
    }
}

fn set(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}
