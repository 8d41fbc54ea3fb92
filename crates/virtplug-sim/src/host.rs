//! The host: buses, ports and the devices that the kernel has enumerated.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{
    BusNumber, Device, DeviceNumber, Fact, Half, HostAddress, InstanceId, PortPath, ProductId,
    Removable, Revision, Speed, VendorId,
};

use crate::gadget::Gadget;
use crate::machine::disk_at;
use crate::usage::Usage;

/// The lowest number that the kernel gives to a device; 1 is the root hub.
pub(crate) const FIRST_NUMBER: u8 = 2;

/// The highest one.
pub(crate) const LAST_NUMBER: u8 = 127;

/// An enumerated device.
#[derive(Debug, Clone)]
pub(crate) struct Plugged {
    pub(crate) gadget: Gadget,
    pub(crate) address: HostAddress,
    pub(crate) instance: InstanceId,
    pub(crate) authorized: bool,
    /// Whether udev is done with it and its record exists.
    pub(crate) processed: bool,
    pub(crate) usage: Usage,
    /// Whether drivers of the host have it when no machine does.
    bound: bool,
}

/// Kernel and sysfs.
#[derive(Debug)]
pub(crate) struct Host {
    next_inode: u64,
    /// Where the search for a free number begins, by bus.
    next_number: BTreeMap<BusNumber, u8>,
    /// How often the numbers of a bus came to their end.
    pub(crate) wraps: u64,
    plugged: BTreeMap<PortPath, Plugged>,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self {
            next_inode: 1000,
            next_number: BTreeMap::new(),
            wraps: 0,
            plugged: BTreeMap::new(),
        }
    }

    pub(crate) fn at(&self, port: &PortPath) -> Option<&Plugged> {
        self.plugged.get(port)
    }

    pub(crate) fn at_mut(&mut self, port: &PortPath) -> Option<&mut Plugged> {
        self.plugged.get_mut(port)
    }

    pub(crate) fn ports(&self) -> Vec<PortPath> {
        self.plugged.keys().cloned().collect()
    }

    pub(crate) fn has_instance(&self, instance: InstanceId) -> bool {
        self.with_instance(instance).is_some()
    }

    /// The device with an address.
    pub(crate) fn with_address(&self, address: HostAddress) -> Option<&Plugged> {
        self.plugged.values().find(|one| one.address == address)
    }

    /// All devices of a model.
    pub(crate) fn with_ids(&self, ids: (VendorId, ProductId)) -> impl Iterator<Item = &Plugged> {
        self.plugged
            .values()
            .filter(move |one| one.gadget.ids() == ids)
    }

    pub(crate) fn with_instance(&self, instance: InstanceId) -> Option<&Plugged> {
        self.plugged.values().find(|one| one.instance == instance)
    }

    /// The port of an instance.
    pub(crate) fn port_of(&self, instance: InstanceId) -> Option<PortPath> {
        let mut all = self.plugged.iter();
        let found = all.find(|(_, one)| one.instance == instance);
        found.map(|(port, _)| port.clone())
    }

    /// Notes whether the drivers of the host take a device that a machine lost.
    pub(crate) fn give_back(&mut self, instance: InstanceId, bound: bool) {
        let mut all = self.plugged.values_mut();
        if let Some(plugged) = all.find(|one| one.instance == instance) {
            plugged.bound = bound;
        }
    }

    /// Plugs in a gadget; whether the port was free and its hub is there.
    pub(crate) fn plug(&mut self, port: &PortPath, gadget: Gadget) -> bool {
        if self.plugged.contains_key(port) || !self.has_hubs(port) {
            return false;
        }
        let address = self.number(port.bus());
        self.enumerate(port, gadget, address);
        true
    }

    /// Pulls a device with all that is behind it; gives the ports.
    pub(crate) fn unplug(&mut self, port: &PortPath) -> Vec<PortPath> {
        let gone = self.branch(port);
        for port in &gone {
            self.plugged.remove(port);
        }
        gone
    }

    /// Enumerates a device and all that is behind it again, as `gadget` makes of it.
    pub(crate) fn enumerate_again(
        &mut self,
        port: &PortPath,
        same_number: bool,
        gadget: impl Fn(Gadget) -> Gadget,
    ) -> Vec<PortPath> {
        let ports = self.branch(port);
        for port in &ports {
            let Some(before) = self.plugged.remove(port) else {
                continue;
            };
            let address = if same_number {
                before.address
            } else {
                self.number(port.bus())
            };
            self.enumerate(port, gadget(before.gadget), address);
        }
        ports
    }

    /// Makes as if so many other devices had come and gone on a bus.
    pub(crate) fn skip_numbers(&mut self, bus: BusNumber, count: u8) {
        let next = self.next_number.entry(bus).or_insert(FIRST_NUMBER);
        *next = FIRST_NUMBER + (*next - FIRST_NUMBER).wrapping_add(count) % (LAST_NUMBER - 1);
    }

    /// What a complete read of the device at a port gives.
    pub(crate) fn read(&self, port: &PortPath) -> Option<Device> {
        let plugged = self.plugged.get(port)?;
        let (vendor, product) = plugged.gadget.ids();
        Some(Device {
            port: port.clone(),
            syspath: syspath(port),
            instance: plugged.instance,
            address: plugged.address,
            vendor,
            product,
            revision: Fact::Known(Revision(0x0100)),
            class: plugged.gadget.class(),
            interfaces: Fact::Known(BTreeSet::new()),
            speed: Fact::Known(Speed::High),
            removable: Fact::Known(Removable::Unknown),
            peer: Fact::Known(None),
            half: Fact::Known(Half::Usb2),
            bound: Fact::Known(plugged.bound),
            authorized: Fact::Known(plugged.authorized),
            serial: Fact::Known(plugged.gadget.raw_serial()),
            manufacturer: Fact::Known(None),
            product_name: Fact::Known(None),
            udev: if plugged.processed {
                Fact::Known(plugged.gadget.record())
            } else {
                Fact::Unknown
            },
            processed: plugged.processed,
            in_use: Fact::Known(plugged.usage.uses()),
            disks: if plugged.processed {
                [disk_at(port)].into()
            } else {
                BTreeSet::new()
            },
        })
    }

    fn enumerate(&mut self, port: &PortPath, gadget: Gadget, address: HostAddress) {
        self.next_inode += 1;
        let plugged = Plugged {
            gadget,
            address,
            instance: InstanceId::new("boot", &syspath(port), self.next_inode),
            authorized: true,
            processed: false,
            usage: Usage::Free,
            bound: true,
        };
        self.plugged.insert(port.clone(), plugged);
    }

    /// The next free number after the last one used (`choose_devnum` of the kernel).
    fn number(&mut self, bus: BusNumber) -> HostAddress {
        let next = self.next_number.entry(bus).or_insert(FIRST_NUMBER);
        let used = |number: u8| {
            let address = HostAddress {
                bus,
                device: DeviceNumber(number),
            };
            self.plugged.values().any(|one| one.address == address)
        };
        let number = (*next..=LAST_NUMBER)
            .chain(FIRST_NUMBER..*next)
            .find(|number| !used(*number))
            .unwrap_or(LAST_NUMBER);
        self.wraps += u64::from(number < *next || number == LAST_NUMBER);
        *next = if number == LAST_NUMBER {
            FIRST_NUMBER
        } else {
            number + 1
        };
        HostAddress {
            bus,
            device: DeviceNumber(number),
        }
    }

    /// Whether there is a hub at every port on the way.
    fn has_hubs(&self, port: &PortPath) -> bool {
        (1..port.ports().len()).all(|tier| {
            self.plugged.iter().any(|(at, one)| {
                one.gadget == Gadget::Hub
                    && at.bus() == port.bus()
                    && Some(at.ports()) == port.ports().get(..tier)
            })
        })
    }

    /// The ports with a device at or behind a port, from the root down.
    fn branch(&self, port: &PortPath) -> Vec<PortPath> {
        let behind =
            |at: &&PortPath| at.bus() == port.bus() && at.ports().starts_with(port.ports());
        self.plugged.keys().filter(behind).cloned().collect()
    }
}

fn syspath(port: &PortPath) -> String {
    format!("/sys/devices/usb{}/{port}", port.bus())
}
