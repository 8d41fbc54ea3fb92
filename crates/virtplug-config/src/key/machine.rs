//! Keys of the main file, of machines, and the names of tables.

use super::{
    ALL_CONDITIONS, CONTROL, DEVICE_OPTIONS, ENABLED, GROUP, Key, Kind, NAME, Needs, PRIORITY,
    Shape, keys,
};

keys! {
    MACHINES: "machines", "0.1", Kind::Named(&MACHINE), "a table of machines",
        "[machines.NAME]", None,
        "The machines, by the names that `virsh list --all` shows. A name that is a UUID means the \
         machine with that UUID.";
    HOST: "host", "0.2", Kind::Table(&HOST_TABLE), "a table",
        "[[host.device]]", None,
        "The devices that stay on the host.";
    DEFAULTS: "defaults", "0.2", Kind::Table(&DEFAULTS_TABLE), "a table",
        "[defaults]", None,
        "What holds for each device table, also those of the host and in files of machines, that \
         does not say otherwise.";
    CONNECT: "connect", "0.1", Kind::Text, "a libvirt URI in quotes",
        r#"connect = "qemu:///system""#, Some(r#""qemu:///system""#),
        "The libvirt connection on which the machine is defined.";
    UUID: "uuid", "0.2", Kind::Uuid, "a UUID in quotes",
        r#"uuid = "5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c""#, None,
        "The UUID of the machine. Its name in the configuration is only a label for messages then, \
         so that the machine can be renamed in libvirt.";
    DEVICE: "device", "0.1", Kind::Tables(&RULE), "an array of tables",
        "[[machines.NAME.device]]", None,
        "A device table: the devices that match all of its conditions belong to the machine.";
    HOST_DEVICE: "device", "0.2", Kind::Tables(&HOST_RULE), "an array of tables",
        "[[host.device]]", None,
        "A device table: the devices that match all of its conditions stay on the host.";
}

/// The main file.
pub(crate) const MAIN: Shape = Shape {
    name: "the main file",
    id: "main",
    keys: &[&MACHINES, &HOST, &DEFAULTS, &CONTROL],
    needs: Needs::Nothing,
};

/// A machine, as a table of the main file or as a file of its own.
pub(crate) const MACHINE: Shape = Shape {
    name: "a machine",
    id: "machine",
    keys: &[&CONNECT, &UUID, &DEVICE],
    needs: Needs::Nothing,
};

/// The table of what stays on the host.
pub(crate) const HOST_TABLE: Shape = Shape {
    name: "`host`",
    id: "host-table",
    keys: &[&HOST_DEVICE],
    needs: Needs::Nothing,
};

/// What holds for all device tables.
pub(crate) const DEFAULTS_TABLE: Shape = Shape {
    name: "`defaults`",
    id: "defaults-table",
    keys: &with::<1, { DEVICE_OPTIONS.len() }, { 1 + DEVICE_OPTIONS.len() }>(
        [&CONNECT],
        DEVICE_OPTIONS,
    ),
    needs: Needs::Nothing,
};

/// A device table of a machine.
pub(crate) const RULE: Shape = Shape {
    name: "a device table",
    id: "device-table",
    keys: &with::<
        { CONDITIONS_OF_RULE.len() },
        { DEVICE_OPTIONS.len() },
        { CONDITIONS_OF_RULE.len() + DEVICE_OPTIONS.len() },
    >(CONDITIONS_OF_RULE, DEVICE_OPTIONS),
    needs: Needs::Condition,
};

/// A device table of the host.
pub(crate) const HOST_RULE: Shape = Shape {
    name: "a device table of the host",
    id: "host-device-table",
    keys: &with::<{ CONDITIONS_OF_RULE.len() }, 3, { CONDITIONS_OF_RULE.len() + 3 }>(
        CONDITIONS_OF_RULE,
        [&PRIORITY, &ENABLED, &GROUP],
    ),
    needs: Needs::Condition,
};

const CONDITIONS_OF_RULE: [&Key; ALL_CONDITIONS.len() + 1] =
    with::<1, { ALL_CONDITIONS.len() }, { ALL_CONDITIONS.len() + 1 }>([&NAME], ALL_CONDITIONS);

/// Two lists one after the other.
const fn with<const A: usize, const B: usize, const AB: usize>(
    first: [&'static Key; A],
    second: [&'static Key; B],
) -> [&'static Key; AB] {
    let mut all = [&NAME; AB];
    let (front, back) = all.split_at_mut(A);
    front.copy_from_slice(&first);
    back.copy_from_slice(&second);
    all
}
