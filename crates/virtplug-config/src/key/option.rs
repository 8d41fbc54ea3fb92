//! Keys that say how devices are given.

use super::{Key, Kind, keys};

keys! {
    PRIORITY: "priority", "0.2",
        Kind::Integer { from: -1_000_000, to: 1_000_000, note: "" }, "a whole number",
        "priority = 10", Some("0"),
        "Where several owners ask for a device, the highest priority wins, then the most exact \
         device table.";
    YIELD: "yield", "0.2", Kind::Boolean, "`true` or `false`",
        "yield = true", Some("false"),
        "While the machine is not running, the next device table that matches gets the device.";
    PREEMPT: "preempt", "0.2", Kind::Boolean, "`true` or `false`",
        "preempt = true", Some("false"),
        "With `yield`: the machine takes the device back when it starts. Otherwise it waits until \
         the device is released.";
    COUNT: "count", "0.2", Kind::Integer { from: 1, to: 65535, note: "" }, "a whole number",
        "count = 2", None,
        "At most so many of the matching devices, for pools of equal ones. Without it, all of them.";
    FOLLOW: "follow", "0.2", Kind::Duration, "a time in quotes",
        r#"follow = "10s""#, None,
        "After a device of this table left its port, whatever appears there within this time belongs \
         to the same machine, for devices that come back as others (ms, s or min; at most an hour). \
         The `interfaces` of the table hold for it, too.";
    GUEST_PORT: "guest-port", "0.2", Kind::GuestPort, "a port of the machine in quotes",
        r#"guest-port = "0:3""#, None,
        "The USB port of the machine: the index of its controller, `:`, and the port. Without it, \
         libvirt chooses.";
    GUEST_RESET: "guest-reset", "0.2", Kind::Choice(&["off", "uninitialized", "on"]),
        "`off`, `uninitialized` or `on` in quotes",
        r#"guest-reset = "off""#, None,
        "Whether a reset by the machine reaches the device: never, only until it is configured, or \
         always. Without it, QEMU chooses.";
    START_MACHINE: "start-machine", "0.2", Kind::Boolean, "`true` or `false`",
        "start-machine = true", Some("false"),
        "Plugging the device in starts or resumes the machine. Unplugging never stops it.";
    ALLOW_IN_USE: "allow-in-use", "0.4", Kind::Boolean, "`true` or `false`",
        "allow-in-use = true", Some("false"),
        "The device is taken from the host even while the host uses it: mounted, swapped to, part of \
         a volume, with a network address. Data may be lost.";
    ENABLED: "enabled", "0.2", Kind::Boolean, "`true` or `false`",
        "enabled = false", Some("true"),
        "Whether the device table counts.";
    GROUP: "group", "0.2", Kind::Text, "text in quotes",
        r#"group = "desk""#, None,
        "A name for a set of device tables that are switched as one.";
}

/// All options of a device table of a machine.
pub(crate) const DEVICE_OPTIONS: [&Key; 11] = [
    &PRIORITY,
    &YIELD,
    &PREEMPT,
    &COUNT,
    &FOLLOW,
    &GUEST_PORT,
    &GUEST_RESET,
    &START_MACHINE,
    &ALLOW_IN_USE,
    &ENABLED,
    &GROUP,
];
