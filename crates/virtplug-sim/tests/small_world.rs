//! Two devices, two machines and one fault, in every order.
//!
//! 31 classes of faults in five scenes. `virtplug-sim --depth` goes deeper than
//! this test has the time for; docs/RELIABILITY.md tells how many orders these are.

// A test fails by a panic.
#![allow(clippy::panic)]

use virtplug_sim::{Fault, small_world};

#[test]
fn every_order_of_the_first_three_things_keeps_every_invariant() {
    let scenes = small_world();
    assert_eq!(scenes.len(), 5 * Fault::ALL.len());
    let mut count = 0;
    for scene in &scenes {
        count += scene
            .explore(3)
            .unwrap_or_else(|failure| panic!("{failure}\n{scene:#?}"));
    }
    assert!(count >= 8_000, "only {count} orders");
}
