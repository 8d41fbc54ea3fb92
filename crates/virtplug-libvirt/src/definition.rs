//! What the definition of a machine says about USB: with this it starts the
//! next time, whatever is in it now.

#![forbid(unsafe_code)]

use roxmltree::Node;
use virtplug_core::{GuestPorts, Hostdev};

use crate::domain_xml::{DomainXml, DomainXmlError, is, with_devices};

/// The part of a definition that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its USB controllers; an entry that says that there is none is left out.
    pub controllers: Vec<UsbController>,
    /// All USB hostdevs, in the order of the XML.
    pub hostdevs: Vec<Hostdev>,
    /// Guest USB ports.
    pub ports: GuestPorts,
}

/// A USB controller of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbController {
    /// Its model. `None`: the one that the machine type brings.
    pub model: Option<String>,
}

impl Definition {
    /// Reads the XML of a domain.
    pub fn read(text: &str) -> Result<Self, DomainXmlError> {
        let DomainXml {
            hostdevs, ports, ..
        } = DomainXml::read(text)?;
        let controllers = with_devices(text, |_, devices| {
            devices.iter().copied().filter_map(controller).collect()
        })?;
        Ok(Self {
            controllers,
            hostdevs,
            ports,
        })
    }
}

fn controller(node: Node<'_, '_>) -> Option<UsbController> {
    let usb = is(node, "controller") && node.attribute("type") == Some("usb");
    let model = node.attribute("model");
    (usb && model != Some("none")).then(|| UsbController {
        model: model.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_and_entries_of_a_definition_are_read() {
        let definition = Definition::read(
            "<domain><devices>\
             <controller type='usb' model='qemu-xhci' ports='15'/>\
             <controller type='usb'/>\
             <controller type='pci' model='pcie-root'/>\
             <hostdev mode='subsystem' type='usb'><source>\
             <vendor id='0x10c4'/><product id='0xea60'/></source></hostdev>\
             </devices></domain>",
        )
        .unwrap();
        let models: Vec<_> = definition
            .controllers
            .iter()
            .map(|c| c.model.as_deref())
            .collect();
        assert_eq!(models, [Some("qemu-xhci"), None]);
        assert_eq!(definition.hostdevs.len(), 1);
        assert!(definition.ports.controller);

        let none = "<domain><devices><controller type='usb' model='none'/></devices></domain>";
        assert_eq!(Definition::read(none).unwrap().controllers, []);
        assert!(Definition::read("<x/>").is_err());
    }
}
