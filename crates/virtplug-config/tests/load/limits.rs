//! Much of everything.

use std::fmt::Write as _;

use virtplug_config::Options;

use crate::tree::Tree;

/// All messages, to see that giving them does no harm either.
fn told(text: &str) -> (usize, String) {
    let tree = Tree::new(text);
    let error = tree.load().unwrap_err();
    let shown: Vec<String> = error
        .diagnostics()
        .iter()
        .map(|finding| finding.render(true))
        .collect();
    (shown.len(), shown.join("\n"))
}

#[test]
fn ten_thousand_rules_load() {
    let mut text = String::new();
    for number in 0..10_000 {
        let _ = writeln!(
            text,
            "[[machines.m{}.device]]\nvendor = \"0627\"\nserial = \"S{number}\"",
            number % 100
        );
    }
    let tree = Tree::new(text);
    let loaded = virtplug_config::load(&tree.main(), &Options::default()).unwrap();
    assert_eq!(loaded.policy.rules().len(), 10_000);
    assert_eq!(loaded.policy.machines().len(), 100);
    assert!(loaded.notes.is_empty());
}

#[test]
fn ten_thousand_mistakes_are_all_told() {
    let mut text = "[[machines.a.device]]\n".to_owned();
    for number in 0..10_000 {
        let _ = writeln!(text, "unknown{number} = 1");
    }
    let (count, told) = told(&text);
    assert_eq!(count, 10_000);
    assert!(!told.contains("not shown"));
}

#[test]
fn more_mistakes_are_counted() {
    let tags = "7, ".repeat(10_007);
    let (count, told) = told(&format!("[[machines.a.device]]\ntags = [{tags}]\n"));
    assert_eq!(count, 10_001);
    assert!(told.contains("7 more mistakes are not shown"));
}

#[test]
fn deep_nesting_is_an_error() {
    for text in [
        format!("x = {}1{}", "[".repeat(500_000), "]".repeat(500_000)),
        format!("[{}b]\n", "a.".repeat(500_000)),
        format!("{}b = 1\n", "a.".repeat(500_000)),
        format!("x = {{ {}b = 1 }}\n", "a.".repeat(400_000)),
        format!(
            "[[machines.a.device]]\nenv = {{ {}b = 1 }}\n",
            "a.".repeat(400_000)
        ),
    ] {
        let (_, told) = told(&text);
        assert!(told.contains("nested too deep"), "{told}");
    }
    for text in [
        format!("x = {}", "[".repeat(500_000)),
        format!("x = {}", "{a=".repeat(300_000)),
    ] {
        let (count, told) = told(&text);
        assert_eq!(count, 1);
        assert!(told.contains("unclosed"), "{told}");
    }
}

#[test]
fn a_file_that_is_no_configuration_is_told_in_short() {
    for text in [
        "=\n".repeat(524_288),
        "no TOML at all\n".repeat(1000),
        "]\n".repeat(1000),
        "\n\"".repeat(1000),
    ] {
        let (count, told) = told(&text);
        assert!(count <= 101, "{count}");
        assert!(told.contains("more lines have mistakes"), "{told}");
    }
}

#[test]
fn endless_lines_are_no_fault() {
    for text in [
        format!("serial = \"{}\"", "x".repeat(1_000_000)),
        format!("{} = 1", "x".repeat(1_000_000)),
        format!("[machines.a]\n{}", "x = 1 ".repeat(170_000)),
    ] {
        let (count, told) = told(&text);
        assert!(count > 0);
        assert!(told.lines().all(|line| line.len() < 10_000));
    }
}
