//! Device tables.

use std::ops::Range;

use toml::de::DeTable;

use crate::findings::Findings;
use crate::key::{DEVICE_OPTIONS, HOST_RULE, NAME, RULE};
use crate::suggestion::quoted;
use crate::table::{Hint, check_keys, get};
use crate::written::WrittenDevice;
use crate::{condition, option, value};

/// Reads a device table of a machine.
pub(crate) fn read(
    table: &DeTable<'_>,
    span: Range<usize>,
    findings: &mut Findings,
) -> WrittenDevice {
    let found = findings.errors();
    check_keys(table, &RULE, findings, |_, _| None);
    read_checked(table, span, found, findings)
}

/// Reads a device table of the host.
pub(crate) fn read_of_host(
    table: &DeTable<'_>,
    span: Range<usize>,
    findings: &mut Findings,
) -> WrittenDevice {
    let found = findings.errors();
    check_keys(table, &HOST_RULE, findings, |name, _| {
        let option = DEVICE_OPTIONS.iter().any(|key| key.name == name);
        option.then(|| Hint {
            message: Some(format!(
                "{} means nothing for devices that stay on the host",
                quoted(name)
            )),
            help: "remove it: no machine gets these devices".to_owned(),
        })
    });
    read_checked(table, span, found, findings)
}

fn read_checked(
    table: &DeTable<'_>,
    span: Range<usize>,
    found: usize,
    findings: &mut Findings,
) -> WrittenDevice {
    let name = get(table, &NAME).and_then(|v| value::string(v, &NAME, findings));
    let conditions = condition::read(table, span, findings);
    let options = option::read(table, findings);
    WrittenDevice {
        name,
        conditions,
        options,
        complete: findings.errors() == found,
    }
}
