//! `virtplug plan`.

use serde::Serialize;
use virtplug_core::{Assignment, Engine, OwnAlias};

use crate::cli::Sources;
use crate::exit::Exit;
use crate::json::{Identity, MachineJson};
use crate::naming::{name, rule_text};
use crate::output::{message, print, print_json};
use crate::pass::{self, Mode};
use crate::rehearsal::Step;
use crate::settings;
use crate::world::World;

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
    place: MachineJson,
    alias: String,
    /// The device; absent where it is not plugged in any more.
    device: Option<Identity>,
    reason: String,
    #[serde(skip)]
    line: String,
}

/// A device that a rule names and that stays where it is.
#[derive(Debug, Serialize)]
struct StayingJson {
    device: Identity,
    /// The machine that it belongs to; absent in a conflict.
    belongs: Option<MachineJson>,
    reason: String,
    #[serde(skip)]
    line: String,
}

impl Plan {
    fn new(engine: &Engine, steps: &[Step]) -> Self {
        Self {
            version: 1,
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

fn step_json(engine: &Engine, step: &Step) -> StepJson {
    let (action, machine, alias) = match step {
        Step::Attach(request) => ("attach", &request.machine, &request.alias),
        Step::Detach(request) => ("detach", &request.machine, &request.alias),
    };
    let device = engine
        .device(&alias.port)
        .filter(|device| device.instance == alias.instance);
    let reason = match step {
        Step::Attach(_) => assigned_by(engine, alias),
        Step::Detach(request) => request.reason.to_string(),
    };
    let what = device.map_or_else(String::new, |device| {
        format!(" {}:{} {}", device.vendor, device.product, name(device))
    });
    let direction = if action == "attach" { "to" } else { "from" };
    StepJson {
        action,
        place: machine.into(),
        alias: alias.to_string(),
        device: device.map(Into::into),
        reason,
        line: format!("{action} {}{what} {direction} {machine}", alias.port),
    }
}

fn assigned_by(engine: &Engine, alias: &OwnAlias) -> String {
    let assignment = engine
        .devices()
        .find(|view| view.device.port == alias.port)
        .map(|view| view.assignment);
    match assignment {
        Some(Assignment::Machine(_, rule)) => format!("{} holds", rule_text(rule)),
        _ => "a rule holds".to_owned(),
    }
}

fn staying(engine: &Engine) -> Vec<StayingJson> {
    let mut staying = Vec::new();
    for view in engine.devices() {
        let (belongs, reason) = match (view.assignment, &view.obstacle) {
            (Assignment::Machine(machine, _), Some(obstacle)) => {
                (Some(machine), obstacle.to_string())
            }
            (Assignment::Refused(machine, _, refusal), _) => (Some(machine), refusal.to_string()),
            (Assignment::Unknown(machine, rule), _) => (
                Some(machine),
                format!("{} asks for what cannot be read now", rule_text(rule)),
            ),
            (Assignment::Conflict(claims), _) => {
                let claims: Vec<String> = claims
                    .iter()
                    .map(|(machine, rule)| format!("{machine} ({})", rule_text(rule)))
                    .collect();
                (
                    None,
                    format!("several machines claim it: {}", claims.join(", ")),
                )
            }
            (Assignment::Machine(..), None) | (Assignment::Host, _) => continue,
        };
        let device = view.device;
        staying.push(StayingJson {
            device: device.into(),
            belongs: belongs.map(Into::into),
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
