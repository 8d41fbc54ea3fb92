//! What it costs to find the rules that hold for a device, by the number of rules.
//!
//! `cargo bench -p virtplug-core`

#![allow(missing_docs, reason = "criterion's macros make items without docs")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use virtplug_core::{
    BusNumber, ClassCode, ConnectionUri, Device, DeviceNumber, Fact, Half, HostAddress, InstanceId,
    MachineKey, Matcher, Pattern, Policy, PortPath, ProductId, RawText, Removable, Revision, Rule,
    RuleOptions, Speed, UdevRecord, VendorId,
};

fn device() -> Device {
    let properties = (0..30).map(|n| (format!("ID_PROPERTY_{n}"), format!("value {n}")));
    Device {
        port: "3-2.4".parse().unwrap(),
        syspath: "/sys/devices/pci0000:00/0000:00:14.0/usb3/3-2/3-2.4".into(),
        instance: InstanceId(1),
        address: HostAddress {
            bus: BusNumber(3),
            device: DeviceNumber(5),
        },
        vendor: VendorId(0x10c4),
        product: ProductId(0xea60),
        revision: Fact::Known(Revision(0x0100)),
        class: ClassCode::default(),
        interfaces: Fact::Known([ClassCode::new(0xff, 0, 0)].into()),
        speed: Fact::Known(Speed::Full),
        removable: Fact::Known(Removable::Removable),
        peer: Fact::Known(Some("4-2.4".parse().unwrap())),
        half: Fact::Known(Half::Usb2),
        bound: Fact::Known(true),
        authorized: Fact::Known(true),
        serial: Fact::Known(Some(RawText::from("SERIAL7"))),
        manufacturer: Fact::Known(Some(RawText::from("Maker"))),
        product_name: Fact::Known(Some(RawText::from("Stick"))),
        udev: Fact::Known(UdevRecord {
            properties: properties.collect(),
            ..UdevRecord::default()
        }),
        processed: true,
        in_use: Fact::Known([].into()),
        disks: [].into(),
    }
}

/// Rules as people write them: by serial number, by product with a serial
/// number, by port, by udev property. One of them holds.
fn mixed(number: usize) -> Matcher {
    let mut matcher = Matcher::default();
    match number % 4 {
        0 => matcher.port = Some(format!("{}-{}", 1 + number / 255, 1 + number % 255).into()),
        1 => {
            matcher.vendor = Some("10c4".into());
            matcher.product = Some("ea60".into());
            matcher.serial = Some(format!("PRODUCT{number}").into());
        }
        2 => matcher.properties = vec![("ID_MODEL".into(), format!("Model {number}").into())],
        _ => matcher.serial = Some(format!("SERIAL{number}").into()),
    }
    matcher
}

/// The worst case: nothing but regular expressions, so each is tried.
fn patterns(number: usize) -> Matcher {
    let regex = format!("^SERIAL{number}$");
    Matcher {
        serial: Some(Pattern::regex(&regex).unwrap().into()),
        ..Matcher::default()
    }
}

/// Makes the matcher of the rule with a number.
type MakeMatcher = fn(usize) -> Matcher;

fn policy(count: usize, matcher: MakeMatcher) -> Policy {
    let rules = (0..count).map(|number| Rule {
        name: None,
        origin: format!("bench:{number}"),
        owner: MachineKey::new(ConnectionUri::default(), &format!("m{}", number % 100)).into(),
        matcher: matcher(number),
        options: RuleOptions::default(),
    });
    Policy::new([], rules.collect())
}

fn claims(criterion: &mut Criterion) {
    let device = device();
    let around: BTreeMap<PortPath, Device> = [(device.port.clone(), device.clone())].into();
    for (kind, matcher) in [("mixed", mixed as MakeMatcher), ("regex only", patterns)] {
        let mut group = criterion.benchmark_group(format!("one event, {kind} rules"));
        for count in [10, 1_000, 10_000] {
            let policy = policy(count, matcher);
            assert_eq!(policy.claims(&device, &around).len(), 1);
            group.bench_with_input(BenchmarkId::from_parameter(count), &policy, |b, policy| {
                b.iter(|| policy.claims(black_box(&device), &around));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, claims);
criterion_main!(benches);
