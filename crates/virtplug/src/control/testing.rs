//! Answers for tests of what carries them.

use super::ask::News;
use virtplug_ipc::{
    Belongs, BelongsKind, Counts, Device, DeviceState, Happened, Happening, HappeningKind, HostUse,
    HostUseKind, Status, VERSION,
};

pub(crate) fn device() -> DeviceState {
    DeviceState {
        device: Device {
            port: "1-1".to_owned(),
            stable_port: None,
            bus: 1,
            device: 2,
            vendor: "10c4".to_owned(),
            product: "ea60".to_owned(),
            class: "00:00:00".to_owned(),
            serial: Some("SECRET".to_owned()),
            manufacturer: None,
            product_name: Some("CP2102".to_owned()),
            authorized: Some(true),
            hub: false,
            in_use: Some(vec![HostUse {
                kind: HostUseKind::Mounted,
                text: "sda1 is mounted at /media/SECRET".to_owned(),
                refuses: true,
            }]),
        },
        known_as: "1-1".to_owned(),
        belongs: Belongs {
            kind: BelongsKind::Host,
            machine: None,
            rules: Vec::new(),
            by_hand: false,
            followed: false,
            reason: "no rule names it".to_owned(),
        },
        holders: Vec::new(),
        obstacle: None,
        flapping: None,
        driverless: false,
    }
}

pub(crate) fn status() -> Status {
    Status {
        version: VERSION,
        daemon: Some("0".to_owned()),
        healthy: true,
        problems: Vec::new(),
        deaf: false,
        connections: Vec::new(),
        counts: Counts::default(),
        paused: Vec::new(),
        switched: Vec::new(),
        devices: vec![device()],
    }
}

pub(crate) fn news() -> News {
    let open = Happened {
        version: VERSION,
        event: Happening {
            number: 1,
            time: 2,
            kind: HappeningKind::Connected,
            text: "connected".to_owned(),
            port: None,
            machine: None,
        },
        status: None,
    };
    News {
        hidden: open.clone(),
        open,
    }
}
