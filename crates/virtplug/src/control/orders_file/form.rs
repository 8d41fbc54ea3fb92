//! The form of the file: JSON with a version, so that a later daemon can tell.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use virtplug_core::{
    ConnectionUri, Detached, Hold, InstanceId, MachineKey, Orders, Owner, Pause, PortPath, RunId,
    Uuid,
};

/// Raised when what is written changes its meaning.
const VERSION: u32 = 1;

#[derive(Debug, Deserialize)]
struct Version {
    version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    holds: Vec<HeldDevice>,
    detached: Vec<DetachedDevice>,
    switches: Vec<SwitchedGroup>,
    pauses: Vec<PausedMachine>,
    pause_of_all: Option<HowPaused>,
}

/// A device whose owner was decided by hand.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldDevice {
    instance: String,
    port: String,
    owner: Option<Machine>,
    in_pause: Vec<Machine>,
    until_end_of: Option<Machine>,
    run: Option<Run>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    allow_in_use: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetachedDevice {
    instance: String,
    port: String,
    machine: Machine,
    run: Run,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchedGroup {
    group: String,
    owner: Option<Machine>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PausedMachine {
    machine: Machine,
    how: HowPaused,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HowPaused {
    detach: bool,
}

/// A machine; where an owner is none, it is the host.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    connection: String,
    name: String,
    uuid: Option<String>,
}

/// One run of a machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    uuid: String,
    id: u32,
}

/// The text of the file; none if there is nothing to keep.
pub(super) fn write(orders: &Orders) -> Option<String> {
    if orders.is_empty() {
        return None;
    }
    let holds = orders.holds.iter().map(|(instance, hold)| HeldDevice {
        instance: write_instance(*instance),
        port: hold.port.to_string(),
        owner: write_owner(&hold.owner),
        in_pause: hold.in_pause.iter().map(Into::into).collect(),
        until_end_of: hold.until_end_of.as_ref().map(Into::into),
        run: hold.run.map(Into::into),
        allow_in_use: hold.allow_in_use,
    });
    let detached = orders.detached.iter();
    let detached = detached.map(|(instance, detached)| DetachedDevice {
        instance: write_instance(*instance),
        port: detached.port.to_string(),
        machine: (&detached.machine).into(),
        run: detached.run.into(),
    });
    let switches = orders.switches.iter().map(|(group, owner)| SwitchedGroup {
        group: group.clone(),
        owner: write_owner(owner),
    });
    let pauses = orders.pauses.iter().map(|(machine, pause)| PausedMachine {
        machine: machine.into(),
        how: (*pause).into(),
    });
    let form = Form {
        version: VERSION,
        holds: holds.collect(),
        detached: detached.collect(),
        switches: switches.collect(),
        pauses: pauses.collect(),
        pause_of_all: orders.pause_of_all.map(Into::into),
    };
    serde_json::to_string_pretty(&form).ok()
}

/// What a text says, or why it says nothing.
pub(super) fn read(text: &str) -> Result<Orders, String> {
    let wrong = |error: serde_json::Error| format!("it is not what virtplug writes: {error}");
    let Version { version } = serde_json::from_str(text).map_err(wrong)?;
    if version != VERSION {
        return Err(format!(
            "it has version {version}, and this virtplug reads {VERSION}"
        ));
    }
    let form: Form = serde_json::from_str(text).map_err(wrong)?;
    let mut orders = Orders {
        pause_of_all: form.pause_of_all.map(Into::into),
        ..Orders::default()
    };
    for held in form.holds {
        let hold = Hold {
            port: read_port(&held.port)?,
            owner: read_owner(held.owner)?,
            in_pause: read_all(held.in_pause)?,
            until_end_of: held.until_end_of.map(TryInto::try_into).transpose()?,
            run: held.run.map(TryInto::try_into).transpose()?,
            allow_in_use: held.allow_in_use,
        };
        add(&mut orders.holds, read_instance(&held.instance)?, hold)?;
    }
    for one in form.detached {
        let instance = read_instance(&one.instance)?;
        let detached = Detached {
            port: read_port(&one.port)?,
            machine: one.machine.try_into()?,
            run: one.run.try_into()?,
        };
        add(&mut orders.detached, instance, detached)?;
    }
    for one in form.switches {
        add(&mut orders.switches, one.group, read_owner(one.owner)?)?;
    }
    for one in form.pauses {
        add(&mut orders.pauses, one.machine.try_into()?, one.how.into())?;
    }
    Ok(orders)
}

fn add<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> Result<(), String> {
    match map.insert(key, value) {
        None => Ok(()),
        Some(_) => Err("it says two things of one".to_owned()),
    }
}

fn write_instance(instance: InstanceId) -> String {
    format!("{:016x}", instance.0)
}

fn read_instance(text: &str) -> Result<InstanceId, String> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    number
        .map(InstanceId)
        .ok_or_else(|| "an instance is malformed".to_owned())
}

fn read_port(text: &str) -> Result<PortPath, String> {
    text.parse().map_err(|_| "a port is malformed".to_owned())
}

fn read_uuid(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "a UUID is malformed".to_owned())
}

fn read_all(machines: Vec<Machine>) -> Result<BTreeSet<MachineKey>, String> {
    machines.into_iter().map(TryInto::try_into).collect()
}

fn write_owner(owner: &Owner) -> Option<Machine> {
    match owner {
        Owner::Host => None,
        Owner::Machine(machine) => Some(machine.into()),
    }
}

fn read_owner(machine: Option<Machine>) -> Result<Owner, String> {
    match machine {
        None => Ok(Owner::Host),
        Some(machine) => Ok(Owner::Machine(machine.try_into()?)),
    }
}

impl From<&MachineKey> for Machine {
    fn from(machine: &MachineKey) -> Self {
        Self {
            connection: machine.uri.as_str().to_owned(),
            name: machine.name().to_owned(),
            uuid: machine.uuid.map(|uuid| uuid.to_string()),
        }
    }
}

impl TryFrom<Machine> for MachineKey {
    type Error = String;

    fn try_from(machine: Machine) -> Result<Self, String> {
        let uri = ConnectionUri::new(&machine.connection);
        let Some(uuid) = machine.uuid else {
            return Ok(Self::new(uri, &machine.name));
        };
        Ok(Self::with_uuid(uri, &machine.name, read_uuid(&uuid)?))
    }
}

impl From<Pause> for HowPaused {
    fn from(pause: Pause) -> Self {
        Self {
            detach: pause.detach,
        }
    }
}

impl From<HowPaused> for Pause {
    fn from(how: HowPaused) -> Self {
        Self { detach: how.detach }
    }
}

impl From<RunId> for Run {
    fn from(run: RunId) -> Self {
        Self {
            uuid: run.uuid.to_string(),
            id: run.id,
        }
    }
}

impl TryFrom<Run> for RunId {
    type Error = String;

    fn try_from(run: Run) -> Result<Self, String> {
        Ok(Self {
            uuid: read_uuid(&run.uuid)?,
            id: run.id,
        })
    }
}
