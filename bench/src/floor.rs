//! The least client that could do the work: it knows machine and port, and only
//! fills in the address that the kernel gave.

use anyhow::{Context as _, Result};
use udev::{Event, EventType};
use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys::VIR_DOMAIN_AFFECT_LIVE;

use crate::listening::{Teller, each_event};

/// The text of the entry, apart from what is only known when the device is there.
const ENTRY: &str = "<hostdev mode='subsystem' type='usb' managed='yes'>\
    <source startupPolicy='optional'><vendor id='0xVENDOR'/><product id='0xPRODUCT'/>\
    <address bus='BUS' device='DEVICE'/></source><alias name='ua-floor'/></hostdev>";

pub(crate) fn run(machine: &str, port: &str, kernel: bool) -> Result<()> {
    let connection = Connect::open(Some("qemu:///system"))?;
    let domain = Domain::lookup_by_name(&connection, machine)?;
    let teller = if kernel { Teller::Kernel } else { Teller::Udev };
    let sockets = [teller.listen()?];
    println!("ready");
    let mut entry = String::new();
    each_event(&sockets, |_, event| {
        if event.sysname() != port {
            return Ok(());
        }
        match event.event_type() {
            EventType::Add => {
                entry = filled_in(event)?;
                domain.attach_device_flags(&entry, VIR_DOMAIN_AFFECT_LIVE)?;
            }
            EventType::Remove => {
                domain.detach_device_flags(&entry, VIR_DOMAIN_AFFECT_LIVE)?;
            }
            _ => {}
        }
        Ok(())
    })
}

/// The entry of the device of an event. Only numbers go in.
fn filled_in(event: &Event) -> Result<String> {
    let property = |name: &str| {
        event
            .property_value(name)
            .and_then(|value| value.to_str())
            .with_context(|| format!("an event without {name}"))
    };
    // Such as 403/6001/400, in hexadecimal.
    let mut ids = property("PRODUCT")?.split('/');
    let mut id = || -> Result<String> {
        let text = ids.next().context("an event without ids")?;
        Ok(format!("{:04x}", u16::from_str_radix(text, 16)?))
    };
    let (vendor, product) = (id()?, id()?);
    let number = |name: &str| -> Result<String> { Ok(property(name)?.parse::<u16>()?.to_string()) };
    Ok(ENTRY
        .replace("VENDOR", &vendor)
        .replace("PRODUCT", &product)
        .replace("BUS", &number("BUSNUM")?)
        .replace("DEVICE", &number("DEVNUM")?))
}
