//! Rules by chance.

use super::cast::Cast;
use crate::gadget::Gadget;
use crate::random::Random;
use crate::rules::{Asks, RuleSpec, Terms};

/// Mostly a home for each gadget, and now and then a rule that interferes.
pub(super) fn rules(random: &mut Random, cast: &Cast) -> Vec<RuleSpec> {
    let mut rules = Vec::new();
    if random.percent(70) {
        for gadget in &cast.gadgets {
            if random.percent(90) {
                let machine = random.pick(&cast.machines).clone();
                let terms = terms(random);
                rules.push(RuleSpec {
                    terms,
                    ..RuleSpec::plain(machine, Asks::Serial(*gadget))
                });
            }
        }
    }
    match random.weigh(&[4, 3, 3]) {
        0 => {}
        1 => rules.extend((0..=random.below(3)).map(|_| rule(random, cast))),
        _ => rules.extend(shared(random, cast)),
    }
    if cast.eager {
        for rule in &mut rules {
            rule.terms.start = true;
        }
    }
    rules
}

fn rule(random: &mut Random, cast: &Cast) -> RuleSpec {
    let machine = random.pick(&cast.machines).clone();
    let machine = random.percent(80).then_some(machine);
    let gadget = *random.pick(&cast.gadgets);
    let port = random.pick(&cast.ports).clone();
    let asks = match random.weigh(&[4, 2, 3, 1, 1, 1, 1]) {
        0 => Asks::Serial(gadget),
        1 => Asks::Model(gadget),
        2 => Asks::Port(port),
        3 => Asks::ModelAtPort(gadget, port),
        4 => Asks::Tag,
        5 => Asks::Property,
        _ => Asks::Address(*random.pick(&[1, 2]), *random.pick(&[2, 3, 4])),
    };
    RuleSpec {
        machine,
        asks,
        terms: terms(random),
    }
}

/// Mostly none.
fn terms(random: &mut Random) -> Terms {
    if random.percent(50) {
        return Terms::default();
    }
    let yields = random.percent(40);
    Terms {
        disabled: random.percent(5),
        priority: *random.pick(&[-1, 0, 1]),
        yields,
        preempts: random.percent(40) && yields,
        count: *random.pick(&[0, 0, 0, 0, 0, 0, 1, 2]),
        follow: random.percent(30),
        start: random.percent(20),
        allow_in_use: random.percent(30),
        guest_port: random.percent(10),
        group: *random.pick(&[0, 0, 1, 2]),
    }
}

/// Two machines that share a gadget, or identical sticks: an owner and a
/// fallback, or pools.
fn shared(random: &mut Random, cast: &Cast) -> Vec<RuleSpec> {
    if random.percent(50) {
        let follow = random.percent(50);
        let pools = 1 + random.below(3);
        return (0..pools)
            .map(|_| RuleSpec {
                terms: Terms {
                    count: *random.pick(&[0, 1, 2]),
                    priority: *random.pick(&[0, 0, 0, 0, -1, 1]),
                    follow,
                    ..Terms::default()
                },
                ..RuleSpec::plain(
                    random.pick(&cast.machines).clone(),
                    Asks::Model(Gadget::StickA),
                )
            })
            .collect();
    }
    let gadget = *random.pick(&cast.gadgets);
    let owner = random.pick(&cast.machines).clone();
    let fallback = random.pick(&cast.machines).clone();
    let first = RuleSpec {
        terms: Terms {
            yields: true,
            disabled: false,
            ..terms(random)
        },
        ..RuleSpec::plain(owner, Asks::Exact(gadget))
    };
    vec![first, RuleSpec::plain(fallback, Asks::Model(gadget))]
}
