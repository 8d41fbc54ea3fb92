//! A small world: two devices, two machines, one fault.

use virtplug_core::{ConnectionUri, MachineKey, PortPath};

use crate::fault::Fault;
use crate::gadget::Gadget;
use crate::interleaving::Scene;
use crate::operation::Operation;
use crate::rules::{Asks, RuleSpec, Terms, machines, ports};
use crate::schedule::Schedule;

/// Who takes part.
struct Cast {
    a: MachineKey,
    b: MachineKey,
    first: PortPath,
    second: PortPath,
}

impl Cast {
    /// `None` where the world has fewer machines or ports.
    fn new() -> Option<Self> {
        let (mut machines, mut ports) = (machines().into_iter(), ports().into_iter());
        Some(Self {
            a: machines.next()?,
            b: machines.next()?,
            first: ports.next()?,
            second: ports.next()?,
        })
    }

    fn rules(&self) -> Vec<RuleSpec> {
        vec![
            RuleSpec::plain(self.a.clone(), Asks::Serial(Gadget::StickA)),
            RuleSpec::plain(self.b.clone(), Asks::Serial(Gadget::StickB)),
        ]
    }

    /// The first stick goes to `a` while that runs, else to `b`.
    fn shared(&self) -> Vec<RuleSpec> {
        let mut owner = RuleSpec::plain(self.a.clone(), Asks::Exact(Gadget::StickA));
        owner.terms = Terms {
            yields: true,
            ..Terms::default()
        };
        let fallback = RuleSpec::plain(self.b.clone(), Asks::Model(Gadget::StickA));
        vec![owner, fallback]
    }

    /// Both machines run, and both sticks are plugged in.
    fn running(&self) -> Vec<Operation> {
        vec![
            Operation::Start(self.a.clone()),
            Operation::Start(self.b.clone()),
            Operation::Plug(self.first.clone(), Gadget::StickA),
            Operation::Plug(self.second.clone(), Gadget::StickB),
            Operation::Wait(20_000),
        ]
    }

    fn scene(
        rules: Vec<RuleSpec>,
        operations: Vec<Operation>,
        actors: &[Vec<Operation>],
        fault: Fault,
    ) -> Scene {
        let fault = vec![Operation::Arm(fault)];
        Scene {
            begin: Schedule {
                rules,
                operations,
                ..Schedule::default()
            },
            actors: actors.iter().cloned().chain([fault]).collect(),
        }
    }

    fn scenes(&self, fault: Fault) -> [Scene; 5] {
        use Operation as O;
        let uri = ConnectionUri::default();
        let plugged_in = [
            vec![
                O::Plug(self.first.clone(), Gadget::StickA),
                O::Plug(self.second.clone(), Gadget::StickB),
            ],
            vec![O::Start(self.a.clone()), O::Stop(self.a.clone())],
            vec![O::Start(self.b.clone())],
        ];
        let plugged_again = [
            vec![O::ResetSameNumber(self.first.clone())],
            vec![
                O::Unplug(self.second.clone()),
                O::Plug(self.second.clone(), Gadget::StickA),
            ],
            vec![O::Stop(self.a.clone()), O::Start(self.a.clone())],
        ];
        let exchanged = {
            let mut rules = self.rules();
            for (rule, machine) in rules.iter_mut().zip([&self.b, &self.a]) {
                rule.machine = Some(machine.clone());
            }
            [
                vec![O::Reload(rules)],
                vec![O::BreakConnection(uri)],
                vec![O::Save(self.a.clone()), O::Start(self.a.clone())],
            ]
        };
        let restarted = [
            vec![O::KillDaemon, O::StartDaemon],
            vec![O::AdminDetach(self.a.clone())],
            vec![O::Reset(self.second.clone())],
        ];
        let handed_over = [
            vec![O::Stop(self.a.clone()), O::Start(self.a.clone())],
            vec![O::Stop(self.b.clone()), O::Start(self.b.clone())],
            vec![O::ResetSameNumber(self.first.clone())],
        ];
        let wait = || vec![O::Wait(20_000)];
        [
            Self::scene(self.rules(), wait(), &plugged_in, fault),
            Self::scene(self.rules(), self.running(), &plugged_again, fault),
            Self::scene(self.rules(), self.running(), &exchanged, fault),
            Self::scene(self.rules(), self.running(), &restarted, fault),
            Self::scene(self.shared(), self.running(), &handed_over, fault),
        ]
    }
}

/// What can happen in the small world, with each class of faults.
pub fn small_world() -> Vec<Scene> {
    let cast = Cast::new();
    let scenes = cast.iter().flat_map(|cast| {
        let faults = Fault::ALL.into_iter();
        faults.flat_map(|fault| cast.scenes(fault))
    });
    scenes.collect()
}
