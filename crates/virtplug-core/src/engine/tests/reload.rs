//! Configurations that change.

use super::bench::{Bench, Call, serial};
use super::worlds::{attached, attaching};
use crate::testing::device;
use crate::{CallError, Event, Fact, Matcher, Obstacle, Policy};

#[test]
fn a_reload_moves_a_device_and_detaches_first() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.load(vec![serial("A", "b")]);
    assert_eq!(
        bench.waiting(),
        ["detach 1-1 from a: the device belongs to another machine now"]
    );
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::Occupied { own: true, .. })
    ));
    assert_eq!(bench.run()[1..], ["attach 1-1:2 to b"]);
}

#[test]
fn the_same_rules_again_change_nothing() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.load(vec![serial("A", "a")]);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn without_rules_everything_of_ours_goes() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.load(Vec::new());
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: no rule gives the device to this machine"]
    );
}

/// The attach fails, so nothing in any machine changes; the new owner must
/// hear of it all the same.
#[test]
fn a_device_whose_attach_failed_elsewhere_goes_to_its_new_machine() {
    let mut bench = attaching(vec![serial("A", "a")]);
    bench.load(vec![serial("A", "b")]);
    assert_eq!(bench.waiting(), ["attach 1-1:2 to a"]);
    bench.fail();
    assert_eq!(bench.run(), ["attach 1-1:2 to b"]);
}

#[test]
fn a_device_whose_attach_lands_late_is_moved_on() {
    let mut bench = attaching(vec![serial("A", "a")]);
    bench.load(vec![serial("A", "b")]);
    assert_eq!(
        bench.run(),
        [
            "attach 1-1:2 to a",
            "detach 1-1 from a: the device belongs to another machine now",
            "attach 1-1:2 to b"
        ]
    );
}

#[test]
fn what_is_unknown_neither_attaches_nor_detaches() {
    let tagged = |owner: &str| {
        let matcher = Matcher {
            tags: vec!["x".into()],
            ..Matcher::default()
        };
        super::bench::rule(matcher, owner)
    };
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.start("a");
    bench.start("b");
    let mut stick = device("1-1", 5, "A");
    stick.udev = Fact::Unknown;
    bench.plug(stick);
    bench.run();
    bench.load(vec![tagged("b")]);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: no rule gives the device to this machine"]
    );
}

/// Without a configuration nothing is decided.
#[test]
fn nothing_happens_before_the_first_configuration() {
    let mut bench = Bench::unstarted();
    bench.start("a");
    bench.plug(device("1-1", 5, "A"));
    bench.pass_seconds(60);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.policy(), None);
    bench.tell(Event::Policy(Policy::new([], vec![serial("A", "a")])));
    assert_eq!(bench.run(), ["attach 1-1:5 to a"]);
}

#[test]
fn a_reload_during_a_call_waits_for_its_answer() {
    let mut bench = attaching(vec![serial("A", "a")]);
    bench.load(Vec::new());
    assert!(matches!(bench.calls[..], [Call::Attach(..)]));
    bench.end_call(Err(CallError::InstanceChanged));
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// That it left is not known yet, and its number was given again.
#[test]
fn a_move_goes_on_where_another_device_has_the_number_by_now() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.load(vec![serial("A", "b")]);
    bench.plug(device("1-2", 2, "Z"));
    bench.succeed();
    assert_eq!(bench.waiting(), ["attach 1-1:2 to b"]);
}
