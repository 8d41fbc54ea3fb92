//! What an imported rule asks of a device.

use std::collections::BTreeMap;

/// The conditions of a rule, in the words of the TOML. All must hold; of
/// several texts of a field, one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) vendor: Vec<Text>,
    pub(super) product: Vec<Text>,
    pub(super) revision: Vec<Text>,
    pub(super) serial: Vec<Text>,
    pub(super) manufacturer: Vec<Text>,
    pub(super) product_name: Vec<Text>,
    /// Bus and device number.
    pub(super) address: Option<(u16, u16)>,
    pub(super) env: BTreeMap<String, Vec<Text>>,
    pub(super) tags: Vec<String>,
    pub(super) current_tags: Vec<String>,
    pub(super) not: Vec<Wanted>,
    pub(super) priority: i32,
    /// Carried over switched off: it never held in the original, or it is not
    /// certain that it did.
    pub(super) disabled: bool,
}

/// A wanted text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Text {
    Exact(String),
    Glob(String),
    Regex(String),
}

impl Text {
    pub(super) fn exact(text: impl Into<String>) -> Vec<Self> {
        vec![Self::Exact(text.into())]
    }
}

impl Wanted {
    /// A rule for one product.
    pub(super) fn product(vendor: u16, product: u16) -> Self {
        Self {
            vendor: Text::exact(format!("{vendor:04x}")),
            product: Text::exact(format!("{product:04x}")),
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds conditions of another rule; both must hold then. `None`: no device
    /// could meet both, or it cannot be said.
    pub(super) fn and(mut self, other: Self) -> Option<Self> {
        both(&mut self.vendor, other.vendor)?;
        both(&mut self.product, other.product)?;
        both(&mut self.revision, other.revision)?;
        both(&mut self.serial, other.serial)?;
        both(&mut self.manufacturer, other.manufacturer)?;
        both(&mut self.product_name, other.product_name)?;
        for (name, texts) in other.env {
            both(self.env.entry(name).or_default(), texts)?;
        }
        self.address = match (self.address, other.address) {
            (Some(mine), Some(other)) if mine != other => return None,
            (mine, other) => mine.or(other),
        };
        self.tags.extend(other.tags);
        self.current_tags.extend(other.current_tags);
        self.not.extend(other.not);
        self.disabled |= other.disabled;
        Some(self)
    }
}

/// The texts that are in both lists; an empty list asks for nothing. A pattern
/// is kept beside an exact text only if it is the same.
fn both(mine: &mut Vec<Text>, other: Vec<Text>) -> Option<()> {
    if other.is_empty() {
        return Some(());
    }
    if mine.is_empty() {
        *mine = other;
        return Some(());
    }
    let holds = |texts: &[Text], text: &Text| match text {
        Text::Exact(text) => texts.iter().any(|wanted| wanted.holds(text)),
        _ => texts.contains(text),
    };
    let mut common: Vec<Text> = mine
        .iter()
        .filter(|text| holds(&other, text))
        .cloned()
        .collect();
    let further = other.into_iter().filter(|text| holds(mine, text));
    common.extend(further);
    common.dedup();
    *mine = common;
    (!mine.is_empty()).then_some(())
}

impl Text {
    pub(super) fn holds(&self, text: &str) -> bool {
        use virtplug_core::Pattern;
        let pattern = match self {
            Self::Exact(wanted) => return wanted == text,
            Self::Glob(glob) => Pattern::glob(glob),
            Self::Regex(regex) => Pattern::regex(regex),
        };
        pattern.is_ok_and(|pattern| pattern.holds(text.as_bytes()))
    }
}

/// How udev's `ID_SERIAL_SHORT` is asked for: as the serial number of the
/// device where udev takes it over unchanged, else as the property. udev
/// replaces white space and what is outside its own set of characters by `_`
/// (`usb_id`), so an underscore may stand for something else.
pub(super) fn short_serial(text: &str) -> Wanted {
    let unchanged = |c: char| c.is_ascii_alphanumeric() || "#+-.:=@".contains(c);
    let mut wanted = Wanted::default();
    if !text.is_empty() && text.chars().all(unchanged) {
        wanted.serial = Text::exact(text);
    } else {
        let property = "ID_SERIAL_SHORT".to_owned();
        wanted.env.insert(property, Text::exact(text));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_a_property_where_udev_may_have_changed_it() {
        assert_eq!(short_serial("A-1.b").serial, Text::exact("A-1.b"));
        for changed in ["A_1", "A 1", "ü", ""] {
            assert!(short_serial(changed).serial.is_empty(), "{changed}");
        }
    }

    #[test]
    fn two_rules_together_ask_for_both() {
        let one = Wanted::product(1, 2);
        assert_eq!(one.clone().and(one.clone()), Some(one.clone()));
        assert_eq!(one.clone().and(Wanted::product(1, 3)), None);
        let glob = Wanted {
            vendor: vec![Text::Glob("000*".into())],
            ..Wanted::default()
        };
        assert_eq!(glob.clone().and(one.clone()), Some(one.clone()));
        assert_eq!(one.clone().and(glob), Some(one));
    }
}
