//! Fixed replies for snapshot tests: a healthy host, one with troubles, a hostile one.

mod answers;
mod hostile;
mod machines;

use virtplug_ipc::{
    Belongs, BelongsKind, Connection, Counts, Device, DeviceList, DeviceState, Group, Holder,
    MachineName, Obstacle, ObstacleKind, Paused, RuleName, Status, VERSION,
};

pub(crate) use answers::{changed, event, explained, shown_device};
pub(crate) use hostile::hostile;
pub(crate) use machines::{machine_list, rule_list, shown_machine};

pub(crate) fn machine(name: &str) -> MachineName {
    MachineName {
        machine: name.into(),
        connection: "qemu:///system".into(),
    }
}

pub(crate) fn rule(name: Option<&str>, line: u32, owner: Option<&str>) -> RuleName {
    RuleName {
        name: name.map(Into::into),
        origin: format!("/etc/virtplug/virtplug.toml:{line}"),
        machine: owner.map(machine),
    }
}

pub(crate) fn device(port: &str, number: u8, serial: Option<&str>, name: &str) -> Device {
    Device {
        port: port.into(),
        stable_port: Some(format!("pci-0000:00:14.0/{}", &port[2..])),
        bus: port[..1].parse().unwrap(),
        device: number,
        vendor: "10c4".into(),
        product: "ea60".into(),
        class: "00:00:00".into(),
        serial: serial.map(Into::into),
        manufacturer: Some("Silicon Labs".into()),
        product_name: Some(name.into()),
        authorized: Some(true),
        hub: false,
        in_use: Some(Vec::new()),
    }
}

fn hub(port: &str, number: u8) -> DeviceState {
    let mut hub = device(port, number, None, "");
    (hub.vendor, hub.product) = ("05e3".into(), "0610".into());
    (hub.manufacturer, hub.product_name) = (None, None);
    hub.class = "09:00:01".into();
    hub.hub = true;
    on_host(hub)
}

pub(crate) fn on_host(device: Device) -> DeviceState {
    DeviceState {
        known_as: device.port.clone(),
        device,
        belongs: Belongs {
            kind: BelongsKind::Host,
            machine: None,
            rules: Vec::new(),
            by_hand: false,
            followed: false,
            reason: "no rule names it".into(),
        },
        holders: Vec::new(),
        obstacle: None,
        flapping: None,
        driverless: false,
    }
}

/// In its machine if there is no obstacle.
fn assigned(device: Device, to: &str, obstacle: Option<Obstacle>) -> DeviceState {
    let rule = rule(Some("modem"), 7, Some(to));
    DeviceState {
        known_as: "modem".into(),
        belongs: Belongs {
            kind: BelongsKind::Machine,
            machine: Some(machine(to)),
            rules: vec![rule],
            by_hand: false,
            followed: false,
            reason: format!(
                "rule \"modem\" at /etc/virtplug/virtplug.toml:7 gives it to machine {to}"
            ),
        },
        holders: match obstacle {
            None => vec![Holder {
                machine: machine(to),
                own: true,
            }],
            Some(_) => Vec::new(),
        },
        obstacle,
        ..on_host(device)
    }
}

fn decided(device: Device, kind: BelongsKind, reason: &str) -> DeviceState {
    let mut state = on_host(device);
    state.belongs.kind = kind;
    state.belongs.reason = reason.into();
    state
}

fn obstacle(kind: ObstacleKind, reason: &str, trouble: bool, retry_ms: Option<u64>) -> Obstacle {
    Obstacle {
        kind,
        reason: reason.into(),
        trouble,
        failures: u32::from(retry_ms.is_some()) * 3,
        retry_ms,
    }
}

pub(crate) fn off() -> DeviceState {
    assigned(
        device(
            "3-2.4",
            9,
            Some("O1"),
            "CP2102 USB to UART Bridge Controller",
        ),
        "beta",
        Some(obstacle(
            ObstacleKind::MachineOff,
            "the machine is off",
            false,
            None,
        )),
    )
}

pub(crate) fn failing() -> DeviceState {
    assigned(
        device("3-3", 11, Some("0001"), "CP2102N"),
        "alpha",
        Some(obstacle(
            ObstacleKind::Retry,
            "try 3 failed and will be repeated: device 003:011 is in use (libvirt error 55)",
            true,
            Some(11_300),
        )),
    )
}

/// Two in their machine, one waits.
pub(crate) fn healthy_devices() -> DeviceList {
    let mut follower = assigned(device("4-2.1", 4, None, "Boot loader"), "alpha", None);
    follower.belongs.followed = true;
    DeviceList {
        version: VERSION,
        devices: vec![
            assigned(device("3-1", 5, Some("A1"), "CP2102"), "alpha", None),
            hub("3-2", 7),
            on_host(device("3-2.1", 8, None, "Keyboard")),
            off(),
            follower,
        ],
    }
}

/// Each decision and obstacle that lists tell apart.
pub(crate) fn troubled_devices() -> DeviceList {
    let plain = |port, number, name| device(port, number, None, name);
    let conflict = "equally strong rules give it to several owners: alpha (rule at /etc/virtplug/virtplug.toml:15), beta (rule at /etc/virtplug/virtplug.toml:19); give one of them a higher `priority`";
    let spare = "rule \"pool\" at /etc/virtplug/virtplug.toml:43 gives as many devices as its `count` of 2 allows";
    let hub_kept = "it is never given to machine alpha: it is a hub, and what is behind it would vanish from the host";
    let mut by_hand = decided(
        plain("3-10", 16, "Security Key"),
        BelongsKind::Kept,
        "somebody keeps it on the host by hand; `virtplug release 3-10` lets the rules decide again",
    );
    by_hand.belongs.by_hand = true;
    let mut foreign = assigned(
        plain("3-6", 14, "Webcam"),
        "alpha",
        Some(obstacle(
            ObstacleKind::ForeignEntry,
            "machine beta has it by an entry that is not ours",
            true,
            None,
        )),
    );
    foreign.holders = vec![Holder {
        machine: machine("beta"),
        own: false,
    }];
    let mut leaving = on_host(plain("3-11", 19, "Tablet"));
    leaving.holders = vec![Holder {
        machine: machine("alpha"),
        own: true,
    }];
    let gone = obstacle(
        ObstacleKind::NoSuchMachine,
        "libvirt knows no machine of this name",
        true,
        None,
    );
    let down = obstacle(
        ObstacleKind::NoConnection,
        "not connected to libvirt: no socket",
        true,
        Some(4_000),
    );
    let mut refused = hub("3-2", 7);
    refused.belongs.kind = BelongsKind::Refused;
    refused.belongs.reason = hub_kept.into();
    DeviceList {
        version: VERSION,
        devices: vec![
            assigned(device("3-1", 5, Some("A1"), "CP2102"), "alpha", None),
            refused,
            off(),
            failing(),
            decided(plain("3-4", 12, "FT232R"), BelongsKind::Conflict, conflict),
            decided(plain("3-5", 13, "FT232R"), BelongsKind::Spare, spare),
            foreign,
            assigned(plain("3-7", 15, "Scanner"), "gamma", Some(gone)),
            decided(
                plain("3-8", 17, "Stick"),
                BelongsKind::Unknown,
                "its serial number cannot be read now",
            ),
            assigned(plain("3-9", 18, "Dongle"), "alpha", Some(down)),
            by_hand,
            leaving,
        ],
    }
}

pub(crate) fn healthy_status() -> Status {
    Status {
        version: VERSION,
        daemon: Some("0.2.0".into()),
        healthy: true,
        problems: Vec::new(),
        deaf: false,
        connections: vec![Connection {
            connection: "qemu:///system".into(),
            up: true,
            listed: true,
            reason: None,
            retry_ms: None,
        }],
        counts: Counts {
            devices: 5,
            attached: 2,
            waiting: 1,
            machines: 2,
            running: 1,
            rules: 3,
            ..Counts::default()
        },
        paused: Vec::new(),
        switched: Vec::new(),
        devices: owned(healthy_devices()),
    }
}

fn owned(list: DeviceList) -> Vec<DeviceState> {
    let mut devices = list.devices;
    devices.retain(|state| state.belongs.kind != BelongsKind::Host || !state.holders.is_empty());
    devices
}

pub(crate) fn troubled_status() -> Status {
    Status {
        healthy: false,
        problems: vec![
            "not connected to libvirt at qemu+ssh://host.example/system: no route to host".into(),
            "3-3 (10c4:ea60 Silicon Labs CP2102N) is not in machine alpha: try 3 failed and will be repeated: device 003:011 is in use (libvirt error 55)".into(),
        ],
        deaf: false,
        connections: vec![
            Connection {
                connection: "qemu+ssh://host.example/system".into(),
                up: false,
                listed: false,
                reason: Some("no route to host".into()),
                retry_ms: Some(64_000),
            },
            Connection {
                connection: "qemu:///session".into(),
                up: false,
                listed: false,
                reason: None,
                retry_ms: None,
            },
        ],
        counts: Counts {
            devices: 11,
            attached: 1,
            waiting: 1,
            troubled: 4,
            conflicts: 1,
            machines: 3,
            running: 1,
            rules: 8,
        },
        paused: vec![
            Paused {
                machine: Some(machine("beta")),
                detached: true,
            },
            Paused {
                machine: None,
                detached: false,
            },
        ],
        switched: vec![Group {
            group: "desk".into(),
            switched: true,
            machine: Some(machine("beta")),
            devices: vec!["3-2.4".into(), "3-3".into()],
        }],
        devices: owned(troubled_devices()),
        ..healthy_status()
    }
}

pub(crate) fn empty_status() -> Status {
    Status {
        daemon: None,
        counts: Counts::default(),
        deaf: false,
        connections: Vec::new(),
        devices: Vec::new(),
        ..healthy_status()
    }
}
