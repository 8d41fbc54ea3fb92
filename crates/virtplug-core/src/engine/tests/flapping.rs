//! Ports whose device comes and goes too often, and what is told of them.

use super::bench::{Bench, again, serial};
use crate::testing::device;
use crate::{Obstacle, Report};

#[test]
fn a_flapping_port_pauses_and_ends_attached_once() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    for number in 10..60 {
        bench.plug(device("1-1", number, "A"));
        bench.run();
        bench.unplug("1-1");
        bench.run();
        bench.pass_millis(100);
    }
    bench.plug(device("1-1", 60, "A"));
    assert!(matches!(bench.obstacle("1-1"), Some(Obstacle::Flapping(_))));
    assert_eq!(bench.waiting(), [""; 0]);
    let attached = |report: &&Report| matches!(report, Report::Attached(..));
    assert_eq!(bench.reports.iter().filter(attached).count(), 5);
    bench.pass_seconds(10);
    assert_eq!(bench.run(), ["attach 1-1:60 to vm"]);
    assert_eq!(bench.entries("vm"), ["1-1:60"]);
    bench.pass_seconds(30);
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// Rules for a device in `vm`, and for 20 others that use up the limit on attaches.
fn crowded() -> Bench {
    let others = (0..20).map(|n| serial(&format!("S{n}"), &format!("m{n}")));
    let mut bench = Bench::new([serial("A", "vm")].into_iter().chain(others).collect());
    for n in 0..20 {
        bench.start(&format!("m{n}"));
    }
    bench.run();
    bench
}

fn let_the_others_go_first(bench: &mut Bench) {
    for n in 0..20_u8 {
        bench.plug(device(&format!("2-{}", n + 1), n + 2, &format!("S{n}")));
    }
    assert_eq!(bench.run().len(), 20);
}

fn is_limited(bench: &Bench) -> bool {
    matches!(bench.obstacle("1-1"), Some(Obstacle::RateLimited(_)))
}

#[test]
fn a_port_that_comes_to_rest_waits_no_longer_than_others() {
    let mut bench = crowded();
    bench.start("vm");
    shake(&mut bench, "1-1", 3);
    bench.pass_millis(29_500);
    let_the_others_go_first(&mut bench);
    bench.plug(device("1-1", 99, "A"));
    assert!(is_limited(&bench));
    bench.pass_millis(600);
    assert_eq!(bench.run(), ["attach 1-1:99 to vm"]);
}

#[test]
fn a_port_that_is_calm_again_waits_no_longer_than_others() {
    let mut bench = crowded();
    shake(&mut bench, "1-1", 6);
    bench.plug(device("1-1", 99, "A"));
    bench.pass_millis(31_500);
    let_the_others_go_first(&mut bench);
    bench.start("vm");
    assert_eq!(bench.run(), [""; 0]);
    assert!(is_limited(&bench));
    bench.pass_millis(600);
    assert_eq!(bench.run(), ["attach 1-1:99 to vm"]);
}

/// What the journal tells, in words.
fn told(bench: &Bench) -> Vec<&'static str> {
    let words = |report: &Report| match report {
        Report::Attached(..) => "attached",
        Report::Detached(..) => "detached",
        Report::Flapping { .. } => "flapping",
        Report::Calmed { .. } => "calm",
        Report::Conflict(..) => "conflict",
        _ => "other",
    };
    bench.reports.iter().map(words).collect()
}

fn shake(bench: &mut Bench, port: &str, times: u8) {
    for number in 0..times {
        bench.plug(device(port, 100 + number, "A"));
        bench.run();
        bench.unplug(port);
        bench.run();
    }
}

#[test]
fn what_happens_while_a_port_flaps_is_counted_and_told_once() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.reports.clear();
    shake(&mut bench, "1-1", 5);
    assert_eq!(told(&bench), ["attached", "detached"].repeat(5));
    bench.reports.clear();
    for _ in 0..3 {
        shake(&mut bench, "1-1", 20);
        bench.plug(device("1-1", 99, "A"));
        bench.pass_seconds(9);
        bench.run();
    }
    assert_eq!(told(&bench), ["flapping"; 3]);
    bench.reports.clear();
    bench.pass_seconds(60);
    let [Report::Calmed { tally, .. }] = &bench.reports[..] else {
        panic!("{:?}", bench.reports);
    };
    // Five before it flapped, then all of them.
    assert_eq!(tally.connects, 5 + 63);
    assert_eq!((tally.attached, tally.detached), (3, 2));
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.unplug("1-1");
    bench.run();
    assert_eq!(told(&bench), ["calm", "detached"]);
}

/// A device that resets itself a while after each attach never comes more
/// than five times within half a minute.
#[test]
fn a_device_that_resets_after_each_attach_is_attached_ever_more_rarely() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    let mut stick = device("1-1", 5, "A");
    bench.plug(stick.clone());
    let (mut attaches, mut since) = (0, 0);
    for _ in 0..3600 {
        let done = bench.run();
        if done.iter().any(|call| call.starts_with("attach")) {
            (attaches, since) = (attaches + 1, 0);
        }
        if since == 12 {
            stick = again(&stick);
            bench.plug(stick.clone());
        }
        bench.pass_seconds(1);
        since += 1;
    }
    assert!((20..40).contains(&attaches), "{attaches}");
    assert!(bench.reports.len() < 60, "{}", bench.reports.len());
}

#[test]
fn a_loose_cable_leaves_attaches_to_others() {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "b")]);
    bench.start("a");
    bench.start("b");
    for port in 1..6 {
        shake(&mut bench, &format!("1-{port}"), 5);
    }
    bench.plug(device("2-1", 7, "B"));
    assert_eq!(bench.run(), ["attach 2-1:7 to b"]);
}

#[test]
fn in_one_machine_a_restless_device_waits_for_the_others() {
    let mut bench = Bench::new(vec![serial("A", "vm"), serial("B", "vm")]);
    bench.start("vm");
    shake(&mut bench, "1-1", 2);
    bench.mute.insert(crate::testing::machine("vm"));
    bench.changed("vm");
    bench.plug(device("1-1", 9, "A"));
    bench.plug(device("2-1", 7, "B"));
    let read = bench.read(&crate::testing::machine("vm"));
    bench.tell(crate::Event::MachineRead(
        crate::testing::machine("vm"),
        read,
    ));
    assert_eq!(bench.run(), ["attach 2-1:7 to vm", "attach 1-1:9 to vm"]);
}
