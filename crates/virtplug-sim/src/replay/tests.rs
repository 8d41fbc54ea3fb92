//! Schedules of the simulator are traces, too.

mod rules;

use std::collections::BTreeMap;

use super::*;
use crate::Plan;

fn plan(operations: usize) -> Plan {
    Plan {
        operations,
        hung: false,
    }
}

#[test]
fn what_the_model_does_is_legal() {
    let (mut attaches, mut detaches) = (0, 0);
    let mut broken = BTreeMap::new();
    for seed in 0..500 {
        let traces = plan(25).schedule(seed).traces();
        for trace in traces.unwrap_or_else(|failure| panic!("seed {seed}: {failure}")) {
            match trace.replay_by(RULES) {
                Ok(found) => {
                    assert_eq!(found.beyond, None);
                    attaches += found.attaches;
                    detaches += found.detaches;
                }
                Err(one) => {
                    broken.insert(one.rule, format!("seed {seed}: {one}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(attaches > 200 && detaches > 50, "{attaches} {detaches}");
}

#[test]
fn schedules_come_back_from_text() {
    for seed in 0..30 {
        for trace in plan(25).schedule(seed).traces().unwrap() {
            assert_eq!(Trace::read(&trace.write().unwrap()).unwrap(), trace);
        }
    }
}
