//! Who may do what, by the credentials that the kernel gives of a caller.

use std::collections::BTreeSet;

use crate::journal::Kind;
use nix::unistd::{Group, geteuid};
use tracing::{debug, warn};
use virtplug_config::Control;
use virtplug_core::Escaped;
use virtplug_ipc::ControlError;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// To see how things stand.
    Read,
    /// To change something.
    Write,
}

/// How much somebody who may read may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    Everything,
    /// All but serial numbers.
    WithoutSerials,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) uid: u32,
    /// The primary group and all others.
    pub(super) groups: Vec<u32>,
}

/// Who may do what; the configuration says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// The user that the daemon acts as, who may do everything, as root may.
    own: u32,
    read: Groups,
    write: Groups,
    hide_serials: bool,
}

/// Groups as the configuration names them, and those of them that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Groups {
    names: Vec<String>,
    ids: BTreeSet<u32>,
}

impl Access {
    /// Looks the groups up. That may ask a server of the network, so it must
    /// not happen in the loop.
    pub(crate) fn look_up(control: &Control) -> Self {
        Self::new(control, geteuid().as_raw(), look_up)
    }

    fn new(control: &Control, own: u32, id: fn(&str) -> Option<u32>) -> Self {
        let groups = |names: &[String]| Groups {
            names: names.to_vec(),
            ids: names.iter().filter_map(|name| id(name)).collect(),
        };
        Self {
            own,
            read: groups(&control.read_groups),
            write: groups(&control.write_groups),
            hide_serials: control.hide_serials,
        }
    }

    /// Whether a caller may do something, and how much they see then.
    pub(super) fn permit(&self, caller: &Caller, right: Right) -> Result<Sight, ControlError> {
        let everything = caller.uid == 0 || caller.uid == self.own || self.write.has(caller);
        match right {
            _ if everything => Ok(Sight::Everything),
            Right::Read if self.read.has(caller) && self.hide_serials => Ok(Sight::WithoutSerials),
            Right::Read if self.read.has(caller) => Ok(Sight::Everything),
            Right::Read | Right::Write => Err(ControlError::NotPermitted {
                message: self.refusal(caller, right),
            }),
        }
    }

    /// Whether somebody may read and shall not see serial numbers.
    pub(super) fn hides_serials(&self) -> bool {
        self.hide_serials
    }

    fn refusal(&self, caller: &Caller, right: Right) -> String {
        let (what, groups) = match right {
            Right::Read => ("read", vec![&self.read, &self.write]),
            Right::Write => ("change something", vec![&self.write]),
        };
        let mut names: Vec<String> = Vec::new();
        for name in groups.iter().flat_map(|groups| &groups.names) {
            let name = Escaped(name).to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let uid = caller.uid;
        match names.first() {
            None => format!("user {uid} may not {what}, only root may; use `sudo`"),
            Some(first) => format!(
                "user {uid} is in none of the groups that may {what} ({}); \
                 `sudo usermod -aG {first} USER` and log in again",
                names.join(", ")
            ),
        }
    }
}

impl Groups {
    fn has(&self, caller: &Caller) -> bool {
        caller.groups.iter().any(|group| self.ids.contains(group))
    }
}

/// The number of a group. One that there is not counts for nobody.
fn look_up(name: &str) -> Option<u32> {
    match Group::from_name(name) {
        Ok(Some(group)) => Some(group.gid.as_raw()),
        Ok(None) => {
            debug!("there is no group {} on this host", Escaped(name));
            None
        }
        Err(error) => {
            warn!(
                event = Kind::GroupUnknown.name(),
                "cannot look up the group {}: {error}",
                Escaped(name)
            );
            None
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fmt::Write as _;

    use super::*;

    const OWN: u32 = 990;

    pub(crate) fn caller(uid: u32, groups: &[u32]) -> Caller {
        Caller {
            uid,
            groups: groups.to_vec(),
        }
    }

    /// Access by groups whose names are their numbers; others there are not.
    pub(crate) fn access(read: &[&str], write: &[&str], hide_serials: bool) -> Access {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let control = Control {
            read_groups: names(read),
            write_groups: names(write),
            hide_serials,
        };
        Access::new(&control, OWN, |name| name.parse().ok())
    }

    /// One letter for each right: what a caller may do.
    fn told(access: &Access, caller: &Caller) -> String {
        [Right::Read, Right::Write]
            .map(|right| match access.permit(caller, right) {
                Ok(Sight::Everything) => "all",
                Ok(Sight::WithoutSerials) => "hidden",
                Err(_) => "no",
            })
            .join(" ")
    }

    #[test]
    fn rights_follow_from_groups() {
        let callers = [
            ("root", caller(0, &[0])),
            ("the daemon's user", caller(OWN, &[OWN])),
            ("nobody", caller(1000, &[1000])),
            ("a reader by the primary group", caller(1000, &[10])),
            ("a reader by another group", caller(1000, &[1000, 10])),
            ("a writer", caller(1000, &[1000, 20])),
            ("both", caller(1000, &[10, 20])),
        ];
        let policies = [
            ("readers 10, writers 20", access(&["10"], &["20"], false)),
            ("the same, hidden", access(&["10"], &["20"], true)),
            (
                "one of them is not there",
                access(&["x", "10"], &["y"], false),
            ),
            ("nobody", access(&[], &[], false)),
        ];
        let mut table = String::new();
        for (policy, access) in &policies {
            for (name, caller) in &callers {
                let told = told(access, caller);
                writeln!(table, "{policy:25} {name:30} {told}").unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let stranger = caller(1000, &[1000]);
        let message = |access: &Access, right| {
            let refused = access.permit(&stranger, right).unwrap_err();
            refused.message().to_owned()
        };
        let usual = Access::new(&Control::default(), OWN, |_| None);
        let split = access(&["watch", "libvirt\u{1b}[2J"], &["operate"], true);
        let closed = access(&[], &[], false);
        let told = [
            message(&usual, Right::Read),
            message(&usual, Right::Write),
            message(&split, Right::Read),
            message(&split, Right::Write),
            message(&closed, Right::Read),
            message(&closed, Right::Write),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn groups_are_those_of_the_host() {
        let control = Control {
            read_groups: vec!["root".to_owned(), "no such group".to_owned()],
            ..Control::default()
        };
        let access = Access::look_up(&control);
        assert_eq!(access.read.ids, BTreeSet::from([0]));
        assert_eq!(look_up("a\0b"), None);
    }
}
