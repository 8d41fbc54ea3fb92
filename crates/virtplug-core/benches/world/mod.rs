//! A world of any size: devices, machines that have them, and a rule for each device.

use std::collections::BTreeMap;
use std::time::Duration;

use virtplug_core::{
    Action, Activity, BusNumber, ClassCode, ConnectionUri, Device, DeviceNumber, Engine, Event,
    Fact, GuestPorts, Half, HostAddress, Hostdev, InstanceId, LiveMachine, MachineKey,
    MachineListing, MachineRead, Matcher, OwnAlias, Owner, Policy, ProductId, RawText, Removable,
    Revision, Rule, RuleOptions, RunId, Speed, Time, UdevRecord, Uuid, VendorId,
};

/// Of as many devices as this the first is a hub and the others are on it.
const HUB_AND_PORTS: usize = 11;
const HUBS_OF_BUS: usize = 10;

/// What udev's own rules set for a USB device; the values are as long as usual.
const PROPERTIES: [(&str, &str); 24] = [
    ("BUSNUM", "003"),
    ("DEVNAME", "/dev/bus/usb/003/005"),
    ("DEVNUM", "005"),
    ("DEVPATH", "/devices/pci0000:00/0000:00:14.0/usb3/3-2/3-2.4"),
    ("DEVTYPE", "usb_device"),
    ("DRIVER", "usb"),
    ("ID_BUS", "usb"),
    ("ID_FOR_SEAT", "usb-pci-0000_00_14_0-usb-0_2_4"),
    ("ID_MODEL", "CP2102N_USB_to_UART_Bridge_Controller"),
    (
        "ID_MODEL_ENC",
        r"CP2102N\x20USB\x20to\x20UART\x20Bridge\x20Controller",
    ),
    ("ID_MODEL_FROM_DATABASE", "CP210x UART Bridge"),
    ("ID_MODEL_ID", "ea60"),
    ("ID_PATH_TAG", "pci-0000_00_14_0-usb-0_2_4"),
    ("ID_REVISION", "0100"),
    ("ID_SERIAL", "Silicon_Labs_CP2102N_0001"),
    ("ID_USB_INTERFACES", ":ff0000:"),
    ("ID_VENDOR", "Silicon_Labs"),
    ("ID_VENDOR_ENC", r"Silicon\x20Labs"),
    ("ID_VENDOR_FROM_DATABASE", "Silicon Labs"),
    ("ID_VENDOR_ID", "10c4"),
    ("MAJOR", "189"),
    ("MINOR", "260"),
    ("PRODUCT", "10c4/ea60/100"),
    ("SUBSYSTEM", "usb"),
];

/// How many devices and machines there are.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub devices: usize,
    pub machines: usize,
    /// The most devices that one machine has. The rules give the others to the host.
    pub each: usize,
}

pub struct World {
    pub engine: Engine,
    pub now: Time,
    pub size: Size,
}

#[allow(clippy::unused_self, reason = "all of a world is asked of its size")]
impl Size {
    /// With machines that have a USB controller each, full: libvirt's xHCI has 15 ports.
    pub fn usual(devices: usize, machines: usize) -> Self {
        Self {
            devices,
            machines,
            each: 15,
        }
    }

    pub fn machine(self, number: usize) -> MachineKey {
        MachineKey::new(ConnectionUri::default(), &format!("machine-{number}"))
    }

    /// The machine whose rule names a device, if it is not the host's.
    pub fn owner(self, device: usize) -> Option<usize> {
        (device / self.machines < self.each).then_some(device % self.machines)
    }

    pub fn device(self, number: usize) -> Device {
        let (hub, place) = (number / HUB_AND_PORTS, number % HUB_AND_PORTS);
        let (bus, hub) = (1 + hub / HUBS_OF_BUS, 1 + hub % HUBS_OF_BUS);
        let port = match place {
            0 => format!("{bus}-{hub}"),
            place => format!("{bus}-{hub}.{place}"),
        };
        let syspath = format!("/sys/devices/pci0000:00/0000:00:14.0/usb{bus}/{bus}-{hub}/{port}");
        let address = (number % (HUB_AND_PORTS * HUBS_OF_BUS)) + 1;
        let class = if place == 0 { 9 } else { 0xff };
        let properties = PROPERTIES.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let serial = format!("SERIAL{number}");
        Device {
            port: port.parse().unwrap(),
            instance: InstanceId::new("boot", &syspath, number as u64),
            syspath,
            address: HostAddress {
                bus: BusNumber(bus.try_into().unwrap()),
                device: DeviceNumber(address.try_into().unwrap()),
            },
            vendor: VendorId(0x10c4),
            product: ProductId(0xea60),
            revision: Fact::Known(Revision(0x0100)),
            class: ClassCode::new(class, 0, 0),
            interfaces: Fact::Known([ClassCode::new(class, 0, 0)].into()),
            speed: Fact::Known(Speed::Full),
            removable: Fact::Known(Removable::Removable),
            peer: Fact::Known(None),
            half: Fact::Known(Half::Usb2),
            bound: Fact::Known(true),
            authorized: Fact::Known(true),
            manufacturer: Fact::Known(Some(RawText::from("Silicon Labs"))),
            product_name: Fact::Known(Some(RawText::from("CP2102N USB to UART"))),
            udev: Fact::Known(UdevRecord {
                properties: properties
                    .into_iter()
                    .chain([("ID_SERIAL_SHORT".into(), serial.clone())])
                    .collect(),
                tags: ["systemd".into()].into(),
                current_tags: ["systemd".into()].into(),
            }),
            serial: Fact::Known(Some(RawText::from(serial.as_str()))),
            processed: true,
            in_use: Fact::Known([].into()),
            disks: [].into(),
        }
    }

    /// As people write them: by port, by product and serial number, by udev
    /// property, by serial number.
    fn rule(self, number: usize) -> Rule {
        let mut matcher = Matcher::default();
        let serial = format!("SERIAL{number}");
        match number % 4 {
            0 => matcher.port = Some(self.device(number).port.to_string().into()),
            1 => {
                matcher.vendor = Some("10c4".into());
                matcher.product = Some("ea60".into());
                matcher.serial = Some(serial.into());
            }
            2 => matcher.properties = vec![("ID_SERIAL_SHORT".into(), serial.into())],
            _ => matcher.serial = Some(serial.into()),
        }
        let options = RuleOptions {
            follow: (number % 8 == 1).then_some(Duration::from_secs(10)),
            yields: number % 8 == 3,
            ..RuleOptions::default()
        };
        Rule {
            name: None,
            origin: format!("/etc/virtplug/machines.d/machine-{number}.toml:4"),
            owner: self
                .owner(number)
                .map_or(Owner::Host, |machine| self.machine(machine).into()),
            matcher,
            options,
        }
    }

    pub fn policy(self) -> Policy {
        let machines = (0..self.machines).map(|number| self.machine(number));
        let rules = (0..self.devices).map(|number| self.rule(number));
        Policy::new(machines, rules.collect())
    }

    /// A running machine that has these devices.
    pub fn live(self, machine: usize, run: u32, devices: &[Device]) -> LiveMachine {
        let hostdev = |device: &Device| {
            let alias = OwnAlias {
                port: device.port.clone(),
                instance: device.instance,
                followed: false,
            };
            Hostdev {
                alias: Some(alias.to_string()),
                ids: Some((device.vendor, device.product)),
                address: Some(device.address),
                missing: false,
                guest_port: Some("0:1".into()),
            }
        };
        LiveMachine {
            run: RunId {
                uuid: Uuid((machine as u128 + 1).to_be_bytes()),
                id: run,
            },
            activity: Activity::Ready,
            paused: false,
            hostdevs: devices.iter().map(hostdev).collect(),
            ports: GuestPorts {
                controller: true,
                free: Some(15),
                used: [].into(),
            },
            disks: [].into(),
        }
    }

    /// The devices that belong to a machine.
    pub fn of_machine(self, machine: usize) -> Vec<Device> {
        let own = (machine..self.devices)
            .step_by(self.machines)
            .take(self.each);
        let own = own.filter(|number| number % HUB_AND_PORTS != 0);
        own.map(|number| self.device(number)).collect()
    }

    fn listing(self) -> Event {
        let lines = (0..self.machines).map(|number| MachineListing {
            machine: self.machine(number),
            uuid: Uuid((number as u128 + 1).to_be_bytes()),
            active: true,
        });
        Event::Machines(ConnectionUri::default(), lines.collect())
    }

    /// All devices.
    pub fn scan(self) -> Event {
        Event::Devices {
            present: (0..self.devices)
                .map(|number| self.device(number))
                .collect(),
            unreadable: Vec::new(),
        }
    }
}

impl World {
    /// A daemon that knows its rules and all machines, which run and have their
    /// devices from an earlier daemon. It has not seen any device yet.
    pub fn before_scan(size: Size) -> Self {
        let mut world = Self {
            engine: Engine::new(1),
            now: Time::default(),
            size,
        };
        world.tell(Event::Policy(size.policy()));
        world.tell(Event::Connected(ConnectionUri::default()));
        let numbers: BTreeMap<MachineKey, usize> = (0..size.machines)
            .map(|number| (size.machine(number), number))
            .collect();
        for action in world.tell(size.listing()) {
            if let Action::ReadMachine(machine) = action {
                let number = numbers[&machine];
                let live = size.live(number, 1, &size.of_machine(number));
                world.tell(Event::MachineRead(machine, MachineRead::Live(live)));
            }
        }
        world
    }

    /// The same, settled: every device was seen and is where it belongs.
    pub fn settled(size: Size) -> Self {
        let mut world = Self::before_scan(size);
        world.tell(size.scan());
        world.pass(60);
        assert!(world.engine.is_settled());
        let summary = world.engine.summary();
        assert_eq!((summary.waiting, summary.troubled.len()), (0, 0));
        world
    }

    pub fn tell(&mut self, event: Event) -> Vec<Action> {
        self.engine.handle(self.now, event)
    }

    /// Lets time pass, as without any event.
    pub fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.tell(Event::Tick);
    }
}
