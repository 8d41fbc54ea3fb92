//! What the manual pages say beyond the definition of the command line.

/// A heading and what stands below it. "`WORD`: text" becomes an item.
type Section = (&'static str, &'static [&'static str]);

/// Sections by the name of their page.
const SECTIONS: &[(&str, &[Section])] = &[
    (
        "virtplug",
        &[
            (
                "NAMES OF DEVICES",
                &[
                    "A device is named by its serial number, `vendor:product` (10c4:ea60), `bus:device` in decimal (3:7), port (3-2.4), \
                     stable port, the name of its rule, or a part of the product's name. A name that fits several is an error that lists them.",
                ],
            ),
            (
                "ENVIRONMENT",
                &[
                    "`NO_COLOR`: No colours.",
                    "`VIRTPLUG_SOCKET`: The control socket. Without it commands ask the daemon that you run yourself, if there is one \
                     ($XDG_RUNTIME_DIR/virtplug/control.sock), and else that of the system.",
                    "`VIRTPLUG_LOG`: What the daemon logs: `error`, `warn`, `info` (the default) or `debug`.",
                ],
            ),
            (
                "FILES",
                &[
                    "`/etc/virtplug/virtplug.toml`: The configuration; virtplug.toml(5).",
                    "`/etc/virtplug/machines.d/NAME.toml`: A machine in a file of its own.",
                    "`/run/virtplug/control.sock`: The control socket; virtplug-control(7).",
                    "`~/.config/virtplug/`, `$XDG_RUNTIME_DIR/virtplug/control.sock`: The same for a daemon that a user runs for machines of \
                     qemu:///session; virtplug-daemon(8).",
                ],
            ),
        ],
    ),
    (
        "virtplug-daemon",
        &[
            (
                "HOW IT WORKS",
                &[
                    "The daemon hears from udev and libvirt what changes, decides by the rules what belongs where, and attaches and detaches what \
                     differs. It never writes the definition of a machine: what it attaches is in the live machine only, and carries an alias that \
                     begins with `ua-virtplug-`. Entries without it are never touched.",
                    "It keeps nothing that outlives the boot. After a kill or a restart it reads from the live machines what is attached, and goes \
                     on. Its end detaches nothing.",
                    "While nothing happens it does nothing, but for a keepalive of libvirt's every 5 s on each connection. With `WatchdogSec=` in the unit \
                     it also tells systemd twice in that time that its loop runs, and is started anew where it does not.",
                ],
            ),
            (
                "SIGNALS",
                &[
                    "`SIGHUP`: Reads the configuration again. With a mistake in it the old one stays.",
                    "`SIGTERM`, `SIGINT`: Ends within five seconds; devices stay where they are.",
                ],
            ),
            (
                "JOURNAL",
                &[
                    "Each line says in `VIRTPLUG_EVENT` what kind of line it is, and in `MESSAGE_ID` the same as a number that never changes. \
                     `journalctl \\-x` explains each kind: what happened and what to do next. Lines have these fields where they concern such:",
                    "`VIRTPLUG_DEVICE`: The port of the device.",
                    "`VIRTPLUG_MACHINE`: The machine, as the configuration names it.",
                    "`VIRTPLUG_CONNECTION`: The URI of the connection to libvirt, also that of the machine.",
                    "`VIRTPLUG_INSTANCE`: The enumeration of the device: another one after each reset and replug.",
                    "`VIRTPLUG_ALIAS`: The entry in the live machine.",
                    "`VIRTPLUG_RULE`: The rule that gives the device to the machine: its name, or its file and line.",
                    "`VIRTPLUG_GROUP`: A group of rules.",
                    "`VIRTPLUG_REASON`: Why it happened, or the error.",
                    "`VIRTPLUG_ATTEMPT`: Which try it was, from 1.",
                    "`VIRTPLUG_REACTION_US`, `VIRTPLUG_ADDED_US`: Microseconds from the event of udev to the call, and until libvirt said that the device is \
                     there; absent where no event of udev led to an attach.",
                    "`VIRTPLUG_CONNECTS`, `VIRTPLUG_ATTACHED`, `VIRTPLUG_DETACHED`, `VIRTPLUG_FAILED`: What happened at a port while it flapped.",
                    "`VIRTPLUG_RULES`, `VIRTPLUG_MACHINES`: How many the configuration has.",
                    "`VIRTPLUG_UID`: The user who was refused.",
                    "`VIRTPLUG_LINES`: How many lines were lost.",
                    "What happened to a device, with explanations: `journalctl \\-x VIRTPLUG_DEVICE=3\\-2.4`. What a machine got: \
                     `journalctl VIRTPLUG_MACHINE=homeassistant VIRTPLUG_EVENT=attached`.",
                ],
            ),
            (
                "RIGHTS",
                &[
                    "The unit runs as the user `virtplug` in the group `libvirt`, without any capability. libvirt opens the devices. Where the kernel \
                     has landlock, the daemon also gives up its rights on files that it does not need.",
                ],
            ),
            (
                "MACHINES OF A USER",
                &[
                    "For machines of qemu:///session each user runs a daemon of their own: `systemctl \\-\\-user enable \\-\\-now virtplug`. It reads \
                     ~/.config/virtplug/virtplug.toml and machines.d beside it, and speaks with this user and root only; groups do not count. \
                     Commands that this user runs ask it as long as it runs. The daemon of the system goes on beside it.",
                    "QEMU opens the device as the user, who usually may not. `virtplug explain` and `virtplug doctor` say so; \
                     `virtplug snippet udev\\-rule DEVICE \\-\\-group GROUP` prints the udev rule that mends it.",
                    "Where no libvirtd of the user runs, the daemon has one started, which outlives it (`KillMode=process`).",
                ],
            ),
            (
                "FILES",
                &[
                    "`/run/virtplug/daemon/control.sock`: The socket itself; /run/virtplug/control.sock leads there.",
                    "`~/.config/virtplug/virtplug.toml`, `$XDG_RUNTIME_DIR/virtplug/`: The configuration, the socket and the orders with `\\-\\-user`.",
                    "`/run/virtplug/daemon/orders.json`: What was decided by hand. It outlives the daemon, not the boot.",
                ],
            ),
        ],
    ),
    (
        "virtplug-hooks",
        &[
            (
                "TARGETS",
                &[
                    "`virtplug\\-attached@INSTANCE.target`: Active from the attach until the device leaves its machine. After a reset or a replug it \
                     is started anew.",
                    "`virtplug\\-detached@INSTANCE.target`: Active from then until the next attach.",
                    "`virtplug\\-conflict@INSTANCE.target`: Active as long as several owners claim the device; one for each machine that does.",
                    "Units of yours hang on them by `WantedBy=`, in templates for all instances (`WantedBy=virtplug\\-attached@.target`) or for one. `%I` \
                     is then MACHINE/DEVICE. What shall end with the attachment says `PartOf=virtplug\\-attached@INSTANCE.target`; what shall run at \
                     each attach is of `Type=oneshot` without `RemainAfterExit=`.",
                    "What happened while the service or the daemon was away is made up from what is so then. A restart tells nothing twice.",
                ],
            ),
            (
                "INSTANCES",
                &[
                    "Several devices with one name in one machine share an instance: attached is started anew for each that comes, detached when the last \
                     one left. An instance of more than 180 bytes is cut and ends in an underscore and sixteen digits. Control characters in \
                     names count as virtplug shows them, a backslash as two.",
                ],
            ),
            (
                "RIGHTS",
                &[
                    "`virtplug\\-hooks.service` is off until it is enabled. It runs as the user `virtplug\\-hooks`, which the daemon lets see how things \
                     stand (`read\\-groups` in virtplug.toml(5)), and which polkit lets start and stop these targets and nothing else.",
                ],
            ),
            (
                "FILES",
                &[
                    "`/run/virtplug\\-hooks/told.json`: What systemd was told. It outlives the service, not the boot.",
                ],
            ),
        ],
    ),
];

/// Exit codes, with what they mean.
pub(super) const EXIT_STATUS: &[(&str, &str)] = &[
    ("`0`", "Done."),
    ("`1`", "Something failed; messages say what."),
    ("`2`", "Wrong usage."),
    ("`4`", "No permission."),
    ("`7`", "The daemon is not running."),
    ("`78`", "The configuration is wrong or missing."),
];

/// virtplug-control(7) before its methods.
pub(super) const CONTROL: &[Section] = &[
    (
        "DESCRIPTION",
        &[
            "Programs speak with the daemon by Varlink, over the Unix socket /run/virtplug/control.sock, where the interface \
             `org.virtplug.Control` is. A message is JSON that ends with a NUL, of 1 MiB at most. Each command of virtplug(1) that looks or \
             steers is one of these calls, and prints with `\\-\\-json` what the call answers.",
            "Each reply has a `version`. Additions keep it; a change of meaning raises it. Readers must pass over what they do not know. \
             Strings of devices are escaped, so they hold no control characters.",
        ],
    ),
    (
        "RIGHTS",
        &[
            "The daemon sees by the socket who calls. Root may do everything; `[control]` in virtplug.toml(5) says which groups may see and which \
             may steer (both: libvirt and virtplug, unless it is changed; virtplug-hooks and virtplug-metrics may see), and whether those who may only see are shown serial numbers.",
        ],
    ),
    (
        "LIMITS",
        &[
            "At most 512 clients at once, of which some places are root's. A message that is begun must be complete within 30 s. Who does not read \
             what is sent is cut off.",
        ],
    ),
];

/// The sections of a page that no other source tells.
pub(super) fn of(name: &str) -> &'static [Section] {
    let found = SECTIONS.iter().find(|(page, _)| *page == name);
    found.map_or(&[], |(_, sections)| sections)
}

/// Where to read on.
pub(super) fn see_also(name: &str) -> String {
    let pages = [
        ("virtplug", 1),
        ("virtplug.toml", 5),
        ("virtplug-control", 7),
        ("virtplug-daemon", 8),
    ];
    let others = pages.iter().filter(|(page, _)| *page != name);
    let others: Vec<String> = others
        .map(|(page, section)| format!("`{page}`({section})"))
        .collect();
    others.join(", ")
}
