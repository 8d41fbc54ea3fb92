//! Random schedules.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use virtplug_core::{ConnectionUri, MachineKey, Order, Owner, PortPath};
use virtplug_sim::{
    Asks, Fault, Gadget, Operation, RuleSpec, Schedule, Sockets, Terms, group, machines, ports,
};

/// What a schedule speaks of. With little to choose from things meet more often.
#[derive(Debug, Clone)]
struct Cast {
    machines: Vec<MachineKey>,
    ports: Vec<PortPath>,
    gadgets: Vec<Gadget>,
}

fn cast() -> impl Strategy<Value = Cast> {
    let plain: Vec<Gadget> = Gadget::ALL
        .into_iter()
        .filter(|gadget| *gadget != Gadget::Hub)
        .collect();
    let few = (
        subsequence(machines(), 1..=2),
        subsequence(ports(), 1..=3),
        subsequence(plain, 1..=3),
    );
    let all = (Just(machines()), Just(ports()), Just(Gadget::ALL.to_vec()));
    prop_oneof![4 => few, 1 => all].prop_map(|(machines, ports, gadgets)| Cast {
        machines,
        ports,
        gadgets,
    })
}

fn uri() -> impl Strategy<Value = ConnectionUri> {
    prop_oneof![
        3 => Just(ConnectionUri::default()),
        1 => Just(ConnectionUri::new("qemu:///session")),
    ]
}

fn rule(cast: &Cast) -> impl Strategy<Value = RuleSpec> + use<> {
    let port = || select(cast.ports.clone());
    let machine = || select(cast.machines.clone());
    let gadget = || select(cast.gadgets.clone());
    let asks = prop_oneof![
        4 => gadget().prop_map(Asks::Serial),
        2 => gadget().prop_map(Asks::Model),
        3 => port().prop_map(Asks::Port),
        1 => (gadget(), port()).prop_map(|(gadget, port)| Asks::ModelAtPort(gadget, port)),
        1 => Just(Asks::Tag),
        1 => Just(Asks::Property),
        1 => (1..3_u16, 2..5_u8).prop_map(|(bus, number)| Asks::Address(bus, number)),
    ];
    let owner = prop::option::weighted(0.8, machine());
    (owner, asks, terms()).prop_map(|(machine, asks, terms)| RuleSpec {
        machine,
        asks,
        terms,
    })
}

/// Mostly none.
fn terms() -> impl Strategy<Value = Terms> {
    let rarely = || prop::bool::weighted(0.1);
    let some = (
        (prop::bool::weighted(0.05), -1..=1_i32),
        (prop::bool::weighted(0.4), prop::bool::weighted(0.4)),
        prop_oneof![3 => Just(0), 1 => 1..=2_u32],
        (prop::bool::weighted(0.3), prop::bool::weighted(0.2)),
        (rarely(), prop_oneof![1 => Just(0), 1 => 1..=2_u8]),
    );
    let some = some.prop_map(
        |(
            (disabled, priority),
            (yields, preempts),
            count,
            (follow, start),
            (guest_port, group),
        )| Terms {
            disabled,
            priority,
            yields,
            preempts: preempts && yields,
            count,
            follow,
            start,
            guest_port,
            group,
        },
    );
    prop_oneof![1 => Just(Terms::default()), 1 => some]
}

/// Two machines that share a gadget, or identical sticks: an owner and a
/// fallback, or two pools.
fn shared(cast: &Cast) -> impl Strategy<Value = Vec<RuleSpec>> + use<> {
    let machine = || select(cast.machines.clone());
    let gadget = select(cast.gadgets.clone());
    let rank = || prop_oneof![3 => Just(0), 1 => -1..=1_i32];
    let pools = (
        prop::collection::vec((machine(), 0..=2_u32, rank()), 1..4),
        any::<bool>(),
    );
    let pools = pools.prop_map(|(owners, follow)| {
        let pool = |(machine, count, priority)| RuleSpec {
            terms: Terms {
                count,
                priority,
                follow,
                ..Terms::default()
            },
            ..RuleSpec::plain(machine, Asks::Model(Gadget::StickA))
        };
        owners.into_iter().map(pool).collect::<Vec<_>>()
    });
    let fallback =
        (machine(), machine(), gadget, terms()).prop_map(|(owner, fallback, gadget, terms)| {
            let first = RuleSpec {
                terms: Terms {
                    yields: true,
                    disabled: false,
                    ..terms
                },
                ..RuleSpec::plain(owner, Asks::Exact(gadget))
            };
            vec![first, RuleSpec::plain(fallback, Asks::Model(gadget))]
        });
    prop_oneof![pools, fallback]
}

/// Mostly a home for each gadget, and now and then a rule that interferes.
fn rules(cast: &Cast) -> impl Strategy<Value = Vec<RuleSpec>> + use<> {
    let machines = cast.machines.clone();
    let gadgets = cast.gadgets.clone();
    let homes = prop::collection::vec(prop::option::weighted(0.9, select(machines)), gadgets.len());
    let homes = (homes, prop::collection::vec(terms(), gadgets.len()));
    let others = prop_oneof![
        4 => Just(Vec::new()),
        3 => prop::collection::vec(rule(cast), 1..4),
        3 => shared(cast),
    ];
    (prop::bool::weighted(0.7), homes, others).prop_map(move |(at_home, (homes, terms), others)| {
        let serial = |((home, gadget), terms): ((Option<MachineKey>, &Gadget), Terms)| {
            Some(RuleSpec {
                terms,
                ..RuleSpec::plain(home?, Asks::Serial(*gadget))
            })
        };
        let homes = homes.into_iter().zip(&gadgets).zip(terms);
        let homes = homes.filter_map(serial).filter(|_| at_home);
        homes.chain(others).collect()
    })
}

fn sockets() -> impl Strategy<Value = Sockets> {
    prop_oneof![
        1 => Just(Sockets::NoController),
        3 => (1..4_u32).prop_map(Sockets::Count),
        2 => Just(Sockets::Count(15)),
        1 => Just(Sockets::Untold),
    ]
}

fn span() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..20_u64, 4 => 0..500_u64, 4 => 0..5_000_u64, 1 => 0..120_000_u64]
}

/// What somebody decides by hand.
fn order(cast: &Cast) -> impl Strategy<Value = Operation> + use<> {
    let port = || select(cast.ports.clone());
    let machine = || select(cast.machines.clone());
    let owner = machine().prop_map(Owner::Machine);
    let owner = prop_oneof![3 => owner, 1 => Just(Owner::Host)];
    let switch = (1..=2_u8, prop::option::weighted(0.7, owner));
    let switch = switch.prop_map(|(number, owner)| Order::Switch {
        group: group(number),
        owner,
    });
    let pause = (prop::option::weighted(0.7, machine()), any::<bool>());
    let pause = pause.prop_map(|(machine, detach)| Order::Pause { machine, detach });
    let resume = prop::option::weighted(0.5, machine()).prop_map(Order::Resume);
    let order = prop_oneof![
        3 => port().prop_map(Order::Release),
        1 => Just(Order::ReleaseAll),
        4 => switch,
        3 => pause,
        5 => resume,
    ];
    prop_oneof![
        1 => (port(), prop::option::weighted(0.7, machine()))
            .prop_map(|(port, machine)| Operation::Give(port, machine)),
        2 => order.prop_map(Operation::Order),
    ]
}

fn operation(cast: &Cast) -> impl Strategy<Value = Operation> + use<> {
    let port = || select(cast.ports.clone());
    let machine = || select(cast.machines.clone());
    let gadget = || select(cast.gadgets.clone());
    let cables = prop_oneof![
        14 => (port(), gadget()).prop_map(|(port, gadget)| Operation::Plug(port, gadget)),
        5 => port().prop_map(Operation::Unplug),
        3 => port().prop_map(Operation::Reset),
        3 => port().prop_map(Operation::ResetSameNumber),
        2 => (1..3_u16).prop_map(Operation::ResetBus),
        3 => port().prop_map(Operation::SwitchMode),
        2 => (1..3_u16, 120..127_u8).prop_map(|(bus, count)| Operation::SkipNumbers(bus, count)),
        1 => (port(), any::<bool>()).prop_map(|(port, on)| Operation::Authorize(port, on)),
        1 => port().prop_map(Operation::Trigger),
        1 => port().prop_map(Operation::WipeRecord),
    ];
    let machines = prop_oneof![
        14 => machine().prop_map(Operation::Start),
        3 => machine().prop_map(Operation::Stop),
        2 => machine().prop_map(Operation::Save),
        2 => machine().prop_map(Operation::Pause),
        1 => machine().prop_map(Operation::BeginWork),
        2 => machine().prop_map(Operation::Resume),
        1 => machine().prop_map(Operation::Undefine),
        1 => machine().prop_map(Operation::Define),
        1 => (machine(), machine()).prop_map(|(one, other)| Operation::SwapNames(one, other)),
        2 => (machine(), sockets()).prop_map(|(machine, n)| Operation::SetSockets(machine, n)),
        1 => (machine(), prop::option::of(gadget()))
            .prop_map(|(machine, gadget)| Operation::SetFixed(machine, gadget)),
    ];
    let people = prop_oneof![
        3 => machine().prop_map(Operation::AdminDetach),
        2 => (machine(), port()).prop_map(|(machine, port)| Operation::AdminAttach(machine, port)),
        1 => machine().prop_map(Operation::AdminDetachForeign),
        1 => machine().prop_map(Operation::TakeSocket),
        1 => machine().prop_map(Operation::FreeSocket),
        3 => rules(cast).prop_map(Operation::Reload),
    ];
    let daemons = prop_oneof![
        1 => uri().prop_map(Operation::StopServer),
        4 => uri().prop_map(Operation::StartServer),
        2 => uri().prop_map(Operation::BreakConnection),
        1 => Just(Operation::KillDaemon),
        4 => Just(Operation::StartDaemon),
    ];
    prop_oneof![
        14 => span().prop_map(Operation::Wait),
        10 => cables,
        5 => machines,
        3 => people,
        4 => order(cast),
        2 => daemons,
        5 => select(Fault::ALL.to_vec()).prop_map(Operation::Arm),
    ]
}

fn weather() -> impl Strategy<Value = BTreeMap<Fault, u8>> {
    let fault = select(Fault::ALL.to_vec());
    prop_oneof![
        1 => Just(BTreeMap::new()),
        2 => prop::collection::btree_map(fault, 1..40_u8, 0..5),
    ]
}

/// Schedules of up to that many operations.
pub(crate) fn schedule(most: usize) -> impl Strategy<Value = Schedule> {
    (any::<u64>(), weather(), cast(), prop::bool::weighted(0.9))
        .prop_flat_map(move |chosen| {
            let operations = prop::collection::vec(operation(&chosen.2), 1..most);
            (rules(&chosen.2), operations, Just(chosen))
        })
        .prop_map(
            |(rules, operations, (seed, weather, cast, started))| Schedule {
                seed,
                rules,
                weather,
                hung: None,
                operations: begin(&cast, started).chain(operations).collect(),
            },
        )
}

/// Schedules in which one machine never answers.
pub(crate) fn schedule_with_a_hung_machine(most: usize) -> impl Strategy<Value = Schedule> {
    (schedule(most), select(machines())).prop_map(|(schedule, machine)| Schedule {
        hung: Some(machine),
        ..schedule
    })
}

/// In most schedules the machines run and devices are plugged in from the beginning.
fn begin(cast: &Cast, started: bool) -> impl Iterator<Item = Operation> + use<> {
    let hub = "1-4"
        .parse()
        .map(|port| Operation::Plug(port, Gadget::Hub))
        .ok();
    let hub = hub.filter(|_| cast.ports.iter().any(|port| port.ports().len() > 1));
    let (machines, gadgets) = if started {
        (cast.machines.clone(), cast.gadgets.clone())
    } else {
        (Vec::new(), Vec::new())
    };
    let starts = machines.into_iter().map(Operation::Start);
    let plugs = cast.ports.clone().into_iter().zip(gadgets);
    let plugs = plugs.map(|(port, gadget)| Operation::Plug(port, gadget));
    let pause = started.then_some(Operation::Wait(2000));
    hub.into_iter().chain(starts).chain(plugs).chain(pause)
}
