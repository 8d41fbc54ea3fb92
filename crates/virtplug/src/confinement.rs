//! Rights on files that the daemon gives up for good, with landlock, on top of
//! what its unit takes away. It holds for all threads that are started later.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, path_beneath_rules,
};
use tracing::{info, warn};
use virtplug_core::ConnectionUri;

use crate::cli::Sources;
use crate::control::socket_path;
use crate::journal::Kind;
use crate::settings;

/// What is asked for; older kernels take less.
const WANTED: ABI = ABI::V5;

/// Configuration, libvirt's client library with its settings and keys, sysfs,
/// what is mounted and swapped to, udev's records, sockets.
const READ: [&str; 8] = [
    "/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/run", "/var/run",
];

/// Written to like files by libraries.
const DEVICES: [&str; 3] = ["/dev/null", "/dev/urandom", "/dev/random"];

/// Gives up what the daemon does not need, as far as the kernel can, and says
/// in the log what came of it. To be called before any thread is started.
pub(crate) fn begin(sources: &Sources) {
    let Ok(loaded) = settings::read(sources) else {
        // The daemon tells what is wrong, and ends.
        return;
    };
    let mut connections = loaded.policy.connections().iter();
    if let Some(uri) = connections.find(|uri| starts_programs(uri)) {
        warn!(
            event = Kind::Confinement.name(),
            "landlock is not in force, as the connection {uri} starts other programs"
        );
        return;
    }
    match restrict(&readable(sources), &writable(sources)) {
        Ok(RulesetStatus::NotEnforced) => info!(
            event = Kind::Confinement.name(),
            "landlock is not in force: this kernel does not have it, or not switched on"
        ),
        Ok(RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced) => info!(
            event = Kind::Confinement.name(),
            "landlock is in force: nothing is executed, and only the runtime folder is written"
        ),
        Err(error) => warn!(
            event = Kind::Confinement.name(),
            "landlock is not in force: {error}"
        ),
    }
}

/// Whether libvirt's client library runs something to connect: ssh, or the
/// libvirt of a session.
fn starts_programs(uri: &ConnectionUri) -> bool {
    let uri = uri.to_string();
    let scheme = uri.split("://").next().unwrap_or_default();
    let starting = ["ssh", "libssh", "libssh2", "ext"];
    let transport = scheme.split_once('+').map(|(_, transport)| transport);
    transport.is_some_and(|transport| starting.contains(&transport))
        || uri
            .split('?')
            .next()
            .is_some_and(|uri| uri.ends_with("/session"))
}

/// What is read: the fixed places, and where the configuration is.
fn readable(sources: &Sources) -> Vec<PathBuf> {
    let folder = sources
        .config
        .parent()
        .filter(|folder| folder != &Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let mut paths: Vec<PathBuf> = READ.map(PathBuf::from).to_vec();
    paths.push(folder.to_owned());
    paths
}

/// What is written: the folder of the socket, which is made if it is not there.
fn writable(sources: &Sources) -> Vec<PathBuf> {
    let socket = socket_path(sources.scope);
    let folder = socket.parent().unwrap_or(Path::new("/run"));
    let there = folder.ancestors().find(|folder| folder.exists());
    there.map(Path::to_owned).into_iter().collect()
}

fn restrict(read: &[PathBuf], write: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let all = AccessFs::from_all(WANTED);
    let looking = AccessFs::ReadFile | AccessFs::ReadDir;
    let ruleset: RulesetCreated = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .create()?
        .add_rules(path_beneath_rules(read, looking))?
        .add_rules(path_beneath_rules(DEVICES, looking | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(write, all & !AccessFs::Execute))?;
    Ok(ruleset.restrict_self()?.ruleset)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn only_connections_that_run_nothing_are_confined() {
        let starting = |uri: &str| starts_programs(&ConnectionUri::new(uri));
        assert!(starting("qemu+ssh://root@host/system"));
        assert!(starting("qemu+ext://host/system?command=x"));
        assert!(starting("qemu:///session"));
        assert!(starting("qemu:///session?socket=/run/x"));
        assert!(!starting("qemu:///system"));
        assert!(!starting("qemu+unix:///system?socket=/run/x"));
        assert!(!starting("qemu+tls://host/system"));
    }

    /// On a thread of its own: what is given up stays given up.
    #[test]
    fn what_is_not_named_is_out_of_reach() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["read", "write", "other"] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("file"), "x").unwrap();
        }
        let (read, write, other) = (at("read"), at("write"), at("other"));
        // As the file of a trace is.
        let mut opened = fs::File::create(at("other").join("opened")).unwrap();
        let seen = std::thread::spawn(move || {
            let status =
                restrict(std::slice::from_ref(&read), std::slice::from_ref(&write)).unwrap();
            let seen = (
                fs::read(read.join("file")).is_ok(),
                fs::write(read.join("file"), "y").is_ok(),
                fs::write(write.join("new"), "y").is_ok(),
                fs::read(other.join("file")).is_ok(),
            );
            opened.write_all(b"z").unwrap();
            (status, seen)
        });
        let (status, seen) = seen.join().unwrap();
        let expected = match status {
            RulesetStatus::NotEnforced => (true, true, true, true),
            _ => (true, false, true, false),
        };
        assert_eq!(seen, expected);
    }
}
