//! `virtplug snippet qemu-args`.

use std::io;

use serde::Serialize;
use virtplug_core::Device;

use super::Snippet;
use super::describe::describe;
use super::xml::{document, write_comment};

/// The namespace that libvirt takes QEMU's own arguments from.
const NAMESPACE: &str = "http://libvirt.org/schemas/domain/qemu/1.0";

/// The device of QEMU. In JSON, as libvirt itself gives it the USB controller:
/// QEMU makes all devices that are written in its older form first, and then
/// finds no bus for this one.
#[derive(Debug, Serialize)]
struct UsbHost {
    driver: &'static str,
    hostbus: u16,
    hostport: String,
}

/// QEMU's argument for whatever sits in the device's port, as it stands in a
/// domain.
pub(super) fn write(device: &Device) -> io::Result<Snippet> {
    let chain: Vec<String> = device.port.ports().iter().map(u8::to_string).collect();
    let usb_host = UsbHost {
        driver: "usb-host",
        hostbus: device.port.bus().0,
        hostport: chain.join("."),
    };
    let argument = serde_json::to_string(&usb_host)?;
    let comment = format!(
        "{}: whatever is in this port belongs to the machine, from its next start; libvirt knows \
         nothing of it, so permission, cgroup and AppArmor are yours to arrange, and another \
         boot may give the bus another number",
        describe(device)
    );
    let text = document(&comment, |xml| {
        xml.create_element("domain")
            .with_attribute(("xmlns:qemu", NAMESPACE))
            .write_inner_content(|domain| {
                write_comment(
                    domain,
                    "add the attribute above to your domain, and this as its last element",
                )?;
                domain
                    .create_element("qemu:commandline")
                    .write_inner_content(|arguments| {
                        for value in ["-device", argument.as_str()] {
                            arguments
                                .create_element("qemu:arg")
                                .with_attribute(("value", value))
                                .write_empty()?;
                        }
                        Ok(())
                    })
                    .map(drop)
            })
            .map(drop)
    })?;
    let notes = vec![
        "note: QEMU must be able to open the device: see `virtplug snippet udev-rule` and \
         `virtplug snippet cgroup-acl`; where AppArmor confines QEMU, add `/dev/bus/usb/** rw,` to \
         /etc/apparmor.d/local/abstractions/libvirt-qemu"
            .to_owned(),
        format!(
            "note: this is for QEMU 6.2 and newer; an older one takes `{},hostbus={},hostport={}`",
            usb_host.driver, usb_host.hostbus, usb_host.hostport
        ),
        "note: libvirt gives a machine a /dev of its own when it starts; a device that is plugged in \
         again later is not in it, unless /etc/libvirt/qemu.conf says `namespaces = []`"
            .to_owned(),
    ];
    Ok(Snippet { text, notes })
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::snippet::fixture::{device, devices};

    #[test]
    fn the_port_is_named_as_qemu_names_it() {
        insta::assert_snapshot!(write(device(&devices(), "3-2.4")).unwrap());
    }

    #[test]
    fn the_arguments_are_in_the_namespace() {
        for port in ["3-5", "7-1"] {
            let text = write(device(&devices(), port)).unwrap().text;
            let parsed = Document::parse(&text).unwrap();
            let values: Vec<_> = parsed
                .descendants()
                .filter(|node| node.has_tag_name((NAMESPACE, "arg")))
                .filter_map(|node| node.attribute("value"))
                .collect();
            let (bus, chain) = port.split_once('-').unwrap();
            let wanted = format!(r#"{{"driver":"usb-host","hostbus":{bus},"hostport":"{chain}"}}"#);
            assert_eq!(values, ["-device", &wanted]);
        }
    }
}
