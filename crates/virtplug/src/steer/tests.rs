use virtplug_core::{Action, Event, Fact, Time, Use};

use super::*;
use crate::fixture::world;
use crate::rehearsal::Rehearsal;

fn attach(device: &str, machine: Option<&str>) -> Request {
    Request::Attach {
        device: device.to_owned(),
        machine: machine.map(str::to_owned),
        allow_in_use: false,
    }
}

fn detach(device: &str) -> Request {
    Request::Detach {
        device: device.to_owned(),
    }
}

fn refusal(request: &Request) -> ControlError {
    begin(&world(false).0, request).unwrap_err()
}

/// Gives an event and imagines that all calls succeed.
fn feed(engine: &mut Engine, rehearsal: &mut Rehearsal, event: Event) {
    let mut next = Some(event);
    while let Some(event) = next.or_else(|| rehearsal.next_answer()) {
        for action in engine.handle(Time::default(), rehearsal.overlay(event)) {
            match action {
                Action::Attach(op, request) => rehearsal.attach(op, request),
                Action::Detach(op, request) => rehearsal.detach(op, request),
                _ => {}
            }
        }
        next = None;
    }
}

/// What comes of a request in the small world, where all calls succeed and
/// nothing else is done.
fn outcome(requests: &[Request]) -> Changes {
    let (mut engine, mut rehearsal) = crate::fixture::rehearsed_world();
    let mut last = None;
    for request in requests {
        let begun = begin(&engine, request).unwrap();
        for order in begun.orders {
            feed(&mut engine, &mut rehearsal, Event::Order(order));
        }
        last = begun.pending.outcome(&engine);
    }
    last.unwrap()
}

fn sentences(changes: &Changes) -> Vec<String> {
    let lines = changes.changes.iter().map(|change| {
        let mark = if change.done { "done" } else { "not done" };
        format!("{}: {} ({mark})", change.device.port, change.result)
    });
    lines.chain(changes.notes.iter().cloned()).collect()
}

#[test]
fn without_a_rule_a_machine_must_be_named() {
    let ControlError::NoSuchMachine { message } = refusal(&attach("A3", None)) else {
        panic!("A3 has a machine");
    };
    assert_eq!(
        message,
        "no rule gives 1-3 to a machine; name a machine with `-D MACHINE`"
    );
}

#[test]
fn what_cannot_be_attached_is_said_before_anything_is_done() {
    let cases = [
        attach("1-4", Some("alpha")),
        attach("A3", Some("beta")),
        attach("A3", Some("gamma")),
        attach("A9", None),
        attach("B1", None),
        attach("K1", None),
        Request::Switch {
            group: "desk".to_owned(),
            target: Target::Host,
        },
    ];
    let said: Vec<String> = cases.iter().map(|one| refusal(one).to_string()).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn an_attach_by_hand_is_over_when_the_device_is_there() {
    assert_eq!(
        sentences(&outcome(&[attach("A3", Some("alpha"))])),
        ["1-3: is in machine alpha (done)"]
    );
    // Whom several claim, and whom a rule keeps on the host, too.
    for port in ["1-4.2", "2-2"] {
        assert_eq!(
            sentences(&outcome(&[attach(port, Some("alpha"))])),
            [format!("{port}: is in machine alpha (done)")]
        );
    }
}

#[test]
fn a_detach_by_hand_is_over_when_the_host_has_it() {
    assert_eq!(
        sentences(&outcome(&[detach("A1")])),
        ["1-1: is on the host (done)"]
    );
    let release = Request::Release {
        device: Some("1-1".to_owned()),
    };
    assert_eq!(
        sentences(&outcome(&[detach("A1"), release])),
        ["1-1: is in machine alpha (done)"]
    );
}

#[test]
fn an_entry_of_somebody_else_is_left() {
    assert_eq!(
        sentences(&outcome(&[detach("F1")])),
        [
            "1-4.3: is in machine alpha by an entry that is not ours; remove it where it was made (not done)"
        ]
    );
}

#[test]
fn all_devices_of_a_machine_go_and_come_back() {
    let all = |machine: Option<&str>| machine.map(str::to_owned);
    let gone = outcome(&[Request::DetachAll {
        machine: all(Some("alpha")),
    }]);
    assert_eq!(
        sentences(&gone),
        [
            "1-1: is on the host (done)",
            "1-2: is on the host (done)",
            "2-4: is on the host (done)"
        ]
    );
    let back = outcome(&[
        Request::DetachAll { machine: None },
        Request::AttachAll {
            machine: all(Some("alpha")),
        },
    ]);
    insta::assert_snapshot!(sentences(&back).join("\n"));
}

#[test]
fn a_pause_that_detaches_gives_back_and_its_end_restores() {
    let pause = Request::Pause {
        machine: None,
        detach: true,
    };
    let paused = outcome(std::slice::from_ref(&pause));
    assert!(
        paused.are_done() && !paused.changes.is_empty(),
        "{paused:?}"
    );
    let resumed = outcome(&[pause, Request::Resume { machine: None }]);
    insta::assert_snapshot!(sentences(&resumed).join("\n"));
    let nothing = outcome(&[Request::Resume { machine: None }]);
    assert!(nothing.notes.contains(&"nothing was paused".to_owned()));
}

#[test]
fn what_the_host_uses_is_only_attached_where_that_is_allowed() {
    let (mut engine, mut rehearsal) = crate::fixture::rehearsed_world();
    let mut used = engine.device(&"1-3".parse().unwrap()).unwrap().clone();
    used.in_use = Fact::Known([Use::LastKeyboard].into());
    feed(&mut engine, &mut rehearsal, Event::Device(used));
    let mut said = Vec::new();
    for allow_in_use in [false, true] {
        let request = Request::Attach {
            device: "1-3".to_owned(),
            machine: Some("alpha".to_owned()),
            allow_in_use,
        };
        let begun = begin(&engine, &request).unwrap();
        for order in begun.orders {
            feed(&mut engine, &mut rehearsal, Event::Order(order));
        }
        said.extend(sentences(&begun.pending.outcome(&engine).unwrap()));
    }
    insta::assert_snapshot!(said.join("\n"));
}
