//! What the manual page says beside the keys.

/// Folders of the configuration, the one that counts most first.
pub(super) const FOLDERS: [&str; 3] = ["/etc/virtplug", "/run/virtplug", "/usr/lib/virtplug"];

pub(super) const NAME: &str = "virtplug.toml - which USB devices belong to which libvirt machine";

pub(super) const DESCRIPTION: &[&str] = &[
    "These files say which USB devices of the host belong to which libvirt machine. Virtplug \
     attaches a device to its machine whenever both are there, and removes it when it is unplugged.",
    "The format is TOML (https://toml.io), in UTF-8, at most 1 MiB for each file. An unknown key is \
     a mistake. With a mistake anywhere, the whole configuration is refused: a daemon that runs \
     keeps its old rules, and one that starts ends with exit code 78.",
    "`virtplug check` shows all mistakes with their places. `virtplug plan` shows what would be \
     attached and detached, and why. `virtplug devices` shows the devices that are plugged in, with \
     their values for the conditions below. `systemctl reload virtplug` makes the daemon read the \
     files again.",
];

pub(super) const FILES_THAT_COUNT: &[&str] = &[
    "The main file is the first `virtplug.toml` that exists in `/etc/virtplug`, `/run/virtplug` and \
     `/usr/lib/virtplug`. Another main file can be named with `--config`; the folder `machines.d` \
     beside it counts then, and no other.",
    "Each file in `machines.d` describes one machine, which is named as the file without `.toml`. Of \
     files with the same name in the three folders only the first counts, in that order. All that \
     count are read sorted by the bytes of their names. Names that begin with a dot or do not end in \
     `.toml` are ignored.",
    "A machine's own file replaces the machine of the same name in the main file as a whole. An \
     empty file, or a link to `/dev/null`, only hides: what the main file and the folders after its \
     own say of the machine counts no longer.",
    "Root reads only files and folders that belong to root and that nobody else can write to.",
];

pub(super) const MACHINE: &[&str] = &[
    "A machine is a table `[machines.NAME]` of the main file, or a file of its own with the same keys \
     at its top level. NAME is the name in libvirt, or the UUID of the machine. A name with other \
     characters than letters, digits, `-` and `_` needs quotes: `[machines.\"win 10\"]`.",
];

pub(super) const HOST: &[&str] = &[
    "Devices that match such a table stay on the host, also if a weaker table of a machine matches \
     them.",
];

pub(super) const DEFAULTS: &str = "They hold in all files for each machine and each device table \
     that does not say otherwise. For the host's device tables only the options count that these \
     may have.";

pub(super) const CONTROL: &[&str] = &[
    "`[control]` of the main file says who may speak with the daemon, whose socket is \
     `/run/virtplug/control.sock`. Root may do everything. What changes here holds from the next \
     call on, also for connections that are open.",
];

pub(super) const DEVICE_TABLES: &[&str] = &[
    "A device table stands for the devices that match all of its conditions, wherever they are \
     plugged in. It needs one condition at least. Hubs are never attached.",
    "What cannot be read of a device at the moment is unknown: the device is neither attached nor \
     detached because of it, until it can be read.",
];

pub(super) const CONDITIONS: &[&str] =
    &["These keys stand in device tables, and in the tables that `not`, `any` and `behind` hold."];

pub(super) const PATTERNS: &[&str] = &[
    "Where a condition takes a pattern, the text can be replaced by a table with exactly one of these \
     keys, and by a list of texts and such tables, of which one must hold. Upper and lower case \
     differ. Bytes that are not UTF-8 are seen as U+FFFD.",
];

pub(super) const INTERFACES: &[&str] = &[
    "The table of `interfaces` has at least one of these keys. Each that it has must hold. Seen are the \
     interfaces of all configurations and alternate settings of the device.",
];

pub(super) const OPTIONS: &[&str] =
    &["These keys say how the devices of a table are given to the machine."];

pub(super) const RANKING: &[&str] = &[
    "Where device tables of several owners (machines, or the host) match a device, the one with the \
     highest `priority` wins. Of those with the same priority the most exact one wins. From the most \
     to the least exact they name:",
];

pub(super) const RANKS: [&str; 6] = [
    "a port, and a serial number or vendor and product",
    "a port (`port`, `stable-port`, or `bus` with `device`)",
    "a serial number with vendor and product",
    "a serial number",
    "vendor and product",
    "anything else",
];

pub(super) const AFTER_RANKING: &[&str] = &[
    "Only exact texts count, not patterns. Of the alternatives in `any` the least exact one counts.",
    "When two owners remain, nobody gets the device, and `virtplug plan` names both tables.",
];

pub(super) const EDITORS: &[&str] = &[
    "`virtplug schema` prints a JSON schema of the main file, `virtplug schema --drop-in` that of a \
     machine's own file. Editors that know such schemas can complete keys and mark mistakes. Those \
     with taplo, such as Even Better TOML, find it by a first line like",
];

pub(super) const EDITOR_LINE: &str = "#:schema /usr/share/virtplug/virtplug.schema.json";

pub(super) const FILES: [(&str, &str); 4] = [
    (
        "/etc/virtplug/virtplug.toml",
        "The main file of the administrator.",
    ),
    (
        "/etc/virtplug/machines.d/NAME.toml",
        "What the administrator says of a machine.",
    ),
    (
        "/run/virtplug/machines.d/NAME.toml",
        "What holds for a machine until the next boot.",
    ),
    (
        "/usr/lib/virtplug/machines.d/NAME.toml",
        "What a package says of a machine.",
    ),
];

pub(super) const SEE_ALSO: &str = "`virsh`(1), `lsusb`(8), `udevadm`(8), `systemctl`(1), `udev`(7)";
