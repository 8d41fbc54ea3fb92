//! What is wrong with entries of ours, by what the engine was told.

use virtplug_core::{Hostdev, MachineKey, OwnAlias};

use super::Mirror;

impl Mirror {
    /// Whether an instance is known not to be there.
    pub(crate) fn is_gone(&self, alias: &OwnAlias) -> bool {
        self.complete
            && self.device_of(alias.instance).is_none()
            && !self.unreadable.contains(&alias.port)
    }

    /// Why an entry of ours must go now, if it must.
    pub(crate) fn fault(
        &self,
        machine: &MachineKey,
        alias: &OwnAlias,
        hostdev: &Hostdev,
    ) -> Option<&'static str> {
        let fault = self.wrong(machine, alias, hostdev);
        match self.pause_at(machine, &alias.port) {
            None => fault,
            Some(pause) => pause
                .detach
                .then(|| fault.unwrap_or("its machine is paused")),
        }
    }

    /// Why an entry of ours is not as it should be.
    fn wrong(
        &self,
        machine: &MachineKey,
        alias: &OwnAlias,
        hostdev: &Hostdev,
    ) -> Option<&'static str> {
        if hostdev.missing {
            return Some("missing");
        }
        let Some(device) = self.device_of(alias.instance) else {
            return self.is_gone(alias).then_some("its instance is gone");
        };
        if hostdev.address != Some(device.address) {
            return Some("it has another address");
        }
        let wish = self.wish(alias.instance)?;
        wish.forbids(machine).then_some("it does not belong there")
    }
}
