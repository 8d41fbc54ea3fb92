//! Worlds that several tests begin with.

use super::bench::Bench;
use crate::Rule;
use crate::testing::device;

/// Two machines that run; a device that the rules give to `a` was plugged in,
/// and the call waits.
pub(super) fn attaching(rules: Vec<Rule>) -> Bench {
    let mut bench = Bench::new(rules);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.waiting(), ["attach 1-1:2 to a"]);
    bench
}

/// The same, after the call.
pub(super) fn attached(rules: Vec<Rule>) -> Bench {
    let mut bench = attaching(rules);
    bench.succeed();
    assert_eq!(bench.waiting(), [""; 0]);
    bench
}
