//! How what the engine is told and asks for is written down, where deriving
//! that would not do: names as the texts that people know, and what was made
//! of a source by its source. The format is a matter of who writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a type as its `Display`, and reads it with a function of the text
/// that gives `None` for what it does not understand.
macro_rules! as_text {
    ($($type:ty, $what:literal, $read:expr;)+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                let read: fn(&str) -> Option<$type> = $read;
                let wrong = || serde::de::Error::custom(format_args!("{text:?} is no {}", $what));
                read(&text).ok_or_else(wrong)
            }
        }
    )+};
}

as_text! {
    crate::PortPath, "port path", |text| text.parse().ok();
    crate::VendorId, "vendor id", |text| text.parse().ok();
    crate::ProductId, "product id", |text| text.parse().ok();
    crate::Revision, "revision", |text| text.parse().ok();
    crate::Uuid, "UUID", |text| text.parse().ok();
    crate::OwnAlias, "alias of virtplug", crate::OwnAlias::parse;
    crate::InstanceId, "instance", |text| {
        let hash = u64::from_str_radix(text, 16).ok()?;
        Some(crate::InstanceId(hash)).filter(|instance| instance.to_string() == text)
    };
}

/// A map whose keys are no texts, as a list of pairs.
pub(crate) mod pairs {
    use super::{BTreeMap, Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Vec::<(K, V)>::deserialize(deserializer).map(|pairs| pairs.into_iter().collect())
    }
}
