//! Calls to libvirt and what is read right before and after them.

use std::collections::BTreeSet;

use virtplug_core::{
    AttachRequest, CallError, ConnectionUri, DetachRequest, Escaped, Event, Fact, InstanceId,
    MachineKey, MachineRead, OpId, Outcome, Use,
};
use virtplug_libvirt::Connection;
use virtplug_udev::Host;

use crate::machine_names::MachineNames;
use crate::node;

pub(super) fn connected(connection: Option<&Connection>) -> Result<&Connection, CallError> {
    connection.ok_or_else(|| CallError::Libvirt {
        code: 0,
        message: "the connection is closed".to_owned(),
    })
}

pub(super) fn list(
    connection: Option<&Connection>,
    uri: ConnectionUri,
    names: &MachineNames,
) -> Event {
    match connected(connection).and_then(Connection::list_machines) {
        Ok(machines) => Event::Machines(uri, names.keyed(machines)),
        Err(error) => Event::ListFailed(uri, error.to_string()),
    }
}

pub(super) fn read(connection: Option<&Connection>, machine: &MachineKey) -> MachineRead {
    match connected(connection).map(|connection| connection.read_machine(machine)) {
        Ok(MachineRead::Failed(reason)) => MachineRead::Failed(Escaped(&reason).to_string()),
        Ok(read) => read,
        Err(error) => MachineRead::Failed(error.to_string()),
    }
}

pub(super) fn detach(connection: Option<&Connection>, op: OpId, request: &DetachRequest) -> Event {
    let outcome = Outcome {
        result: connected(connection).and_then(|connection| connection.detach(request)),
        after: read(connection, &request.machine),
        instance_present: Fact::Unknown,
    };
    Event::Done(op, outcome)
}

pub(super) fn start(connection: Option<&Connection>, op: OpId, machine: &MachineKey) -> Event {
    let outcome = Outcome {
        result: connected(connection).and_then(|connection| connection.start(machine)),
        after: read(connection, machine),
        instance_present: Fact::Unknown,
    };
    Event::Done(op, outcome)
}

/// An error of an attach, with why this user's QEMU cannot open the device, if so.
pub(super) fn with_advice(error: CallError, request: &AttachRequest) -> CallError {
    match error {
        CallError::Libvirt { code, message } if node::is_opened_by_user(&request.machine.uri) => {
            let advice = node::refusal(request.address, &request.alias.port);
            let message = advice.map_or(message.clone(), |advice| format!("{advice}: {message}"));
            CallError::Libvirt { code, message }
        }
        error => error,
    }
}

/// Whether the instance that was decided on is the one that is there.
pub(super) fn instance_present(host: &Host, request: &AttachRequest) -> Fact<bool> {
    let found: Fact<Option<InstanceId>> = host.instance(&request.syspath).into();
    found.map(|instance| instance == Some(request.alias.instance))
}

/// Fails if the host uses the device now, or if that cannot be found out.
pub(super) fn unused(host: &Host, request: &AttachRequest) -> Result<(), CallError> {
    if request.allow_in_use {
        return Ok(());
    }
    refused(host.in_use(&request.alias.port, &request.syspath))
}

fn refused(uses: Fact<BTreeSet<Use>>) -> Result<(), CallError> {
    match uses {
        Fact::Known(uses) if uses.iter().any(Use::refuses) => Err(CallError::InUse(uses)),
        Fact::Known(_) => Ok(()),
        Fact::Unknown => Err(CallError::InUse(BTreeSet::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_that_refuses_or_is_not_known_prevents_the_call() {
        let swap = Use::Swap {
            node: "sdb".to_owned(),
        };
        let opened = Use::Opened {
            node: "video0".to_owned(),
            by: None,
        };
        let known = |uses: &[&Use]| Fact::Known(uses.iter().map(|one| (*one).clone()).collect());
        assert_eq!(refused(known(&[])), Ok(()));
        assert_eq!(refused(known(&[&opened])), Ok(()));
        let both: BTreeSet<_> = [swap, opened].into();
        let refusal = refused(Fact::Known(both.clone()));
        assert_eq!(refusal, Err(CallError::InUse(both)));
        let unknown = refused(Fact::Unknown);
        assert_eq!(unknown, Err(CallError::InUse([].into())));
    }
}
