//! Commands where they cannot do what they should.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::running::Place;

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_the_daemon_what_needs_it_ends_with_7_and_says_what_to_do() {
    let place = Place::new();
    for command in [
        &["release", "1-1"][..],
        &["switch", "desk", "host"],
        &["pause"],
        &["resume"],
        &["monitor"],
        &["metrics"],
    ] {
        let output = place.run(command);
        let told = errors(&output);
        assert_eq!(output.status.code(), Some(7), "{command:?}: {told}");
        assert!(told.contains("systemctl"), "{told}");
    }
}

#[test]
fn what_there_is_not_is_told_with_a_code_of_its_own() {
    let place = Place::new();
    for (command, code) in [
        (&["statsu"][..], 2),
        (&["status", "--jsno"], 2),
        (&["attach"], 2),
        (&["attach", "1-1", "--wait", "5x"], 2),
        (&["import", "nothing", "x"], 2),
    ] {
        let output = place.run(command);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{command:?}: {}",
            errors(&output)
        );
        assert!(!errors(&output).is_empty());
    }
    assert!(errors(&place.run(&["statsu"])).contains("status"));
    let daemon = place.start();
    for command in [
        &["show", "7-7"][..],
        &["explain", "7-7"],
        &["pause", "tset"],
        &["switch", "desk", "host"],
    ] {
        let output = place.run(command);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{command:?}: {}",
            errors(&output)
        );
        assert!(!errors(&output).is_empty());
    }
    assert!(errors(&place.run(&["pause", "tset"])).contains("test"));
    // A name may begin with a hyphen.
    let output = place.run(&["show", "--", "-x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("-x"), "{}", errors(&output));
    daemon.stop();
}

#[test]
fn arguments_steer_no_terminal() {
    let place = Place::new();
    let daemon = place.start();
    let hostile = "a\u{1b}[31mred\n\u{202e}\u{7}";
    for command in [
        &["show", hostile][..],
        &["explain", hostile],
        &["attach", hostile],
        &["pause", hostile],
        &["switch", hostile, "host"],
        &["devices", hostile],
        &[hostile],
        &["attach", "1-1", "--wait", hostile],
        &["devices", "--config", hostile],
        &["check", hostile],
        &["monitor", "--device", hostile],
        &["monitor", "--event", hostile],
        &["devices", "--connect", hostile],
        &["import", hostile],
        &["completions", hostile],
    ] {
        let output = place.run(command);
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            assert!(
                !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\u{7}'),
                "{command:?}: {text:?}"
            );
        }
        assert_ne!(output.status.code(), None, "{command:?}");
    }
    daemon.stop();
}

#[test]
fn output_that_nobody_reads_is_no_error() {
    let place = Place::new();
    for command in ["schema", "completions bash", "status --help"] {
        let output = place.unread(command);
        assert!(
            matches!(output.status.code(), Some(0)),
            "{command}: {output:?}"
        );
        assert_eq!(errors(&output), "", "{command}");
    }
}

#[test]
fn without_a_terminal_text_is_plain() {
    let place = Place::new();
    let daemon = place.start();
    let variables = [("TERM", "dumb"), ("LANG", "C"), ("COLUMNS", "20")];
    for command in ["status", "devices", "machines", "rules"] {
        let output = place.run_with(&[command], &variables);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(!output.stdout.contains(&0x1b), "{command}");
        let narrow = place.run_with(&[command, "--json"], &variables);
        let wide = place.run_with(&[command, "--json"], &[("COLUMNS", "200")]);
        let json = |output: &Output| -> serde_json::Value {
            serde_json::from_slice(&output.stdout).unwrap()
        };
        assert_eq!(json(&narrow), json(&wide), "{command}");
    }
    daemon.stop();
}

#[test]
fn a_collector_never_reads_numbers_of_a_daemon_that_ended() {
    let place = Place::new();
    let path = place.path("virtplug.prom");
    let file = path.to_str().unwrap();
    let written = || fs::read_to_string(&path).unwrap();
    let daemon = place.start();
    let output = place.run(&["metrics", "--textfile", file]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(written().contains("\nvirtplug_up 1\n"), "{}", written());
    assert!(written().contains("\nvirtplug_rules 1\n"), "{}", written());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
    daemon.stop();
    let output = place.run(&["metrics", "--textfile", file]);
    assert_eq!(output.status.code(), Some(7), "{}", errors(&output));
    assert!(written().ends_with("\nvirtplug_up 0\n"), "{}", written());
    assert!(!written().contains("virtplug_rules"), "{}", written());
}
