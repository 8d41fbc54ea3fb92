//! No finding is wrong, whatever the rules and the devices are.

use proptest::prelude::*;

use super::super::exclusion::{Care, apart, is_impossible};
use super::super::implication::implies;
use super::urgent;
use crate::testing::arbitrary_matcher;
use crate::{
    Advice, ClassCode, Device, Fact, Findings, Interfaces, Matcher, Pattern, Patterns, Policy,
    RawText, Removable, Speed, StablePorts, Verdict,
};

fn small() -> impl Strategy<Value = Patterns> {
    let one = prop::sample::select(vec!["a", "b", "ab", "", "*", "a*", "*b", "?"]);
    let pattern = (one, 0..3_u8).prop_map(|(text, kind)| match kind {
        0 => Pattern::Exact(text.replace(['*', '?'], "")),
        1 => Pattern::glob(text).unwrap(),
        _ => Pattern::regex(&format!("^{}", text.replace(['*', '?'], "."))).unwrap(),
    });
    prop::collection::vec(pattern, 1..3).prop_map(Patterns::new)
}

fn classes() -> impl Strategy<Value = Vec<crate::ClassPattern>> {
    let one = prop::sample::select(vec!["03", "03:01", "08", "::01", "03::02"]);
    prop::collection::vec(one.prop_map(|text| text.parse().unwrap()), 1..3)
}

fn flat_matcher() -> impl Strategy<Value = Matcher> {
    let some = |chance| prop::option::weighted(chance, small());
    let ports = prop::sample::select(vec!["1-1", "1-2", "2-1", "2-2"]);
    let stable = prop::sample::select(vec![
        "pci-0000:00:14.0-usb-0:1",
        "pci-0000:00:14.0-usbv2-0:1",
        "pci-0000:00:14.0-usbv3-0:1",
    ]);
    let interfaces =
        (classes(), classes(), classes(), 0..8_u8).prop_map(|(any, all, only, which)| {
            let given = |bit: u8, list| if which & bit == 0 { Vec::new() } else { list };
            Interfaces {
                any: given(1, any),
                all: given(2, all),
                only: given(4, only),
            }
        });
    (
        arbitrary_matcher(),
        (some(0.3), some(0.3), prop::option::weighted(0.2, classes())),
        prop::option::weighted(0.3, interfaces),
        prop::option::weighted(
            0.2,
            prop::collection::vec(prop::sample::select(Speed::ALL[..2].to_vec()), 1..3),
        ),
        prop::option::weighted(
            0.2,
            prop::collection::vec(prop::sample::select(Removable::ALL.to_vec()), 1..3),
        ),
        prop::option::weighted(0.2, ports),
        prop::option::weighted(0.2, stable),
        0..4_u8,
    )
        .prop_map(
            |(base, (serial, name, class), interfaces, speed, removable, port, stable, keep)| {
                // Few conditions, or nothing would ever follow from anything.
                let base = if keep == 0 { base } else { Matcher::default() };
                Matcher {
                    serial: serial.or(base.serial),
                    product_name: name,
                    class,
                    interfaces,
                    speed,
                    removable,
                    port: port.map(Into::into).or(base.port),
                    stable_port: stable.map(|text| StablePorts(text.into())),
                    ..base
                }
            },
        )
}

fn matcher() -> impl Strategy<Value = Matcher> {
    flat_matcher().prop_recursive(3, 12, 3, |inner| {
        let list = prop::collection::vec(inner, 0..3);
        (
            flat_matcher(),
            list.clone(),
            prop::option::weighted(0.4, list.clone()),
            prop::option::weighted(0.2, list),
        )
            .prop_map(|(own, not, any, behind)| Matcher {
                behind,
                not,
                any,
                ..own
            })
    })
}

fn fact<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Fact<T>> {
    prop::option::weighted(0.8, value).prop_map(|value| value.map_or(Fact::Unknown, Fact::Known))
}

fn full_device() -> impl Strategy<Value = Device> {
    let codes = prop::sample::select(vec![
        ClassCode::new(3, 1, 1),
        ClassCode::new(3, 0, 2),
        ClassCode::new(8, 6, 0x50),
    ]);
    let text = prop::sample::select(vec!["a", "b", "ab", "", "xb"]);
    let text = || fact(prop::option::of(text.clone().prop_map(RawText::from)));
    (
        crate::testing::arbitrary_device(),
        (text(), text()),
        codes.clone(),
        fact(prop::collection::btree_set(codes, 0..3)),
        fact(prop::sample::select(Speed::ALL[..2].to_vec())),
        fact(prop::sample::select(Removable::ALL.to_vec())),
        fact(prop::option::of(1..3_u8)),
        fact(prop::sample::select(vec![
            crate::Half::Usb2,
            crate::Half::Usb3,
        ])),
    )
        .prop_map(
            |(base, (serial, name), class, interfaces, speed, removable, peer, half)| Device {
                // The other half of a socket is on another bus.
                peer: peer.map(|peer| {
                    peer.map(|number| {
                        format!("{}-{number}", 3 - base.port.bus().0)
                            .parse()
                            .unwrap()
                    })
                }),
                syspath: format!("/sys/devices/pci0000:00/0000:00:14.0/usb1/{}", base.port),
                serial,
                product_name: name,
                class,
                interfaces,
                speed,
                removable,
                half,
                ..base
            },
        )
}

/// A matcher and one that is likely wider: some of its conditions left out.
fn related() -> impl Strategy<Value = (Matcher, Matcher)> {
    (matcher(), matcher(), any::<u16>()).prop_map(|(one, mut other, which)| {
        if which & 1 == 0 {
            other = one.clone();
            let drop = |bit: u16| which & bit != 0;
            if drop(2) {
                other.serial = None;
            }
            if drop(4) {
                other.interfaces = None;
            }
            if drop(8) {
                other.any = None;
            }
            if drop(16) {
                other.not.pop();
            }
            if drop(32) {
                other.tags.clear();
            }
            if drop(64) {
                other.port = None;
            }
        }
        (one, other)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_follows_holds((narrow, wide) in related(), devices in prop::collection::vec(full_device(), 8)) {
        if !implies(&narrow, &wide) {
            return Ok(());
        }
        for device in &devices {
            let (narrow, wide) = (narrow.judge(device, &()), wide.judge(device, &()));
            prop_assert!(narrow == Verdict::No || wide != Verdict::No);
            prop_assert!(narrow != Verdict::Yes || wide == Verdict::Yes);
        }
    }

    #[test]
    fn what_is_apart_never_meets((one, other) in related(), devices in prop::collection::vec(full_device(), 8)) {
        let proof = apart(&one, &other, Care::Proof);
        let likely = apart(&one, &other, Care::Likely);
        prop_assert!(likely || !proof);
        for device in &devices {
            let single = device.peer == Fact::Known(None);
            let meets = [&one, &other].map(|one| one.judge(device, &())) == [Verdict::Yes; 2];
            prop_assert!(!meets || !proof);
            prop_assert!(!meets || !likely || !single);
        }
    }

    #[test]
    fn what_is_impossible_holds_for_nothing(one in matcher(), devices in prop::collection::vec(full_device(), 8)) {
        if is_impossible(&one) {
            for device in &devices {
                prop_assert!(one.judge(device, &()) != Verdict::Yes);
            }
        }
    }

    #[test]
    fn what_is_shadowed_is_never_the_first_claim(
        pairs in prop::collection::vec((related(), 0..2_i32, 0..2_u8), 1..5),
        devices in prop::collection::vec(full_device(), 8),
    ) {
        let rules = pairs.into_iter().flat_map(|((one, other), priority, owner)| {
            [urgent(&format!("m{owner}"), one, 0), urgent("m0", other, priority)]
        });
        let policy = Policy::new([], rules.collect());
        for advice in Findings::of_policy(&policy).list {
            if let Advice::Shadowed { rule, .. } = advice {
                for device in &devices {
                    let claims = policy.claims(device, &());
                    prop_assert!(claims.first().is_none_or(|claim| claim.number != rule.number));
                }
            }
        }
    }
}
