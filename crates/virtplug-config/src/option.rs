//! Options of device tables: how devices are given.

use std::num::NonZeroU32;

use toml::de::DeTable;

use crate::findings::Findings;
use crate::key::{
    ALLOW_IN_USE, COUNT, ENABLED, FOLLOW, GROUP, GUEST_PORT, GUEST_RESET, Key, PREEMPT, PRIORITY,
    START_MACHINE, YIELD,
};
use crate::number;
use crate::table::get;
use crate::value::{boolean, filled_string, parsed};
use crate::written::WrittenOptions;
use crate::{choice, duration};

/// Reads the options of a table.
pub(crate) fn read(table: &DeTable<'_>, findings: &mut Findings) -> WrittenOptions {
    let switch = |key: &Key, findings: &mut Findings| {
        get(table, key).and_then(|value| boolean(value, key, findings))
    };
    let on =
        |key: &Key, findings: &mut Findings| switch(key, findings).map(toml::Spanned::into_inner);
    let count = |findings: &mut Findings| {
        let count = number::integer::<u32>(get(table, &COUNT)?, &COUNT, findings)?;
        NonZeroU32::new(count.into_inner())
    };
    WrittenOptions {
        enabled: on(&ENABLED, findings),
        priority: get(table, &PRIORITY)
            .and_then(|value| number::integer(value, &PRIORITY, findings))
            .map(toml::Spanned::into_inner),
        group: get(table, &GROUP)
            .and_then(|value| filled_string(value, &GROUP, findings))
            .map(toml::Spanned::into_inner),
        yields: on(&YIELD, findings),
        preempts: switch(&PREEMPT, findings),
        count: count(findings),
        follow: get(table, &FOLLOW).and_then(|value| duration::read(value, &FOLLOW, findings)),
        guest_port: get(table, &GUEST_PORT).and_then(|value| parsed(value, &GUEST_PORT, findings)),
        guest_reset: get(table, &GUEST_RESET)
            .and_then(|value| choice::guest_reset(value, &GUEST_RESET, findings)),
        start_machine: on(&START_MACHINE, findings),
        allow_in_use: switch(&ALLOW_IN_USE, findings),
    }
}
