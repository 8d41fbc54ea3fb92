//! What a matcher asks for: one condition each, with its key and its value as text.

use std::fmt;

use super::actual::{
    Judged, UNREAD, four_digits, list_of_classes, one_of, property, said, shown, sockets, tagged,
};
use super::{Condition, upwards};
use crate::class::ClassPattern;
use crate::device::Device;
use crate::fact::Fact;
use crate::id::{BusNumber, DeviceNumber};
use crate::matcher::{Interfaces, Matcher, StablePorts, Topology, Verdict};
use crate::pattern::Patterns;
use crate::speed::{Removable, Speed};
use crate::text::Escaped;

/// One condition.
pub(super) enum Asked<'m> {
    Vendor(&'m Patterns),
    Product(&'m Patterns),
    Serial(&'m Patterns),
    Port(&'m Patterns),
    StablePort(&'m StablePorts),
    Behind(&'m [Matcher]),
    Manufacturer(&'m Patterns),
    ProductName(&'m Patterns),
    Revision(&'m Patterns),
    Class(&'m [ClassPattern]),
    /// The key, and a matcher of interfaces with that part alone.
    Interfaces(&'static str, Interfaces),
    Speed(&'m [Speed]),
    Removable(&'m [Removable]),
    Bus(BusNumber),
    DeviceNumber(DeviceNumber),
    Property(&'m str, &'m Patterns),
    Tag(usize, &'m Patterns),
    CurrentTag(usize, &'m Patterns),
    Not(usize, &'m Matcher),
    Any(&'m [Matcher]),
}

impl<'m> Asked<'m> {
    /// All that a matcher asks for, in the order of the manual.
    pub(super) fn all_of(matcher: &'m Matcher) -> Vec<Self> {
        fn one<'m, T: ?Sized>(
            field: Option<&'m T>,
            asked: impl Fn(&'m T) -> Asked<'m>,
        ) -> Option<Asked<'m>> {
            field.map(asked)
        }
        let single = [
            one(matcher.vendor.as_ref(), Self::Vendor),
            one(matcher.product.as_ref(), Self::Product),
            one(matcher.serial.as_ref(), Self::Serial),
            one(matcher.port.as_ref(), Self::Port),
            one(matcher.stable_port.as_ref(), Self::StablePort),
            one(matcher.behind.as_deref(), Self::Behind),
            one(matcher.manufacturer.as_ref(), Self::Manufacturer),
            one(matcher.product_name.as_ref(), Self::ProductName),
            one(matcher.revision.as_ref(), Self::Revision),
            one(matcher.class.as_deref(), Self::Class),
        ];
        let mut all: Vec<Self> = single.into_iter().flatten().collect();
        all.extend(matcher.interfaces.iter().flat_map(interfaces));
        all.extend(one(matcher.speed.as_deref(), Self::Speed));
        all.extend(one(matcher.removable.as_deref(), Self::Removable));
        if let Some(address) = matcher.address {
            all.push(Self::Bus(address.bus));
            all.push(Self::DeviceNumber(address.device));
        }
        let properties = matcher.properties.iter();
        all.extend(properties.map(|(name, wanted)| Self::Property(name, wanted)));
        let tags = matcher.tags.iter().enumerate();
        all.extend(tags.map(|(number, wanted)| Self::Tag(number, wanted)));
        let tags = matcher.current_tags.iter().enumerate();
        all.extend(tags.map(|(number, wanted)| Self::CurrentTag(number, wanted)));
        let not = matcher.not.iter().enumerate();
        all.extend(not.map(|(number, excluded)| Self::Not(number, excluded)));
        all.extend(one(matcher.any.as_deref(), Self::Any));
        all
    }

    /// Judges it for a device.
    pub(super) fn explain(
        &self,
        prefix: &str,
        device: &Device,
        around: &dyn Topology,
    ) -> Condition {
        let key = format!("{prefix}{}", self.key());
        let judged = self.judge(&key, device, around);
        Condition {
            key,
            wanted: self.wanted(),
            actual: judged.actual,
            verdict: judged.verdict,
            parts: judged.parts,
        }
    }

    /// The key as it is written; where all of a list must hold, with the place in it.
    fn key(&self) -> String {
        let key = match self {
            Self::Vendor(_) => "vendor",
            Self::Product(_) => "product",
            Self::Serial(_) => "serial",
            Self::Port(_) => "port",
            Self::StablePort(_) => "stable-port",
            Self::Behind(_) => "behind",
            Self::Manufacturer(_) => "manufacturer",
            Self::ProductName(_) => "product-name",
            Self::Revision(_) => "revision",
            Self::Class(_) => "class",
            Self::Interfaces(key, _) => key,
            Self::Speed(_) => "speed",
            Self::Removable(_) => "removable",
            Self::Bus(_) => "bus",
            Self::DeviceNumber(_) => "device",
            Self::Any(_) => "any",
            Self::Property(name, _) => return format!("env.{}", Escaped(name)),
            Self::Tag(number, _) => return format!("tags[{number}]"),
            Self::CurrentTag(number, _) => return format!("current-tags[{number}]"),
            Self::Not(number, _) => return format!("not[{number}]"),
        };
        key.to_owned()
    }

    fn wanted(&self) -> String {
        match self {
            Self::Vendor(wanted)
            | Self::Product(wanted)
            | Self::Serial(wanted)
            | Self::Port(wanted)
            | Self::Manufacturer(wanted)
            | Self::ProductName(wanted)
            | Self::Revision(wanted)
            | Self::Property(_, wanted)
            | Self::Tag(_, wanted)
            | Self::CurrentTag(_, wanted) => wanted.to_string(),
            Self::StablePort(wanted) => wanted.0.to_string(),
            Self::Class(wanted) => either(wanted),
            Self::Interfaces(_, wanted) => classes_wanted(wanted),
            Self::Speed(wanted) => either(wanted),
            Self::Removable(wanted) => either(wanted),
            Self::Bus(bus) => bus.to_string(),
            Self::DeviceNumber(number) => number.to_string(),
            Self::Behind([_]) => "this, at it or above it".to_owned(),
            Self::Behind(list) => format!("one of {}, at it or above it", list.len()),
            Self::Not(..) => "not this".to_owned(),
            Self::Any(list) => format!("one of {}", list.len()),
        }
    }

    fn judge(&self, key: &str, device: &Device, around: &dyn Topology) -> Judged {
        match self {
            Self::Vendor(wanted) => four_digits(wanted, Fact::Known(device.vendor.0)),
            Self::Product(wanted) => four_digits(wanted, Fact::Known(device.product.0)),
            Self::Revision(wanted) => four_digits(wanted, device.revision.map(|code| code.0)),
            Self::Serial(wanted) => said(wanted, &device.serial),
            Self::Manufacturer(wanted) => said(wanted, &device.manufacturer),
            Self::ProductName(wanted) => said(wanted, &device.product_name),
            Self::Port(wanted) => {
                let own = Fact::Known(Some(device.port.clone()));
                sockets(&own, &device.peer, |port| {
                    wanted.hold(port.to_string().as_bytes())
                })
            }
            Self::StablePort(wanted) => {
                let (own, peer) = (device.stable_port(), device.stable_peer());
                sockets(&own, &peer, |port| wanted.hold(port))
            }
            Self::Class(wanted) => {
                let holds = wanted.iter().any(|one| one.holds(device.class));
                Judged::plain(device.class.to_string(), Verdict::of(holds))
            }
            Self::Interfaces(_, wanted) => {
                let verdict = Verdict::of_fact(&device.interfaces, |codes| wanted.hold(codes));
                Judged::plain(shown(&device.interfaces, list_of_classes), verdict)
            }
            Self::Speed(wanted) => one_of(wanted, &device.speed),
            Self::Removable(wanted) => one_of(wanted, &device.removable),
            Self::Bus(bus) => {
                let actual = device.address.bus;
                Judged::plain(actual.to_string(), Verdict::of(actual == *bus))
            }
            Self::DeviceNumber(number) => {
                let actual = device.address.device;
                Judged::plain(actual.to_string(), Verdict::of(actual == *number))
            }
            Self::Property(name, wanted) => property(name, wanted, &device.udev),
            Self::Tag(_, wanted) => tagged(wanted, &device.udev, |record| &record.tags),
            Self::CurrentTag(_, wanted) => {
                tagged(wanted, &device.udev, |record| &record.current_tags)
            }
            Self::Behind(list) => {
                let (actual, verdict, parts) = upwards::explain(list, key, device, around);
                Judged {
                    actual,
                    verdict,
                    parts,
                }
            }
            Self::Not(_, excluded) => excluded_by(excluded, key, device, around),
            Self::Any(list) => alternatives(list, key, device, around),
        }
    }
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nested = |f: &mut fmt::Formatter<'_>, list: &[Matcher]| {
            let list: Vec<String> = list.iter().map(|one| format!("({one})")).collect();
            f.write_str(&list.join(" or "))
        };
        match self {
            Self::Behind(list) => {
                f.write_str("behind ")?;
                nested(f, list)
            }
            Self::Any(list) => {
                f.write_str("any ")?;
                nested(f, list)
            }
            Self::Not(_, excluded) => write!(f, "not ({excluded})"),
            Self::Tag(_, wanted) => write!(f, "tag {wanted}"),
            Self::CurrentTag(_, wanted) => write!(f, "current tag {wanted}"),
            _ => write!(f, "{} {}", self.key(), self.wanted()),
        }
    }
}

/// Each part of what is asked of interfaces. Text or a list is `any`.
fn interfaces<'m>(wanted: &Interfaces) -> Vec<Asked<'m>> {
    let Interfaces { any, all, only } = wanted.clone();
    if all.is_empty() && only.is_empty() {
        return vec![Asked::Interfaces("interfaces", wanted.clone())];
    }
    let rest = Interfaces::default;
    let parts = [
        ("interfaces.any", Interfaces { any, ..rest() }),
        ("interfaces.all", Interfaces { all, ..rest() }),
        ("interfaces.only", Interfaces { only, ..rest() }),
    ];
    let given = parts.into_iter().filter(|(_, part)| *part != rest());
    given
        .map(|(key, part)| Asked::Interfaces(key, part))
        .collect()
}

fn classes_wanted(wanted: &Interfaces) -> String {
    let all: Vec<String> = wanted.all.iter().map(ToString::to_string).collect();
    match (wanted.any.as_slice(), wanted.only.as_slice()) {
        ([], []) => all.join(" and "),
        ([], only) => either(only),
        (any, _) => either(any),
    }
}

fn either<T: ToString>(wanted: &[T]) -> String {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    wanted.join(" or ")
}

fn excluded_by(excluded: &Matcher, key: &str, device: &Device, around: &dyn Topology) -> Judged {
    let verdict = excluded.judge(device, around);
    let actual = match verdict {
        Verdict::Yes => "it is this",
        Verdict::No => "it is not",
        Verdict::Unknown => UNREAD,
    };
    Judged {
        actual: actual.to_owned(),
        verdict: verdict.negated(),
        parts: excluded.explain_as(&format!("{key}."), device, around),
    }
}

fn alternatives(list: &[Matcher], key: &str, device: &Device, around: &dyn Topology) -> Judged {
    let verdicts: Vec<Verdict> = list.iter().map(|one| one.judge(device, around)).collect();
    let verdict = Verdict::any(verdicts.iter().copied());
    let holding = verdicts.iter().position(|one| *one == Verdict::Yes);
    let actual = match (verdict, holding) {
        (_, Some(number)) => format!("{key}[{number}]"),
        (Verdict::Unknown, None) => UNREAD.to_owned(),
        _ => "none".to_owned(),
    };
    let parts = list.iter().enumerate();
    let parts = parts
        .flat_map(|(number, one)| one.explain_as(&format!("{key}[{number}]."), device, around));
    Judged {
        actual,
        verdict,
        parts: parts.collect(),
    }
}
