//! Packet: one event of udev, and what to look at because of it.

use std::ffi::OsStr;

use virtplug_core::PortPath;

/// The fields of an event that matter. They only say where to look, never what
/// is there: events may be late, doubled or made up by `udevadm trigger`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) action: Option<&'a OsStr>,
    pub(crate) subsystem: Option<&'a OsStr>,
    pub(crate) devtype: Option<&'a OsStr>,
    /// Path below `/sys`, such as `/devices/pci0000:00/0000:00:14.0/usb1/1-2`.
    pub(crate) devpath: Option<&'a OsStr>,
}

/// What to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    Nothing,
    Port(PortPath),
    /// The device at the port was told to have changed, not to have come or gone.
    Change(PortPath),
    Everything,
}

impl<'a> Packet<'a> {
    pub(crate) fn of(event: &'a udev::Event) -> Self {
        Self {
            action: event.property_value("ACTION"),
            subsystem: event.property_value("SUBSYSTEM"),
            devtype: event.property_value("DEVTYPE"),
            devpath: event.property_value("DEVPATH"),
        }
    }

    /// Decides what to read again.
    pub(crate) fn look(self) -> Look {
        let text = |field: Option<&'a OsStr>| field.and_then(OsStr::to_str);
        if text(self.subsystem) != Some("usb") || text(self.devtype) != Some("usb_device") {
            return Look::Nothing;
        }
        match text(self.action) {
            // Attaching and detaching cause these; acting on them would be a loop.
            Some("bind" | "unbind") => return Look::Nothing,
            // The port that it had before may be empty now.
            Some("move") => return Look::Everything,
            _ => {}
        }
        let changed = text(self.action) == Some("change");
        let name = text(self.devpath).and_then(|path| path.rsplit('/').next());
        match name.map(str::parse) {
            Some(Ok(port)) if changed => Look::Change(port),
            Some(Ok(port)) => Look::Port(port),
            _ if name.is_some_and(is_root_hub) => Look::Nothing,
            _ => Look::Everything,
        }
    }
}

/// Whether this is the sysfs name of a root hub, such as `usb3`.
fn is_root_hub(name: &str) -> bool {
    name.strip_prefix("usb")
        .is_some_and(|bus| !bus.is_empty() && bus.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn packet<'a>(action: &'a str, devpath: &'a str) -> Packet<'a> {
        Packet {
            action: Some(OsStr::new(action)),
            subsystem: Some(OsStr::new("usb")),
            devtype: Some(OsStr::new("usb_device")),
            devpath: Some(OsStr::new(devpath)),
        }
    }

    fn port(text: &str) -> Look {
        Look::Port(text.parse().unwrap())
    }

    #[test]
    fn any_action_but_binding_says_look_again() {
        for action in ["add", "remove", "online", "offline", "", "new"] {
            assert_eq!(
                packet(action, "/devices/x/usb1/1-2/1-2.4").look(),
                port("1-2.4")
            );
        }
        assert_eq!(
            packet("change", "/devices/x/usb1/1-2").look(),
            Look::Change("1-2".parse().unwrap())
        );
        for action in ["bind", "unbind"] {
            assert_eq!(packet(action, "/devices/x/usb1/1-2").look(), Look::Nothing);
        }
        assert_eq!(
            packet("move", "/devices/x/usb1/1-2").look(),
            Look::Everything
        );
        let nameless = Packet {
            action: None,
            ..packet("", "/devices/usb3/3-1.2.3.4.5.6")
        };
        assert_eq!(nameless.look(), port("3-1.2.3.4.5.6"));
    }

    #[test]
    fn only_usb_devices_count() {
        let with = |subsystem, devtype| {
            let packet = Packet {
                subsystem,
                devtype,
                ..packet("add", "/devices/usb1/1-2")
            };
            packet.look()
        };
        let [usb, device, interface, block] =
            ["usb", "usb_device", "usb_interface", "block"].map(|text| Some(OsStr::new(text)));
        assert_eq!(with(usb, device), port("1-2"));
        assert_eq!(with(usb, interface), Look::Nothing);
        assert_eq!(with(block, device), Look::Nothing);
        assert_eq!(with(usb, None), Look::Nothing);
        assert_eq!(with(None, device), Look::Nothing);
        assert_eq!(packet("add", "/devices/x/usb1").look(), Look::Nothing);
    }

    #[test]
    fn a_name_that_cannot_be_placed_says_look_at_all() {
        for devpath in [
            "",
            "/",
            "/devices/usb",
            "/devices/usbx",
            "/devices/1-",
            "1-2\n",
        ] {
            assert_eq!(
                packet("add", devpath).look(),
                Look::Everything,
                "{devpath:?}"
            );
        }
        for devpath in [None, Some(OsStr::from_bytes(b"/devices/\xff"))] {
            let packet = Packet {
                devpath,
                ..packet("add", "")
            };
            assert_eq!(packet.look(), Look::Everything);
        }
    }
}
