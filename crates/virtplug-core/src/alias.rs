//! The mark of ownership: the alias that our hostdevs carry.

use std::fmt;

use crate::device::InstanceId;
use crate::port::PortPath;

/// libvirt keeps an alias only with this prefix (`ua-`) and only with
/// characters of `[A-Za-z0-9_-]`.
const PREFIX: &str = "ua-virtplug-";

/// Ends the alias of a device that follows another one.
const FOLLOWED: &str = "-f";

/// The alias of a hostdev of ours: `ua-virtplug-3-2_4-0123456789abcdef`.
///
/// It carries the port and the instance, so that a restarted daemon sees
/// from the live XML alone what is stale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnAlias {
    /// Where the device sat when it was attached.
    pub port: PortPath,
    /// The instance that was attached.
    pub instance: InstanceId,
    /// Whether it is there because it followed another device at its port. No
    /// rule names it, so this is what a restarted daemon knows it by.
    pub followed: bool,
}

impl OwnAlias {
    /// Reads an alias. `None`: it is not ours.
    pub fn parse(alias: &str) -> Option<Self> {
        let (alias, followed) = match alias.strip_suffix(FOLLOWED) {
            Some(alias) => (alias, true),
            None => (alias, false),
        };
        let (port, hash) = alias.strip_prefix(PREFIX)?.rsplit_once('-')?;
        let exact = hash.len() == 16
            && hash
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let instance = exact
            .then(|| u64::from_str_radix(hash, 16).ok())
            .flatten()?;
        Some(Self {
            port: PortPath::from_alias_part(port)?,
            instance: InstanceId(instance),
            followed,
        })
    }
}

impl fmt::Display for OwnAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let followed = if self.followed { FOLLOWED } else { "" };
        let port = self.port.to_alias_part();
        write!(f, "{PREFIX}{port}-{}{followed}", self.instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_reads_back_and_has_only_allowed_characters() {
        for followed in [false, true] {
            let alias = OwnAlias {
                port: "12-1.2.3".parse().unwrap(),
                instance: InstanceId::new("boot", "/sys/devices/x", 7),
                followed,
            };
            let text = alias.to_string();
            assert!(
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)),
                "{text}"
            );
            assert_eq!(OwnAlias::parse(&text), Some(alias));
        }
    }

    #[test]
    fn other_aliases_are_not_ours() {
        for alias in [
            "",
            "hostdev0",
            "ua-virtplug",
            "ua-virtplug-",
            "ua-virtplug-1-1",
            "ua-virtplug-1-1-0123",
            "ua-virtplug-1-1-0123456789ABCDEF",
            "ua-virtplug-1.1-0123456789abcdef",
            "ua-other-1-1-0123456789abcdef",
            "ua-virtplug-x-1-0123456789abcdef",
            "ua-virtplug-1-1-+123456789abcdef",
            "ua-virtplug-1-1-f",
            "ua-virtplug-1-1-0123456789abcdef-g",
            "ua-virtplug-1-1-0123456789abcdef-f-f",
        ] {
            assert_eq!(OwnAlias::parse(alias), None, "{alias:?}");
        }
    }
}
