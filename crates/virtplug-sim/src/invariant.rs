//! Invariants: each a function with a name. The first of DESIGN.md that it
//! stands for is named with it.

mod action;
mod excuse;
mod order;
mod rest;
mod rule;
mod state;

use std::fmt;

use virtplug_core::{Action, Time};

use crate::mirror::Mirror;
use crate::world::World;

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Violation {
    /// The invariant's name.
    pub invariant: &'static str,
    /// What happened.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.text)
    }
}

/// What a check says when its invariant is broken.
type Verdict = Result<(), String>;

/// A check of what the engine asks for, against what it knows.
type ActionCheck = fn(&Mirror, Time, &Action) -> Verdict;

/// A check of the world and the engine as they are.
type StateCheck = fn(&World) -> Verdict;

const OF_ACTIONS: &[(&str, ActionCheck)] = &[
    ("I1 one device, one machine", action::one_request_per_device),
    (
        "I2 attach follows the wish",
        action::attach_follows_the_wish,
    ),
    (
        "I2 attach names the device as it is known",
        action::attach_names_the_device,
    ),
    (
        "I2 attach waits for machine and udev",
        action::attach_waits_until_it_can,
    ),
    (
        "I1 the first look comes first",
        action::the_first_look_comes_first,
    ),
    (
        "I2 attach meets no known occupant",
        action::attach_meets_no_occupant,
    ),
    ("I2 stale entries go first", action::stale_goes_first),
    ("I2 a rule of the host wins", rule::a_rule_of_the_host_wins),
    ("I2 no more than the count", rule::no_more_than_the_count),
    (
        "I2 the guest port is a rule's",
        rule::the_guest_port_is_a_rule_s,
    ),
    ("I2 a start has a plug", rule::a_start_has_a_plug),
    (
        "I3 detach has a reason, nobody moves",
        action::detach_has_a_reason,
    ),
    ("I4 refused devices stay out", action::refused_stays_out),
    (
        "I4 what the host uses stays out",
        action::what_is_in_use_stays_out,
    ),
    ("I4 a copy gets nothing", rule::a_copy_gets_nothing),
    ("I6 one call per machine", action::one_call_at_a_time),
    ("I7 a hold is respected", action::a_hold_is_respected),
    ("I7 a pause is respected", order::a_pause_is_respected),
    (
        "I8 the rate of attaches is bounded",
        action::attach_rate_is_bounded,
    ),
    (
        "I8 pauses between attaches grow",
        action::attach_pauses_grow,
    ),
    (
        "I8 pauses between detaches grow",
        action::detach_pauses_grow,
    ),
    (
        "I8 no room waits for a change",
        action::no_room_waits_for_a_change,
    ),
    ("I8 a flapping port pauses", action::a_flapping_port_pauses),
    ("I8 a calm port is calm", action::a_calm_port_is_calm),
];

const OF_STATES: &[(&str, StateCheck)] = &[
    (
        "I1 no instance in two machines",
        state::no_instance_in_two_machines,
    ),
    (
        "I3 no good entry is taken out",
        state::no_good_entry_is_taken_out,
    ),
    ("I10 no wakeup in the past", state::no_wakeup_in_the_past),
];

/// What only an event for the engine can change.
const OF_KNOWLEDGE: &[(&str, StateCheck)] = &[
    (
        "I5 every gap has an obstacle",
        state::every_gap_has_an_obstacle,
    ),
    (
        "I5 every stale entry is dealt with",
        state::every_stale_entry_is_dealt_with,
    ),
    ("I8 a new run begins anew", state::a_new_run_begins_anew),
    (
        "I7 the policy is the one that was given",
        state::the_policy_is_the_given_one,
    ),
    (
        "I7 orders are those that were given",
        order::orders_are_those_given,
    ),
    ("views tell what is known", state::views_tell_what_is_known),
];

const AT_REST: &[(&str, StateCheck)] = &[
    (
        "I5 attachments equal assignments",
        rest::attachments_equal_assignments,
    ),
    ("I5 no spare while a place is free", rest::no_needless_spare),
    ("I2 counts are kept", rest::counts_are_kept),
    ("I5 no entry of ours is stale", rest::no_own_entry_is_stale),
    ("I5 nothing is under way", rest::nothing_is_under_way),
    ("I9 the engine is small", rest::the_engine_is_small),
    ("status equals truth", rest::status_equals_truth),
];

/// The names of all invariants.
pub fn names() -> Vec<&'static str> {
    let actions = OF_ACTIONS.iter().map(|(name, _)| *name);
    let states = OF_STATES
        .iter()
        .chain(OF_KNOWLEDGE)
        .chain(AT_REST)
        .map(|(name, _)| *name);
    actions.chain(states).collect()
}

fn broken(invariant: &'static str, text: String) -> Violation {
    Violation { invariant, text }
}

/// Checks one action before it is performed.
pub(crate) fn check_action(mirror: &Mirror, now: Time, action: &Action) -> Result<(), Violation> {
    OF_ACTIONS
        .iter()
        .try_for_each(|(name, check)| check(mirror, now, action).map_err(|text| broken(name, text)))
}

fn check_all<'c>(
    world: &World,
    checks: impl IntoIterator<Item = &'c (&'static str, StateCheck)>,
) -> Result<(), Violation> {
    checks
        .into_iter()
        .try_for_each(|(name, check)| check(world).map_err(|text| broken(name, text)))
}

/// Checks everything that holds at any moment.
pub(crate) fn check_state(world: &mut World) -> Result<(), Violation> {
    check_all(world, OF_STATES)?;
    if world.tally.events > world.checked {
        world.checked = world.tally.events;
        check_all(world, OF_KNOWLEDGE)?;
    }
    Ok(())
}

/// Checks what holds when faults have ended and everything came to rest.
pub(crate) fn check_rest(world: &World) -> Result<(), Violation> {
    check_all(world, OF_STATES.iter().chain(OF_KNOWLEDGE).chain(AT_REST))
}
