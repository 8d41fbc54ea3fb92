//! Conditions: which devices a table means.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use virtplug_core::{Matcher, Patterns, PortPath};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{
    ANY, BEHIND, BUS, CLASS, CONDITIONS, CURRENT_TAGS, DEVICE_NUMBER, DEVICE_OPTIONS, ENV, GLOB,
    INTERFACES, Key, MANUFACTURER, NAME, NOT, PORT, PRODUCT, PRODUCT_NAME, REGEX, REMOVABLE,
    REVISION, SERIAL, SPEED, STABLE_PORT, TAGS, VENDOR,
};
use crate::list::{Element, each};
use crate::mismatch::{self, in_quotes};
use crate::suggestion::quoted;
use crate::table::{Hint, Value, check_keys, get};
use crate::value::quoted_string;
use crate::written::WrittenConditions;
use crate::{choice, class, number, record, text};

/// Reads the conditions of a table, whose keys the caller checks.
pub(crate) fn read(
    table: &DeTable<'_>,
    span: Range<usize>,
    findings: &mut Findings,
) -> WrittenConditions {
    let found = findings.errors();
    let plain = plain(table, findings);
    let mut number =
        |key: &Key| get(table, key).and_then(|value| number::integer::<u16>(value, key, findings));
    let (bus, device): (Option<Spanned<u16>>, Option<Spanned<u16>>) =
        (number(&BUS), number(&DEVICE_NUMBER));
    let behind = get(table, &BEHIND).and_then(|value| {
        each(value, &BEHIND, findings, |element, findings| {
            hub(element, findings)
        })
    });
    let not = get(table, &NOT).and_then(|value| {
        each(value, &NOT, findings, |element, findings| {
            nested(element, &NOT, findings)
        })
    });
    let any = get(table, &ANY).and_then(|value| alternatives(value, findings));
    WrittenConditions {
        place: findings.place(span),
        plain,
        bus,
        device,
        behind,
        not: not.unwrap_or_default(),
        any,
        complete: findings.errors() == found,
    }
}

/// The conditions that mean the same alone as together with others.
fn plain(table: &DeTable<'_>, findings: &mut Findings) -> Matcher {
    let mut wanted = |key: &Key| get(table, key).and_then(|value| text::read(value, key, findings));
    Matcher {
        vendor: wanted(&VENDOR),
        product: wanted(&PRODUCT),
        revision: wanted(&REVISION),
        serial: wanted(&SERIAL),
        manufacturer: wanted(&MANUFACTURER),
        product_name: wanted(&PRODUCT_NAME),
        port: wanted(&PORT),
        stable_port: wanted(&STABLE_PORT).map(virtplug_core::StablePorts),
        class: get(table, &CLASS).and_then(|v| class::of_device(v, &CLASS, findings)),
        interfaces: get(table, &INTERFACES)
            .and_then(|v| class::of_interfaces(v, &INTERFACES, findings)),
        speed: get(table, &SPEED).and_then(|v| choice::speeds(v, &SPEED, findings)),
        removable: get(table, &REMOVABLE).and_then(|v| choice::removables(v, &REMOVABLE, findings)),
        properties: get(table, &ENV)
            .map(|v| record::properties(v, &ENV, findings))
            .unwrap_or_default(),
        tags: get(table, &TAGS)
            .map(|v| record::tags(v, &TAGS, findings))
            .unwrap_or_default(),
        current_tags: get(table, &CURRENT_TAGS)
            .map(|v| record::tags(v, &CURRENT_TAGS, findings))
            .unwrap_or_default(),
        ..Matcher::default()
    }
}

/// A table of conditions inside of another one.
fn nested(
    element: Element<'_, '_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<WrittenConditions> {
    let DeValue::Table(table) = element.value.get_ref() else {
        let what = element.called(&format!("`{}`", key.name));
        let help = format!("for example `{}`", key.example);
        mismatch::add_for(
            element.value,
            &what,
            "a table of conditions",
            help,
            findings,
        );
        return None;
    };
    let found = findings.errors();
    check_keys(table, &CONDITIONS, findings, |name, _| misplaced(name, key));
    let mut conditions = read(table, element.value.span(), findings);
    conditions.complete = findings.errors() == found;
    Some(conditions)
}

/// What belongs elsewhere: options, and patterns, which follow a key.
fn misplaced(name: &str, inside: &Key) -> Option<Hint> {
    if name == GLOB.name || name == REGEX.name {
        return Some(Hint::help(format!(
            "a pattern follows the field that it is for, such as `{} = {{ serial = {{ {} }} }}`",
            inside.name, GLOB.example
        )));
    }
    let option = DEVICE_OPTIONS.iter().any(|key| key.name == name);
    (option || name == NAME.name).then(|| Hint {
        message: Some(format!("{} is no condition", quoted(name))),
        help: format!("put it into the device table, outside of `{}`", inside.name),
    })
}

/// A list of alternatives.
fn alternatives(value: &Value<'_>, findings: &mut Findings) -> Option<Vec<WrittenConditions>> {
    if let DeValue::Table(_) = value.get_ref() {
        let help = "put the table into a list, together with another one: `any = [{ … }, { … }]`";
        mismatch::add(value, &ANY, Some(help.to_owned()), findings);
        return None;
    }
    each(value, &ANY, findings, |element, findings| {
        nested(element, &ANY, findings)
    })
}

/// A port, or conditions for what is plugged in there.
fn hub(element: Element<'_, '_>, findings: &mut Findings) -> Option<WrittenConditions> {
    if let DeValue::Table(_) = element.value.get_ref() {
        return nested(element, &BEHIND, findings);
    }
    let Some(text) = quoted_string(element.value, findings) else {
        let help = in_quotes(element.value, findings).map_or_else(
            || format!("for example `{}`", BEHIND.example),
            |text| element.write(BEHIND.name, &text),
        );
        let what = element.called(&format!("`{}`", BEHIND.name));
        mismatch::add_for(element.value, &what, BEHIND.takes, help, findings);
        return None;
    };
    let text = text.get_ref();
    let place = findings.place(element.value.span());
    match text.parse::<PortPath>() {
        Ok(port) => {
            let mut conditions = WrittenConditions::new(place);
            conditions.plain.port = Some(Patterns::from(port.to_string()));
            Some(conditions)
        }
        Err(error) => {
            let message = format!("`behind` is malformed: {}", quoted(text));
            let help = text.parse::<virtplug_core::StablePort>().map_or_else(
                |_| error.to_string(),
                |port| {
                    let table = format!("{{ stable-port = \"{port}\" }}");
                    element.write(BEHIND.name, &table)
                },
            );
            findings.add(Diagnostic::error(place, message).with_help(help));
            None
        }
    }
}
