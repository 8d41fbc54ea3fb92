//! Devices that the host uses.

use std::collections::BTreeSet;

use virtplug_core::{Engine, Event, Fact, Order, PortPath, Use};

use super::explained_in;
use super::world::{context, feed, world};
use crate::fixture::machine;
use crate::present::{HideSerials as _, Serials, show};

/// The world in which somebody gave to a machine what the host uses so.
fn used(in_use: Fact<BTreeSet<Use>>) -> Engine {
    let mut engine = world();
    let port: PortPath = "2-1".parse().unwrap();
    let mut device = engine.device(&port).unwrap().clone();
    device.in_use = in_use;
    let order = Order::Hold {
        port,
        instance: device.instance,
        owner: machine("home").into(),
        allow_in_use: false,
    };
    feed(&mut engine, [Event::Device(device), Event::Order(order)]);
    engine
}

fn mounted_and_open() -> Fact<BTreeSet<Use>> {
    let mounted = Use::Mounted {
        node: "sdb1".into(),
        at: "/media/4C530001".into(),
    };
    let opened = Use::Opened {
        node: "snd/pcmC1D0p".into(),
        by: None,
    };
    Fact::Known([mounted, opened].into())
}

#[test]
fn the_part_of_the_guard_is_explained() {
    let texts = [mounted_and_open(), Fact::Unknown].map(|in_use| {
        let text = explained_in(&used(in_use), "2-1", None);
        let conclusions = text.lines().filter(|line| line.starts_with("  = "));
        conclusions.collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn each_use_is_shown_without_serial_numbers() {
    let engine = used(mounted_and_open());
    let mut shown = show(&engine, context(), "2-1", []).unwrap();
    shown.hide_serials(&Serials::of(&engine));
    let state = shown.device.unwrap();
    insta::assert_json_snapshot!((state.device.in_use, state.obstacle));
}

#[test]
fn what_cannot_be_read_is_absent() {
    let shown = show(&used(Fact::Unknown), context(), "2-1", []).unwrap();
    assert_eq!(shown.device.unwrap().device.in_use, None);
}
