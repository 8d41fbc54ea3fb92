//! The wish, judged anew by reading every rule: what the engine's answer is
//! compared with.
//!
//! Where chance or history decides among several outcomes, all of them are in
//! the wish; where the rules leave no choice, exactly one.

use std::collections::BTreeSet;

use virtplug_core::{Device, MachineKey, Owner, Policy, Rule, Verdict};

/// Where a device may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Host,
    Spare,
    Conflict,
    Unknown,
    Refused,
    Machine(MachineKey),
}

/// All places where a device may be now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish(pub(crate) BTreeSet<Place>);

/// A device that was at the port before: where it belonged, and how strong its rule was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) machine: MachineKey,
    pub(crate) rank: (i32, u8),
    /// Whether there is no doubt about what was there.
    pub(crate) sure: bool,
}

/// What the answer depends on beside rules and device.
pub(crate) trait Around {
    /// Whether a machine may be running, and whether it may be off. Neither: it
    /// was not looked at.
    fn runs(&self, machine: &MachineKey) -> Vec<Option<bool>>;
    /// The machines with an entry of ours for it.
    fn holders(&self) -> Vec<MachineKey>;
    fn follows(&self) -> Vec<Followed>;
    /// Whom somebody gave it to by hand.
    fn held(&self) -> Option<Owner>;
    /// Whether it may be about to start a machine.
    fn may_start(&self, machine: &MachineKey) -> bool;
    /// Whether another device that claims to be this one is meant by a rule, too.
    fn has_namesake(&self, rule: &Rule) -> bool;
}

/// How strong a rule is, by the words of the manual.
pub(crate) fn rank(rule: &Rule) -> (i32, u8) {
    let asks = &rule.matcher;
    let product = asks.vendor.is_some() && asks.product.is_some();
    let place = asks.port.is_some() || asks.address.is_some();
    let specificity = match (place, asks.serial.is_some(), product) {
        (true, true, _) | (true, _, true) => 5,
        (true, false, false) => 4,
        (false, true, true) => 3,
        (false, true, false) => 2,
        (false, false, true) => 1,
        (false, false, false) => 0,
    };
    (rule.options.priority, specificity)
}

/// An enabled rule that holds, or could.
#[derive(Clone, Copy)]
pub(crate) struct Holding<'p> {
    pub(crate) rule: &'p Rule,
    pub(crate) certain: bool,
}

/// The enabled rules that hold or could, the strongest first.
pub(crate) fn holding<'p>(policy: &'p Policy, device: &Device) -> Vec<Holding<'p>> {
    let mut rules: Vec<Holding<'_>> = Vec::new();
    for rule in policy.rules().iter().filter(|rule| rule.options.enabled) {
        // No rule of this world asks for what is around a device.
        let verdict = rule.matcher.judge(device, &());
        if verdict != Verdict::No {
            let certain = verdict == Verdict::Yes;
            rules.push(Holding { rule, certain });
        }
    }
    rules.sort_by_key(|one| std::cmp::Reverse(rank(one.rule)));
    rules
}

/// Of these the rules that come before any that decide against all machines,
/// and before what comes after a rule that gives the device in any case.
pub(crate) fn giving<'p>(policy: &'p Policy, device: &Device) -> Vec<&'p Rule> {
    let rules = holding(policy, device);
    let decides = |one: &Holding<'_>| {
        let rank = rank(one.rule);
        let equal = || rules.iter().filter(|one| self::rank(one.rule) == rank);
        one.rule.owner == Owner::Host || doubt(equal).is_some()
    };
    let settles = |one: &Holding<'_>| {
        let options = &one.rule.options;
        one.certain && options.count.is_none() && !options.yields
    };
    let before = rules.iter().take_while(|one| !decides(one));
    let last = before.clone().position(settles).map(|place| place + 1);
    before
        .take(last.unwrap_or(rules.len()))
        .filter(|one| one.certain)
        .map(|one| one.rule)
        .collect()
}

impl Wish {
    pub(crate) fn of(policy: &Policy, device: &Device, around: &dyn Around) -> Self {
        match around.held() {
            Some(Owner::Host) => return Self([Place::Host].into()),
            Some(Owner::Machine(machine)) => {
                return Self([allowed(Place::Machine(machine), device)].into());
            }
            None => {}
        }
        let rules = holding(policy, device);
        let mut holders: Vec<Option<MachineKey>> = around.holders().into_iter().map(Some).collect();
        if holders.is_empty() {
            holders.push(None);
        }
        let mut places = BTreeSet::new();
        for holder in &holders {
            walk(&rules, holder.as_ref(), around, &mut places);
        }
        for followed in around.follows() {
            let against = |one: &Holding<'_>| {
                one.rule.owner == Owner::Host
                    || one.rule.machine() == Some(&followed.machine)
                    || rank(one.rule) >= followed.rank
            };
            if device.is_hub() || rules.iter().any(against) {
                continue;
            }
            if followed.sure {
                places.clear();
            }
            places.insert(Place::Machine(followed.machine));
        }
        Self(
            places
                .into_iter()
                .map(|place| allowed(place, device))
                .collect(),
        )
    }

    /// The machines that it may be in.
    pub(crate) fn machines(&self) -> impl Iterator<Item = MachineKey> {
        self.0.iter().filter_map(|place| match place {
            Place::Machine(machine) => Some(machine.clone()),
            _ => None,
        })
    }

    /// Whether the device may be in that machine.
    pub(crate) fn allows(&self, machine: &MachineKey) -> bool {
        self.0.contains(&Place::Machine(machine.clone()))
    }

    /// Whether it belongs to that machine and nowhere else.
    pub(crate) fn is_machine(&self, machine: &MachineKey) -> bool {
        self.0.len() == 1 && self.allows(machine)
    }

    /// Whether it must not be in that machine.
    pub(crate) fn forbids(&self, machine: &MachineKey) -> bool {
        !self.allows(machine) && !self.0.contains(&Place::Unknown)
    }

    /// Whether nothing else than that machine is allowed or known.
    pub(crate) fn keeps_in(&self, machine: &MachineKey) -> bool {
        self.0.iter().all(|place| match place {
            Place::Unknown => true,
            Place::Machine(one) => one == machine,
            _ => false,
        })
    }
}

fn allowed(place: Place, device: &Device) -> Place {
    let Place::Machine(_) = place else {
        return place;
    };
    match device.authorized.known() {
        _ if device.is_hub() => Place::Refused,
        Some(true) => place,
        Some(false) => Place::Refused,
        None => Place::Unknown,
    }
}

/// What came of the rules so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Passed {
    /// The first machine that is off and lets others have the device, and
    /// whether another device claims to be the one that its rule means.
    waiting: Option<(MachineKey, bool)>,
    /// Whether there was a rule that may be used up.
    full: bool,
}

fn walk(
    rules: &[Holding<'_>],
    holder: Option<&MachineKey>,
    around: &dyn Around,
    places: &mut BTreeSet<Place>,
) {
    let mut states = BTreeSet::from([Passed::default()]);
    let mut decided = None;
    for (number, one) in rules.iter().enumerate() {
        let rank = rank(one.rule);
        if decided != Some(rank) {
            decided = Some(rank);
            let equal = || rules.iter().filter(|one| self::rank(one.rule) == rank);
            if let Some(place) = doubt(equal) {
                places.insert(place);
                return;
            }
        }
        if !one.certain {
            continue;
        }
        let Owner::Machine(machine) = &one.rule.owner else {
            places.insert(Place::Host);
            return;
        };
        let later = rules.iter().skip(number + 1).filter(|one| one.certain);
        let held_later = holder.is_some_and(|holder| {
            holder != machine && later.clone().any(|one| one.rule.machine() == Some(holder))
        });
        let mut next = BTreeSet::new();
        for state in states {
            for running in around.runs(machine) {
                step(
                    one.rule, machine, running, holder, held_later, around, &state, places,
                    &mut next,
                );
            }
        }
        if next.is_empty() {
            return;
        }
        states = next;
    }
    for state in states {
        places.insert(match (state.waiting, state.full) {
            (Some((machine, doubted)), _) if doubted && holder != Some(&machine) => Place::Conflict,
            (Some((machine, _)), _) => Place::Machine(machine),
            (None, true) => Place::Spare,
            (None, false) => Place::Host,
        });
    }
}

/// Why equally strong rules give the device to nobody.
fn doubt<'r, I: Iterator<Item = &'r Holding<'r>>>(equal: impl Fn() -> I) -> Option<Place> {
    let owners: BTreeSet<&Owner> = equal()
        .filter(|one| one.certain)
        .map(|one| &one.rule.owner)
        .collect();
    if equal().any(|one| !one.certain && !owners.contains(&one.rule.owner)) {
        return Some(Place::Unknown);
    }
    let pooled = |one: &Holding<'_>| !one.certain || one.rule.options.count.is_some();
    (owners.len() > 1 && !equal().all(pooled)).then_some(Place::Conflict)
}

#[allow(
    clippy::too_many_arguments,
    reason = "all that a rule's outcome depends on"
)]
fn step(
    rule: &Rule,
    machine: &MachineKey,
    running: Option<bool>,
    holder: Option<&MachineKey>,
    held_later: bool,
    around: &dyn Around,
    state: &Passed,
    places: &mut BTreeSet<Place>,
    next: &mut BTreeSet<Passed>,
) {
    let options = &rule.options;
    let mut state = state.clone();
    let mut takes = true;
    // The serial number alone tells two that claim the same one from nobody.
    let doubted =
        rule.matcher.serial.is_some() && rule.options.count.is_none() && around.has_namesake(rule);
    if options.count.is_some() {
        state.full = true;
        next.insert(state.clone());
        takes = !held_later || options.preempts;
    }
    if options.yields && takes {
        if held_later && !(options.preempts && running == Some(true)) {
            next.insert(state);
            return;
        }
        if running == Some(false) {
            takes = options.start_machine && around.may_start(machine);
            state
                .waiting
                .get_or_insert_with(|| (machine.clone(), doubted));
            next.insert(state);
        }
    }
    if takes {
        places.insert(if doubted && holder != Some(machine) {
            Place::Conflict
        } else {
            Place::Machine(machine.clone())
        });
    }
}
