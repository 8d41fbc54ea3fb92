//! Where each reply tells serial numbers.

use virtplug_ipc::{
    Change, Changes, Condition, ControlError, DeviceExplanation, DeviceList, DeviceState,
    Explanation, Happened, Happening, MachineList, MachineState, Metrics, RuleList, Shown, Status,
};

use super::{HIDDEN, HideSerials, Serials, is_serial};

impl<T: HideSerials> HideSerials for Vec<T> {
    fn hide_serials(&mut self, serials: &Serials) {
        for one in self {
            one.hide_serials(serials);
        }
    }
}

impl<T: HideSerials> HideSerials for Option<T> {
    fn hide_serials(&mut self, serials: &Serials) {
        if let Some(one) = self {
            one.hide_serials(serials);
        }
    }
}

/// A sentence.
impl HideSerials for String {
    fn hide_serials(&mut self, serials: &Serials) {
        serials.hide_in(self);
    }
}

impl HideSerials for virtplug_ipc::Device {
    fn hide_serials(&mut self, serials: &Serials) {
        self.serial = None;
        self.manufacturer.hide_serials(serials);
        self.product_name.hide_serials(serials);
        for one in self.in_use.iter_mut().flatten() {
            one.text.hide_serials(serials);
        }
    }
}

impl HideSerials for DeviceState {
    fn hide_serials(&mut self, serials: &Serials) {
        self.device.hide_serials(serials);
        self.known_as.hide_serials(serials);
        self.belongs.reason.hide_serials(serials);
        if let Some(obstacle) = &mut self.obstacle {
            obstacle.reason.hide_serials(serials);
        }
    }
}

impl HideSerials for DeviceList {
    fn hide_serials(&mut self, serials: &Serials) {
        self.devices.hide_serials(serials);
    }
}

impl HideSerials for MachineState {
    fn hide_serials(&mut self, serials: &Serials) {
        self.under_way.hide_serials(serials);
    }
}

impl HideSerials for MachineList {
    fn hide_serials(&mut self, serials: &Serials) {
        self.machines.hide_serials(serials);
    }
}

impl HideSerials for RuleList {
    fn hide_serials(&mut self, serials: &Serials) {
        for rule in &mut self.rules {
            serials.hide_quoted(&mut rule.asks);
            rule.rule.name.hide_serials(serials);
        }
    }
}

/// Nothing in them is of a device, and every reply tells the names of machines.
impl HideSerials for Metrics {
    fn hide_serials(&mut self, _: &Serials) {}
}

impl HideSerials for Status {
    fn hide_serials(&mut self, serials: &Serials) {
        self.problems.hide_serials(serials);
        for connection in &mut self.connections {
            connection.reason.hide_serials(serials);
        }
        self.devices.hide_serials(serials);
    }
}

impl HideSerials for Shown {
    fn hide_serials(&mut self, serials: &Serials) {
        self.device.hide_serials(serials);
        let properties = self
            .details
            .as_mut()
            .and_then(|one| one.properties.as_mut());
        for property in properties.into_iter().flatten() {
            if is_serial(&property.name) || serials.occur_in(&property.value) {
                HIDDEN.clone_into(&mut property.value);
            }
        }
        self.machine.hide_serials(serials);
        self.history.hide_serials(serials);
    }
}

impl HideSerials for Happening {
    fn hide_serials(&mut self, serials: &Serials) {
        self.text.hide_serials(serials);
    }
}

impl HideSerials for Happened {
    fn hide_serials(&mut self, serials: &Serials) {
        self.event.hide_serials(serials);
        self.status.hide_serials(serials);
    }
}

impl HideSerials for Condition {
    fn hide_serials(&mut self, serials: &Serials) {
        if is_serial(&self.key) {
            HIDDEN.clone_into(&mut self.wanted);
            HIDDEN.clone_into(&mut self.actual);
        } else {
            self.wanted.hide_serials(serials);
            self.actual.hide_serials(serials);
        }
    }
}

impl HideSerials for DeviceExplanation {
    fn hide_serials(&mut self, serials: &Serials) {
        self.device.hide_serials(serials);
        for rule in &mut self.rules {
            rule.rule.name.hide_serials(serials);
            rule.conditions.hide_serials(serials);
            rule.outcome.hide_serials(serials);
        }
        self.last_error.hide_serials(serials);
        self.conclusion.hide_serials(serials);
    }
}

impl HideSerials for Explanation {
    fn hide_serials(&mut self, serials: &Serials) {
        self.devices.hide_serials(serials);
    }
}

impl HideSerials for Change {
    fn hide_serials(&mut self, serials: &Serials) {
        self.device.hide_serials(serials);
        self.result.hide_serials(serials);
    }
}

impl HideSerials for Changes {
    fn hide_serials(&mut self, serials: &Serials) {
        self.changes.hide_serials(serials);
        self.notes.hide_serials(serials);
    }
}

/// The candidates of a name that is ambiguous are told with their serial numbers.
impl HideSerials for ControlError {
    fn hide_serials(&mut self, serials: &Serials) {
        self.message_mut().hide_serials(serials);
    }
}
