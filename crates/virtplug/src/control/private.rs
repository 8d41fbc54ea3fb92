//! Answers without serial numbers, for callers who shall not see them.

use virtplug_ipc::{
    DeviceExplanation, DeviceList, DeviceState, Explanation, Happened, MachineList, RuleList,
    Shown, Status,
};

/// What may hold serial numbers.
pub(super) trait Private {
    /// Takes them out.
    fn hide_serials(&mut self);
}

impl Private for DeviceState {
    fn hide_serials(&mut self) {
        self.device.serial = None;
    }
}

impl Private for Status {
    fn hide_serials(&mut self) {
        self.devices.iter_mut().for_each(Private::hide_serials);
    }
}

impl Private for DeviceList {
    fn hide_serials(&mut self) {
        self.devices.iter_mut().for_each(Private::hide_serials);
    }
}

impl Private for Shown {
    fn hide_serials(&mut self) {
        self.device.iter_mut().for_each(Private::hide_serials);
        // udev repeats the number in several properties and links.
        if let Some(details) = &mut self.details {
            details.properties = None;
        }
    }
}

impl Private for DeviceExplanation {
    fn hide_serials(&mut self) {
        self.device.hide_serials();
        let conditions = self.rules.iter_mut().flat_map(|rule| &mut rule.conditions);
        for condition in conditions {
            let key = &condition.key;
            if key.ends_with("serial") || key.contains("env") {
                "hidden".clone_into(&mut condition.wanted);
                "hidden".clone_into(&mut condition.actual);
            }
        }
    }
}

impl Private for Explanation {
    fn hide_serials(&mut self) {
        self.devices.iter_mut().for_each(Private::hide_serials);
    }
}

impl Private for Happened {
    fn hide_serials(&mut self) {
        self.status.iter_mut().for_each(Private::hide_serials);
    }
}

impl Private for RuleList {
    fn hide_serials(&mut self) {
        for rule in &mut self.rules {
            if rule.asks.contains("serial") || rule.asks.contains("env") {
                "hidden".clone_into(&mut rule.asks);
            }
        }
    }
}

impl Private for MachineList {
    fn hide_serials(&mut self) {}
}
