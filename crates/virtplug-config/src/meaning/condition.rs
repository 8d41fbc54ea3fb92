//! From conditions as written to a matcher.

use virtplug_core::{BusNumber, DeviceNumber, HostAddress, Matcher};

use crate::diagnostic::Diagnostic;
use crate::written::{WrittenConditions, WrittenDevice};

/// Judges conditions and keeps what is wrong with them.
pub(super) struct Conditions<'f> {
    findings: &'f mut Vec<Diagnostic>,
}

impl<'f> Conditions<'f> {
    pub(super) fn new(findings: &'f mut Vec<Diagnostic>) -> Self {
        Self { findings }
    }

    /// The matcher of a device table. `None`: it could not be read, or states
    /// no usable condition, and a finding says so.
    pub(super) fn of_device(&mut self, device: &WrittenDevice) -> Option<Matcher> {
        if !device.complete {
            return None;
        }
        self.matcher(
            &device.conditions,
            "this device table would match every device",
            "say which device, with `serial`, `port`, or `vendor` and `product`; \
             `name` is for people only",
        )
    }

    fn nested(&mut self, conditions: &WrittenConditions) -> Option<Matcher> {
        self.matcher(
            conditions,
            "a table without conditions would match every device",
            "for example `{ vendor = \"046d\" }`",
        )
    }

    fn all(&mut self, list: &[WrittenConditions]) -> Option<Vec<Matcher>> {
        // Each is judged, also after one that cannot be used.
        let all: Vec<Option<Matcher>> = list.iter().map(|one| self.nested(one)).collect();
        all.into_iter().collect()
    }

    fn matcher(
        &mut self,
        conditions: &WrittenConditions,
        empty: &str,
        help: &str,
    ) -> Option<Matcher> {
        let address = self.address(conditions);
        let behind = conditions.behind.as_ref().map(|list| self.all(list));
        let not = self.all(&conditions.not);
        let any = conditions.any.as_ref().map(|list| self.all(list));
        let matcher = Matcher {
            address: address?,
            behind: behind.map_or(Some(None), |all| all.map(Some))?,
            not: not?,
            any: any.map_or(Some(None), |all| all.map(Some))?,
            ..conditions.plain.clone()
        };
        if !conditions.complete {
            return None;
        }
        if matcher.is_empty() {
            self.findings
                .push(Diagnostic::error(conditions.place.clone(), empty).with_help(help));
            return None;
        }
        Some(matcher)
    }

    /// The address, where `bus` and `device` are given. `None`: only one is.
    #[allow(clippy::option_option, reason = "an absent address is a good one")]
    fn address(&mut self, conditions: &WrittenConditions) -> Option<Option<HostAddress>> {
        let (given, missing, example) = match (&conditions.bus, &conditions.device) {
            (None, None) => return Some(None),
            (Some(bus), Some(number)) => {
                self.findings.push(
                    Diagnostic::warning(
                        conditions.place.at(number.span()),
                        "the address of a device changes each time that it is plugged in",
                    )
                    .with_code("address")
                    .with_help(
                        "give its `serial` instead, or the `port` that it is plugged into; \
                         `virtplug devices` shows both",
                    ),
                );
                let bus = BusNumber(*bus.get_ref());
                // The range was checked when the number was read.
                let device = DeviceNumber(u8::try_from(*number.get_ref()).ok()?);
                return Some(Some(HostAddress { bus, device }));
            }
            (Some(bus), None) => (bus, ("bus", "device"), "device = 7"),
            (None, Some(number)) => (number, ("device", "bus"), "bus = 3"),
        };
        let (present, absent) = missing;
        self.findings.push(
            Diagnostic::error(
                conditions.place.at(given.span()),
                format!("`{present}` without `{absent}`"),
            )
            .with_help(format!("a device's address has both; add `{example}`")),
        );
        None
    }
}
