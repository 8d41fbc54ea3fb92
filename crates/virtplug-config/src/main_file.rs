//! The main file: machines, what stays on the host, and defaults.

use toml::de::{DeTable, DeValue};

use crate::findings::Findings;
use crate::key::{
    ALL_CONDITIONS, CONNECT, CONTROL, CONTROL_TABLE, DEFAULTS, DEFAULTS_TABLE, DEVICE,
    DEVICE_OPTIONS, HOST, HOST_DEVICE, HOST_TABLE, MACHINE, MACHINES, MAIN,
};
use crate::suggestion::{quoted, toml_key};
use crate::table::{Hint, Value, check_keys, get};
use crate::written::{Written, WrittenDefaults, WrittenDevice};
use crate::{control, device, machine, mismatch, option};

/// Reads the main file.
pub(crate) fn read(table: &DeTable<'_>, findings: &mut Findings) -> Written {
    check_keys(table, &MAIN, findings, |name, value| {
        let of_machine = MACHINE.keys.iter().any(|key| key.name == name);
        let option = DEVICE_OPTIONS.iter().any(|key| key.name == name);
        let of_control = CONTROL_TABLE.keys.iter().any(|key| key.name == name);
        if option {
            Some(Hint::help(format!(
                "for all devices put `{name}` below `[defaults]`"
            )))
        } else if of_control {
            Some(Hint::help(format!("put `{name}` below `[control]`")))
        } else if of_machine {
            Some(Hint::help(format!(
                "`{name}` belongs to a machine: put it below `[machines.NAME]`"
            )))
        } else if is_machine(value) {
            Some(Hint::help(format!(
                "for a machine of this name write `[machines.{}]`",
                toml_key(name)
            )))
        } else {
            None
        }
    });
    Written {
        defaults: get(table, &DEFAULTS).and_then(|value| read_defaults(value, findings)),
        control: get(table, &CONTROL).and_then(|value| control::read(value, findings)),
        host: get(table, &HOST)
            .map(|value| read_host(value, findings))
            .unwrap_or_default(),
        machines: get(table, &MACHINES)
            .map(|value| machine::read_all(value, findings))
            .unwrap_or_default(),
    }
}

fn read_defaults(value: &Value<'_>, findings: &mut Findings) -> Option<WrittenDefaults> {
    let DeValue::Table(table) = value.get_ref() else {
        mismatch::add(value, &DEFAULTS, None, findings);
        return None;
    };
    let found = findings.errors();
    check_keys(table, &DEFAULTS_TABLE, findings, |name, _| {
        let condition = ALL_CONDITIONS.iter().any(|key| key.name == name);
        condition.then(|| Hint {
            message: Some(format!("{} has no default", quoted(name))),
            help: "a condition belongs to a device table".to_owned(),
        })
    });
    let connect = get(table, &CONNECT).and_then(|value| machine::read_connect(value, findings));
    let options = option::read(table, findings);
    Some(WrittenDefaults {
        place: findings.place(value.span()),
        connect,
        options,
        complete: findings.errors() == found,
    })
}

fn read_host(value: &Value<'_>, findings: &mut Findings) -> Vec<WrittenDevice> {
    let DeValue::Table(table) = value.get_ref() else {
        mismatch::add(value, &HOST, None, findings);
        return Vec::new();
    };
    check_keys(table, &HOST_TABLE, findings, |name, _| {
        let condition = ALL_CONDITIONS.iter().any(|key| key.name == name);
        condition.then(|| Hint::help(format!("put `{name}` below `{}`", HOST_DEVICE.example)))
    });
    get(table, &HOST_DEVICE)
        .map(|value| {
            let header = HOST_DEVICE.example;
            machine::read_devices(value, header, device::read_of_host, findings)
        })
        .unwrap_or_default()
}

/// Whether a table looks like that of a machine.
fn is_machine(value: &Value<'_>) -> bool {
    match value.get_ref() {
        DeValue::Table(table) => [&CONNECT, &DEVICE]
            .iter()
            .any(|key| get(table, key).is_some()),
        _ => false,
    }
}
