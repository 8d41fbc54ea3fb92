//! The rule for a device: the most stable one that is unambiguous on this host.

use virtplug_config::edit::NewRule;
use virtplug_core::{Device, Fact, RawText};

use super::args::MatchBy;

/// Longest serial number, in bytes, that a rule is made of.
const MAX_SERIAL: usize = 255;

/// A rule and what is to be said of it. The texts are safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) rule: NewRule,
    /// Why this rule, in one sentence.
    pub(crate) reason: String,
    pub(crate) warnings: Vec<String>,
}

/// Proposes a rule; `wanted` says what it must go by.
pub(crate) fn propose(
    device: &Device,
    present: &[Device],
    wanted: Option<MatchBy>,
) -> Result<Proposal, String> {
    let identity = Identity::of(device, present);
    let by = wanted.unwrap_or_else(|| identity.best());
    let rule = identity.rule(by)?;
    Ok(Proposal {
        rule,
        reason: identity.reason(by, wanted.is_some()),
        warnings: identity.warnings(by),
    })
}

/// What a serial number is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serial {
    Good,
    /// Other present devices have it, too.
    Doubled,
    /// Makers give it to every device.
    Dummy,
    /// No rule can hold it.
    Odd,
    Absent,
    Unread,
}

/// What identifies a device among those that are present.
struct Identity<'d> {
    device: &'d Device,
    text: Option<&'d str>,
    serial: Serial,
    /// Ports of others with the same vendor and product.
    twins: Vec<String>,
    stable: Option<String>,
}

impl<'d> Identity<'d> {
    fn of(device: &'d Device, present: &[Device]) -> Self {
        let others = || {
            present
                .iter()
                .filter(|other| other.port != device.port && !other.is_hub())
        };
        let twins: Vec<&Device> = others()
            .filter(|other| (other.vendor, other.product) == (device.vendor, device.product))
            .collect();
        let raw = serial(device);
        let text = raw
            .and_then(|raw| std::str::from_utf8(raw.as_bytes()).ok())
            .filter(|text| text.len() <= MAX_SERIAL && !text.contains('\0'));
        // One that was not read may be the same.
        let doubled = || {
            let unread = twins.iter().any(|twin| twin.serial == Fact::Unknown);
            unread || others().any(|other| serial(other) == raw)
        };
        let serial = match (&device.serial, text) {
            (Fact::Unknown, _) => Serial::Unread,
            (Fact::Known(None), _) => Serial::Absent,
            (_, None) => Serial::Odd,
            (_, Some(text)) if is_dummy(text) => Serial::Dummy,
            _ if doubled() => Serial::Doubled,
            _ => Serial::Good,
        };
        let stable = device.stable_port();
        Self {
            device,
            text,
            serial,
            twins: twins.iter().map(|twin| twin.port.to_string()).collect(),
            stable: stable
                .known()
                .and_then(Option::as_ref)
                .map(ToString::to_string),
        }
    }

    fn best(&self) -> MatchBy {
        if self.serial == Serial::Good {
            MatchBy::Serial
        } else if self.twins.is_empty() {
            MatchBy::Product
        } else if self.stable.is_some() {
            MatchBy::StablePort
        } else {
            MatchBy::Port
        }
    }

    fn rule(&self, by: MatchBy) -> Result<NewRule, String> {
        let port = &self.device.port;
        let mut rule = NewRule::default();
        if matches!(by, MatchBy::Serial | MatchBy::Product) {
            rule.vendor = Some(self.device.vendor.to_string());
            rule.product = Some(self.device.product.to_string());
        }
        match by {
            MatchBy::Serial => {
                let missing =
                    || format!("no rule can go by the serial of {port}: {}", self.fault());
                rule.serial = Some(self.text.ok_or_else(missing)?.to_owned());
            }
            MatchBy::Product => {}
            MatchBy::StablePort => {
                let missing = || {
                    format!(
                        "the port {port} has no stable name: its path in sysfs names no controller; use --match port"
                    )
                };
                rule.stable_port = Some(self.stable.clone().ok_or_else(missing)?);
            }
            MatchBy::Port => rule.port = Some(port.to_string()),
        }
        Ok(rule)
    }

    /// What speaks against the serial number.
    fn fault(&self) -> &'static str {
        match self.serial {
            Serial::Good => "nothing is wrong with it",
            Serial::Doubled => "another device here has the same serial number",
            Serial::Dummy => "its serial number is one that makers give to every device",
            Serial::Odd => "its serial number is too long or not UTF-8",
            Serial::Absent => "it has no serial number",
            Serial::Unread => "its serial number cannot be read now",
        }
    }

    fn reason(&self, by: MatchBy, asked: bool) -> String {
        let text = match by {
            MatchBy::Serial if self.serial == Serial::Good => {
                "the serial number finds it in any port, and no other device here has it"
            }
            MatchBy::Product if !asked => {
                return format!("{}, and it is the only one of its kind here", self.fault());
            }
            MatchBy::StablePort => {
                "it stays with the socket: whatever is plugged in there goes to the machine"
            }
            MatchBy::Port => {
                "it goes by bus and port: whatever is plugged in there goes to the machine"
            }
            MatchBy::Serial | MatchBy::Product => "as asked for",
        };
        text.to_owned()
    }

    fn warnings(&self, by: MatchBy) -> Vec<String> {
        let mut warnings = Vec::new();
        let kind = format!("{}:{}", self.device.vendor, self.device.product);
        if self.serial != Serial::Good && by != MatchBy::Product {
            warnings.push(self.fault().to_owned());
        }
        if by == MatchBy::Product {
            if !self.twins.is_empty() {
                warnings.push(format!(
                    "others of its kind are at {}, and the rule means them, too",
                    self.twins.join(", ")
                ));
            }
            warnings.push(format!(
                "a second device {kind} would be taken, too; --match stable-port ties the rule to the socket"
            ));
        }
        if by == MatchBy::Port {
            warnings.push(format!(
                "the number of bus {} may change with each boot and with each new controller{}",
                self.device.port.bus(),
                if self.stable.is_some() {
                    "; --match stable-port does not depend on it"
                } else {
                    ""
                }
            ));
        }
        if let Some(interfaces) = self.device.interfaces.known() {
            let has = |class| interfaces.iter().any(|code| code.class == class);
            if has(3) {
                warnings.push(
                    "it is an input device (class 03): while the machine has it, the host does not hear what is typed or clicked on it".to_owned(),
                );
            }
            if has(8) {
                warnings.push(
                    "it stores data (class 08): unmount it on the host before the machine gets it"
                        .to_owned(),
                );
            }
        }
        warnings
    }
}

fn serial(device: &Device) -> Option<&RawText> {
    device.serial.known()?.as_ref()
}

/// Serial numbers that chips come with and makers forget to change.
fn is_dummy(serial: &str) -> bool {
    const COUNTING: [&str; 2] = ["0123456789abcdef", "1234567890abcdef"];
    const WORDS: [&str; 9] = [
        "none",
        "null",
        "n/a",
        "na",
        "default",
        "unknown",
        "serial",
        "serialnumber",
        "not specified",
    ];
    let text = serial.trim().to_lowercase();
    let mut chars = text.chars();
    let first = chars.next();
    let same = chars.all(|c| Some(c) == first);
    let zeros = text.trim_start_matches('0');
    let counts = text.len() >= 4 && COUNTING.iter().any(|all| all.starts_with(&text));
    same || counts
        || WORDS.contains(&text.as_str())
        || (text.starts_with("000") && zeros.len() <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::fixture::{at, devices};

    fn told(port: &str, wanted: Option<MatchBy>) -> String {
        let present = devices();
        match propose(&at(port), &present, wanted) {
            Err(error) => format!("error: {error}"),
            Ok(proposal) => {
                let warnings = proposal.warnings.iter().map(|text| format!("\n  ! {text}"));
                format!(
                    "{:?}\n  {}{}",
                    proposal.rule,
                    proposal.reason,
                    warnings.collect::<String>()
                )
            }
        }
    }

    #[test]
    fn each_device_gets_the_most_stable_rule_that_means_it_alone() {
        let ports = [
            "1-1", "1-2", "1-3", "1-5.1", "1-6", "1-7", "1-8", "1-9", "1-10", "7-1",
        ];
        let all: Vec<String> = ports
            .iter()
            .map(|port| format!("{port}: {}", told(port, None)))
            .collect();
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn what_is_asked_for_is_warned_of() {
        use MatchBy::{Port, Product, Serial, StablePort};
        let mut all = Vec::new();
        for (port, by) in [
            ("1-1", StablePort),
            ("1-1", Port),
            ("1-3", Serial),
            ("1-3", Product),
            ("1-5.1", Serial),
            ("1-9", Serial),
            ("7-1", StablePort),
        ] {
            all.push(format!("{port} by {by:?}: {}", told(port, Some(by))));
        }
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn serial_numbers_of_chips_are_known() {
        for dummy in [
            "0",
            "0000",
            "0001",
            "00000001",
            "1234567890",
            "123456",
            "0123456789ABCDEF",
            "ffffffff",
            "xxxx",
            "N/A",
            "none",
            " Default ",
        ] {
            assert!(is_dummy(dummy), "{dummy}");
        }
        for good in ["A1", "4C530001", "12345679", "0002A7", "100", "DN03FF"] {
            assert!(!is_dummy(good), "{good}");
        }
    }
}
