//! `virtplug monitor`.

use futures_util::{StreamExt as _, pin_mut};
use virtplug_core::PortPath;
use virtplug_ipc::{Control as _, Happened, HappeningKind};

use crate::cli::MonitorArgs;
use crate::client;
use crate::exit::Exit;
use crate::output::{Reader, line, message, shown_json};
use crate::render;

/// Prints what happens until the daemon ends or the reader goes.
pub(crate) async fn run(args: &MonitorArgs) -> Exit {
    let mut client = match client::connect().await {
        Ok(client) => client,
        Err(unreachable) => return unreachable.tell(),
    };
    let happenings = match client.monitor().await {
        Ok(happenings) => happenings,
        Err(error) => return client::broken(&error),
    };
    pin_mut!(happenings);
    while let Some(happened) = happenings.next().await {
        let reader = match &happened {
            Ok(Ok(happened)) => show(happened, args),
            Ok(Err(error)) => return client::refused(error),
            // It has said why on its side, if it could.
            Err(_) => break,
        };
        if reader == Reader::Gone {
            return Exit::Ok;
        }
    }
    message("error: the daemon ended the stream: it was stopped, or this reader was too slow");
    Exit::Failed
}

fn show(happened: &Happened, args: &MonitorArgs) -> Reader {
    if args.json {
        // The state at the beginning is what the lines after it change.
        if happened.status.is_some() || is_asked_for(happened, args) {
            return match serde_json::to_string(happened) {
                Ok(text) => line(shown_json(&text)),
                Err(error) => line(format_args!("{{\"error\":\"{error}\"}}")),
            };
        }
    } else if happened.status.is_none() && is_asked_for(happened, args) {
        return line(render::happening(&happened.event).trim_end());
    }
    Reader::There
}

fn is_asked_for(happened: &Happened, args: &MonitorArgs) -> bool {
    let event = &happened.event;
    let device = |wanted: &PortPath| event.port.as_deref() == Some(wanted.to_string().as_str());
    let machine = |wanted: &String| {
        let machine = event.machine.as_ref();
        machine.is_some_and(|machine| machine.machine == *wanted)
    };
    args.device.as_ref().is_none_or(device)
        && args.machine.as_ref().is_none_or(machine)
        && (args.event.is_empty() || args.event.contains(&event.kind))
}

/// The kind of an event, as it stands in its JSON.
pub(crate) fn kind(text: &str) -> Result<HappeningKind, String> {
    let kind = text.replace('-', "_");
    serde_json::from_value(kind.into()).map_err(|_| {
        "no such kind of event; kinds are plugged, unplugged, attached, attach_failed, detached, \
         detach_failed, hold, order, flapping, conflict, starting, start_failed, machine, connected, \
         waiting, call_overdue, look_failed, reloaded and reload_failed"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use virtplug_ipc::{Happening, VERSION};

    use super::*;

    fn args() -> MonitorArgs {
        MonitorArgs {
            device: None,
            machine: None,
            event: Vec::new(),
            json: false,
        }
    }

    fn attached() -> Happened {
        Happened {
            version: VERSION,
            event: Happening {
                number: 1,
                time: 0,
                kind: HappeningKind::Attached,
                text: "attached".to_owned(),
                port: Some("1-2".to_owned()),
                machine: None,
            },
            status: None,
        }
    }

    #[test]
    fn all_filters_must_fit() {
        let one = attached();
        assert!(is_asked_for(&one, &args()));
        let other_port = MonitorArgs {
            device: "1-3".parse().ok(),
            ..args()
        };
        assert!(!is_asked_for(&one, &other_port));
        let port_and_kind = MonitorArgs {
            device: "1-2".parse().ok(),
            event: vec![HappeningKind::Attached, HappeningKind::Detached],
            ..args()
        };
        assert!(is_asked_for(&one, &port_and_kind));
        let machine = MonitorArgs {
            machine: Some("alpha".to_owned()),
            ..args()
        };
        assert!(!is_asked_for(&one, &machine));
    }

    #[test]
    fn kinds_are_read_in_either_spelling() {
        assert_eq!(kind("attach-failed"), Ok(HappeningKind::AttachFailed));
        assert_eq!(kind("attach_failed"), Ok(HappeningKind::AttachFailed));
        assert!(kind("bang").is_err());
    }
}
