//! What the live XML of a machine says about USB devices (libvirt, "Domain XML
//! format").

#![forbid(unsafe_code)]

mod disks;

use std::collections::BTreeSet;
use std::str::FromStr;

use disks::disks;
use roxmltree::{Document, Node, ParsingOptions};
use thiserror::Error;
use virtplug_core::{BusNumber, DeviceNumber, GuestPorts, HostAddress, Hostdev};

use crate::guest_ports::guest_ports;

/// Longest text that is read, in bytes. libvirt's protocol carries strings of
/// at most 4 MiB (`REMOTE_STRING_MAX`); the test driver has no limit.
const MAX_LENGTH: usize = 16 << 20;

/// Most nodes that are read; a node takes about 70 bytes of memory. A machine
/// with 200 hostdevs has some 5,000.
const MAX_NODES: u32 = 1 << 20;

/// The part of a domain's XML that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainXml {
    /// libvirt's domain id; only the XML of an active machine has one.
    pub id: Option<u32>,
    /// All USB hostdevs, in the order of the XML.
    pub hostdevs: Vec<Hostdev>,
    /// Guest USB ports.
    pub ports: GuestPorts,
    /// The files of the host's block devices that are disks of it.
    pub disks: BTreeSet<String>,
}

/// Why a text is no domain XML.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DomainXmlError {
    /// Longer than anything that libvirt sends.
    #[error("the domain XML has {0} bytes, more than {MAX_LENGTH}")]
    TooLong(usize),
    /// Not well-formed, or with a DTD, or with too many nodes.
    #[error("the domain XML cannot be read: {0}")]
    Malformed(String),
    /// The outermost element is another one.
    #[error("expected <domain>, found <{0}>")]
    NotADomain(String),
}

impl DomainXml {
    /// Reads the XML of a domain. Entries that are no USB hostdevs are left
    /// out; parts of an entry that are missing or make no sense are `None`.
    pub fn read(text: &str) -> Result<Self, DomainXmlError> {
        with_devices(text, |domain, devices| Self {
            id: number(domain, "id"),
            hostdevs: devices.iter().copied().filter_map(hostdev).collect(),
            ports: guest_ports(devices),
            disks: devices.iter().copied().flat_map(disks).collect(),
        })
    }
}

/// Reads the XML of a domain: its outermost element and those in `<devices>`.
pub(crate) fn with_devices<T>(
    text: &str,
    read: impl FnOnce(Node<'_, '_>, &[Node<'_, '_>]) -> T,
) -> Result<T, DomainXmlError> {
    if text.len() > MAX_LENGTH {
        return Err(DomainXmlError::TooLong(text.len()));
    }
    let options = ParsingOptions {
        // Entities are of no use in libvirt's XML and can expand without end.
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        entity_resolver: None,
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| DomainXmlError::Malformed(error.to_string()))?;
    let domain = document.root_element();
    if !is(domain, "domain") {
        return Err(DomainXmlError::NotADomain(
            domain.tag_name().name().to_owned(),
        ));
    }
    let devices: Vec<_> = children(domain, "devices")
        .flat_map(|devices| devices.children())
        .filter(Node::is_element)
        .collect();
    Ok(read(domain, &devices))
}

fn hostdev(entry: Node<'_, '_>) -> Option<Hostdev> {
    let usb = is(entry, "hostdev")
        && entry.attribute("type") == Some("usb")
        && entry.attribute("mode").unwrap_or("subsystem") == "subsystem";
    if !usb {
        return None;
    }
    let source = child(entry, "source");
    let part = |name| source.and_then(|source| child(source, name));
    let vendor = part("vendor").and_then(|vendor| hex(vendor, "id"));
    let product = part("product").and_then(|product| hex(product, "id"));
    Some(Hostdev {
        alias: child(entry, "alias")
            .and_then(|alias| alias.attribute("name"))
            .map(str::to_owned),
        ids: vendor.zip(product),
        address: part("address").and_then(host_address),
        missing: source.is_some_and(|source| source.attribute("missing") == Some("yes")),
        guest_port: guest_port(entry).map(|(bus, port)| format!("{bus}:{port}")),
    })
}

/// `bus` and `device` are decimal, however many zeros lead.
fn host_address(address: Node<'_, '_>) -> Option<HostAddress> {
    let device: u8 = number(address, "device")?;
    (1..=127).contains(&device).then_some(HostAddress {
        bus: BusNumber(number(address, "bus")?),
        device: DeviceNumber(device),
    })
}

/// The guest's `bus` and `port` of a device that sits on USB in the guest.
pub(crate) fn guest_port<'a>(device: Node<'a, '_>) -> Option<(u32, &'a str)> {
    let address = children(device, "address").find(|a| a.attribute("type") == Some("usb"))?;
    let port = address.attribute("port")?;
    // "0" is libvirt's word for a port that is not chosen yet.
    (!port.is_empty() && port != "0").then_some((number(address, "bus")?, port))
}

/// Whether this is an element of libvirt's own, which have no namespace.
pub(crate) fn is(node: Node<'_, '_>, name: &str) -> bool {
    let tag = node.tag_name();
    node.is_element() && tag.namespace().is_none() && tag.name() == name
}

fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| is(*child, name))
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| is(*child, name))
}

/// A decimal attribute, digits only.
pub(crate) fn number<T: FromStr>(node: Node<'_, '_>, name: &str) -> Option<T> {
    let text = node.attribute(name)?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// An id that libvirt writes as `0x` and hex digits. Without the `0x` libvirt
/// would mean a decimal or octal number; it never writes one.
fn hex<T: FromStr>(node: Node<'_, '_>, name: &str) -> Option<T> {
    let digits = node.attribute(name)?.strip_prefix("0x")?;
    // A second prefix would be taken by the parser of the ids.
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| digits.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests;
