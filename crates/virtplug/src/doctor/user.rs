//! Who runs this process, from the files of the system.

use std::collections::BTreeSet;

use super::facts::User;
use super::reader::Places;

/// Reads `/proc/self/status`, `/etc/passwd` and `/etc/group`.
pub(super) fn read(places: &Places) -> User {
    let status = places.text("proc/self/status").unwrap_or_default();
    let users = places.text("etc/passwd").unwrap_or_default();
    let groups = places.text("etc/group").unwrap_or_default();
    of(&status, &users, &groups)
}

fn of(status: &str, users: &str, groups: &str) -> User {
    // Real, effective, saved and file system id.
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().split_whitespace()
    };
    let uid = field("Uid:").nth(1);
    let gids: BTreeSet<&str> = field("Gid:")
        .skip(1)
        .take(1)
        .chain(field("Groups:"))
        .collect();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == uid).then_some(name)
    });
    let mut user = User {
        root: uid == Some("0"),
        name: name.map(str::to_owned),
        ..User::default()
    };
    for line in groups.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [group, _, gid, members] = fields.as_slice() else {
            continue;
        };
        user.existing.insert((*group).to_owned());
        if gids.contains(gid) {
            user.groups.insert((*group).to_owned());
        }
        if name.is_some_and(|name| members.split(',').any(|member| member == name)) {
            user.listed.insert((*group).to_owned());
        }
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_the_process_and_of_the_file_are_told_apart() {
        let status =
            "Name:\tx\nUid:\t0\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t24 109 \n";
        let users = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n";
        let groups =
            "ann:x:1000:\ncdrom:x:24:ann\nlibvirt:x:109:bob\nvirtplug:x:110:bob,ann\nodd\n";
        let user = of(status, users, groups);
        assert!(!user.root);
        assert_eq!(user.name.as_deref(), Some("ann"));
        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&user.groups), "ann cdrom libvirt");
        assert_eq!(names(&user.listed), "cdrom virtplug");
        assert_eq!(names(&user.existing), "ann cdrom libvirt virtplug");
        let nobody = of("", "", "");
        assert!(!nobody.root && nobody.name.is_none() && nobody.groups.is_empty());
    }
}
