//! What became of rules, for decisions of each kind.

use std::num::NonZeroU32;

use super::*;
use crate::assignment::Giver;
use crate::device::Device;
use crate::matcher::Matcher;
use crate::rule::{Owner, RuleOptions};
use crate::testing::{device, machine, rule};
use crate::{Fact, Holder};

/// Machines that are off, and rules that are used up.
#[derive(Default)]
struct World {
    off: Vec<MachineKey>,
    full: Vec<usize>,
}

impl Surroundings for World {
    fn is_off(&self, machine: &MachineKey) -> bool {
        self.off.contains(machine)
    }

    fn is_full(&self, claim: &Claim) -> bool {
        self.full.contains(&claim.number)
    }
}

fn serial(serial: &str) -> Matcher {
    Matcher {
        serial: Some(serial.into()),
        ..Matcher::default()
    }
}

fn with(owner: &str, set: impl Fn(&mut RuleOptions)) -> Rule {
    let mut rule = rule(owner, serial("A"));
    rule.origin = format!("{owner}:1");
    set(&mut rule.options);
    rule
}

/// Each rule with its standing, in the order of the answer.
fn standings(
    rules: Vec<Rule>,
    device: &Device,
    holders: &[&str],
    world: &World,
    decide: impl Fn(&[Arc<Rule>]) -> Assignment,
) -> Vec<String> {
    let policy = Policy::new([], rules);
    let claims = policy.claims(device, &());
    let assignment = decide(policy.rules());
    let holders = holders.iter().map(|name| Holder {
        machine: machine(name),
        own: true,
    });
    let view = DeviceView {
        uses: device.in_use.clone(),
        left_by: None,
        flapping: None,
        device,
        assignment: &assignment,
        holders: holders.collect(),
        obstacle: None,
        claims: &claims,
        hold: None,
        detached_from: None,
        error: None,
        failures: 0,
    };
    let views = all(&policy, &view, &(), world);
    let words = views.iter().map(|view| {
        let what = match &view.standing {
            Standing::Gives => "gives".to_owned(),
            Standing::Refused(refusal) => format!("refused: {refusal:?}"),
            Standing::Conflicts(rules) => format!("conflict of {}", rules.len()),
            Standing::Unread => "unread".to_owned(),
            Standing::Full => "full".to_owned(),
            Standing::Yields(machine) => format!("yields while {machine} is off"),
            Standing::Elsewhere(machine) => format!("elsewhere in {machine}"),
            Standing::Beside(rule) => format!("beside {}", rule.origin),
            Standing::Weaker(rule) => format!("weaker than {}", rule.origin),
            Standing::Followed(rule) => format!("followed by {}", rule.origin),
            Standing::ByHand => "by hand".to_owned(),
            Standing::Fails => "fails".to_owned(),
            Standing::Disabled => "disabled".to_owned(),
        };
        format!("{}: {what}", view.rule.owner)
    });
    words.collect()
}

fn given(rule: &Arc<Rule>) -> Assignment {
    Assignment::Machine(grant(rule))
}

fn grant(rule: &Arc<Rule>) -> Grant {
    Grant {
        machine: rule.machine().unwrap().clone(),
        giver: Giver::Rule(Arc::clone(rule)),
    }
}

#[test]
fn those_that_hold_come_first_and_each_says_what_became_of_it() {
    let mut other = with("other", |_| {});
    other.matcher = serial("B");
    let mut again = with("gives", |_| {});
    again.origin = "gives:2".into();
    let rules = vec![
        other,
        with("weak", |options| options.priority = -1),
        with("gives", |_| {}),
        again,
        with("disabled", |options| options.enabled = false),
        with("yields", |options| {
            options.priority = 3;
            options.yields = true;
        }),
        with("full", |options| {
            options.priority = 2;
            options.count = NonZeroU32::new(1);
        }),
        with("lent", |options| {
            options.priority = 1;
            options.yields = true;
        }),
    ];
    let world = World {
        off: vec![machine("yields")],
        full: vec![6],
    };
    let device = device("1-1", 2, "A");
    let found = standings(rules, &device, &["gives"], &world, |rules| given(&rules[2]));
    assert_eq!(
        found,
        [
            "yields: yields while yields is off",
            "full: full",
            "lent: elsewhere in gives",
            "gives: gives",
            "gives: beside gives:1",
            "disabled: disabled",
            "weak: weaker than gives:1",
            "other: fails",
        ]
    );
}

/// What became of two equally strong rules, for `a` and for `b`.
fn of_two(device: &Device, decide: impl Fn(&[Arc<Rule>]) -> Assignment) -> Vec<String> {
    let two = vec![with("a", |_| {}), with("b", |_| {})];
    standings(two, device, &[], &World::default(), decide)
}

#[test]
fn a_conflict_a_refusal_and_a_hand_are_told() {
    let device = device("1-1", 2, "A");
    let conflict = of_two(&device, |rules| Assignment::Conflict(rules.to_vec()));
    assert_eq!(conflict, ["a: conflict of 2", "b: conflict of 2"]);
    let withheld = of_two(&device, |_| Assignment::Withheld);
    assert_eq!(withheld, ["a: by hand", "b: by hand"]);
    let given = of_two(&device, |rules| {
        Assignment::Machine(Grant {
            giver: Giver::Hand(None),
            ..grant(&rules[0])
        })
    });
    assert_eq!(given, ["a: by hand", "b: by hand"]);
    let refused = of_two(&device, |rules| {
        Assignment::Refused(grant(&rules[0]), Refusal::Unauthorised)
    });
    assert_eq!(refused[0], "a: refused: Unauthorised");
}

#[test]
fn a_doubt_and_a_follower_are_told() {
    let mut device = device("1-1", 2, "A");
    let follows = of_two(&device, |rules| {
        Assignment::Machine(Grant {
            giver: Giver::Followed(Arc::clone(&rules[0])),
            ..grant(&rules[0])
        })
    });
    assert_eq!(follows, ["a: followed by a:1", "b: followed by a:1"]);
    device.serial = Fact::Unknown;
    let unread = of_two(&device, |rules| {
        Assignment::Unknown(Some(Arc::clone(&rules[0])))
    });
    assert_eq!(unread, ["a: unread", "b: unread"]);
}

#[test]
fn what_the_host_keeps_is_given_by_its_rule() {
    let mut host = with("host", |options| options.priority = 1);
    host.owner = Owner::Host;
    let rules = vec![with("a", |_| {}), host];
    let device = device("1-1", 2, "A");
    let kept = standings(rules, &device, &[], &World::default(), |rules| {
        Assignment::Kept(Arc::clone(&rules[1]))
    });
    assert_eq!(kept, ["host: gives", "a: weaker than host:1"]);
}
