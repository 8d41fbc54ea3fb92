//! Counting the USB ports of a machine, as libvirt counts them when it looks
//! for a free one (libvirt, `src/conf/domain_addr.c`, `virDomainUSBAddressFindFreePort`).

#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use roxmltree::Node;
use virtplug_core::{GuestPort, GuestPorts};

use crate::domain_xml::{guest_port, is, number};

/// Ports of a USB hub (`VIR_DOMAIN_USB_HUB_PORTS`).
const HUB_PORTS: u32 = 8;

/// Counts over the elements in `<devices>`. A hub adds its ports and, as a
/// device, uses one.
pub(crate) fn guest_ports(devices: &[Node<'_, '_>]) -> GuestPorts {
    let with_type = |name, kind| {
        devices
            .iter()
            .copied()
            .filter(move |node| is(*node, name) && node.attribute("type") == Some(kind))
    };
    let controllers: Vec<_> = with_type("controller", "usb")
        .filter(|controller| controller.attribute("model") != Some("none"))
        .collect();
    let hubs = with_type("hub", "usb").map(|_| Some(HUB_PORTS));
    let total = controllers
        .iter()
        .copied()
        .map(controller_ports)
        .chain(hubs)
        .try_fold(0_u32, |sum, ports| sum.checked_add(ports?));
    let taken: BTreeSet<_> = devices.iter().copied().filter_map(guest_port).collect();
    let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
    GuestPorts {
        controller: !controllers.is_empty(),
        free: total.map(|total| total.saturating_sub(count)),
        used: taken.into_iter().filter_map(port).collect(),
    }
}

/// A place that libvirt could have written; what makes no sense is no port that
/// a rule could ask for.
fn port((bus, chain): (u32, &str)) -> Option<GuestPort> {
    format!("{bus}:{chain}").parse().ok()
}

/// Ports of a controller by its model, where libvirt's table
/// (virDomainUSBAddressControllerModelToPorts) has it.
fn controller_ports(controller: Node<'_, '_>) -> Option<u32> {
    let or_given = |default| match controller.attribute("ports") {
        Some(_) => number(controller, "ports"),
        None => Some(default),
    };
    match controller.attribute("model") {
        None | Some("piix3-uhci" | "piix4-uhci" | "vt82c686b-uhci") => Some(2),
        Some("ehci" | "ich9-ehci1") => Some(6),
        // Companions, which bring the ports of ich9-ehci1 to slow devices.
        Some("ich9-uhci1" | "ich9-uhci2" | "ich9-uhci3") => Some(0),
        Some("pci-ohci") => Some(3),
        Some("nec-xhci" | "qemu-xhci") => or_given(4),
        Some("qusb1" | "qusb2") => or_given(8),
        Some(_) => None,
    }
}
