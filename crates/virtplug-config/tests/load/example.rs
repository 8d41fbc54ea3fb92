//! The configuration that is installed.

use std::path::Path;

use virtplug_config::{Options, load};

use crate::tree::Tree;

fn installed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/virtplug.toml")
}

/// The text with its examples in force. Comments have a blank after the `#`,
/// examples have none.
fn with_examples(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(example) if !example.is_empty() && !example.starts_with(' ') => example,
            _ => line,
        })
        .collect();
    lines.join("\n")
}

#[test]
fn it_is_valid_and_assigns_nothing() {
    let text = std::fs::read_to_string(installed()).unwrap();
    let loaded = Tree::new(text).load().unwrap();
    assert!(loaded.policy.machines().is_empty());
    assert!(loaded.policy.rules().is_empty());
}

#[test]
fn its_examples_are_valid_and_show_every_field() {
    let text = with_examples(&std::fs::read_to_string(installed()).unwrap());
    let tree = Tree::new(text);
    let loaded = load(&tree.main(), &Options::default()).unwrap();
    assert!(loaded.notes.is_empty(), "{}", tree.told());

    let rules = loaded.policy.rules();
    let shown = |what: &dyn Fn(&virtplug_core::Rule) -> bool| rules.iter().any(what);
    assert!(shown(&|rule| rule.name.is_some()));
    assert!(shown(&|rule| rule.matcher.vendor.is_some()));
    assert!(shown(&|rule| rule.matcher.product.is_some()));
    assert!(shown(&|rule| rule.matcher.serial.is_some()));
    assert!(shown(&|rule| rule.matcher.port.is_some()));
    assert!(shown(&|rule| rule.matcher.address.is_some()));
    assert!(shown(&|rule| !rule.matcher.properties.is_empty()));
    assert!(shown(&|rule| !rule.matcher.tags.is_empty()));
    assert!(shown(&|rule| !rule.matcher.current_tags.is_empty()));
}
