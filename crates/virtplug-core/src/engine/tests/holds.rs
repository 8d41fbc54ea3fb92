//! Devices whose owner is decided by hand.

use super::bench::{Bench, rule, serial};
use super::worlds::attached;
use crate::testing::{device, machine};
use crate::{Assignment, Device, InstanceId, MachineKey, Matcher, Obstacle, Order, Owner, Report};

impl Bench {
    pub(super) fn order(&mut self, order: Order) {
        self.tell(crate::Event::Order(order));
    }

    /// Gives the device at a port to a machine, or to the host.
    pub(super) fn hold(&mut self, port: &str, owner: &str) {
        let port = port.parse().unwrap();
        let instance = self.devices[&port].instance;
        let owner = match owner {
            "host" => Owner::Host,
            name => machine(name).into(),
        };
        self.order(Order::Hold {
            port,
            instance,
            owner,
            allow_in_use: false,
        });
    }

    pub(super) fn release(&mut self, port: &str) {
        self.order(Order::Release(port.parse().unwrap()));
    }

    pub(super) fn assignment(&self, port: &str) -> Assignment {
        let port: crate::PortPath = port.parse().unwrap();
        let mut views = self.engine.devices();
        let view = views.find(|view| view.device.port == port).unwrap();
        view.assignment.clone()
    }

    fn orders_told(&self) -> usize {
        let told = |report: &&Report| matches!(report, Report::Ordered(_));
        self.reports.iter().filter(told).count()
    }
}

#[test]
fn a_device_goes_where_somebody_wants_it_and_back() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.hold("1-1", "b");
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from a: the device belongs to another machine now",
            "attach 1-1:2 to b"
        ]
    );
    bench.release("1-1");
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from b: the device belongs to another machine now",
            "attach 1-1:2 to a"
        ]
    );
    assert!(bench.engine.orders().is_empty());
    assert_eq!(bench.orders_told(), 2);
}

#[test]
fn the_host_gets_a_device_back_and_keeps_it() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.hold("1-1", "host");
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: somebody keeps the device on the host"]
    );
    assert_eq!(bench.assignment("1-1"), Assignment::Withheld);
    bench.load(vec![serial("A", "a")]);
    bench.pass_seconds(3600);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn an_order_for_another_instance_or_an_empty_port_is_void() {
    let mut bench = attached(vec![serial("A", "a")]);
    for (port, instance) in [("1-1", 77), ("1-2", 2)] {
        bench.order(Order::Hold {
            port: port.parse().unwrap(),
            instance: InstanceId(instance),
            owner: Owner::Host,
            allow_in_use: false,
        });
    }
    assert_eq!(bench.run(), [""; 0]);
    assert!(bench.engine.orders().is_empty());
    assert_eq!(bench.orders_told(), 0);
}

#[test]
fn a_later_order_replaces_an_earlier_one() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.hold("1-1", "b");
    bench.hold("1-1", "host");
    bench.run();
    assert_eq!(bench.engine.orders().holds.len(), 1);
    assert_eq!(bench.assignment("1-1"), Assignment::Withheld);
}

#[test]
fn it_goes_before_the_rules_of_the_host_and_conflicts() {
    let mut host = serial("A", "a");
    host.owner = Owner::Host;
    let conflict = || vec![serial("A", "a"), serial("A", "b")];
    for rules in [Vec::new(), vec![host], conflict()] {
        let mut bench = Bench::new(rules);
        bench.start("a");
        bench.plug(device("1-1", 2, "A"));
        assert_eq!(bench.run(), [""; 0]);
        bench.hold("1-1", "a");
        assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
    }
}

/// An owner that would take its device back when it starts, and a fallback.
#[test]
fn it_goes_before_yielding() {
    let mut first = serial("A", "a");
    first.options.yields = true;
    first.options.preempts = true;
    let vendor = Matcher {
        vendor: Some("0627".into()),
        ..Matcher::default()
    };
    let mut bench = attached(vec![first, rule(vendor, "b")]);
    bench.hold("1-1", "b");
    bench.run();
    bench.changed("a");
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("b"), ["1-1:2"]);
}

#[test]
fn a_held_device_takes_no_place_in_a_pool() {
    let product = Matcher {
        vendor: Some("0627".into()),
        product: Some("0001".into()),
        ..Matcher::default()
    };
    let mut pool = rule(product, "a");
    pool.options.count = 1.try_into().ok();
    let mut bench = attached(vec![pool]);
    bench.plug(device("1-2", 3, "B"));
    assert_eq!(bench.run(), [""; 0]);
    bench.hold("1-1", "a");
    assert_eq!(bench.run(), ["attach 1-2:3 to a"]);
    // Released, it is the spare.
    bench.release("1-1");
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: no rule gives the device to this machine"]
    );
}

#[test]
fn the_rule_of_the_same_machine_says_how() {
    let mut own = serial("A", "b");
    own.options.priority = -1;
    own.options.guest_port = "0:3".parse().ok();
    let mut bench = attached(vec![serial("A", "a"), own]);
    bench.hold("1-1", "b");
    bench.run();
    let place = bench.machine("b").hostdevs[0].guest_port.clone();
    assert_eq!(place.as_deref(), Some("0:3"));
}

#[test]
fn what_may_never_be_attached_is_not_attached_by_hand_either() {
    let mut bench = Bench::new(Vec::new());
    bench.start("a");
    let hub = Device {
        class: crate::ClassCode::new(9, 0, 0),
        ..device("1-1", 2, "A")
    };
    let blocked = Device {
        authorized: crate::Fact::Known(false),
        ..device("1-2", 3, "B")
    };
    bench.plug(hub);
    bench.plug(blocked);
    bench.hold("1-1", "a");
    bench.hold("1-2", "a");
    assert_eq!(bench.run(), [""; 0]);
    for port in ["1-1", "1-2"] {
        assert!(matches!(bench.assignment(port), Assignment::Refused(..)));
    }
}

#[test]
fn who_orders_does_not_wait_for_the_next_try() {
    for order in ["hold", "release"] {
        let mut bench = Bench::new(vec![serial("A", "a")]);
        bench.start("a");
        bench.plug(device("1-1", 2, "A"));
        bench.fail();
        assert_eq!(bench.waiting(), [""; 0]);
        match order {
            "hold" => bench.hold("1-1", "a"),
            _ => bench.release("1-1"),
        }
        assert_eq!(bench.waiting(), ["attach 1-1:2 to a"]);
    }
}

/// Somebody detached it elsewhere before.
#[test]
fn it_ends_what_was_done_elsewhere() {
    for order in ["hold", "release", "release all"] {
        let mut bench = attached(vec![serial("A", "a")]);
        bench.machine("a").hostdevs.clear();
        bench.changed("a");
        assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Held));
        assert_eq!(bench.engine.orders().detached.len(), 1);
        match order {
            "hold" => bench.hold("1-1", "a"),
            "release" => bench.release("1-1"),
            _ => bench.order(Order::ReleaseAll),
        }
        assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
        assert!(bench.engine.orders().detached.is_empty());
    }
}

#[test]
fn all_are_released_at_once() {
    let mut bench = attached(vec![serial("A", "a"), serial("B", "a")]);
    bench.plug(device("1-2", 3, "B"));
    bench.run();
    bench.hold("1-1", "host");
    bench.hold("1-2", "host");
    bench.run();
    bench.order(Order::ReleaseAll);
    assert_eq!(bench.run(), ["attach 1-1:2 to a", "attach 1-2:3 to a"]);
    assert!(bench.engine.orders().is_empty());
    let told = bench.orders_told();
    // There is nothing left to tell of.
    bench.order(Order::ReleaseAll);
    bench.release("1-1");
    assert_eq!(bench.orders_told(), told);
}

#[test]
fn a_machine_that_only_an_order_names_is_looked_at() {
    let elsewhere = MachineKey::new(crate::ConnectionUri::new("qemu:///session"), "guest");
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.plug(device("1-1", 2, "A"));
    let instance = bench.devices[&"1-1".parse().unwrap()].instance;
    bench.order(Order::Hold {
        port: "1-1".parse().unwrap(),
        instance,
        owner: elsewhere.clone().into(),
        allow_in_use: false,
    });
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    // A reload does not forget it, and when nobody names it any more it goes.
    bench.load(vec![serial("A", "a")]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    bench.release("1-1");
    assert!(!format!("{:?}", bench.engine).contains("session"));
}

#[test]
fn a_detach_that_was_called_off_too_late_is_seen_although_nobody_tells() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    let entry = bench.machine("vm").hostdevs[0].own_alias().unwrap();
    bench.hold("1-1", "other");
    // libvirt takes the request; QEMU lets the device go a moment later.
    bench.end_call(Ok(()));
    bench.release("1-1");
    bench.remove(&machine("vm"), &entry);
    bench.pass_seconds(120);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}
