//! The hostdev entry that is handed to libvirt.

#![forbid(unsafe_code)]

use std::io;

use quick_xml::Writer;
use virtplug_core::{AttachRequest, GuestReset};

/// Writes the entry for a device: its vendor and product, which libvirt checks
/// against the address, its address, and our alias as the mark of ownership.
/// With them go the port of the guest and what a reset by the guest does, where
/// a rule asks for it. Only numbers, a word of libvirt's and the alias go in, nothing
/// that a device says of itself. No
/// number is padded: libvirt reads `022` as octal here, though it writes decimal.
///
/// `startupPolicy='optional'` lets a saved machine start when the device has
/// gone meanwhile; the price is that libvirt may attach nothing and report
/// success, with `missing='yes'` in the live XML.
pub fn hostdev_xml(request: &AttachRequest) -> io::Result<String> {
    let vendor = format!("0x{}", request.vendor);
    let product = format!("0x{}", request.product);
    let bus = request.address.bus.to_string();
    let device = request.address.device.to_string();
    let alias = request.alias.to_string();

    let guest_reset = request.guest_reset.map(GuestReset::as_str);
    let source_attributes = [("startupPolicy", "optional")]
        .into_iter()
        .chain(guest_reset.map(|word| ("guestReset", word)));
    let guest_port = request
        .guest_port
        .as_ref()
        .map(|port| (port.bus.to_string(), port.chain()));

    let mut writer = Writer::new(Vec::new());
    writer
        .create_element("hostdev")
        .with_attributes([("mode", "subsystem"), ("type", "usb"), ("managed", "yes")])
        .write_inner_content(|hostdev| {
            hostdev
                .create_element("source")
                .with_attributes(source_attributes)
                .write_inner_content(|source| {
                    source
                        .create_element("vendor")
                        .with_attribute(("id", vendor.as_str()))
                        .write_empty()?;
                    source
                        .create_element("product")
                        .with_attribute(("id", product.as_str()))
                        .write_empty()?;
                    source
                        .create_element("address")
                        .with_attributes([("bus", bus.as_str()), ("device", device.as_str())])
                        .write_empty()?;
                    Ok(())
                })?;
            hostdev
                .create_element("alias")
                .with_attribute(("name", alias.as_str()))
                .write_empty()?;
            if let Some((bus, port)) = &guest_port {
                hostdev
                    .create_element("address")
                    .with_attributes([
                        ("type", "usb"),
                        ("bus", bus.as_str()),
                        ("port", port.as_str()),
                    ])
                    .write_empty()?;
            }
            Ok(())
        })?;
    String::from_utf8(writer.into_inner()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use virtplug_core::{
        BusNumber, ConnectionUri, DeviceNumber, GuestPort, HostAddress, InstanceId, MachineKey,
        OwnAlias, PortPath, ProductId, VendorId,
    };

    use super::*;
    use crate::DomainXml;

    fn request(
        port: PortPath,
        instance: u64,
        (vendor, product): (u16, u16),
        (bus, device): (u16, u8),
    ) -> AttachRequest {
        AttachRequest {
            machine: MachineKey::new(ConnectionUri::default(), "'/><evil a=\"<&"),
            alias: OwnAlias {
                port,
                instance: InstanceId(instance),
                followed: false,
            },
            syspath: "/sys/devices/'/><evil".to_owned(),
            vendor: VendorId(vendor),
            product: ProductId(product),
            address: HostAddress {
                bus: BusNumber(bus),
                device: DeviceNumber(device),
            },
            guest_port: None,
            guest_reset: None,
            allow_in_use: false,
        }
    }

    #[test]
    fn the_entry_has_exactly_this_text() {
        let request = request(
            "3-2.4".parse().unwrap(),
            0x0123_4567_89ab_cdef,
            (0x627, 1),
            (3, 22),
        );
        assert_eq!(
            hostdev_xml(&request).unwrap(),
            "<hostdev mode=\"subsystem\" type=\"usb\" managed=\"yes\">\
             <source startupPolicy=\"optional\">\
             <vendor id=\"0x0627\"/><product id=\"0x0001\"/>\
             <address bus=\"3\" device=\"22\"/>\
             </source>\
             <alias name=\"ua-virtplug-3-2_4-0123456789abcdef\"/>\
             </hostdev>"
        );
    }

    #[test]
    fn a_guest_port_and_a_reset_are_written_where_they_are_asked_for() {
        let mut request = request("1-1".parse().unwrap(), 1, (0x627, 1), (1, 2));
        request.guest_port = Some("0:3.1".parse().unwrap());
        for (reset, word) in GuestReset::ALL
            .into_iter()
            .zip(["off", "uninitialized", "on"])
        {
            request.guest_reset = Some(reset);
            assert_eq!(
                hostdev_xml(&request).unwrap(),
                format!(
                    "<hostdev mode=\"subsystem\" type=\"usb\" managed=\"yes\">\
                     <source startupPolicy=\"optional\" guestReset=\"{word}\">\
                     <vendor id=\"0x0627\"/><product id=\"0x0001\"/>\
                     <address bus=\"1\" device=\"2\"/>\
                     </source>\
                     <alias name=\"ua-virtplug-1-1-0000000000000001\"/>\
                     <address type=\"usb\" bus=\"0\" port=\"3.1\"/>\
                     </hostdev>"
                )
            );
        }
    }

    proptest! {
        /// What is written reads back as what was meant.
        #[test]
        fn the_entry_reads_back(
            bus in 1..500_u16,
            ports in prop::collection::vec(1..=127_u8, 1..=6),
            instance: u64,
            ids: (u16, u16),
            address in (1..500_u16, 1..=127_u8),
            guest_port in prop::option::of((0..40_u32, prop::collection::vec(1..=255_u8, 1..=4))),
            guest_reset in prop::option::of(prop::sample::select(GuestReset::ALL.to_vec())),
        ) {
            let chain: Vec<_> = ports.iter().map(u8::to_string).collect();
            let port = format!("{bus}-{}", chain.join(".")).parse().unwrap();
            let mut request = request(port, instance, ids, address);
            request.guest_port = guest_port.map(|(bus, ports)| GuestPort { bus, ports });
            request.guest_reset = guest_reset;
            let entry = hostdev_xml(&request).unwrap();
            let domain = format!("<domain><devices>{entry}</devices></domain>");
            let domain = DomainXml::read(&domain).unwrap();
            let used: Vec<_> = domain.ports.used.into_iter().collect();
            prop_assert_eq!(used.first(), request.guest_port.as_ref());
            let hostdevs = domain.hostdevs;
            prop_assert_eq!(hostdevs.len(), 1);
            prop_assert_eq!(hostdevs[0].own_alias(), Some(request.alias));
            prop_assert_eq!(hostdevs[0].ids, Some((request.vendor, request.product)));
            prop_assert_eq!(hostdevs[0].address, Some(request.address));
            prop_assert!(!hostdevs[0].missing);
        }
    }
}
