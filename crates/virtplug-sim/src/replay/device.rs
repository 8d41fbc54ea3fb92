//! Rules of the kernel: ports, numbers and instances.

use std::collections::BTreeSet;

use virtplug_core::{Device, Event, TraceStep};

use super::Verdict;
use super::ledger::{Ledger, devices};
use crate::host::{FIRST_NUMBER, LAST_NUMBER};

/// In one scan; what events tell one by one may be of different moments.
pub(super) fn two_devices_share_nothing(_: &Ledger, step: &TraceStep) -> Verdict {
    let Event::Devices { present, .. } = &step.event else {
        return Ok(());
    };
    let mut ports = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    let mut instances = BTreeSet::new();
    for one in present {
        let alone = ports.insert(&one.port)
            && addresses.insert(one.address)
            && instances.insert(one.instance);
        if !alone {
            return Err(format!("{} is there twice", shown(one)));
        }
    }
    Ok(())
}

pub(super) fn an_instance_stays_what_it_is(ledger: &Ledger, step: &TraceStep) -> Verdict {
    for one in devices(&step.event) {
        let same = |other: &&Device| other.instance == one.instance;
        let Some(before) = ledger.devices.values().find(same) else {
            continue;
        };
        let of = |device: &Device| {
            (
                device.port.clone(),
                device.syspath.clone(),
                device.address,
                (device.vendor, device.product),
            )
        };
        if of(before) != of(one) {
            return Err(format!("{} was {}", shown(one), shown(before)));
        }
    }
    Ok(())
}

pub(super) fn an_instance_never_comes_back(ledger: &Ledger, step: &TraceStep) -> Verdict {
    for one in devices(&step.event) {
        if ledger.gone.contains(&one.instance) {
            return Err(format!("{} was gone", shown(one)));
        }
    }
    Ok(())
}

pub(super) fn a_number_fits_its_bus(_: &Ledger, step: &TraceStep) -> Verdict {
    for one in devices(&step.event) {
        let number = one.address.device.0;
        if one.address.bus != one.port.bus() || !(FIRST_NUMBER..=LAST_NUMBER).contains(&number) {
            return Err(shown(one));
        }
    }
    Ok(())
}

fn shown(device: &Device) -> String {
    let Device {
        port,
        instance,
        address,
        vendor,
        product,
        ..
    } = device;
    format!("{instance} at {port} with number {address}, {vendor}:{product}")
}
