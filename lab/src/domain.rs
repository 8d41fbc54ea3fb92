//! The live XML of a machine.

use anyhow::{Context as _, Result};
use roxmltree::{Document, Node};

/// How the aliases of virtplug's own entries begin.
pub const OWN: &str = "ua-virtplug-";

/// A machine's state and definition.
#[derive(Debug, Clone)]
pub struct Domain {
    /// As `virsh domstate` says.
    pub state: String,
    /// Live XML, or the persistent one of a machine that is off.
    pub xml: String,
    /// Its USB host devices.
    pub hostdevs: Vec<Hostdev>,
}

/// One `<hostdev type='usb'>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostdev {
    /// Alias; libvirt's own are `hostdev0` and so on.
    pub alias: String,
    /// Bus and device number on the host.
    pub address: Option<(u16, u16)>,
    /// libvirt did not find the device on the host.
    pub missing: bool,
    /// Port of the machine's own controller.
    pub guest_port: Option<String>,
    /// The entry as it is written.
    pub xml: String,
}

impl Hostdev {
    /// Whether the entry is virtplug's.
    pub fn is_own(&self) -> bool {
        self.alias.starts_with(OWN)
    }
}

impl Domain {
    /// Reads state and XML.
    pub fn parse(state: &str, xml: String) -> Result<Self> {
        let document = Document::parse(xml.trim()).context("XML of a machine")?;
        let hostdevs = document
            .descendants()
            .filter(|node| node.has_tag_name("hostdev") && node.attribute("type") == Some("usb"))
            .map(hostdev)
            .collect();
        Ok(Self {
            state: state.trim().to_owned(),
            hostdevs,
            xml,
        })
    }

    /// Whether the machine runs or is paused.
    pub fn is_live(&self) -> bool {
        self.state != "shut off" && self.state != "crashed"
    }

    /// The entries that are virtplug's.
    pub fn own(&self) -> impl Iterator<Item = &Hostdev> {
        self.hostdevs.iter().filter(|hostdev| hostdev.is_own())
    }
}

fn hostdev(node: Node<'_, '_>) -> Hostdev {
    let source = child(node, "source");
    let address = source.and_then(|source| child(source, "address"));
    let number = |name| address?.attribute(name)?.parse::<u16>().ok();
    let text = |name, attribute| child(node, name)?.attribute(attribute).map(str::to_owned);
    Hostdev {
        alias: text("alias", "name").unwrap_or_default(),
        address: number("bus").zip(number("device")),
        missing: source.is_some_and(|source| source.attribute("missing") == Some("yes")),
        guest_port: text("address", "port"),
        xml: node
            .document()
            .input_text()
            .get(node.range())
            .unwrap_or_default()
            .to_owned(),
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hostdevs() {
        let xml = "<domain><devices>
            <hostdev mode='subsystem' type='pci'/>
            <hostdev mode='subsystem' type='usb'>
              <source startupPolicy='optional' missing='yes'>
                <vendor id='0x0403'/><address bus='2' device='17'/>
              </source>
              <alias name='ua-virtplug-2-1-0123456789abcdef'/>
              <address type='usb' bus='0' port='3'/>
            </hostdev>
            <hostdev mode='subsystem' type='usb'>
              <source><vendor id='0x0627'/></source><alias name='hostdev0'/>
            </hostdev></devices></domain>";
        let domain = Domain::parse("running\n", xml.to_owned()).unwrap();
        let [ours, foreign] = domain.hostdevs.as_slice() else {
            panic!("{domain:?}")
        };
        assert!(ours.is_own() && ours.missing);
        assert_eq!(
            (ours.address, ours.guest_port.as_deref()),
            (Some((2, 17)), Some("3"))
        );
        assert!(!foreign.is_own() && !foreign.missing);
        assert_eq!(foreign.address, None);
        assert!(foreign.xml.starts_with("<hostdev") && foreign.xml.ends_with("</hostdev>"));
    }
}
