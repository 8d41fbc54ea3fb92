//! `virtplug snippet hostdev`.

use std::io;

use virtplug_core::{Device, GuestPort};

use super::Snippet;
use super::args::By;
use super::describe::{describe, ports};
use super::identity::twins;
use super::xml::{Xml, document};

/// The `<hostdev>` for a machine's definition or for `virsh attach-device`.
pub(super) fn write(
    device: &Device,
    present: &[Device],
    by: By,
    guest_port: Option<&GuestPort>,
) -> io::Result<Snippet> {
    let mut notes = Vec::new();
    let mut comment = format!("{}: {}", describe(device), limit(by));
    let others = ports(twins(device, present));
    if by == By::Product && !others.is_empty() {
        let warning = format!(
            "{others} has the same vendor and product, and libvirt refuses to choose; \
             name it by address or let virtplug attach it"
        );
        comment = format!("{comment}. WARNING: {warning}");
        notes.push(format!("warning: {warning}"));
    }
    let text = document(&comment, |xml| entry(xml, device, by, guest_port))?;
    Ok(Snippet { text, notes })
}

fn limit(by: By) -> &'static str {
    match by {
        By::Product => {
            "libvirt looks for this vendor and product when the machine starts or the entry is \
             attached, and not again after a replug"
        }
        By::Address => {
            "the device number changes with each replug and each boot, so this is for attaching \
             it now, not for a definition that stays"
        }
    }
}

/// Vendor and product stand there in both forms: with an address, libvirt
/// then refuses another product that has got the number meanwhile. No number is
/// padded, because libvirt reads `022` as octal.
fn entry(xml: &mut Xml, device: &Device, by: By, guest_port: Option<&GuestPort>) -> io::Result<()> {
    let vendor = format!("0x{}", device.vendor);
    let product = format!("0x{}", device.product);
    let bus = device.address.bus.to_string();
    let number = device.address.device.to_string();
    xml.create_element("hostdev")
        .with_attributes([("mode", "subsystem"), ("type", "usb"), ("managed", "yes")])
        .write_inner_content(|hostdev| {
            hostdev
                .create_element("source")
                .with_attribute(("startupPolicy", "optional"))
                .write_inner_content(|source| {
                    let ids = [("vendor", vendor.as_str()), ("product", product.as_str())];
                    for (name, id) in ids {
                        source
                            .create_element(name)
                            .with_attribute(("id", id))
                            .write_empty()?;
                    }
                    if by == By::Address {
                        let address = [("bus", bus.as_str()), ("device", number.as_str())];
                        source
                            .create_element("address")
                            .with_attributes(address)
                            .write_empty()?;
                    }
                    Ok(())
                })?;
            if let Some(guest) = guest_port {
                let (bus, port) = (guest.bus.to_string(), guest.chain());
                let address = [
                    ("type", "usb"),
                    ("bus", bus.as_str()),
                    ("port", port.as_str()),
                ];
                hostdev
                    .create_element("address")
                    .with_attributes(address)
                    .write_empty()?;
            }
            Ok(())
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::snippet::fixture::{device, devices};

    fn written(port: &str, by: By, guest: Option<&str>) -> Snippet {
        let present = devices();
        let guest = guest.map(|port| port.parse().unwrap());
        write(device(&present, port), &present, by, guest.as_ref()).unwrap()
    }

    #[test]
    fn a_plain_device_by_product() {
        insta::assert_snapshot!(written("3-1", By::Product, None));
    }

    #[test]
    fn by_address_with_a_port_in_the_machine() {
        insta::assert_snapshot!(written("3-1", By::Address, Some("0:1.2")));
    }

    #[test]
    fn a_twin_is_warned_of() {
        insta::assert_snapshot!(written("3-2.1", By::Product, None));
        assert!(written("3-2.1", By::Address, None).notes.is_empty());
    }

    #[test]
    fn hostile_strings_stay_in_the_comment() {
        let mut all = String::new();
        for port in ["3-5", "7-1"] {
            let text = written(port, By::Product, None).text;
            let parsed = Document::parse(&text).unwrap();
            let elements = parsed.descendants().filter(roxmltree::Node::is_element);
            let names: Vec<_> = elements.map(|node| node.tag_name().name()).collect();
            assert_eq!(names, ["hostdev", "source", "vendor", "product"], "{text}");
            all += &text;
        }
        insta::assert_snapshot!(all);
    }
}
