use proptest::prelude::*;
use std::collections::BTreeSet;

use virtplug_core::{GuestPort, ProductId, VendorId};

use super::*;

const STATIC_AND_OWN: &str = include_str!("../../tests/fixtures/static-and-own.xml");
const NO_USB: &str = include_str!("../../tests/fixtures/no-usb.xml");
const ICH9_AND_HUB: &str = include_str!("../../tests/fixtures/ich9-and-hub.xml");
const ODD: &str = include_str!("../../tests/fixtures/odd.xml");

fn read(text: &str) -> DomainXml {
    DomainXml::read(text).unwrap()
}

fn devices(inner: &str) -> DomainXml {
    read(&format!("<domain><devices>{inner}</devices></domain>"))
}

fn used(ports: &[&str]) -> BTreeSet<GuestPort> {
    ports.iter().map(|port| port.parse().unwrap()).collect()
}

fn address(bus: u16, device: u8) -> HostAddress {
    HostAddress {
        bus: BusNumber(bus),
        device: DeviceNumber(device),
    }
}

#[test]
fn foreign_own_and_missing_hostdevs_are_told_apart() {
    let domain = read(STATIC_AND_OWN);
    assert_eq!(domain.id, Some(7));
    let ids = |vendor, product| Some((VendorId(vendor), ProductId(product)));
    assert_eq!(
        domain.hostdevs,
        [
            Hostdev {
                alias: Some("hostdev0".to_owned()),
                ids: ids(0x046d, 0xc52b),
                address: Some(address(1, 4)),
                missing: false,
                guest_port: Some("0:2".to_owned()),
            },
            Hostdev {
                alias: Some("ua-virtplug-3-2_4-0123456789abcdef".to_owned()),
                ids: ids(0x0627, 0x0001),
                address: Some(address(3, 22)),
                missing: false,
                guest_port: Some("0:3".to_owned()),
            },
            Hostdev {
                alias: Some("ua-virtplug-3-1-fedcba9876543210".to_owned()),
                ids: ids(0x0627, 0x0001),
                address: None,
                missing: true,
                guest_port: Some("0:4".to_owned()),
            },
        ]
    );
    let own: Vec<_> = domain
        .hostdevs
        .iter()
        .map(|hostdev| hostdev.own_alias().is_some())
        .collect();
    assert_eq!(own, [false, true, true]);
    // 15 ports; the tablet, three hostdevs and a redirected device use five.
    assert_eq!(
        domain.ports,
        GuestPorts {
            controller: true,
            free: Some(10),
            used: used(&["0:1", "0:2", "0:3", "0:4", "0:5"]),
        }
    );
}

#[test]
fn a_machine_without_usb_has_no_controller() {
    let domain = read(NO_USB);
    assert_eq!(domain.id, None);
    assert_eq!(domain.hostdevs, []);
    assert!(!domain.ports.controller);
}

#[test]
fn companions_share_ports_and_a_hub_adds_seven() {
    let domain = read(ICH9_AND_HUB);
    // 6 of ich9-ehci1 + 8 of the hub - hub, tablet, disk behind the hub.
    assert_eq!(
        domain.ports,
        GuestPorts {
            controller: true,
            free: Some(11),
            used: used(&["0:1", "0:2", "0:2.1"]),
        }
    );
}

#[test]
fn what_is_odd_is_tolerated_and_what_is_no_usb_is_left_out() {
    let domain = read(ODD);
    let shown: Vec<_> = domain
        .hostdevs
        .iter()
        .map(|h| (h.alias.as_deref(), h.ids.is_some(), h.address))
        .collect();
    assert_eq!(
        shown,
        [
            (Some("hostdev3"), false, Some(address(1, 22))),
            (Some("hostdev4"), true, None),
            (Some("hostdev5"), false, None),
            (None, false, None),
            (Some("hostdev7"), false, None),
            (Some("ua-'\"<&>"), false, Some(address(2, 127))),
        ]
    );
    // A controller that libvirt's table does not have.
    assert_eq!(
        domain.ports,
        GuestPorts {
            controller: true,
            free: None,
            used: used(&[]),
        }
    );
}

#[test]
fn numbers_are_read_as_libvirt_writes_them() {
    for (given, expected) in [
        ("bus='1' device='022'", Some(address(1, 22))),
        ("bus='010' device='9'", Some(address(10, 9))),
        ("bus='1' device='0x16'", None),
        ("bus='1' device='0'", None),
        ("bus='1' device='128'", None),
        ("bus='1' device='300'", None),
        ("bus='70000' device='1'", None),
        ("bus='-1' device='1'", None),
        ("bus='+1' device='1'", None),
        ("bus='' device=''", None),
        ("bus='2' port='1.3'", None),
    ] {
        let domain = devices(&format!(
            "<hostdev type='usb'><source><address {given}/></source></hostdev>"
        ));
        assert_eq!(domain.hostdevs[0].address, expected, "{given}");
    }
    for (given, expected) in [
        ("0x46D", Some(0x046d)),
        ("0x0001", Some(1)),
        ("0627", None),
        ("0x", None),
        ("0x0x1", None),
        ("0x12345", None),
        ("0xzz", None),
    ] {
        let domain = devices(&format!(
            "<hostdev type='usb'><source><vendor id='{given}'/><product id='{given}'/></source></hostdev>"
        ));
        let ids = expected.map(|id| (VendorId(id), ProductId(id)));
        assert_eq!(domain.hostdevs[0].ids, ids, "{given}");
    }
}

#[test]
fn controllers_have_the_ports_of_libvirts_table() {
    for (controller, free) in [
        ("", Some(2)),
        ("model='piix3-uhci'", Some(2)),
        ("model='ehci'", Some(6)),
        ("model='ich9-uhci2'", Some(0)),
        ("model='pci-ohci'", Some(3)),
        ("model='qemu-xhci'", Some(4)),
        ("model='nec-xhci' ports='8'", Some(8)),
        ("model='qemu-xhci' ports='x'", None),
        ("model='qusb2'", Some(8)),
        ("model='qemu-xhci' ports='4294967295'", Some(u32::MAX)),
        ("model='later'", None),
    ] {
        let domain = devices(&format!("<controller type='usb' {controller}/>"));
        assert!(domain.ports.controller, "{controller}");
        assert_eq!(domain.ports.free, free, "{controller}");
    }
    assert!(
        !devices("<controller type='usb' model='none'/>")
            .ports
            .controller
    );
    assert!(
        !devices("<controller type='pci' model='pcie-root'/>")
            .ports
            .controller
    );
}

#[test]
fn port_counts_neither_overflow_nor_go_below_zero() {
    let many = "<controller type='usb' model='qemu-xhci' ports='4294967295'/>".repeat(2);
    assert_eq!(devices(&many).ports.free, None);
    let crowded = "<controller type='usb' model='piix3-uhci'/>\
                   <input><address type='usb' bus='0' port='1'/></input>\
                   <input><address type='usb' bus='0' port='2'/></input>\
                   <input><address type='usb' bus='0' port='3'/></input>";
    assert_eq!(devices(crowded).ports.free, Some(0));
    let same = "<input><address type='usb' bus='0' port='1'/></input>".repeat(3);
    let twice = format!("<controller type='usb' model='ehci'/>{same}");
    assert_eq!(devices(&twice).ports.free, Some(5));
}

#[test]
fn every_device_on_usb_uses_its_port_and_nonsense_uses_none() {
    for element in [
        "hostdev",
        "redirdev",
        "input",
        "hub",
        "smartcard",
        "sound",
        "serial",
        "disk",
        "controller",
        "channel",
        "interface",
        "later",
    ] {
        let one = |address: &str| {
            let device = format!("<{element} type='x'><address {address}/></{element}>");
            devices(&device).ports.used
        };
        assert_eq!(one("type='usb' bus='0' port='1.4'"), used(&["0:1.4"]));
        assert_eq!(one("type='usb' bus='12' port='3'"), used(&["12:3"]));
        for nonsense in [
            "type='usb' bus='0' port='0'",
            "type='usb' bus='0' port=''",
            "type='usb' bus='0' port='256'",
            "type='usb' bus='0' port='1.2.3.4.5'",
            "type='usb' bus='0' port='1..2'",
            "type='usb' bus='0' port='-1'",
            "type='usb' bus='0' port='&#x661;'",
            "type='usb' bus='4294967296' port='1'",
            "type='usb' bus='x' port='1'",
            "type='usb' port='1'",
            "type='usb' bus='0'",
            "type='pci' bus='0' port='1'",
            "bus='0' port='1'",
        ] {
            assert_eq!(one(nonsense), used(&[]), "{element} {nonsense}");
        }
    }
}

#[test]
fn five_mebibytes_and_200_hostdevs_are_read() {
    let entry = "<hostdev mode='subsystem' type='usb'><source><vendor id='0x0627'/>\
                 <product id='0x0001'/><address bus='1' device='2'/></source></hostdev>";
    let noise = "<unknown attribute='value'><inner/></unknown>".repeat(50_000);
    let comment = "x".repeat(3 << 20);
    let text = format!(
        "<domain><metadata><!--{comment}-->{noise}</metadata><devices>{}</devices></domain>",
        entry.repeat(200)
    );
    assert!(text.len() > 5 << 20);
    assert_eq!(read(&text).hostdevs.len(), 200);
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let depth = 100_000;
    let text = format!(
        "<domain>{}{}</domain>",
        "<a>".repeat(depth),
        "</a>".repeat(depth)
    );
    assert_eq!(read(&text).hostdevs, []);
}

#[test]
fn what_is_no_domain_xml_is_an_error() {
    let malformed = |text: &str| {
        assert!(
            matches!(DomainXml::read(text), Err(DomainXmlError::Malformed(_))),
            "{text:.80}"
        );
    };
    malformed("");
    malformed("<domain>");
    malformed("<domain></domain><domain/>");
    malformed("<domain id='1' id='2'/>");
    malformed("<domain>&unknown;</domain>");
    malformed("<domain><qemu:commandline/></domain>");
    malformed("<!DOCTYPE domain [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><domain>&b;</domain>");
    malformed("<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain>&x;</domain>");
    malformed(&format!("<domain>{}</domain>", "<a/>".repeat(1 << 20)));
    assert_eq!(
        DomainXml::read("<domainsnapshot/>"),
        Err(DomainXmlError::NotADomain("domainsnapshot".to_owned()))
    );
    assert_eq!(
        DomainXml::read("<x:domain xmlns:x='urn:x'/>"),
        Err(DomainXmlError::NotADomain("domain".to_owned()))
    );
    assert_eq!(
        DomainXml::read(&" ".repeat(MAX_LENGTH + 1)),
        Err(DomainXmlError::TooLong(MAX_LENGTH + 1))
    );
}

/// Pieces that make a random text look like domain XML.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "<",
            ">",
            "/>",
            "</",
            "'",
            "\"",
            "&",
            ";",
            "=",
            "<domain>",
            "</domain>",
            "<devices>",
            "</devices>",
            "<hostdev type='usb'>",
            "</hostdev>",
            "<source missing='yes'>",
            "</source>",
            "<address bus='1' device='022'/>",
            "<address type='usb' bus='0' port=''/>",
            "<vendor id='0x",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?",
            "?>",
            "<!DOCTYPE",
            "&#0;",
            "&#x10ffff;",
            "xmlns:a='",
            "<controller type='usb' model='",
            "<hub type='usb'/>",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(parts in prop::collection::vec(fragment(), 0..40)) {
        let _ = DomainXml::read(&parts.concat());
    }

    #[test]
    fn no_inner_text_makes_the_reader_panic(parts in prop::collection::vec(fragment(), 0..20)) {
        let text = format!("<domain><devices>{}</devices></domain>", parts.concat());
        let _ = DomainXml::read(&text);
    }

    /// Real XML with a few spans overwritten.
    #[test]
    fn no_damage_makes_the_reader_panic(
        fixture in prop::sample::select(vec![STATIC_AND_OWN, ICH9_AND_HUB, ODD]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..30_usize, fragment()), 1..6),
    ) {
        let mut text: Vec<char> = fixture.chars().collect();
        for (place, length, new) in damage {
            let start = place.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, new.chars());
        }
        let _ = DomainXml::read(&text.into_iter().collect::<String>());
    }
}
