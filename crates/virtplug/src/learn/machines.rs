//! Which machine is meant.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;
use virtplug_core::{ConnectionUri, Escaped, MachineListing, Policy};
use virtplug_libvirt::{Connection, EventLoop};

use super::Failure;
use super::console::{Console, line};
use crate::edge::error_text;
use crate::machine_names::MachineNames;

/// How long libvirt is waited for; without it the configured machines are known.
const PATIENCE: Duration = Duration::from_secs(5);

/// The machines that there are.
#[derive(Debug, Default)]
pub(super) struct Machines {
    configured: BTreeSet<String>,
    /// As the configuration names them. `None`: libvirt could not be asked.
    defined: Option<Vec<Defined>>,
}

/// A machine of libvirt.
#[derive(Debug)]
struct Defined {
    name: String,
    /// What the configuration calls it: its name, unless it goes by UUID.
    label: String,
    uri: ConnectionUri,
}

impl Machines {
    pub(super) fn configured(policy: &Policy) -> Self {
        let names = policy.machines().iter();
        Self {
            configured: names.map(|machine| machine.name().to_owned()).collect(),
            defined: None,
        }
    }

    /// Also asks libvirt. What does not work is told in words.
    pub(super) async fn find(policy: &Policy, events: EventLoop) -> (Self, Vec<String>) {
        let mut machines = Self::configured(policy);
        let names = MachineNames::of(policy);
        let mut problems = Vec::new();
        for uri in policy.connections() {
            match list(events, uri.clone()).await {
                Ok(listings) => machines.add(listings, &names),
                Err(problem) => problems.push(format!(
                    "the machines of {uri} are not known: {}",
                    Escaped(&problem)
                )),
            }
        }
        (machines, problems)
    }

    pub(super) fn add(&mut self, listings: Vec<MachineListing>, names: &MachineNames) {
        let defined = self.defined.get_or_insert_default();
        defined.extend(listings.into_iter().map(|listing| Defined {
            name: listing.machine.name().to_owned(),
            uri: listing.machine.uri.clone(),
            label: names.key(listing.machine, listing.uuid).name().to_owned(),
        }));
    }

    /// The name in the configuration for what was asked for, and what is odd.
    pub(super) fn named(&self, name: &str) -> (String, Option<String>) {
        let shown = Escaped(name);
        if self.configured.contains(name) {
            return (name.to_owned(), None);
        }
        let Some(defined) = &self.defined else {
            return (name.to_owned(), None);
        };
        match defined.iter().find(|one| one.name == name) {
            Some(one) if one.label != name => {
                let label = Escaped(&one.label);
                let note = format!("the configuration calls {shown} {label}, by its UUID");
                (one.label.clone(), Some(note))
            }
            Some(_) => (name.to_owned(), None),
            None => {
                let note = format!("libvirt has no machine of the name {shown} yet");
                (name.to_owned(), Some(note))
            }
        }
    }

    /// The connection of a machine that is not configured, as far as it is known.
    /// Of several the usual one, if it is among them.
    pub(super) fn connect(&self, label: &str) -> Option<&str> {
        if self.configured.contains(label) {
            return None;
        }
        let those = || {
            self.defined
                .iter()
                .flatten()
                .filter(|one| one.label == label)
        };
        let usual = those().find(|one| one.uri == ConnectionUri::default());
        usual.or(those().next()).map(|one| one.uri.as_str())
    }

    /// The names to pick from.
    fn names(&self) -> Vec<&str> {
        let defined = self.defined.iter().flatten().map(|one| one.label.as_str());
        let configured = self.configured.iter().map(String::as_str);
        let all: BTreeSet<&str> = defined.chain(configured).collect();
        all.into_iter().collect()
    }

    /// Has the user pick one.
    pub(super) fn pick(&self, console: &mut impl Console) -> Result<String, Failure> {
        let names = self.names();
        let shown: Vec<String> = names.iter().map(|name| Escaped(name).to_string()).collect();
        if names.is_empty() {
            return Err(Failure::Usage(
                "no machine is known; name the one that is to have the device: `virtplug learn MACHINE`"
                    .to_owned(),
            ));
        }
        if !console.is_interactive() {
            return Err(Failure::Usage(format!(
                "name the machine that is to have the device: {}",
                shown.join(", ")
            )));
        }
        let lines = shown.iter().enumerate();
        for (number, name) in lines {
            console.say(&format!("{:>3}  {name}\n", number + 1));
        }
        loop {
            console.say("Which machine? ");
            let Some(answer) = line(console) else {
                return Err(Failure::Ended);
            };
            let answer = answer.trim();
            let number = answer.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            let by_number = number.and_then(|number| names.get(number));
            if let Some(name) = names.iter().find(|name| **name == answer).or(by_number) {
                return Ok((*name).to_owned());
            }
            console.say(&format!(
                "give a number from 1 to {} or a name\n",
                names.len()
            ));
        }
    }
}

async fn list(events: EventLoop, uri: ConnectionUri) -> Result<Vec<MachineListing>, String> {
    let listing = spawn_blocking(move || {
        let connection = Connection::open(events, &uri, std::sync::Arc::new(|_| {}))
            .map_err(|error| error_text(&error))?;
        connection
            .list_machines()
            .map_err(|error| error.to_string())
    });
    match timeout(PATIENCE, listing).await {
        Ok(Ok(listing)) => listing,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}
