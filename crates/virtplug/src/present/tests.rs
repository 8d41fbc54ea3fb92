//! Each reply on a fixed world.

mod guard;
mod world;

use virtplug_ipc::{Explanation, Happening, HappeningKind, MachineName, RuleExplanation, Status};

use super::*;
use crate::fixture;
use world::{context, ordered, world};

#[test]
fn status_tells_what_is_wrong_and_whose_devices_are_where() {
    insta::assert_json_snapshot!(status(&world(), context()));
}

#[test]
fn a_daemon_that_hears_nothing_of_udev_is_a_problem() {
    let context = Context {
        deaf: true,
        ..context()
    };
    let status = status(&Engine::new(0), context);
    assert!(status.deaf);
    assert_eq!(status.problems.first().map(String::as_str), Some(DEAF));
}

#[test]
fn a_reload_that_failed_is_a_problem() {
    let context = Context {
        reload_trouble: Some("the new configuration is wrong"),
        daemon: None,
        ..context()
    };
    let status = status(&Engine::new(0), context);
    assert!(!status.healthy);
    assert_eq!(status.problems, ["the new configuration is wrong"]);
}

#[test]
fn without_anything_wrong_all_is_well() {
    let status = status(&Engine::new(0), context());
    assert!(status.healthy, "{:?}", status.problems);
}

#[test]
fn devices_are_listed_by_port() {
    insta::assert_json_snapshot!(devices(&fixture::world(false).0, context()));
}

#[test]
fn machines_are_listed_with_their_entries() {
    insta::assert_json_snapshot!(machines(&world(), context()));
}

#[test]
fn rules_are_listed_with_what_they_give() {
    insta::assert_json_snapshot!(rules(&world()));
}

fn history() -> Vec<Happening> {
    let happening = |number: u64| Happening {
        number,
        time: number,
        kind: HappeningKind::AttachFailed,
        text: format!("could not attach 4C530001, try {number}"),
        port: Some(
            if number.is_multiple_of(2) {
                "1-1.1"
            } else {
                "1-2"
            }
            .to_owned(),
        ),
        machine: (number == 1).then(|| MachineName {
            machine: "home".to_owned(),
            connection: "qemu:///system".to_owned(),
        }),
    };
    (0..100).map(happening).collect()
}

#[test]
fn a_device_is_shown_with_its_last_history() {
    let history = history();
    let mut shown = show(&world(), context(), "Zigbee", &history).unwrap();
    let numbers: Vec<u64> = shown.history.iter().map(|one| one.number).collect();
    assert_eq!(numbers, (60..100).step_by(2).collect::<Vec<u64>>());
    shown.history.truncate(1);
    insta::assert_json_snapshot!(shown);
}

#[test]
fn a_machine_is_shown_before_a_device_of_that_name() {
    let history = history();
    insta::assert_json_snapshot!(show(&world(), context(), "home", &history).unwrap());
}

#[test]
fn what_names_nothing_is_told_with_what_may_be_meant() {
    let engine = world();
    let errors = ["hone", "zigbeee", "evil\n", "1-", "0781:5583"]
        .map(|name| show(&engine, context(), name, []).unwrap_err());
    let machine = explain(&engine, context(), "Zigbee", Some("nobody")).unwrap_err();
    let errors: Vec<String> = errors
        .iter()
        .chain([&machine])
        .map(|error| format!("{error:#?}"))
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

/// The parts of an explanation that are not in other replies.
fn explained(name: &str, machine: Option<&str>) -> String {
    explained_in(&world(), name, machine)
}

fn explained_in(engine: &Engine, name: &str, machine: Option<&str>) -> String {
    let explanation = explain(engine, context(), name, machine).unwrap();
    let lines = explanation.devices.iter().flat_map(|device| {
        let notes = [
            ("by hand", &device.by_hand),
            ("refusal", &device.refusal),
            ("last error", &device.last_error),
        ];
        let notes = notes
            .into_iter()
            .filter_map(|(what, note)| Some(format!("  {what}: {}", note.as_ref()?)));
        let conclusion = device.conclusion.iter();
        std::iter::once(device.device.device.port.clone())
            .chain(device.rules.iter().flat_map(lines_of))
            .chain(notes)
            .chain(conclusion.map(|sentence| format!("  = {sentence}")))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn lines_of(rule: &RuleExplanation) -> Vec<String> {
    let named = rule.rule.name.as_ref().unwrap_or(&rule.rule.origin);
    let conditions = rule.conditions.iter().map(|one| {
        let (key, wanted, actual) = (&one.key, &one.wanted, &one.actual);
        format!("    {key}: {wanted} | {actual} | {:?}", one.verdict)
    });
    std::iter::once(format!("  {named}: {:?}: {}", rule.verdict, rule.outcome))
        .chain(conditions)
        .collect()
}

#[test]
fn a_device_is_explained_rule_by_rule() {
    insta::assert_snapshot!(explained("1-2", None));
}

#[test]
fn the_json_of_an_explanation_has_all_of_it() {
    insta::assert_json_snapshot!(explain(&world(), context(), "1-9", None).unwrap());
}

#[test]
fn a_machine_is_explained_by_the_devices_that_could_go_there() {
    let text = explained("archive", None);
    let conclusions = text.lines().filter(|line| !line.starts_with("    "));
    insta::assert_snapshot!(conclusions.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_stands_between_a_device_and_a_machine_is_told() {
    let pairs = [
        ("Zigbee", "archive"),
        ("Zigbee", "home"),
        ("1-2", "office"),
        ("1-2", "gone"),
        ("1-4", "archive"),
        ("1-6", "far"),
        ("1-7", "home"),
        ("1-8", "home"),
        ("1-9", "office"),
        ("2-1", "home"),
        ("1-1", "home"),
    ];
    let texts = pairs.map(|(device, machine)| {
        let text = explained(device, Some(machine));
        let conclusions = text.lines().filter(|line| line.starts_with("  = "));
        let conclusions: Vec<&str> = conclusions.collect();
        format!("{device} and {machine}\n{}", conclusions.join("\n"))
    });
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_was_decided_by_hand_is_told() {
    let engine = ordered();
    let texts = ["1-1.1", "1-2", "1-3", "1-9", "2-1"].map(|port| explained_in(&engine, port, None));
    let lines = texts.iter().flat_map(|text| text.lines());
    let lines = lines.filter(|line| !line.starts_with("    ") && !line.contains("does not hold"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn status_tells_what_is_paused_and_switched() {
    let status = status(&ordered(), context());
    let belongs = status.devices.iter().map(|one| {
        let (port, belongs) = (&one.device.port, &one.belongs);
        (port, belongs.kind, belongs.by_hand, &belongs.reason)
    });
    let belongs: Vec<_> = belongs.collect();
    let Status {
        problems,
        counts,
        paused,
        switched,
        ..
    } = &status;
    insta::assert_json_snapshot!((problems, counts, paused, switched, belongs));
}

#[test]
fn machines_tell_what_is_under_way() {
    let machines = machines(&ordered(), context()).machines;
    let under_way: Vec<String> = machines
        .iter()
        .map(|one| {
            let name = &one.machine.machine;
            let (paused, call) = (one.paused, one.under_way.as_deref().unwrap_or("-"));
            format!(
                "{name}: {:?}, paused: {paused}, under way: {call}",
                one.state
            )
        })
        .collect();
    insta::assert_snapshot!(under_way.join("\n"));
}

#[test]
fn a_detach_of_somebody_else_is_told() {
    let engine = world();
    let home = fixture::machine("home");
    let mut view = engine.device_view(&"1-2".parse().unwrap()).unwrap();
    view.detached_from = Some(&home);
    insta::assert_snapshot!(explanation::by_hand(&view).unwrap());
}

#[test]
fn hidden_serial_numbers_are_nowhere_in_any_reply() {
    let engine = world();
    let serials = Serials::of(&engine);
    let history = history();
    let mut shown = show(&engine, context(), "1-1.1", &history).unwrap();
    shown.history.truncate(1);
    let mut status = status(&engine, context());
    let mut devices = devices(&engine, context());
    let mut machines = machines(&engine, context());
    let mut rules = rules(&engine);
    let mut why = explain(&engine, context(), "archive", None).unwrap();
    let mut error = show(&engine, context(), "4C5300", []).unwrap_err();
    shown.hide_serials(&serials);
    status.hide_serials(&serials);
    devices.hide_serials(&serials);
    machines.hide_serials(&serials);
    rules.hide_serials(&serials);
    why.hide_serials(&serials);
    error.hide_serials(&serials);
    let texts = [
        serde_json::to_string(&shown).unwrap(),
        serde_json::to_string(&status).unwrap(),
        serde_json::to_string(&devices).unwrap(),
        serde_json::to_string(&machines).unwrap(),
        serde_json::to_string(&rules).unwrap(),
        serde_json::to_string(&why).unwrap(),
        error.to_string(),
    ];
    for secret in ["4C530001", "SC-1", "CF-1", "FA-1", "BL-1", "31mred"] {
        for text in &texts {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    let Explanation { devices, .. } = why;
    let conditions = devices.first().unwrap().rules.first();
    insta::assert_json_snapshot!((shown, rules, conditions, error.to_string()));
}
