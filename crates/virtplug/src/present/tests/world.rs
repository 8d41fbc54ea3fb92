//! A world in which something is wrong with most devices.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use virtplug_core::{
    Action, Activity, CallError, ClassCode, ConnectionUri, Device, DeviceNumber, Engine, Event,
    Fact, GuestPorts, HostAddress, Hostdev, LiveMachine, MachineKey, MachineListing, MachineRead,
    Matcher, Order, Outcome, Owner, Policy, PortPath, ProductId, RawText, Rule, RunId, Time,
    UdevRecord, Uuid, VendorId,
};

use crate::fixture::{device, machine, port, rule, serial};
use crate::present::Context;

/// The moment at which all is asked.
pub(super) fn context() -> Context<'static> {
    Context {
        now: Time::after_origin(Duration::from_millis(20_100)),
        daemon: Some("0.2.0"),
        reload_trouble: None,
        deaf: false,
    }
}

/// The moment at which all happened.
fn moment() -> Time {
    Time::after_origin(Duration::from_secs(20))
}

fn far() -> ConnectionUri {
    ConnectionUri::new("qemu+ssh://far/system")
}

fn devices() -> Vec<Device> {
    let mut hub = device("1-1", 2, b"", b"USB2.0 Hub");
    hub.class = ClassCode::new(9, 0, 0);
    (hub.vendor, hub.product) = (VendorId(0x05e3), ProductId(0x0610));
    let mut zigbee = device("1-1.1", 3, b"4C530001", b"Zigbee");
    zigbee.syspath = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.1".to_owned();
    zigbee.manufacturer = Fact::Known(Some(RawText::from("ITead")));
    let record = [
        ("DEVLINKS", "/dev/serial/by-id/usb-ITead_4C530001-if00"),
        ("ID_MODEL", "Zigbee\u{7}"),
        ("ID_SERIAL_SHORT", "4C530001"),
    ];
    zigbee.udev = Fact::Known(UdevRecord {
        properties: record
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        tags: ["seat".to_owned()].into(),
        current_tags: ["seat".to_owned()].into(),
    });
    let stick = |port: &str, number: u8| {
        let mut stick = device(port, number, b"", b"Ultra");
        (stick.vendor, stick.product) = (VendorId(0x0781), ProductId(0x5583));
        stick
    };
    let mut unread = device("1-8", 10, b"", b"half read");
    unread.serial = Fact::Unknown;
    let mut blocked = device("1-9", 11, b"BL-1", b"blocked");
    blocked.authorized = Fact::Known(false);
    vec![
        hub,
        zigbee,
        device("1-2", 4, b"SC-1", b"Scanner"),
        stick("1-3", 5),
        stick("1-4", 6),
        device("1-5", 7, b"CF-1", b"claimed twice"),
        device("1-6", 8, b"FA-1", b"for a machine far away"),
        device("1-7", 9, b"\x1b[31mred\n\xff", b"evil \x1b[2J"),
        unread,
        blocked,
        device("2-1", 2, b"", b"nobody's"),
    ]
}

fn rules() -> Vec<Rule> {
    let product = Matcher {
        vendor: Some("0781".into()),
        product: Some("5583".into()),
        ..Matcher::default()
    };
    let mut office = rule("scanner", machine("office"), serial("SC-1"), 3);
    office.options.priority = 10;
    office.options.yields = true;
    office.options.preempts = true;
    office.options.group = Some("desk".to_owned());
    let mut pool = rule("pool", machine("archive"), product, 11);
    pool.options.count = NonZeroU32::new(1);
    pool.options.follow = Some(Duration::from_secs(90));
    pool.options.guest_port = "0:3".parse().ok();
    let mut off = rule("off", machine("gone"), serial("SC-1"), 15);
    off.options.enabled = false;
    let behind = Matcher {
        behind: Some(vec![port("1-1")]),
        not: vec![serial("OTHER")],
        ..Matcher::default()
    };
    let far = MachineKey::new(far(), "far");
    vec![
        office,
        rule("", machine("archive"), serial("SC-1"), 7),
        pool,
        off,
        rule("Zigbee", machine("home"), serial("4C530001"), 19),
        rule("the hub", machine("archive"), behind, 23),
        rule("", machine("home"), serial("CF-1"), 27),
        rule("", machine("archive"), serial("CF-1"), 31),
        rule("", far, serial("FA-1"), 35),
        rule("mine\u{1b}", Owner::Host, port("1-7"), 39),
        rule("", machine("home"), port("1-9"), 43),
    ]
}

fn live(hostdevs: Vec<Hostdev>, id: u8) -> MachineRead {
    MachineRead::Live(LiveMachine {
        disks: [].into(),
        run: RunId {
            uuid: Uuid([id; 16]),
            id: id.into(),
        },
        activity: Activity::Ready,
        paused: false,
        hostdevs,
        ports: GuestPorts {
            controller: true,
            free: Some(12),
            used: ["0:1".parse().unwrap()].into(),
        },
    })
}

fn entry(alias: &str, port: &str, number: u8) -> Hostdev {
    Hostdev {
        alias: Some(alias.to_owned()),
        ids: None,
        address: Some(HostAddress {
            bus: port.parse::<PortPath>().unwrap().bus(),
            device: DeviceNumber(number),
        }),
        missing: false,
        guest_port: Some("0:1".to_owned()),
    }
}

fn read(machine: &MachineKey) -> MachineRead {
    match machine.name() {
        "home" => {
            let mut missing = entry("hostdev0\u{7}", "1-3", 99);
            missing.missing = true;
            let own = entry("ua-virtplug-1-1_1-0000000000000003", "1-1.1", 3);
            live(vec![own, missing], 1)
        }
        "archive" => live(vec![entry("ua-virtplug-1-3-0000000000000005", "1-3", 5)], 3),
        "office" | "lent" => MachineRead::Off,
        _ => MachineRead::Absent,
    }
}

fn listing() -> Vec<MachineListing> {
    let names = [("home", 1), ("office", 2), ("archive", 3), ("lent", 4)];
    let list = names.map(|(name, id)| MachineListing {
        machine: machine(name),
        uuid: Uuid([id; 16]),
        active: matches!(name, "home" | "archive"),
    });
    list.to_vec()
}

/// What happens in answer to an action: an attach fails.
fn answer(action: Action) -> Option<Event> {
    Some(match action {
        Action::Connect(uri) if uri == far() => {
            Event::Disconnected(uri, "no route to host".to_owned())
        }
        Action::Connect(uri) => Event::Connected(uri),
        Action::ListMachines(uri) => Event::Machines(uri, listing()),
        Action::ReadMachine(machine) => {
            let read = read(&machine);
            Event::MachineRead(machine, read)
        }
        Action::Attach(op, request) => Event::Done(
            op,
            Outcome {
                result: Err(CallError::Libvirt {
                    code: 38,
                    message: "SC-1 is in use\n".to_owned(),
                }),
                after: read(&request.machine),
                instance_present: Fact::Known(true),
            },
        ),
        _ => return None,
    })
}

/// The world, as far as nothing but time can bring more.
pub(super) fn world() -> Engine {
    let mut engine = Engine::new(0);
    let scan = Event::Devices {
        present: devices(),
        unreadable: Vec::new(),
    };
    feed(&mut engine, [Event::Policy(Policy::new([], rules())), scan]);
    engine
}

/// Gives the events, and the answers to what follows from them.
pub(super) fn feed(engine: &mut Engine, events: impl IntoIterator<Item = Event>) {
    let mut events: VecDeque<Event> = events.into_iter().collect();
    while let Some(event) = events.pop_front() {
        let actions = engine.handle(moment(), event);
        events.extend(actions.into_iter().filter_map(answer));
    }
}

/// The world after somebody decided by hand; detaching is not answered.
pub(super) fn ordered() -> Engine {
    let mut engine = world();
    let hold = |engine: &Engine, port: &str, owner: Owner| {
        let port: PortPath = port.parse().unwrap();
        let instance = engine.device(&port).unwrap().instance;
        Event::Order(Order::Hold {
            port,
            instance,
            owner,
            allow_in_use: false,
        })
    };
    let holds = [
        hold(&engine, "1-1.1", Owner::Host),
        hold(&engine, "2-1", machine("lent").into()),
        hold(&engine, "1-9", machine("home").into()),
    ];
    let switch = Event::Order(Order::Switch {
        group: "desk".to_owned(),
        owner: Some(machine("home").into()),
    });
    let pause = |name: &str| {
        Event::Order(Order::Pause {
            machine: Some(machine(name)),
            detach: true,
        })
    };
    feed(
        &mut engine,
        holds.into_iter().chain([switch, pause("archive")]),
    );
    engine
}
