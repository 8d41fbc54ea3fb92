//! systemd, over D-Bus.

use virtplug_core::Escaped;
use zbus::{Connection, Error};

use super::standing::{Step, Verb};

const SERVICE: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const INTERFACE: &str = "org.freedesktop.systemd1.Manager";

/// A job takes the place of one that contradicts it.
const MODE: &str = "replace";

/// A connection to systemd.
#[derive(Debug)]
pub(super) struct Systemd(Connection);

/// What came of a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// systemd does it.
    Done,
    /// It need not be told again: nobody wants it.
    Unwanted(String),
    /// It must be told again; why, and what to do.
    Failed(String),
}

impl Systemd {
    /// Connects to the system's bus.
    pub(super) async fn connect() -> Result<Self, String> {
        let connection = Connection::system().await;
        connection
            .map(Self)
            .map_err(|error| format!("cannot connect to D-Bus: {}", shown(&error)))
    }

    /// Asks for a step. systemd answers when it has queued it.
    pub(super) async fn tell(&self, step: &Step) -> Told {
        let method = match step.verb {
            Verb::Start => "StartUnit",
            Verb::Restart => "RestartUnit",
            Verb::Stop => "StopUnit",
        };
        let unit = step.unit();
        let body = (unit.as_str(), MODE);
        let called = self
            .0
            .call_method(Some(SERVICE), PATH, Some(INTERFACE), method, &body);
        match called.await {
            Ok(_) => Told::Done,
            Err(Error::MethodError(name, _, _)) if step.verb == Verb::Stop && is_gone(&name) => {
                Told::Done
            }
            Err(Error::MethodError(name, text, _)) => {
                judged(&name, text.as_deref().unwrap_or_default(), &unit)
            }
            Err(error) => Told::Failed(format!("cannot reach systemd: {}", shown(&error))),
        }
    }
}

/// Whether a unit is not loaded, so that there is nothing to stop.
fn is_gone(name: &str) -> bool {
    name == "org.freedesktop.systemd1.NoSuchUnit"
}

/// What an error of systemd means.
fn judged(name: &str, text: &str, unit: &str) -> Told {
    let kind = name.rsplit('.').next().unwrap_or_default();
    let said = Escaped(text);
    let failed = format!("systemd does not start or stop {unit}: {said}");
    match kind {
        // The administrator's wish, or the host is about to end.
        "UnitMasked" | "TransactionIsDestructive" | "ShuttingDown" => Told::Unwanted(failed),
        "AccessDenied" | "InteractiveAuthorizationRequired" => Told::Failed(format!(
            "{failed}; polkit lets the user virtplug-hooks do this by \
             /usr/share/polkit-1/rules.d/60-virtplug-hooks.rules"
        )),
        "NoSuchUnit" | "LoadFailed" => Told::Failed(format!(
            "{failed}; the target comes with virtplug, in /usr/lib/systemd/system"
        )),
        _ => Told::Failed(failed),
    }
}

fn shown(error: &Error) -> String {
    Escaped(&error.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_wants_is_not_told_again_and_all_else_says_what_to_do() {
        let judged = |name: &str| {
            let name = format!("org.freedesktop.{name}");
            judged(&name, "no\u{1b}[2J", "virtplug-attached@a-b.target")
        };
        let masked = judged("systemd1.UnitMasked");
        assert!(matches!(masked, Told::Unwanted(_)), "{masked:?}");
        let end = judged("systemd1.TransactionIsDestructive");
        assert!(matches!(end, Told::Unwanted(_)), "{end:?}");
        for (name, advice) in [
            ("DBus.Error.AccessDenied", "polkit"),
            ("DBus.Error.InteractiveAuthorizationRequired", "polkit"),
            ("systemd1.NoSuchUnit", "/usr/lib/systemd/system"),
            ("systemd1.Other", "no\\x1b[2J"),
        ] {
            match judged(name) {
                Told::Failed(text) => assert!(text.contains(advice), "{text}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
