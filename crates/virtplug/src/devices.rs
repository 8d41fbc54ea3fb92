//! `virtplug devices`.

use serde::Serialize;
use virtplug_core::{Assignment, DeviceView, Engine, Fact, Giver, Grant, Obstacle, RawText, Rule};

use crate::cli::Sources;
use crate::exit::Exit;
use crate::json::{Identity, MachineJson, OwnerJson, RuleJson};
use crate::naming::{name, rule_text};
use crate::output::{message, print, print_json};
use crate::pass::{self, Mode};
use crate::world::World;
use crate::{settings, table};

/// Lists the devices, where each belongs and where it is.
pub(crate) async fn run(world: World, sources: &Sources, json: bool) -> Exit {
    let policy = match settings::load_or_empty(sources) {
        Ok(policy) => policy,
        Err(exit) => return exit,
    };
    let outcome = pass::run(world, policy, Mode::Observed, |_, _| {}).await;
    if let Some(error) = &outcome.scan_error {
        message(format_args!("error: cannot read the USB devices: {error}"));
        return Exit::Failed;
    }
    if json {
        print_json(&listing(&outcome.engine));
    } else {
        print(text(&outcome.engine));
    }
    for note in pass::notes(&outcome.engine) {
        message(format_args!("note: {note}"));
    }
    Exit::Ok
}

/// The table.
pub(crate) fn text(engine: &Engine) -> String {
    let mut table = table::new(&["PORT", "ID", "SERIAL", "NAME", "BELONGS TO", "IS IN"]);
    let mut empty = true;
    for view in engine.devices() {
        empty = false;
        let device = view.device;
        table.add_row([
            device.port.to_string(),
            format!("{}:{}", device.vendor, device.product),
            shown(&device.serial),
            name(device),
            belongs(view.assignment),
            is_in(&view),
        ]);
    }
    if empty {
        return "no USB devices are plugged in\n".to_owned();
    }
    table::render(&table)
}

pub(crate) fn shown(text: &Fact<Option<RawText>>) -> String {
    match text {
        Fact::Known(Some(text)) => text.to_string(),
        Fact::Known(None) => "-".to_owned(),
        Fact::Unknown => "?".to_owned(),
    }
}

pub(crate) fn belongs(assignment: &Assignment) -> String {
    match assignment {
        Assignment::Host => "host".to_owned(),
        Assignment::Kept(_) => "host (by rule)".to_owned(),
        Assignment::Withheld => "host (by hand)".to_owned(),
        Assignment::Machine(Grant {
            machine,
            giver: Giver::Followed(rule),
        }) => format!("{machine} (follows {})", rule_text(rule)),
        Assignment::Machine(grant) => grant.machine.to_string(),
        Assignment::Spare(_) => "spare".to_owned(),
        Assignment::Conflict(_) => "conflict".to_owned(),
        Assignment::Unknown(..) => "?".to_owned(),
        Assignment::Refused(..) => "refused".to_owned(),
    }
}

fn is_in(view: &DeviceView<'_>) -> String {
    let mut places: Vec<String> = view
        .holders
        .iter()
        .map(|holder| {
            let foreign = if holder.own { "" } else { " (not by us)" };
            format!("{}{foreign}", holder.machine)
        })
        .collect();
    if places.is_empty() {
        places.push("host".to_owned());
    }
    match &view.obstacle {
        Some(Obstacle::MachineOff) => places.push("(machine off)".to_owned()),
        Some(Obstacle::NoSuchMachine) => places.push("(no such machine)".to_owned()),
        Some(Obstacle::NoConnection(_) | Obstacle::MachineUnread) => {
            places = vec!["?".to_owned()];
        }
        _ => {}
    }
    places.join(" ")
}

/// The JSON form. Additions keep the version; a change of meaning raises it.
#[derive(Debug, Serialize)]
struct Listing {
    version: u32,
    devices: Vec<DeviceJson>,
}

#[derive(Debug, Serialize)]
struct DeviceJson {
    #[serde(flatten)]
    device: Identity,
    belongs: BelongsJson,
    holders: Vec<HolderJson>,
    /// Why it is not in the machine that it belongs to.
    obstacle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum BelongsJson {
    Host {
        /// The rule that keeps it there; absent where no rule names it.
        rule: Option<RuleJson>,
    },
    Machine {
        #[serde(flatten)]
        machine: MachineJson,
        rule: Option<RuleJson>,
        /// Whether it is there because it follows a device that the rule names.
        followed: bool,
    },
    Spare(ClaimJson),
    Conflict {
        claims: Vec<ClaimJson>,
    },
    Unknown(Option<ClaimJson>),
    Refused {
        #[serde(flatten)]
        claim: Option<ClaimJson>,
        reason: String,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct ClaimJson {
    #[serde(flatten)]
    owner: OwnerJson,
    rule: RuleJson,
}

impl From<&Rule> for ClaimJson {
    fn from(rule: &Rule) -> Self {
        Self {
            owner: (&rule.owner).into(),
            rule: rule.into(),
        }
    }
}

#[derive(Debug, Serialize)]
struct HolderJson {
    #[serde(flatten)]
    machine: MachineJson,
    own: bool,
}

impl From<&Assignment> for BelongsJson {
    fn from(assignment: &Assignment) -> Self {
        match assignment {
            Assignment::Host | Assignment::Withheld => Self::Host { rule: None },
            Assignment::Kept(rule) => Self::Host {
                rule: Some(rule.as_ref().into()),
            },
            Assignment::Machine(grant) => Self::Machine {
                machine: (&grant.machine).into(),
                rule: grant.rule().map(|rule| rule.as_ref().into()),
                followed: grant.is_followed(),
            },
            Assignment::Spare(rule) => Self::Spare(rule.as_ref().into()),
            Assignment::Conflict(rules) => Self::Conflict {
                claims: rules.iter().map(|rule| rule.as_ref().into()).collect(),
            },
            Assignment::Unknown(rule) => Self::Unknown(rule.as_deref().map(Into::into)),
            Assignment::Refused(grant, refusal) => Self::Refused {
                claim: grant.rule().map(|rule| rule.as_ref().into()),
                reason: refusal.to_string(),
            },
        }
    }
}

fn listing(engine: &Engine) -> Listing {
    let devices = engine.devices().map(|view| DeviceJson {
        device: view.device.into(),
        belongs: view.assignment.into(),
        holders: view
            .holders
            .iter()
            .map(|holder| HolderJson {
                machine: (&holder.machine).into(),
                own: holder.own,
            })
            .collect(),
        obstacle: view.obstacle.as_ref().map(ToString::to_string),
    });
    Listing {
        version: 1,
        devices: devices.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::world;

    #[test]
    fn the_table_fits_eighty_columns_and_shows_where_each_device_is() {
        let text = text(&world(false).0);
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        insta::assert_snapshot!(text);
    }

    #[test]
    fn json_tells_the_same_in_full() {
        insta::assert_json_snapshot!(listing(&world(false).0));
    }
}
