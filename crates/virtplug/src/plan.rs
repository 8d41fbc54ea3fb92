//! `virtplug plan`.

use serde::Serialize;
use virtplug_core::{Assignment, DeviceView, Engine, Giver, MachineKey, OwnAlias};
use virtplug_ipc::{Device, MachineName, VERSION};

use crate::cli::Sources;
use crate::exit::Exit;
use crate::naming::{claims_text, name, rule_text};
use crate::output::{message, print, print_json};
use crate::pass::{self, Mode};
use crate::rehearsal::Step;
use crate::world::World;
use crate::{present, settings};

/// Shows what a pass would do, and what keeps other devices out.
pub(crate) async fn run(world: World, sources: &Sources, json: bool) -> Exit {
    let policy = match settings::load_or_empty(sources) {
        Ok(policy) => policy,
        Err(exit) => return exit,
    };
    let outcome = pass::run(world, policy, Mode::Rehearsed, |_, _| {}).await;
    if let Some(error) = &outcome.scan_error {
        message(format_args!("error: cannot read the USB devices: {error}"));
        return Exit::Failed;
    }
    let plan = Plan::new(&outcome.engine, &outcome.steps);
    if json {
        print_json(&plan);
    } else {
        print(plan.text());
    }
    for note in pass::notes(&outcome.engine) {
        message(format_args!("note: {note}"));
    }
    Exit::Ok
}

/// The JSON form; the text is made from it.
#[derive(Debug, Serialize)]
struct Plan {
    version: u32,
    steps: Vec<StepJson>,
    staying: Vec<StayingJson>,
}

#[derive(Debug, Serialize)]
struct StepJson {
    action: &'static str,
    #[serde(flatten)]
    place: MachineName,
    /// The entry of the machine; absent where the machine is started.
    alias: Option<String>,
    /// The device; absent where it is not plugged in any more, and where the
    /// machine is started.
    device: Option<Device>,
    reason: String,
    #[serde(skip)]
    line: String,
}

/// A device that a rule names and that stays where it is.
#[derive(Debug, Serialize)]
struct StayingJson {
    device: Device,
    /// The machine that it belongs to; absent in a conflict and where a rule
    /// keeps it on the host.
    belongs: Option<MachineName>,
    reason: String,
    #[serde(skip)]
    line: String,
}

impl Plan {
    fn new(engine: &Engine, steps: &[Step]) -> Self {
        Self {
            version: VERSION,
            steps: steps.iter().map(|step| step_json(engine, step)).collect(),
            staying: staying(engine),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if self.steps.is_empty() {
            text.push_str("nothing to attach or detach\n");
        }
        let staying = self
            .staying
            .iter()
            .map(|staying| (&staying.line, &staying.reason));
        for (line, reason) in self
            .steps
            .iter()
            .map(|step| (&step.line, &step.reason))
            .chain(staying)
        {
            text.push_str(line);
            text.push_str("\n    because ");
            text.push_str(reason);
            text.push('\n');
        }
        text
    }
}

/// What a rehearsal would do, one line each.
pub(crate) fn lines(engine: &Engine, steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| step_json(engine, step).line)
        .collect()
}

fn step_json(engine: &Engine, step: &Step) -> StepJson {
    let (action, machine, alias) = match step {
        Step::Attach(request) => ("attach", &request.machine, &request.alias),
        Step::Detach(request) => ("detach", &request.machine, &request.alias),
        Step::Start(machine) => return start_json(machine),
    };
    let device = engine
        .device(&alias.port)
        .filter(|device| device.instance == alias.instance);
    let reason = match step {
        Step::Attach(_) => assigned_by(engine, alias),
        Step::Detach(request) => request.reason.to_string(),
        Step::Start(_) => String::new(),
    };
    let what = device.map_or_else(String::new, |device| {
        format!(" {}:{} {}", device.vendor, device.product, name(device))
    });
    let direction = if action == "attach" { "to" } else { "from" };
    StepJson {
        action,
        place: present::machine_name(machine),
        alias: Some(alias.to_string()),
        device: device.map(present::device),
        reason,
        line: format!("{action} {}{what} {direction} {machine}", alias.port),
    }
}

fn start_json(machine: &MachineKey) -> StepJson {
    StepJson {
        action: "start",
        place: present::machine_name(machine),
        alias: None,
        device: None,
        reason: "a rule with `start-machine` gives it a device".to_owned(),
        line: format!("start {machine}"),
    }
}

fn assigned_by(engine: &Engine, alias: &OwnAlias) -> String {
    let assignment = engine
        .devices()
        .find(|view| view.device.port == alias.port)
        .map(|view| view.assignment);
    match assignment {
        Some(Assignment::Machine(grant)) => match &grant.giver {
            Giver::Rule(rule) => format!("{} holds", rule_text(rule)),
            Giver::Followed(rule) => format!("it follows a device that {} names", rule_text(rule)),
            Giver::Hand(_) => "it was asked for by hand".to_owned(),
        },
        _ => "a rule holds".to_owned(),
    }
}

fn staying(engine: &Engine) -> Vec<StayingJson> {
    let mut staying = Vec::new();
    for view in engine.devices() {
        let Some((belongs, reason)) = staying_reason(&view) else {
            continue;
        };
        let device = view.device;
        staying.push(StayingJson {
            device: present::device(device),
            belongs: belongs.map(present::machine_name),
            reason,
            line: format!(
                "leave {} {}:{} {} where it is",
                device.port,
                device.vendor,
                device.product,
                name(device)
            ),
        });
    }
    staying
}

/// Why a device that a rule names stays where it is, and the machine that it
/// belongs to. `None`: no rule names it, or nothing keeps it there.
pub(crate) fn staying_reason<'e>(
    view: &DeviceView<'e>,
) -> Option<(Option<&'e MachineKey>, String)> {
    Some(match (view.assignment, &view.obstacle) {
        (Assignment::Machine(grant), Some(obstacle)) => {
            (Some(&grant.machine), obstacle.to_string())
        }
        (Assignment::Kept(rule), _) => (None, format!("{} keeps it on the host", rule_text(rule))),
        (Assignment::Spare(rule), _) => (
            rule.machine(),
            format!(
                "{} gives as many devices as its `count` allows",
                rule_text(rule)
            ),
        ),
        (Assignment::Withheld, _) => (None, "somebody keeps it on the host".to_owned()),
        (Assignment::Refused(grant, refusal), _) => (Some(&grant.machine), refusal.to_string()),
        (Assignment::Unknown(Some(rule)), _) => (
            rule.machine(),
            format!("{} asks for what cannot be read now", rule_text(rule)),
        ),
        (Assignment::Unknown(None), _) => (
            None,
            "whether it is authorised cannot be read now".to_owned(),
        ),
        (Assignment::Conflict(rules), _) => (
            None,
            format!("several owners claim it: {}", claims_text(rules)),
        ),
        (Assignment::Machine(_), None) | (Assignment::Host, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::world;

    #[test]
    fn a_plan_names_each_step_and_each_device_that_stays_with_the_reason() {
        let (engine, steps) = world(true);
        insta::assert_snapshot!(Plan::new(&engine, &steps).text());
    }

    #[test]
    fn json_tells_the_same() {
        let (engine, steps) = world(true);
        insta::assert_json_snapshot!(Plan::new(&engine, &steps));
    }

    #[test]
    fn an_empty_plan_says_so() {
        let plan = Plan::new(&Engine::new(0), &[]);
        assert_eq!(plan.text(), "nothing to attach or detach\n");
    }
}
