//! The conditions of whawty's rules on what udev knows.

use virtplug_core::Escaped;

use super::super::go_regex;
use super::super::matcher::{Text, Wanted};
use super::super::yaml::Node;
use super::{Fault, fields};

pub(super) fn udev(node: &Node, wanted: &mut Wanted) -> Result<(), Fault> {
    for (key, value) in fields(node)? {
        if value.is_null() {
            continue;
        }
        let expected = |what: &str| {
            (
                value.line,
                format!("`{}` is a list of {what}", Escaped(key)),
            )
        };
        match key {
            "env" => {
                let list = value.list().ok_or_else(|| expected("properties"))?;
                for condition in list {
                    env(condition, wanted)?;
                }
            }
            "tags" | "current-tags" => {
                let list = value.list().ok_or_else(|| expected("tags"))?;
                let tags = list
                    .iter()
                    .map(|tag| tag.text().map(str::to_owned).filter(|_| !tag.tagged));
                let tags: Option<Vec<String>> = tags.collect();
                let tags = tags.filter(|tags| tags.iter().all(|tag| !tag.is_empty()));
                let field = if key == "tags" {
                    &mut wanted.tags
                } else {
                    &mut wanted.current_tags
                };
                *field = tags.ok_or_else(|| expected("tags"))?;
            }
            _ => {
                return Err((
                    value.line,
                    format!(
                        "the key `{}` is unknown, and libvirt-usb-hotplugd refuses it",
                        Escaped(key)
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// One condition on a property.
fn env(node: &Node, wanted: &mut Wanted) -> Result<(), Fault> {
    let (mut name, mut equals, mut pattern) = (None, None, None);
    for (key, value) in fields(node)? {
        if value.tagged {
            return Err((value.line, "a YAML tag is not understood here".to_owned()));
        }
        match key {
            "name" => name = value.text(),
            "equals" => equals = value.text(),
            "pattern" => pattern = value.text().map(|text| (text, value.line)),
            _ => {
                return Err((
                    value.line,
                    format!(
                        "the key `{}` is unknown, and libvirt-usb-hotplugd refuses it",
                        Escaped(key)
                    ),
                ));
            }
        }
    }
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err((
            node.line,
            "a condition on a property needs its `name`".to_owned(),
        ));
    };
    if matches!(name, "TAGS" | "CURRENT_TAGS") {
        return Err((
            node.line,
            format!(
                "libvirt-usb-hotplugd has no property {name}, so the rule never held; use `tags`"
            ),
        ));
    }
    let text = match (equals, pattern) {
        (Some(""), None) => Text::Regex("^$".to_owned()),
        (Some(equals), None) => Text::Exact(equals.to_owned()),
        (None, Some((pattern, line))) => match go_regex::translate(pattern) {
            Ok(pattern) => Text::Regex(pattern),
            Err(why) => {
                let text = format!(
                    "the pattern \"{}\" cannot be carried over: {why}",
                    Escaped(pattern)
                );
                return Err((line, text));
            }
        },
        (Some(_), Some(_)) => {
            return Err((
                node.line,
                "`equals` and `pattern` exclude each other".to_owned(),
            ));
        }
        (None, None) => {
            return Err((
                node.line,
                "a condition on a property needs `equals` or `pattern`".to_owned(),
            ));
        }
    };
    match wanted.env.get(name) {
        // Both must hold, and a list would mean either.
        Some(other) if *other != [text.clone()] => Err((
            node.line,
            format!(
                "two conditions on the property {} cannot be said here",
                Escaped(name)
            ),
        )),
        _ => {
            wanted.env.insert(name.to_owned(), vec![text]);
            Ok(())
        }
    }
}
