//! What somebody decides by hand, as sentences.

use virtplug_core::{Engine, Escaped, Order, Owner};

use super::sentence::at;

/// What somebody decided, and how long it lasts.
pub(super) fn sentence(engine: &Engine, order: &Order) -> String {
    match order {
        Order::Hold {
            port,
            owner: Owner::Machine(machine),
            allow_in_use,
            ..
        } => {
            let even = if *allow_in_use {
                ", even while the host uses it,"
            } else {
                ""
            };
            format!(
                "ordered: {} belongs to machine {machine}{even} until it is unplugged, the machine ends or it is released",
                at(engine, port)
            )
        }
        Order::Hold {
            port,
            owner: Owner::Host,
            ..
        } => format!(
            "ordered: {} stays on the host until it is unplugged, its machine ends or it is released",
            at(engine, port)
        ),
        Order::Release(port) => format!("ordered: the rules decide on {} again", at(engine, port)),
        Order::ReleaseAll => "ordered: the rules decide on all devices and groups again".to_owned(),
        Order::Switch {
            group,
            owner: Some(Owner::Machine(machine)),
        } => format!(
            "ordered: group {} belongs to machine {machine} until it is switched again or released",
            Escaped(group)
        ),
        Order::Switch {
            group,
            owner: Some(Owner::Host),
        } => format!(
            "ordered: group {} stays on the host until it is switched again or released",
            Escaped(group)
        ),
        Order::Switch { group, owner: None } => {
            format!(
                "ordered: group {} belongs to the owners of its rules again",
                Escaped(group)
            )
        }
        Order::Pause { machine, detach } => {
            let whom = machine.as_ref().map_or_else(
                || "all machines".to_owned(),
                |machine| format!("machine {machine}"),
            );
            let devices = if *detach {
                "what is attached goes back to the host"
            } else {
                "what is attached stays"
            };
            format!(
                "ordered: paused for {whom}; {devices}, and nothing else is done there until `virtplug resume`"
            )
        }
        Order::Resume(Some(machine)) => format!("ordered: the pause of machine {machine} is over"),
        Order::Resume(None) => "ordered: all pauses are over".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use virtplug_core::{InstanceId, PortPath};

    use super::*;
    use crate::fixture::{machine, world};

    #[test]
    fn every_order_is_a_sentence() {
        let (engine, _) = world(false);
        let port: PortPath = "1-1".parse().unwrap();
        let alpha = || machine("alpha");
        let hold = |owner, allow_in_use| Order::Hold {
            port: port.clone(),
            instance: InstanceId(2),
            owner,
            allow_in_use,
        };
        let switch = |owner| Order::Switch {
            group: "desk\u{1b}[1m".into(),
            owner,
        };
        let orders = [
            hold(Owner::Machine(alpha()), false),
            hold(Owner::Machine(alpha()), true),
            hold(Owner::Host, false),
            Order::Release(port.clone()),
            Order::ReleaseAll,
            switch(Some(Owner::Machine(alpha()))),
            switch(Some(Owner::Host)),
            switch(None),
            Order::Pause {
                machine: Some(alpha()),
                detach: true,
            },
            Order::Pause {
                machine: None,
                detach: false,
            },
            Order::Resume(Some(alpha())),
            Order::Resume(None),
        ];
        let sentences = orders.map(|order| sentence(&engine, &order));
        insta::assert_snapshot!(sentences.join("\n"));
    }
}
