//! The configuration that is installed.

use std::path::Path;

use virtplug_config::{Diagnostic, Options, load};
use virtplug_core::{Matcher, Owner, Rule, RuleOptions};

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
    // Of the address one must be warned.
    let warned: Vec<&str> = loaded.notes.iter().map(Diagnostic::message).collect();
    assert_eq!(
        warned,
        ["the address of a device changes each time that it is plugged in"],
        "{}",
        tree.told()
    );

    let rules = loaded.policy.rules();
    let shown = |what: &dyn Fn(&Rule) -> bool| rules.iter().any(|rule| what(rule));
    assert!(shown(&|rule| rule.name.is_some()));
    assert!(shown(&|rule| rule.owner == Owner::Host));
    let conditions: [fn(&Matcher) -> bool; 19] = [
        |m| m.vendor.is_some(),
        |m| m.product.is_some(),
        |m| m.revision.is_some(),
        |m| m.serial.is_some(),
        |m| m.manufacturer.is_some(),
        |m| m.product_name.is_some(),
        |m| m.class.is_some(),
        |m| m.interfaces.is_some(),
        |m| m.speed.is_some(),
        |m| m.removable.is_some(),
        |m| m.port.is_some(),
        |m| m.stable_port.is_some(),
        |m| m.behind.is_some(),
        |m| m.address.is_some(),
        |m| !m.properties.is_empty(),
        |m| !m.tags.is_empty(),
        |m| !m.current_tags.is_empty(),
        |m| !m.not.is_empty(),
        |m| m.any.is_some(),
    ];
    for (number, has) in conditions.iter().enumerate() {
        assert!(shown(&|rule| has(&rule.matcher)), "condition {number}");
    }
    let options: [fn(&RuleOptions) -> bool; 11] = [
        |o| !o.enabled,
        |o| o.priority != 0,
        |o| o.group.is_some(),
        |o| o.yields,
        |o| o.preempts,
        |o| o.count.is_some(),
        |o| o.follow.is_some(),
        |o| o.guest_port.is_some(),
        |o| o.guest_reset.is_some(),
        |o| o.start_machine,
        |o| o.allow_in_use,
    ];
    for (number, has) in options.iter().enumerate() {
        assert!(shown(&|rule| has(&rule.options)), "option {number}");
    }
}

#[test]
fn each_of_its_examples_is_valid_alone() {
    let text = std::fs::read_to_string(installed()).unwrap();
    // An example begins with a header and ends with the next one.
    let examples = with_examples(&text);
    let mut starts: Vec<usize> = examples
        .match_indices("\n[")
        .map(|(newline, _)| newline + 1)
        .collect();
    starts.push(examples.len());
    assert!(starts.len() > 15);
    for span in starts.windows(2) {
        let example = &examples[span[0]..span[1]];
        let tree = Tree::new(example);
        assert!(tree.load().is_ok(), "{example}\n{}", tree.told());
    }
}
