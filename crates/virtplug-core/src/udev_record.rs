//! What udev knows of a device.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The udev database record of a device: properties and tags, as `udevadm info` shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UdevRecord {
    /// Properties (`E:` lines).
    pub properties: UdevProperties,
    /// Tags that the device has or had (`G:` lines).
    pub tags: BTreeSet<String>,
    /// Tags of the last event (`Q:` lines).
    pub current_tags: BTreeSet<String>,
}

/// Names and values, sorted by name.
///
/// All in one text: a device has some 25 of them, and they are most of what is kept of it,
/// read, compared with what was known, and dropped.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct UdevProperties {
    /// Name, value, name, value, and so on.
    text: Box<str>,
    /// Where each of them ends.
    ends: Box<[u32]>,
}

impl UdevProperties {
    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.piece(2 * middle).cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(self.piece(2 * middle + 1)),
            }
        }
        None
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).map(|number| (self.piece(2 * number), self.piece(2 * number + 1)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len() / 2
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn piece(&self, number: usize) -> &str {
        let end = |number: usize| self.ends.get(number).map_or(0, |end| *end as usize);
        let start = number.checked_sub(1).map_or(0, end);
        self.text.get(start..end(number)).unwrap_or_default()
    }
}

impl From<BTreeMap<String, String>> for UdevProperties {
    fn from(properties: BTreeMap<String, String>) -> Self {
        let pieces = || properties.iter().flat_map(|(name, value)| [name, value]);
        let mut text = String::with_capacity(pieces().map(String::len).sum());
        let mut ends = Vec::with_capacity(2 * properties.len());
        for piece in pieces() {
            text.push_str(piece);
            // udev's own limits are far below four gigabytes.
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Self {
            text: text.into(),
            ends: ends.into(),
        }
    }
}

impl From<UdevProperties> for BTreeMap<String, String> {
    fn from(properties: UdevProperties) -> Self {
        let all = properties.iter();
        all.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

/// Of several with one name the last one counts.
impl FromIterator<(String, String)> for UdevProperties {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(properties: T) -> Self {
        properties
            .into_iter()
            .collect::<BTreeMap<String, String>>()
            .into()
    }
}

impl<const N: usize> From<[(String, String); N]> for UdevProperties {
    fn from(properties: [(String, String); N]) -> Self {
        properties.into_iter().collect()
    }
}

impl fmt::Debug for UdevProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It is a map, whatever is in it.
        #[test]
        fn properties_are_found_by_name(
            map in prop::collection::btree_map(any::<String>(), any::<String>(), 0..9),
            other: String,
        ) {
            let properties = UdevProperties::from(map.clone());
            prop_assert_eq!(properties.len(), map.len());
            prop_assert_eq!(properties.is_empty(), map.is_empty());
            for name in map.keys().chain([&other]) {
                prop_assert_eq!(properties.get(name), map.get(name).map(String::as_str));
            }
            prop_assert_eq!(BTreeMap::from(properties), map);
        }
    }

    #[test]
    fn where_a_text_ends_matters() {
        let of = |name: &str, value: &str| UdevProperties::from([(name.into(), value.into())]);
        assert_ne!(of("AB", "C"), of("A", "BC"));
        assert_eq!(format!("{:?}", of("A", "B")), r#"{"A": "B"}"#);
    }
}
