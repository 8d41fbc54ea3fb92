//! What the daemon does with a configuration that was read.

use tracing::{error, info, warn};
use virtplug_config::{LoadError, Loaded};
use virtplug_core::Event;
use virtplug_ipc::HappeningKind;

use super::Daemon;
use crate::control::Told;
use crate::journal::Kind;
use crate::naming::counted;
use crate::reload::Reloaded;

impl Daemon {
    pub(super) fn finish_reload(&mut self, reloaded: Option<Result<Reloaded, LoadError>>) {
        match reloaded {
            Some(Ok(Reloaded { loaded, access })) => {
                self.reload_trouble = None;
                self.control.allow(access);
                self.adopt(loaded, Kind::Reloaded);
                self.tell_reload(Ok(()));
            }
            failed => {
                self.reload_trouble = Some("the new configuration is wrong, the old one stays");
                let problems = failed.and_then(Result::err);
                if let Some(error) = &problems {
                    log_problems(error);
                }
                let text = "the new configuration is wrong, so the old one stays in force";
                error!(event = Kind::ReloadFailed.name(), "{text}");
                let told = Told::plain(HappeningKind::ReloadFailed, text);
                self.control.tell(&self.engine, told);
                self.tell_reload(Err(problems));
            }
        }
        self.reload.end(&self.sources);
        self.control.look_after_socket();
    }

    pub(super) fn adopt(&mut self, loaded: Loaded, kind: Kind) {
        for note in &loaded.notes {
            warn!(event = Kind::Advice.name(), "{note}");
        }
        let text = format!(
            "{} with {} for {}",
            kind.name(),
            counted(loaded.policy.rules().len(), "rule"),
            counted(loaded.policy.machines().len(), "machine"),
        );
        info!(
            event = kind.name(),
            rules = loaded.policy.rules().len(),
            machines = loaded.policy.machines().len(),
            "{text}"
        );
        let told = Told::plain(HappeningKind::Reloaded, text);
        self.control.tell(&self.engine, told);
        self.feed(Event::Policy(loaded.policy), None);
    }
}

/// Each mistake is a line.
pub(super) fn log_problems(error: &LoadError) {
    for diagnostic in error.diagnostics() {
        error!(event = Kind::Mistake.name(), "{diagnostic}");
    }
}
