//! A fake sysfs, processes apart, and messages as udev sends them, for the
//! tests of this crate.

mod damage;
mod fake;
mod netlink;
mod sandbox;

pub(crate) use damage::Damage;
pub(crate) use fake::{Fake, configuration, descriptors};
pub(crate) use netlink::{Sender, message};
pub(crate) use sandbox::{in_child, in_namespaces};

use std::time::{Duration, Instant};

/// Waits until something holds; fails the test when it takes too long.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
