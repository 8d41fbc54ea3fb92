use std::collections::BTreeSet;

use super::*;
use crate::class::ClassCode;
use crate::matcher::{Interfaces, Matcher};
use crate::policy::Policy;
use crate::testing::{device, machine, rule};

mod follow;

/// A world in which a test says what there is.
#[derive(Default)]
struct World {
    off: BTreeSet<MachineKey>,
    holder: Option<MachineKey>,
    given_by: Option<usize>,
    full: BTreeSet<usize>,
    plugged: bool,
    follows: Option<Arc<Rule>>,
    held_for: Option<Owner>,
}

impl Situation for World {
    fn held_for(&self) -> Option<&Owner> {
        self.held_for.as_ref()
    }

    fn runs(&self, machine: &MachineKey) -> Fact<bool> {
        Fact::Known(!self.off.contains(machine))
    }

    fn holder(&self) -> Option<&MachineKey> {
        self.holder.as_ref()
    }

    fn was_given_by(&self, number: usize) -> bool {
        self.given_by == Some(number)
    }

    fn has_room(&self, number: usize) -> bool {
        !self.full.contains(&number)
    }

    fn may_start(&self, _: &MachineKey) -> bool {
        self.plugged
    }

    fn follows(&self) -> Option<&Arc<Rule>> {
        self.follows.as_ref()
    }

    fn namesakes(&self, _: &Rule) -> Vec<PortPath> {
        Vec::new()
    }
}

fn serial(serial: &str) -> Matcher {
    Matcher {
        serial: Some(serial.into()),
        ..Matcher::default()
    }
}

fn product(device: &Device) -> Matcher {
    Matcher {
        vendor: Some(device.vendor.to_string().into()),
        product: Some(device.product.to_string().into()),
        ..Matcher::default()
    }
}

fn tag(tag: &str) -> Matcher {
    Matcher {
        tags: vec![tag.into()],
        ..Matcher::default()
    }
}

/// A rule with options that `set` changes.
fn with(owner: &str, matcher: Matcher, set: fn(&mut crate::RuleOptions)) -> Rule {
    let mut rule = rule(owner, matcher);
    set(&mut rule.options);
    rule
}

/// Whom the device goes to in words.
fn owner(rules: &[Rule], device: &Device, world: &World) -> String {
    let policy = Policy::new([], rules.to_vec());
    let claims = policy.claims(device, &());
    match decide(device, &claims, world).assignment {
        Assignment::Host => "nobody".into(),
        Assignment::Kept(_) => "host".into(),
        Assignment::Machine(grant) if grant.is_followed() => format!("{} follows", grant.machine),
        Assignment::Machine(grant) => grant.machine.to_string(),
        Assignment::Spare(rule) => format!("spare of {}", rule.owner),
        Assignment::Conflict(rules) => {
            let owners: Vec<String> = rules.iter().map(|rule| rule.owner.to_string()).collect();
            format!("conflict of {}", owners.join(" and "))
        }
        Assignment::Unknown(rule) => format!("unknown because of {}", rule.unwrap().owner),
        Assignment::Withheld => "host by hand".into(),
        Assignment::Refused(_, refusal) => format!("{refusal:?}"),
    }
}

#[test]
fn the_more_specific_rule_wins() {
    let device = device("1-1", 2, "A");
    let port = Matcher {
        port: Some("1-1".into()),
        ..Matcher::default()
    };
    let both = |a: Matcher, b: Matcher| Matcher {
        serial: a.serial.or(b.serial),
        port: a.port.or(b.port),
        vendor: a.vendor.or(b.vendor),
        product: a.product.or(b.product),
        ..Matcher::default()
    };
    let rest = Matcher {
        vendor: Some(device.vendor.to_string().into()),
        ..Matcher::default()
    };
    // The weakest first, as the issue orders them from the end.
    let ladder = [
        rest,
        product(&device),
        serial("A"),
        both(serial("A"), product(&device)),
        port.clone(),
        both(port, serial("A")),
    ];
    for pair in ladder.windows(2) {
        let rules = [
            rule("weak", pair[0].clone()),
            rule("strong", pair[1].clone()),
        ];
        assert_eq!(owner(&rules, &device, &World::default()), "strong");
    }
}

#[test]
fn priority_goes_before_specificity() {
    let device = device("1-1", 2, "A");
    let rules = [
        rule("specific", serial("A")),
        with("urgent", product(&device), |options| options.priority = 1),
        with("idle", serial("A"), |options| options.priority = -1),
    ];
    assert_eq!(owner(&rules, &device, &World::default()), "urgent");
}

#[test]
fn patterns_are_not_specific() {
    let device = device("1-1", 2, "A");
    let pattern = Matcher {
        serial: Some(crate::Pattern::glob("*").unwrap().into()),
        ..Matcher::default()
    };
    let rules = [rule("pattern", pattern), rule("exact", product(&device))];
    assert_eq!(owner(&rules, &device, &World::default()), "exact");
}

#[test]
fn of_alternatives_the_least_specific_counts() {
    let device = device("1-1", 2, "A");
    let either = Matcher {
        any: Some(vec![serial("A"), tag("x")]),
        ..Matcher::default()
    };
    let rules = [rule("either", either), rule("exact", product(&device))];
    assert_eq!(owner(&rules, &device, &World::default()), "exact");
}

#[test]
fn equally_strong_rules_of_two_owners_are_a_conflict() {
    let device = device("1-1", 2, "A");
    let rules = [rule("a", serial("A")), rule("a", serial("A"))];
    assert_eq!(owner(&rules, &device, &World::default()), "a");
    let rules = [rule("a", serial("A")), rule("b", serial("A"))];
    assert_eq!(
        owner(&rules, &device, &World::default()),
        "conflict of a and b"
    );
    let mut host = rule("", serial("A"));
    host.owner = Owner::Host;
    let rules = [rule("a", serial("A")), host];
    assert_eq!(
        owner(&rules, &device, &World::default()),
        "conflict of a and host"
    );
}

#[test]
fn the_host_keeps_what_its_rule_names_more_exactly() {
    let device = device("1-1", 2, "A");
    let mut host = rule("", serial("A"));
    host.owner = Owner::Host;
    let rules = [rule("a", product(&device)), host];
    assert_eq!(owner(&rules, &device, &World::default()), "host");
}

#[test]
fn what_might_be_stronger_is_unknown_and_what_is_weaker_does_not_matter() {
    let mut device = device("1-1", 2, "A");
    device.udev = Fact::Unknown;
    let urgent = with("b", tag("x"), |options| options.priority = 1);
    let rules = [rule("a", serial("A")), urgent];
    let found = owner(&rules, &device, &World::default());
    assert_eq!(found, "unknown because of b");
    let rules = [rule("a", serial("A")), rule("b", tag("x"))];
    assert_eq!(owner(&rules, &device, &World::default()), "a");
    let rules = [rule("a", tag("x")), rule("b", tag("y"))];
    let found = owner(&rules, &device, &World::default());
    assert_eq!(found, "unknown because of a");
}

#[test]
fn rules_that_are_not_enabled_do_not_count() {
    let device = device("1-1", 2, "A");
    let rules = [with("a", serial("A"), |options| options.enabled = false)];
    assert_eq!(owner(&rules, &device, &World::default()), "nobody");
}

#[test]
fn hubs_and_blocked_devices_are_refused() {
    let rules = [rule("a", serial("A"))];
    let mut device = device("1-1", 2, "A");
    let world = World::default();
    device.authorized = Fact::Known(false);
    assert_eq!(owner(&rules, &device, &world), "Unauthorised");
    device.authorized = Fact::Unknown;
    assert_eq!(owner(&rules, &device, &world), "unknown because of a");
    device.class = ClassCode::new(9, 0, 0);
    assert_eq!(owner(&rules, &device, &world), "Hub");
}

#[test]
fn a_rule_that_yields_lets_the_next_one_have_the_device() {
    let device = device("1-1", 2, "A");
    let rules = [
        with("owner", serial("A"), |options| options.yields = true),
        rule("guest", product(&device)),
    ];
    let mut world = World::default();
    assert_eq!(owner(&rules, &device, &world), "owner");
    world.off = [machine("owner")].into();
    assert_eq!(owner(&rules, &device, &world), "guest");
    // The owner starts: the guest keeps it until it lets go.
    world.off.clear();
    world.holder = Some(machine("guest"));
    assert_eq!(owner(&rules, &device, &world), "guest");
    world.holder = None;
    assert_eq!(owner(&rules, &device, &world), "owner");
    // With nobody else it waits for its owner.
    world.off = [machine("owner")].into();
    assert_eq!(owner(&rules[..1], &device, &world), "owner");
}

#[test]
fn a_rule_that_preempts_takes_the_device_back() {
    let device = device("1-1", 2, "A");
    let rules = [
        with("owner", serial("A"), |options| {
            options.yields = true;
            options.preempts = true;
        }),
        rule("guest", product(&device)),
    ];
    let world = World {
        holder: Some(machine("guest")),
        ..World::default()
    };
    assert_eq!(owner(&rules, &device, &world), "owner");
}

#[test]
fn pools_deal_and_nobody_moves() {
    let device = device("1-1", 2, "A");
    let one = |options: &mut crate::RuleOptions| options.count = 1.try_into().ok();
    let rules = [
        with("a", product(&device), one),
        with("b", product(&device), one),
    ];
    let mut world = World::default();
    assert_eq!(owner(&rules, &device, &world), "a");
    world.full = [0].into();
    assert_eq!(owner(&rules, &device, &world), "b");
    world.full = [0, 1].into();
    assert_eq!(owner(&rules, &device, &world), "spare of a");
    // A place at `a` is free again, but this one is with `b`.
    world.full.clear();
    world.given_by = Some(1);
    assert_eq!(owner(&rules, &device, &world), "b");
    world.given_by = None;
    world.holder = Some(machine("b"));
    assert_eq!(owner(&rules, &device, &world), "b");
    // Only one of the two counts.
    let rules = [
        with("a", product(&device), one),
        rule("b", product(&device)),
    ];
    let found = owner(&rules, &device, &World::default());
    assert_eq!(found, "conflict of a and b");
}

#[test]
fn what_was_plugged_in_waits_for_the_machine_that_it_starts() {
    let device = device("1-1", 2, "A");
    let rules = [
        with("owner", serial("A"), |options| {
            options.yields = true;
            options.start_machine = true;
        }),
        rule("guest", product(&device)),
    ];
    let mut world = World {
        off: [machine("owner")].into(),
        plugged: true,
        ..World::default()
    };
    assert_eq!(owner(&rules, &device, &world), "owner");
    world.plugged = false;
    assert_eq!(owner(&rules, &device, &world), "guest");
}

#[test]
fn what_is_decided_by_hand_goes_before_everything_but_refusals() {
    let device = device("1-1", 2, "A");
    let mut host = rule("host", serial("A"));
    host.owner = Owner::Host;
    let rules = [host, rule("other", serial("A"))];
    let held_for = |owner: Owner| World {
        held_for: Some(owner),
        off: [machine("mine")].into(),
        full: [0, 1].into(),
        follows: Some(Arc::new(rule("other", serial("B")))),
        ..World::default()
    };
    let mine = held_for(machine("mine").into());
    assert_eq!(owner(&rules, &device, &mine), "mine");
    assert_eq!(owner(&[], &device, &held_for(Owner::Host)), "host by hand");
    let unread = |authorized| Device {
        authorized,
        ..device.clone()
    };
    let blocked = unread(Fact::Known(false));
    assert_eq!(owner(&rules, &blocked, &mine), "Unauthorised");
    let own = [rule("mine", serial("A"))];
    let unread = unread(Fact::Unknown);
    assert_eq!(owner(&own, &unread, &mine), "unknown because of mine");
}

#[test]
fn of_its_own_rules_the_strongest_that_surely_holds_says_how() {
    let mut device = device("1-1", 2, "A");
    device.udev = Fact::Unknown;
    let doubtful = with("mine", tag("x"), |options| options.priority = 2);
    let rules = [
        doubtful,
        rule("mine", product(&device)),
        rule("mine", serial("A")),
        with("other", serial("A"), |options| options.priority = 1),
    ];
    let policy = Policy::new([], rules.to_vec());
    let world = World {
        held_for: Some(machine("mine").into()),
        ..World::default()
    };
    let decision = decide(&device, &policy.claims(&device, &()), &world);
    let Assignment::Machine(grant) = decision.assignment else {
        panic!("{decision:?}");
    };
    assert_eq!(grant.giver, Giver::Hand(Some(policy.rules()[2].clone())));
    assert_eq!(decision.given_by, None);
}
