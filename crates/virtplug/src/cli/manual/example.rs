//! What the manual pages show to be typed. The devices and machines are those of the
//! lab's scenario that runs each of them.

/// A command line and what it is for.
type Example = (&'static str, &'static str);

/// Examples by the name of their page.
const ALL: &[(&str, &[Example])] = &[
    (
        "virtplug",
        &[
            ("What is plugged in, and whose it is:", "virtplug devices"),
            (
                "Write a rule for a stick that is plugged in, and use it:",
                "virtplug learn homeassistant --device A1 --yes",
            ),
            ("Why is it not where it should be?", "virtplug explain A1"),
        ],
    ),
    (
        "virtplug-daemon",
        &[
            (
                "By hand, with the log on the terminal, while the service is stopped:",
                "virtplug daemon --config /etc/virtplug/new.toml",
            ),
            (
                "With a record for a report of a bug:",
                "virtplug daemon --record /tmp/virtplug.trace",
            ),
        ],
    ),
    (
        "virtplug-check",
        &[
            (
                "The configuration of this host, held against what is plugged in:",
                "virtplug check",
            ),
            (
                "A file that is to become the configuration:",
                "virtplug check /etc/virtplug/new.toml",
            ),
            (
                "Where the devices of another host would go, by its dump of udev:",
                "virtplug check /etc/virtplug/new.toml --against dump.txt",
            ),
        ],
    ),
    (
        "virtplug-status",
        &[
            ("How things stand:", "virtplug status"),
            (
                "For a script that watches over the host:",
                "virtplug status --json",
            ),
        ],
    ),
    (
        "virtplug-devices",
        &[
            ("As a list:", "virtplug devices"),
            ("By ports and hubs:", "virtplug devices --tree"),
        ],
    ),
    (
        "virtplug-machines",
        &[("Machines with what they have:", "virtplug machines")],
    ),
    (
        "virtplug-rules",
        &[("Rules in the order of the files:", "virtplug rules")],
    ),
    (
        "virtplug-show",
        &[
            (
                "All that is known of a device, with what happened to it:",
                "virtplug show A1",
            ),
            ("The same of a machine:", "virtplug show homeassistant"),
        ],
    ),
    (
        "virtplug-explain",
        &[
            (
                "Each rule, each condition, what stands in the way:",
                "virtplug explain A1",
            ),
            (
                "What keeps a device out of this machine:",
                "virtplug explain A1 desktop",
            ),
        ],
    ),
    (
        "virtplug-hooks",
        &[("The instances of rules and devices:", "virtplug hooks")],
    ),
    (
        "virtplug-metrics",
        &[
            ("All of them:", "virtplug metrics"),
            (
                "For node_exporter, from a timer:",
                "virtplug metrics --textfile /var/lib/prometheus/node-exporter/virtplug.prom",
            ),
        ],
    ),
    (
        "virtplug-attach",
        &[
            (
                "To another machine than its rule says, until it is unplugged:",
                "virtplug attach A1 -D desktop",
            ),
            (
                "Wait for a stick that is not plugged in yet:",
                "virtplug attach A1 --wait 30s",
            ),
            ("What would be done:", "virtplug attach A1 --dry-run -v"),
        ],
    ),
    (
        "virtplug-detach",
        &[(
            "Keep a stick on the host for an update:",
            "virtplug detach A1",
        )],
    ),
    (
        "virtplug-attach-all",
        &[(
            "All that belongs to a machine:",
            "virtplug attach-all homeassistant",
        )],
    ),
    (
        "virtplug-detach-all",
        &[(
            "Before a backup of the machine:",
            "virtplug detach-all homeassistant",
        )],
    ),
    (
        "virtplug-release",
        &[
            ("The rules decide on it again:", "virtplug release A1"),
            ("The rules decide on all:", "virtplug release --all"),
        ],
    ),
    (
        "virtplug-switch",
        &[
            (
                "Keyboard, mouse and headset to another machine:",
                "virtplug switch desk desktop",
            ),
            ("To the host:", "virtplug switch desk host"),
            (
                "Back to the owners of the rules:",
                "virtplug switch desk --back",
            ),
        ],
    ),
    (
        "virtplug-pause",
        &[
            (
                "Hands off one machine, and its devices to the host:",
                "virtplug pause homeassistant --detach",
            ),
            ("Hands off everything:", "virtplug pause"),
        ],
    ),
    ("virtplug-resume", &[("Go on:", "virtplug resume")]),
    (
        "virtplug-rebind",
        &[(
            "After QEMU was killed, and `virtplug status` names the stick:",
            "virtplug rebind A1",
        )],
    ),
    (
        "virtplug-monitor",
        &[
            ("All that happens:", "virtplug monitor"),
            (
                "For a script that waits for what a machine gets:",
                "virtplug monitor --json --machine homeassistant --event attached",
            ),
        ],
    ),
    (
        "virtplug-watch",
        &[(
            "In a terminal of at least 80 columns; `q` ends it:",
            "virtplug watch",
        )],
    ),
    (
        "virtplug-learn",
        &[(
            "The rule for a stick that is plugged in, without writing it:",
            "virtplug learn homeassistant --device A1 --dry-run",
        )],
    ),
    (
        "virtplug-forget",
        &[(
            "Show what would be taken out:",
            "virtplug forget \"Zigbee stick\" --dry-run",
        )],
    ),
    (
        "virtplug-doctor",
        &[(
            "All that stands in the way, with what mends it:",
            "virtplug doctor",
        )],
    ),
    (
        "virtplug-completions",
        &[("For the shell that runs:", "virtplug completions bash")],
    ),
    (
        "virtplug-plan",
        &[(
            "Before a new configuration is used:",
            "virtplug plan --config /etc/virtplug/new.toml",
        )],
    ),
    (
        "virtplug-apply",
        &[(
            "Once, on a host where no daemon shall run:",
            "virtplug apply",
        )],
    ),
    (
        "virtplug-snippet",
        &[(
            "A device for a definition, into a file; what else there is to do comes to the terminal:",
            "virtplug snippet hostdev A1 > stick.xml",
        )],
    ),
    (
        "virtplug-snippet-hostdev",
        &[
            (
                "For a definition with the device in it from the start:",
                "virtplug snippet hostdev A1",
            ),
            (
                "For a machine that runs, at a port of its own there:",
                "virtplug snippet hostdev A1 --by address --guest-port 0:3",
            ),
        ],
    ),
    (
        "virtplug-snippet-qemu-args",
        &[(
            "Whatever is in the port that the stick is in now:",
            "virtplug snippet qemu-args A1",
        )],
    ),
    (
        "virtplug-snippet-udev-rule",
        &[(
            "With a link to the stick below /dev:",
            "virtplug snippet udev-rule A1 --symlink virtplug/A1",
        )],
    ),
    (
        "virtplug-snippet-cgroup-acl",
        &[(
            "For the link that the rule of udev makes:",
            "virtplug snippet cgroup-acl A1 --symlink virtplug/A1",
        )],
    ),
    (
        "virtplug-snippet-host-ignore",
        &[(
            "Keep ModemManager, udisks and others off:",
            "virtplug snippet host-ignore A1",
        )],
    ),
    (
        "virtplug-snippet-controller",
        &[(
            "What to put into the definition:",
            "virtplug snippet controller A1",
        )],
    ),
    (
        "virtplug-import",
        &[(
            "Look at what would come of it, before anything is written:",
            "virtplug import bbvirt /etc/bit-babbler",
        )],
    ),
    (
        "virtplug-import-bbvirt",
        &[(
            "Into a file, to be checked:",
            "virtplug import bbvirt /etc/bit-babbler/vm.conf --output new.toml",
        )],
    ),
    (
        "virtplug-import-whawty",
        &[(
            "The main file, and what is in machines.d beside it:",
            "virtplug import whawty /etc/libvirt-usb-hotplugd/config.yml --output new.toml",
        )],
    ),
    (
        "virtplug-import-usb-libvirt-hotplug",
        &[(
            "The rules, and the script that they run:",
            "virtplug import usb-libvirt-hotplug /etc/udev/rules.d /opt/usb-libvirt-hotplug.sh --output new.toml",
        )],
    ),
    (
        "virtplug-schema",
        &[
            (
                "For an editor that completes and checks the configuration:",
                "virtplug schema",
            ),
            (
                "The form of what `virtplug status --json` prints:",
                "virtplug schema --reply status",
            ),
        ],
    ),
];

/// Examples for other programs that speak with the daemon.
pub(super) const CONTROL: &[Example] = &[
    (
        "All methods and types, as the daemon tells them:",
        "varlinkctl introspect /run/virtplug/control.sock org.virtplug.Control",
    ),
    (
        "How things stand:",
        "varlinkctl call /run/virtplug/control.sock org.virtplug.Control.Status '{}'",
    ),
    (
        "What happens, as it happens:",
        "varlinkctl call --more /run/virtplug/control.sock org.virtplug.Control.Monitor '{}'",
    ),
];

/// The examples of a page.
pub(super) fn of(name: &str) -> &'static [Example] {
    let found = ALL.iter().find(|(page, _)| *page == name);
    found.map_or(&[], |(_, examples)| examples)
}

/// All lines that can be typed, with the pages.
pub(super) fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_page = |(page, examples): &(&'static str, &'static [Example])| {
        let page = *page;
        examples.iter().map(move |(_, line)| (page, *line))
    };
    ALL.iter().flat_map(of_page)
}
