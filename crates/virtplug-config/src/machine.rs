//! Machines, as tables of the main file and as files of their own.

use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::device;
use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{CONNECT, DEVICE, MACHINE, MACHINES, MAIN, UUID};
use crate::mismatch;
use crate::name::{NameFault, fault_of};
use crate::source::{Place, Source, shown_path};
use crate::suggestion::{quoted, toml_key};
use crate::table::{Hint, Value, check_keys, get};
use crate::value;
use crate::written::{Origin, Written, WrittenDevice, WrittenMachine};

/// Reads the table of machines, in the order in which they are written.
pub(crate) fn read_all(machines: &Value<'_>, findings: &mut Findings) -> Vec<WrittenMachine> {
    let DeValue::Table(machines) = machines.get_ref() else {
        mismatch::add(machines, &MACHINES, None, findings);
        return Vec::new();
    };
    let mut machines: Vec<_> = machines.iter().collect();
    machines.sort_by_key(|(name, _)| name.span().start);
    machines
        .into_iter()
        .filter_map(|(name, value)| {
            let plain: &str = name.get_ref();
            let place = findings.place(name.span());
            let named = check_name(plain, &place, findings);
            let DeValue::Table(table) = value.get_ref() else {
                let key = toml_key(plain);
                let what = format!("the machine {}", quoted(plain));
                let help = format!("write `[machines.{key}]`, and `[[machines.{key}.device]]`");
                mismatch::add_for(value, &what, "a table", help, findings);
                return None;
            };
            let example = format!("[[machines.{}.device]]", toml_key(plain));
            named.then(|| read_machine(plain, Origin::Main, place, table, &example, findings))
        })
        .collect()
}

/// Reads a file that describes one machine, named as the file.
pub(crate) fn read_drop_in(table: &DeTable<'_>, findings: &mut Findings) -> Written {
    let place = Place::file(findings.source());
    let Some(name) = machine_of(findings.source()) else {
        let file = findings.source().path().file_name().unwrap_or_default();
        let file = shown_path(file.as_ref());
        findings.add(
            Diagnostic::error(
                place,
                format!("the file's name is not UTF-8, so it names no machine: `{file}`"),
            )
            .with_help("rename the file to the machine's name and `.toml`"),
        );
        return Written::default();
    };
    if !check_name(&name, &place, findings) {
        return Written::default();
    }
    let mut machine = read_machine(&name, Origin::DropIn, place, table, "[[device]]", findings);
    machine.mask = findings.source().is_mask();
    Written {
        machines: vec![machine],
        ..Written::default()
    }
}

/// The machine that a file is named after.
fn machine_of(source: &Arc<Source>) -> Option<String> {
    let stem = source.path().file_stem()?.as_bytes();
    String::from_utf8(stem.to_vec()).ok()
}

fn check_name(name: &str, place: &Place, findings: &mut Findings) -> bool {
    let message = match fault_of(name) {
        None => return true,
        Some(NameFault::Empty) => "a machine without a name".to_owned(),
        Some(NameFault::Character(c)) => format!(
            "no machine can have the name {}: libvirt allows no {} in names",
            quoted(name),
            quoted(c.encode_utf8(&mut [0; 4]))
        ),
    };
    findings.add(
        Diagnostic::error(place.clone(), message)
            .with_help("write the name as `virsh list --all` shows it"),
    );
    false
}

/// Reads the table of a machine. `header` is how a device table of it begins.
fn read_machine(
    name: &str,
    origin: Origin,
    place: Place,
    table: &DeTable<'_>,
    header: &str,
    findings: &mut Findings,
) -> WrittenMachine {
    let found = findings.errors();
    check_keys(table, &MACHINE, findings, |name, _| {
        if origin == Origin::DropIn && name == MACHINES.name {
            let own = "the file's name is the machine's name: write `connect` and `[[device]]`";
            return Some(Hint::help(own));
        }
        let elsewhere = MAIN.keys.iter().any(|key| key.name == name);
        elsewhere.then(|| {
            Hint::help(format!(
                "`{name}` belongs at the top level of the main file"
            ))
        })
    });
    let connect = get(table, &CONNECT).and_then(|value| read_connect(value, findings));
    let uuid = get(table, &UUID).and_then(|value| value::parsed(value, &UUID, findings));
    let devices = get(table, &DEVICE)
        .map(|value| read_devices(value, header, device::read, findings))
        .unwrap_or_default();
    WrittenMachine {
        name: name.to_owned(),
        origin,
        place,
        connect,
        uuid,
        devices,
        complete: findings.errors() == found,
        mask: false,
    }
}

/// The libvirt connection of a machine, or of all.
pub(crate) fn read_connect(value: &Value<'_>, findings: &mut Findings) -> Option<Spanned<String>> {
    let uri = value::filled_string(value, &CONNECT, findings)?;
    if uri.get_ref().contains('\0') {
        findings.add(
            Diagnostic::error(
                findings.place(uri.span()),
                "`connect` has a NUL character in it",
            )
            .with_help(format!("for example `{}`", CONNECT.example)),
        );
        return None;
    }
    Some(uri)
}

/// Reads a device table, given its place.
type ReadDevice = fn(&DeTable<'_>, std::ops::Range<usize>, &mut Findings) -> WrittenDevice;

/// Reads device tables, each of which `read` reads. `header` is how one begins.
pub(crate) fn read_devices(
    value: &Value<'_>,
    header: &str,
    read: ReadDevice,
    findings: &mut Findings,
) -> Vec<WrittenDevice> {
    let help = || format!("begin each device table with `{header}`");
    let DeValue::Array(array) = value.get_ref() else {
        mismatch::add_for(value, "`device`", DEVICE.takes, help(), findings);
        return Vec::new();
    };
    let mut devices = Vec::new();
    for element in array {
        match element.get_ref() {
            DeValue::Table(table) => devices.push(read(table, element.span(), findings)),
            _ => mismatch::add_for(element, "each `device`", "a table", help(), findings),
        }
    }
    devices
}
