//! Random schedules.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use virtplug_core::{ConnectionUri, MachineKey, PortPath};
use virtplug_sim::{Asks, Fault, Gadget, Operation, RuleSpec, Schedule, Sockets, machines, ports};

fn port() -> impl Strategy<Value = PortPath> {
    select(ports())
}

fn machine() -> impl Strategy<Value = MachineKey> {
    select(machines())
}

fn uri() -> impl Strategy<Value = ConnectionUri> {
    prop_oneof![
        3 => Just(ConnectionUri::default()),
        1 => Just(ConnectionUri::new("qemu:///session")),
    ]
}

fn gadget() -> impl Strategy<Value = Gadget> {
    select(Gadget::ALL.to_vec())
}

fn rule() -> impl Strategy<Value = RuleSpec> {
    let asks = prop_oneof![
        4 => gadget().prop_map(Asks::Serial),
        2 => gadget().prop_map(Asks::Model),
        3 => port().prop_map(Asks::Port),
        1 => (gadget(), port()).prop_map(|(gadget, port)| Asks::ModelAtPort(gadget, port)),
        1 => Just(Asks::Tag),
        1 => Just(Asks::Property),
        1 => (1..3_u16, 2..5_u8).prop_map(|(bus, number)| Asks::Address(bus, number)),
    ];
    (machine(), asks).prop_map(|(machine, asks)| RuleSpec { machine, asks })
}

fn rules() -> impl Strategy<Value = Vec<RuleSpec>> {
    prop::collection::vec(rule(), 0..6)
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
    prop_oneof![4 => 0..20_u64, 4 => 0..500_u64, 3 => 0..5_000_u64, 1 => 0..120_000_u64]
}

fn operation() -> impl Strategy<Value = Operation> {
    let cables = prop_oneof![
        12 => (port(), gadget()).prop_map(|(port, gadget)| Operation::Plug(port, gadget)),
        6 => port().prop_map(Operation::Unplug),
        3 => port().prop_map(Operation::Reset),
        3 => port().prop_map(Operation::ResetSameNumber),
        2 => (1..3_u16).prop_map(Operation::ResetBus),
        1 => port().prop_map(Operation::SwitchMode),
        2 => (1..3_u16, 120..127_u8).prop_map(|(bus, count)| Operation::SkipNumbers(bus, count)),
        1 => (port(), any::<bool>()).prop_map(|(port, on)| Operation::Authorize(port, on)),
        1 => port().prop_map(Operation::Trigger),
        1 => port().prop_map(Operation::WipeRecord),
    ];
    let machines = prop_oneof![
        10 => machine().prop_map(Operation::Start),
        3 => machine().prop_map(Operation::Stop),
        2 => machine().prop_map(Operation::Save),
        1 => machine().prop_map(Operation::Pause),
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
        4 => rules().prop_map(Operation::Reload),
    ];
    let daemons = prop_oneof![
        2 => uri().prop_map(Operation::StopServer),
        3 => uri().prop_map(Operation::StartServer),
        2 => uri().prop_map(Operation::BreakConnection),
        2 => Just(Operation::KillDaemon),
        3 => Just(Operation::StartDaemon),
    ];
    prop_oneof![
        10 => span().prop_map(Operation::Wait),
        8 => cables,
        6 => machines,
        3 => people,
        2 => daemons,
        4 => select(Fault::ALL.to_vec()).prop_map(Operation::Arm),
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
    (
        any::<u64>(),
        rules(),
        weather(),
        prop::collection::vec(operation(), 1..most),
    )
        .prop_map(|(seed, rules, weather, operations)| Schedule {
            seed,
            rules,
            weather,
            operations,
        })
}
