//! Calls that fail.

use std::time::Duration;

use super::bench::{Bench, Call, again, serial};
use crate::testing::{device, machine};
use crate::{CallError, Event, Fact, MachineRead, Obstacle, Outcome, Report, Stuck};

fn plugged() -> Bench {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench
}

#[test]
fn pauses_between_tries_grow_to_a_minute() {
    let mut bench = plugged();
    let mut tries = Vec::new();
    for _ in 0..14 {
        assert_eq!(bench.waiting(), ["attach 1-1:5 to vm"]);
        tries.push(bench.now);
        bench.fail();
        let wakeup = bench.engine.next_wakeup().unwrap();
        bench.pass(wakeup.since(bench.now));
    }
    for (failures, pair) in tries.windows(2).enumerate() {
        let pause = pair[1].since(pair[0]);
        let exact = Duration::from_millis(250 << failures).min(Duration::from_secs(60));
        assert!(
            pause >= exact * 3 / 4 && pause <= exact * 5 / 4,
            "{pause:?}"
        );
    }
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_change_ends_the_pause() {
    let mut bench = plugged();
    for _ in 0..8 {
        bench.fail();
        bench.pass_seconds(80);
    }
    bench.fail();
    assert_eq!(bench.waiting(), [""; 0]);
    bench.load(vec![serial("A", "vm")]);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn a_new_instance_is_not_punished_for_the_old_one() {
    let mut bench = plugged();
    for _ in 0..8 {
        bench.fail();
        bench.pass_seconds(80);
    }
    bench.fail();
    bench.plug(device("1-1", 6, "A"));
    assert_eq!(bench.run(), ["attach 1-1:6 to vm"]);
}

#[test]
fn no_free_port_waits_for_a_change_and_not_for_time() {
    let mut bench = plugged();
    bench.machine("vm").ports.free = Some(0);
    bench.fail();
    assert_eq!(
        bench.obstacle("1-1"),
        Some(Obstacle::Stuck(Stuck::NoFreePort))
    );
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.changed("vm");
    assert_eq!(bench.waiting(), [""; 0]);
    bench.machine("vm").ports.free = Some(1);
    bench.changed("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn no_controller_waits_for_the_next_run() {
    let mut bench = plugged();
    bench.machine("vm").ports.controller = false;
    bench.fail();
    assert_eq!(
        bench.obstacle("1-1"),
        Some(Obstacle::Stuck(Stuck::NoController))
    );
    bench.pass_seconds(3600);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.stop("vm");
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// The device went between the decision and the call; libvirt attaches nothing
/// and says that all is well.
#[test]
fn a_placeholder_without_a_device_is_taken_out_at_once() {
    let mut bench = plugged();
    bench.devices.clear();
    bench.effect();
    bench.end_call(Ok(()));
    assert_eq!(
        bench.run(),
        ["detach 1-1 from vm: libvirt found no device for it"]
    );
    assert_eq!(bench.entries("vm"), [""; 0]);
    assert_eq!(bench.engine.devices().count(), 0);
}

#[test]
fn placeholders_again_and_again_cost_growing_pauses() {
    let mut bench = plugged();
    let mut tries = 0;
    let begin = bench.now;
    while bench.now.since(begin) < Duration::from_secs(600) {
        for call in std::mem::take(&mut bench.calls) {
            tries += u32::from(matches!(call, Call::Attach(..)));
            bench.calls.push(call);
            bench.effect();
            if let Some(entry) = bench.machine("vm").hostdevs.first_mut() {
                entry.missing = true;
            }
            bench.end_call(Ok(()));
        }
        bench.pass_millis(100);
    }
    assert!((8..20).contains(&tries), "{tries}");
}

#[test]
fn an_attach_whose_answer_was_lost_is_found_by_its_alias() {
    let mut bench = plugged();
    bench.effect();
    bench.libvirt_up = false;
    bench.end_call(Err(CallError::Libvirt {
        code: 38,
        message: "client socket is closed".into(),
    }));
    bench.lose_libvirt();
    bench.libvirt_up = true;
    bench.pass_seconds(10);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.summary().attached, 1);
    assert!(matches!(bench.reports.last(), Some(Report::Attached(..))));
}

#[test]
fn an_error_after_the_deed_is_no_failure() {
    let mut bench = plugged();
    bench.effect();
    bench.fail();
    assert!(matches!(bench.reports.last(), Some(Report::Attached(..))));
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn another_instance_at_the_last_moment_leads_to_a_scan() {
    let mut bench = plugged();
    let fresh = again(&device("1-1", 5, "A"));
    bench.devices.insert(fresh.port.clone(), fresh);
    let scans = bench.scans;
    bench.end_call(Err(CallError::InstanceChanged));
    assert_eq!(bench.scans, scans + 1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_removal_is_waited_for() {
    let mut bench = plugged();
    bench.run();
    bench.unplug("1-1");
    bench.end_call(Ok(()));
    assert_eq!(bench.waiting(), [""; 0]);
    bench.pass_seconds(3);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.machine("vm").hostdevs.clear();
    bench.changed("vm");
    assert!(matches!(bench.reports.last(), Some(Report::Detached(..))));
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_removal_that_nobody_tells_of_is_asked_for_again() {
    let mut bench = plugged();
    bench.run();
    bench.unplug("1-1");
    bench.end_call(Ok(()));
    bench.machine("vm").hostdevs.clear();
    bench.pass_seconds(6);
    bench.fail();
    assert!(matches!(bench.reports.last(), Some(Report::Detached(..))));
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_failed_detach_is_repeated_with_growing_pauses() {
    let mut bench = plugged();
    bench.run();
    bench.unplug("1-1");
    for attempt in 1..10 {
        bench.fail();
        assert!(
            matches!(bench.reports.last(), Some(Report::DetachFailed { attempt: n, .. }) if *n == attempt)
        );
        assert_eq!(bench.waiting(), [""; 0]);
        bench.pass_seconds(80);
    }
    assert_eq!(bench.run().len(), 1);
}

/// A call that hangs for the old instance may hit the new one, which has its
/// number. So nobody else gets the number before that call is resolved.
#[test]
fn a_call_under_way_keeps_its_number_from_others() {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "b")]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), ["attach 1-1:5 to a"]);
    bench.plug(again(&device("1-1", 5, "B")));
    assert_eq!(bench.waiting(), ["attach 1-1:5 to a"]);
    bench.end_call(Err(CallError::InstanceChanged));
    assert_eq!(bench.run(), ["attach 1-1:5 to b"]);
}

#[test]
fn a_call_that_nobody_waits_for_changes_nothing() {
    let mut bench = plugged();
    bench.run();
    let outcome = Outcome {
        result: Ok(()),
        after: MachineRead::Off,
        instance_present: Fact::Known(true),
    };
    bench.tell(Event::Done(crate::OpId(1), outcome.clone()));
    bench.tell(Event::Done(crate::OpId(77), outcome));
    bench.tell(Event::MachineRead(machine("vm"), MachineRead::Absent));
    assert_eq!(bench.engine.summary().attached, 1);
}

#[test]
fn a_burst_of_devices_is_attached_at_the_limited_rate() {
    let rules = (0..60).map(|n| serial(&format!("S{n}"), &format!("m{n}")));
    let mut bench = Bench::new(rules.collect());
    for n in 0..60_u8 {
        bench.plug(device(&format!("1-{}", n + 1), n + 2, &format!("S{n}")));
    }
    for n in 0..60 {
        bench.start(&format!("m{n}"));
    }
    assert_eq!(bench.run().len(), 20);
    bench.pass_millis(1000);
    assert_eq!(bench.run().len(), 10);
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.engine.summary().attached, 60);
}
