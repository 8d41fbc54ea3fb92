//! Words that several replies share.

use jiff::Timestamp;
use virtplug_core::Obstacle as CoreObstacle;
use virtplug_ipc::{
    Belongs, BelongsKind, Device, DeviceState, HappeningKind, MachineKind, MachineName, Obstacle,
    RuleName,
};

use super::Tone;

/// What people call a device: maker and product, as it says itself.
pub(crate) fn name(device: &Device) -> String {
    match (&device.manufacturer, &device.product_name) {
        (Some(maker), Some(product)) => format!("{maker} {product}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) if device.hub => "(hub)".to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// A device in one line: port, id and name.
pub(crate) fn device_text(device: &Device) -> String {
    let name = match name(device) {
        name if name == "-" => String::new(),
        name => format!(" {name}"),
    };
    format!("{} {}{name}", device.port, id(device))
}

/// `vendor:product`.
pub(crate) fn id(device: &Device) -> String {
    format!("{}:{}", device.vendor, device.product)
}

/// The text, or a dash.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

/// Whom a device belongs to, in a few words.
pub(crate) fn belongs_to(belongs: &Belongs) -> String {
    let machine = || belongs.machine.as_ref().map(|name| name.machine.clone());
    match belongs.kind {
        BelongsKind::Host => "host".to_owned(),
        BelongsKind::Kept if belongs.by_hand => "host (by hand)".to_owned(),
        BelongsKind::Kept => "host (by rule)".to_owned(),
        BelongsKind::Machine => {
            let how = match (belongs.by_hand, belongs.followed) {
                (true, _) => " (by hand)",
                (false, true) => " (follows)",
                (false, false) => "",
            };
            format!("{}{how}", machine().unwrap_or_else(|| "?".to_owned()))
        }
        BelongsKind::Spare => "spare".to_owned(),
        BelongsKind::Conflict => "conflict".to_owned(),
        BelongsKind::Unknown => "?".to_owned(),
        BelongsKind::Refused => "refused".to_owned(),
    }
}

/// Where a device is, in a few words.
pub(crate) fn is_in(state: &DeviceState) -> String {
    let place = place(state);
    match state.obstacle.as_ref().map(brief) {
        Some(Brief::MachineOff) if state.holders.is_empty() => format!("{place} (machine off)"),
        Some(Brief::NoSuchMachine) => format!("{place} (no such machine)"),
        _ => place,
    }
}

/// Where a device is: the host, or the machines that have it.
pub(crate) fn place(state: &DeviceState) -> String {
    // Whoever has it could not be asked.
    if state.obstacle.as_ref().map(brief) == Some(Brief::NotRead) {
        return "?".to_owned();
    }
    let holders: Vec<String> = state
        .holders
        .iter()
        .map(|holder| {
            let foreign = if holder.own { "" } else { " (not by us)" };
            format!("{}{foreign}", holder.machine.machine)
        })
        .collect();
    if holders.is_empty() {
        return "host".to_owned();
    }
    holders.join(" and ")
}

/// An obstacle, as far as a list tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brief {
    /// The machine is off.
    MachineOff,
    /// There is no such machine.
    NoSuchMachine,
    /// The machine could not be read.
    NotRead,
    /// Something that goes away without anybody's help.
    Waiting,
    /// Something that somebody should look at.
    Trouble,
}

/// What kind of obstacle it is, by the sentences of the engine.
pub(crate) fn brief(obstacle: &Obstacle) -> Brief {
    let starts = |known: CoreObstacle| obstacle.reason.starts_with(&known.to_string());
    if starts(CoreObstacle::MachineOff) {
        Brief::MachineOff
    } else if starts(CoreObstacle::NoSuchMachine) {
        Brief::NoSuchMachine
    } else if starts(CoreObstacle::NoConnection(None)) || starts(CoreObstacle::MachineUnread) {
        Brief::NotRead
    } else if obstacle.trouble {
        Brief::Trouble
    } else {
        Brief::Waiting
    }
}

/// The machine that still has it by an entry of virtplug, though it does not belong there.
pub(crate) fn still_in(state: &DeviceState) -> Option<&str> {
    let mut others = state
        .holders
        .iter()
        .filter(|holder| holder.own && Some(&holder.machine) != state.belongs.machine.as_ref());
    others.next().map(|holder| holder.machine.machine.as_str())
}

/// How a device is, by colour.
pub(crate) fn tone(state: &DeviceState) -> Tone {
    match state.belongs.kind {
        BelongsKind::Host | BelongsKind::Kept if still_in(state).is_some() => Tone::Waiting,
        BelongsKind::Conflict => Tone::Bad,
        BelongsKind::Machine if state.is_attached() && state.obstacle.is_none() => Tone::Good,
        BelongsKind::Machine if state.obstacle.as_ref().is_some_and(|why| why.trouble) => Tone::Bad,
        BelongsKind::Machine | BelongsKind::Unknown => Tone::Waiting,
        BelongsKind::Host | BelongsKind::Kept | BelongsKind::Spare | BelongsKind::Refused => {
            Tone::Dim
        }
    }
}

/// Why a device is not where it belongs, with the next try.
pub(crate) fn obstacle_text(obstacle: &Obstacle) -> String {
    let next = next_try(obstacle.retry_ms);
    format!("{}{next}", obstacle.reason)
}

/// `; next try in 12 s`, where there is one.
pub(crate) fn next_try(retry_ms: Option<u64>) -> String {
    retry_ms.map_or_else(String::new, |ms| match ms {
        0 => "; next try now".to_owned(),
        ms => format!("; next try in {}", span(ms)),
    })
}

/// A span of time, rounded up to whole seconds: `12 s`, `3 min 20 s`, `2 h 5 min`.
fn span(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {} min", minutes % 60),
    }
}

/// A rule as messages name it.
pub(crate) fn rule_text(rule: &RuleName) -> String {
    match &rule.name {
        Some(name) => format!("rule \"{name}\" at {}", rule.origin),
        None => format!("rule at {}", rule.origin),
    }
}

/// A rule in a list: its name, or its file and line without the folder.
pub(crate) fn rule_label(rule: &RuleName) -> String {
    rule.name.clone().unwrap_or_else(|| {
        let file = rule.origin.rsplit('/').next();
        file.unwrap_or(&rule.origin).to_owned()
    })
}

/// The owner of a rule.
pub(crate) fn owner(machine: Option<&MachineName>) -> String {
    machine.map_or_else(|| "host".to_owned(), |name| name.machine.clone())
}

/// Several texts in a row, or a dash.
pub(crate) fn list(texts: &[String]) -> String {
    if texts.is_empty() {
        return "-".to_owned();
    }
    texts.join(", ")
}

/// How a machine is, in a word.
pub(crate) fn state_word(kind: MachineKind) -> &'static str {
    match kind {
        MachineKind::Running => "running",
        MachineKind::Paused => "paused",
        MachineKind::Busy => "busy",
        MachineKind::Off => "off",
        MachineKind::Absent => "absent",
        MachineKind::Unknown => "?",
    }
}

/// What happened, in the journal's word.
pub(crate) fn kind_word(kind: HappeningKind) -> &'static str {
    match kind {
        HappeningKind::Snapshot => "snapshot",
        HappeningKind::Plugged => "plugged",
        HappeningKind::Unplugged => "unplugged",
        HappeningKind::Attached => "attached",
        HappeningKind::AttachFailed => "attach-failed",
        HappeningKind::Detached => "detached",
        HappeningKind::DetachFailed => "detach-failed",
        HappeningKind::InUse => "in-use",
        HappeningKind::TakenInUse => "taken-in-use",
        HappeningKind::Hold => "hold",
        HappeningKind::Order => "order",
        HappeningKind::Flapping => "flapping",
        HappeningKind::Conflict => "conflict",
        HappeningKind::Starting => "starting",
        HappeningKind::StartFailed => "start-failed",
        HappeningKind::Connected => "connected",
        HappeningKind::Waiting => "waiting",
        HappeningKind::CallOverdue => "call-overdue",
        HappeningKind::LookFailed => "look-failed",
        HappeningKind::Reloaded => "reloaded",
        HappeningKind::ReloadFailed => "reload-failed",
    }
}

/// What happened, by colour.
pub(crate) fn kind_tone(kind: HappeningKind) -> Tone {
    match kind {
        HappeningKind::Attached | HappeningKind::Connected | HappeningKind::Reloaded => Tone::Good,
        HappeningKind::AttachFailed
        | HappeningKind::DetachFailed
        | HappeningKind::Conflict
        | HappeningKind::StartFailed
        | HappeningKind::CallOverdue
        | HappeningKind::LookFailed
        | HappeningKind::ReloadFailed => Tone::Bad,
        HappeningKind::InUse
        | HappeningKind::TakenInUse
        | HappeningKind::Hold
        | HappeningKind::Flapping
        | HappeningKind::Waiting => Tone::Waiting,
        HappeningKind::Snapshot
        | HappeningKind::Plugged
        | HappeningKind::Unplugged
        | HappeningKind::Detached
        | HappeningKind::Order
        | HappeningKind::Starting => Tone::Plain,
    }
}

/// A time of the host's clock in microseconds, as UTC: `2026-11-21 18:03:07`.
pub(crate) fn utc(micros: u64) -> String {
    let time = i64::try_from(micros)
        .ok()
        .and_then(|micros| Timestamp::from_microsecond(micros).ok());
    time.map_or_else(
        || "?".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_short() {
        assert_eq!(utc(1_795_284_187_999_999), "2026-11-21 18:03:07");
        assert_eq!(utc(u64::MAX), "?");
        let spans = [1, 12_000, 12_001, 200_000, 7_500_000].map(span);
        assert_eq!(spans, ["1 s", "12 s", "13 s", "3 min 20 s", "2 h 5 min"]);
        assert_eq!(next_try(Some(0)), "; next try now");
        assert_eq!(next_try(None), "");
    }

    #[test]
    fn kinds_are_called_as_in_json() {
        for kind in [
            HappeningKind::Snapshot,
            HappeningKind::AttachFailed,
            HappeningKind::TakenInUse,
            HappeningKind::CallOverdue,
            HappeningKind::ReloadFailed,
        ] {
            let json = serde_json::to_string(&kind).unwrap().replace('_', "-");
            assert_eq!(json, format!("\"{}\"", kind_word(kind)));
        }
    }
}
