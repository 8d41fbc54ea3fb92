//! Every reply at several widths, and with hostile strings.

use unicode_width::UnicodeWidthStr as _;
use virtplug_ipc::{
    Changes, DeviceList, Explanation, HappeningKind, MachineList, RuleList, VERSION,
};

use super::fixture::{self, hostile};
use super::{
    Layout, changes, devices, explanation, happening, machines, rules, shown, status, tree,
};
use crate::output::plain;

/// The text at 60, 80 and 140 columns, and at 80 without UTF-8 where that differs.
fn at_widths(render: impl Fn(Layout) -> String) -> String {
    let layout = |width, unicode| Layout { width, unicode };
    let mut parts = Vec::new();
    for width in [20, 40, 60, 80, 140, 160] {
        let text = plain(&render(layout(width, true)));
        for line in text.lines() {
            assert!(line.width() <= usize::from(width), "{width}: {line}");
        }
        if [60, 80, 140].contains(&width) {
            parts.push(format!("── {width} ──\n{text}"));
        }
    }
    let (utf8, ascii) = (render(layout(80, true)), render(layout(80, false)));
    if utf8 != ascii {
        parts.push(format!("── 80, ASCII ──\n{}", plain(&ascii)));
    }
    parts.concat()
}

macro_rules! snapshots {
    ($($name:ident: $render:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(at_widths($render));
        })*
    };
}

snapshots! {
    a_healthy_status: |layout| status(&fixture::healthy_status(), layout);
    a_troubled_status: |layout| status(&fixture::troubled_status(), layout);
    an_empty_status: |layout| status(&fixture::empty_status(), layout);
    healthy_devices: |layout| devices(&fixture::healthy_devices(), layout);
    troubled_devices: |layout| devices(&fixture::troubled_devices(), layout);
    a_healthy_tree: |layout| tree(&fixture::healthy_devices(), layout);
    a_troubled_tree: |layout| tree(&fixture::troubled_devices(), layout);
    machines_of_one_connection: |layout| machines(&fixture::machine_list(false), layout);
    machines_of_two_connections: |layout| machines(&fixture::machine_list(true), layout);
    rules_and_groups: |layout| rules(&fixture::rule_list(), layout);
    a_shown_device: |layout| shown(&fixture::shown_device(), layout);
    a_shown_machine: |layout| shown(&fixture::shown_machine(), layout);
    explanations: |layout| explanation(&fixture::explained(), layout);
    changes_of_devices: |layout| changes(&fixture::changed(), layout);
}

#[test]
fn narrow_terminals_get_lists_instead_of_tables() {
    let layout = Layout {
        width: 40,
        unicode: true,
    };
    insta::assert_snapshot!(plain(
        &[
            status(&fixture::troubled_status(), layout),
            rules(&fixture::rule_list(), layout),
            tree(&fixture::troubled_devices(), layout),
        ]
        .join("\n")
    ));
}

#[test]
fn empty_replies_say_so() {
    let layout = Layout {
        width: 80,
        unicode: true,
    };
    let version = VERSION;
    let none = DeviceList {
        version,
        devices: Vec::new(),
    };
    let texts = [
        devices(&none, layout),
        tree(&none, layout),
        machines(
            &MachineList {
                version,
                machines: Vec::new(),
            },
            layout,
        ),
        rules(
            &RuleList {
                version,
                rules: Vec::new(),
                groups: Vec::new(),
            },
            layout,
        ),
        explanation(
            &Explanation {
                version,
                devices: Vec::new(),
            },
            layout,
        ),
        changes(
            &Changes {
                version,
                changes: Vec::new(),
                notes: Vec::new(),
            },
            layout,
        ),
    ];
    insta::assert_snapshot!(plain(&texts.concat()));
}

#[test]
fn happenings_are_one_line_each() {
    let text = "could not attach 3-3 to machine alpha (try 3): in use";
    let lines = [
        HappeningKind::Plugged,
        HappeningKind::AttachFailed,
        HappeningKind::Hold,
    ]
    .map(|kind| happening(&fixture::event(1, kind, text)));
    insta::assert_snapshot!(plain(&lines.concat()));
}

#[test]
fn colours_only_repeat_what_the_words_say() {
    let layout = Layout {
        width: 80,
        unicode: true,
    };
    let text = changes(&fixture::changed(), layout);
    insta::assert_snapshot!(text.replace('\x1b', "ESC"));
}

#[test]
fn hostile_strings_do_nothing() {
    let mut first = None;
    for width in [20, 60, 80, 140] {
        let layout = Layout {
            width,
            unicode: true,
        };
        let texts = [
            status(&hostile(&fixture::troubled_status()), layout),
            devices(&hostile(&fixture::troubled_devices()), layout),
            tree(&hostile(&fixture::troubled_devices()), layout),
            machines(&hostile(&fixture::machine_list(true)), layout),
            rules(&hostile(&fixture::rule_list()), layout),
            shown(&hostile(&fixture::shown_device()), layout),
            shown(&hostile(&fixture::shown_machine()), layout),
            explanation(&hostile(&fixture::explained()), layout),
            changes(&hostile(&fixture::changed()), layout),
            happening(&hostile(&fixture::event(1, HappeningKind::Hold, "text"))),
        ];
        for text in &texts {
            assert_harmless(text);
        }
        if width == 80 {
            first = Some(plain(&[texts[0].as_str(), &texts[2], &texts[9]].concat()));
        }
    }
    insta::assert_snapshot!(first.unwrap());
}

/// Nothing but our colours may steer the terminal.
fn assert_harmless(text: &str) {
    let mut rest = String::new();
    let mut parts = text.split('\x1b');
    rest.push_str(parts.next().unwrap());
    for part in parts {
        let (code, after) = part.split_once('m').unwrap();
        let digits = code.strip_prefix('[').unwrap();
        assert!(
            digits.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{part:?}"
        );
        rest.push_str(after);
    }
    for c in rest.chars().filter(|c| *c != '\n') {
        assert!(
            !c.is_control() && c != '\u{202e}' && c != '\u{200b}',
            "{c:?}"
        );
    }
}
