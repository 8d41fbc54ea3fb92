//! Rules that let others have a device for a time: yield, preempt.

use super::bench::{Bench, serial};
use crate::testing::device;
use crate::{Matcher, Rule};

/// The first rule yields, the second takes what it can get.
fn rules(preempts: bool) -> Vec<Rule> {
    let mut first = serial("A", "owner");
    first.options.yields = true;
    first.options.preempts = preempts;
    let vendor = Matcher {
        vendor: Some("0627".into()),
        ..Matcher::default()
    };
    vec![first, super::bench::rule(vendor, "guest")]
}

#[test]
fn while_the_owner_is_off_the_next_one_has_it_and_keeps_it() {
    let mut bench = Bench::new(rules(false));
    bench.start("guest");
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), ["attach 1-1:2 to guest"]);
    bench.start("owner");
    assert_eq!(bench.run(), [""; 0]);
    // The guest stops: it goes to its owner.
    bench.stop("guest");
    assert_eq!(bench.run(), ["attach 1-1:2 to owner"]);
    bench.start("guest");
    assert_eq!(bench.run(), [""; 0]);
    bench.stop("owner");
    assert_eq!(bench.run(), ["attach 1-1:2 to guest"]);
}

#[test]
fn an_owner_that_preempts_takes_it_back_at_its_start() {
    let mut bench = Bench::new(rules(true));
    bench.start("guest");
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), ["attach 1-1:2 to guest"]);
    bench.start("owner");
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from guest: the device belongs to another machine now",
            "attach 1-1:2 to owner"
        ]
    );
}

#[test]
fn a_restarted_daemon_lets_the_device_stay_where_it_is() {
    let mut bench = Bench::new(rules(false));
    bench.start("guest");
    bench.plug(device("1-1", 2, "A"));
    bench.run();
    bench.start("owner");
    bench.restart(rules(false));
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("guest"), ["1-1:2"]);
}
