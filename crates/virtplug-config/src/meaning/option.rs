//! From options as written, and defaults, to what holds.

use toml::Spanned;
use virtplug_core::RuleOptions;

use crate::diagnostic::Diagnostic;
use crate::written::{Written, WrittenDefaults, WrittenDevice, WrittenOptions};

/// Applies the defaults.
pub(super) struct Options<'w> {
    defaults: Option<&'w WrittenDefaults>,
    /// Whether any device table yields.
    any_yields: bool,
}

impl<'w> Options<'w> {
    pub(super) fn new(written: &'w Written) -> Self {
        let mut devices = written.machines.iter().flat_map(|machine| &machine.devices);
        Self {
            defaults: written.defaults.as_ref(),
            any_yields: devices.any(|device| device.options.yields == Some(true)),
        }
    }

    /// The options of a device table.
    pub(super) fn of(&self, own: &WrittenOptions) -> RuleOptions {
        let usual = RuleOptions::default();
        let none = WrittenOptions::default();
        let defaults = self.defaults.map_or(&none, |defaults| &defaults.options);
        let is_on = |on: &Option<Spanned<bool>>| on.as_ref().map(|on| *on.get_ref());
        let port = own.guest_port.as_ref().or(defaults.guest_port.as_ref());
        let group = own.group.as_ref().or(defaults.group.as_ref());
        RuleOptions {
            enabled: own.enabled.or(defaults.enabled).unwrap_or(usual.enabled),
            priority: own.priority.or(defaults.priority).unwrap_or(usual.priority),
            group: group.cloned(),
            yields: own.yields.or(defaults.yields).unwrap_or(usual.yields),
            preempts: is_on(&own.preempts)
                .or(is_on(&defaults.preempts))
                .unwrap_or(usual.preempts),
            count: own.count.or(defaults.count),
            follow: own.follow.or(defaults.follow),
            guest_port: port.map(|port| port.get_ref().clone()),
            guest_reset: own.guest_reset.or(defaults.guest_reset),
            start_machine: own
                .start_machine
                .or(defaults.start_machine)
                .unwrap_or(usual.start_machine),
            allow_in_use: is_on(&own.allow_in_use)
                .or(is_on(&defaults.allow_in_use))
                .unwrap_or(usual.allow_in_use),
        }
    }

    /// What is of no use in the defaults, and what is dangerous there.
    pub(super) fn warn_of_defaults(&self) -> Vec<Diagnostic> {
        let Some(defaults) = self.defaults.filter(|defaults| defaults.complete) else {
            return Vec::new();
        };
        let mut warnings = Vec::new();
        let mut warn = |on: &Option<Spanned<bool>>, message, help| {
            if let Some(on) = on.as_ref().filter(|on| *on.get_ref()) {
                let place = defaults.place.at(on.span());
                warnings.push(Diagnostic::warning(place, message).with_help(help));
            }
        };
        if defaults.options.yields != Some(true) && !self.any_yields {
            warn(&defaults.options.preempts, PREEMPT_ALONE, ADD_YIELD);
        }
        warn(&defaults.options.allow_in_use, TAKES_ALL, NAME_THEM);
        warnings
    }

    /// What is of no use in a device table.
    pub(super) fn warnings(device: &WrittenDevice, options: &RuleOptions) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        if let Some(preempts) = &device.options.preempts
            && *preempts.get_ref()
            && !options.yields
        {
            let place = device.place().at(preempts.span());
            warnings.push(Diagnostic::warning(place, PREEMPT_ALONE).with_help(ADD_YIELD));
        }
        if let Some(port) = &device.options.guest_port
            && options.count.is_some_and(|count| count.get() > 1)
        {
            let place = device.place().at(port.span());
            let message =
                "only one device can be at a port of the machine, and `count` allows more";
            warnings.push(
                Diagnostic::warning(place, message)
                    .with_help("write a device table with a port for each, all with `count = 1`"),
            );
        }
        warnings
    }
}

const PREEMPT_ALONE: &str = "`preempt` does nothing without `yield`";
const TAKES_ALL: &str = "with `allow-in-use` here every rule takes devices that the host uses: \
                         mounted disks, network adapters, the last keyboard";
const NAME_THEM: &str = "write it in the device tables where that is meant";
const ADD_YIELD: &str =
    "add `yield = true`: the machine then lends the device while it is not running";
