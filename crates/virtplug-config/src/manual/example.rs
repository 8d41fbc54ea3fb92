//! The examples of the manual page.

/// A configuration and what it is for.
pub(super) struct Example {
    pub(super) about: &'static str,
    pub(super) text: &'static str,
    /// Whether it is a machine's own file; otherwise it is a main file.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the test reads each as what it is")
    )]
    pub(super) drop_in: bool,
}

pub(super) const ALL: [Example; 7] = [
    Example {
        about: "A stick by its identity, and whatever is plugged into one socket:",
        text: r#"
[[machines.homeassistant.device]]
name = "Zigbee stick"
vendor = "10c4"
product = "ea60"
serial = "0001"

[[machines.homeassistant.device]]
name = "lower front socket"
stable-port = "pci-0000:00:14.0-usb-0:2"
"#,
        drop_in: false,
    },
    Example {
        about: "The same machine by its UUID, in a file of its own, \
                `/etc/virtplug/machines.d/homeassistant.toml`:",
        text: r#"
uuid = "5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c"

[[device]]
name = "UPS"
env = { ID_MODEL = { glob = "Smart-UPS*" } }
"#,
        drop_in: true,
    },
    Example {
        about: "Two of several equal sticks for each of two machines:",
        text: r#"
[defaults]
count = 2

[[machines.build-1.device]]
vendor = "0781"
product = "5583"
priority = 1

[[machines.build-2.device]]
vendor = "0781"
product = "5583"
"#,
        drop_in: false,
    },
    Example {
        about: "A scanner that one machine lends to another one while it is not running:",
        text: r#"
[[machines.office.device]]
serial = "SC-1"
priority = 10
yield = true
preempt = true

[[machines.archive.device]]
serial = "SC-1"
"#,
        drop_in: false,
    },
    Example {
        about: "A telephone that comes back as another device while it is updated:",
        text: r#"
[[machines.win10.device]]
vendor = "18d1"
product = "4ee7"
follow = "30s"
"#,
        drop_in: false,
    },
    Example {
        about: "All that hangs on a hub, except for storage, which stays where it is:",
        text: r#"
[[machines.desk.device]]
behind = { vendor = "05e3", product = "0610" }
not = { interfaces = "08" }
"#,
        drop_in: false,
    },
    Example {
        about: "All keyboards and mice for a machine, except for the administrator's own:",
        text: r#"
[[host.device]]
name = "my own keyboard"
vendor = "046d"
product = "c52b"
port = "3-1"

[[machines.kiosk.device]]
interfaces = ["03:01:01", "03:01:02"]
"#,
        drop_in: false,
    },
];
