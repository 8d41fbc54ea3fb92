//! Descriptors: the raw descriptors of a device, as the kernel read them when
//! it enumerated the device. Their content is the device's own and hostile.

use std::collections::BTreeSet;

use virtplug_core::ClassCode;

/// The kernel gives no more than this: a device descriptor and 65535 bytes.
pub(crate) const LONGEST: usize = 18 + 65535;

/// Descriptor types (USB 2.0, 9.4) and the lengths that they have at least.
const DEVICE: (u8, usize) = (1, 18);
const CONFIGURATION: (u8, usize) = (2, 9);
const INTERFACE: (u8, usize) = (4, 9);

/// The classes of all interfaces in all configurations and alternate settings.
/// `None`: the descriptors are malformed or not all there, so that an
/// interface may be missing. The kernel cuts off what it cannot parse and
/// leaves the total length of the configuration as the device gave it, which
/// shows here.
pub(crate) fn interfaces(bytes: &[u8]) -> Option<BTreeSet<ClassCode>> {
    let (device, mut rest) = split(bytes)?;
    if !is(device, DEVICE) {
        return None;
    }
    let mut classes = BTreeSet::new();
    let configurations = *device.get(17)?;
    for _ in 0..configurations {
        let total = [*rest.get(2)?, *rest.get(3)?];
        let (configuration, after) = rest.split_at_checked(u16::from_le_bytes(total).into())?;
        read_configuration(configuration, &mut classes)?;
        rest = after;
    }
    rest.is_empty().then_some(classes)
}

/// Adds the interfaces of one configuration, which must be walkable to its end.
fn read_configuration(bytes: &[u8], classes: &mut BTreeSet<ClassCode>) -> Option<()> {
    let (header, mut rest) = split(bytes)?;
    if !is(header, CONFIGURATION) {
        return None;
    }
    while !rest.is_empty() {
        let (descriptor, after) = split(rest)?;
        if descriptor.get(1) == Some(&INTERFACE.0) {
            let [_, _, _, _, _, class, subclass, protocol, _, ..] = *descriptor else {
                return None;
            };
            classes.insert(ClassCode::new(class, subclass, protocol));
        }
        rest = after;
    }
    Some(())
}

/// The first descriptor and what follows it. `None`: its length is impossible.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*bytes.first()?);
    // Length and type are part of every descriptor; a length of zero would go nowhere.
    (length >= 2).then(|| bytes.split_at_checked(length))?
}

fn is(descriptor: &[u8], (kind, least): (u8, usize)) -> bool {
    descriptor.get(1) == Some(&kind) && descriptor.len() >= least
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{configuration, descriptors};

    const KEYBOARD: [u8; 3] = [3, 1, 1];
    const DISK: [u8; 3] = [8, 6, 0x50];
    const DFU: [u8; 3] = [0xfe, 1, 1];

    fn set(codes: &[[u8; 3]]) -> BTreeSet<ClassCode> {
        let codes = codes.iter();
        codes.map(|[c, s, p]| ClassCode::new(*c, *s, *p)).collect()
    }

    #[test]
    fn interfaces_of_all_configurations_and_settings_are_found() {
        let blob = descriptors(&[
            configuration(&[KEYBOARD, DISK, DISK]),
            configuration(&[DFU]),
        ]);
        assert_eq!(interfaces(&blob), Some(set(&[KEYBOARD, DISK, DFU])));
        assert_eq!(interfaces(&descriptors(&[])), Some(set(&[])));
        let empty = descriptors(&[configuration(&[])]);
        assert_eq!(interfaces(&empty), Some(set(&[])));
    }

    #[test]
    fn other_descriptors_are_passed_over() {
        let mut one = configuration(&[KEYBOARD]);
        // Such as an interface in the body of a vendor's own descriptor.
        one.extend([12, 0xff, 9, 4, 0, 0, 0, 8, 6, 0x50, 0, 0]);
        one.extend([2, 0x21]);
        let total = u16::try_from(one.len()).unwrap();
        one[2..4].copy_from_slice(&total.to_le_bytes());
        assert_eq!(interfaces(&descriptors(&[one])), Some(set(&[KEYBOARD])));
    }

    #[test]
    fn nothing_is_known_from_a_part() {
        let blob = descriptors(&[configuration(&[KEYBOARD, DISK]), configuration(&[DFU])]);
        for length in 0..blob.len() {
            assert_eq!(interfaces(&blob[..length]), None, "{length}");
        }
        assert_eq!(interfaces(&[&blob[..], &[0]].concat()), None);
    }

    #[test]
    fn impossible_lengths_are_malformed() {
        let good = descriptors(&[configuration(&[KEYBOARD, DISK])]);
        let first_interface = 18 + 9;
        for (at, value) in [
            (0, 0),
            (0, 17),
            (0, 255),
            (1, 2),
            (17, 0),
            (17, 2),
            (17, 255),
            (18, 0),
            (18, 8),
            (18, 255),
            (18 + 1, 4),
            (18 + 2, 0),
            (18 + 2, 255),
            (18 + 3, 255),
            (first_interface, 0),
            (first_interface, 1),
            (first_interface, 8),
            (first_interface, 255),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            assert_eq!(interfaces(&bad), None, "{at}: {value}");
        }
    }

    #[test]
    fn the_largest_content_is_read() {
        let most = vec![DISK; (65535 - 9) / 9];
        let blob = descriptors(&[configuration(&most)]);
        assert!(blob.len() <= LONGEST);
        assert_eq!(interfaces(&blob), Some(set(&[DISK])));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = interfaces(&bytes);
        }

        #[test]
        fn damage_never_panics_and_invents_no_interface_by_cutting(
            codes in prop::collection::vec(any::<[u8; 3]>(), 0..20),
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
        ) {
            let blob = descriptors(&[configuration(&codes), configuration(&codes)]);
            prop_assert_eq!(interfaces(&blob), Some(set(&codes)));
            let mut damaged = blob.clone();
            damaged[at.index(blob.len())] = value;
            let _ = interfaces(&damaged);
            prop_assert_eq!(interfaces(&blob[..at.index(blob.len())]), None);
        }
    }
}
