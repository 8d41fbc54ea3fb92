//! The packages: installed, upgraded, removed, purged.

use lab::payload::{PACKAGE, Program, RPM};
use lab::wait::{Seen, until};
use lab::{Outer, Plugged, Release, Result, Stick, ensure, scenario, scenario_on, scenario_with};

use crate::{libvirt, metrics};

/// A rule of the administrator's, in a file of its own.
const OWN_FILE: &str = "/etc/virtplug/machines.d/alpha.toml";
const A1: &str = "[[device]]\nserial = \"A1\"\n";

/// What the administrator wrote into the file that the package brought.
const OWN_LINES: &str = "[[machines.beta.device]]\nserial = \"B1\"";

/// Files of each kind that the package brings.
const BROUGHT: [&str; 12] = [
    "/etc/virtplug/machines.d/README",
    "/usr/share/bash-completion/completions/virtplug",
    "/usr/share/doc/virtplug/README.md",
    "/usr/share/doc/virtplug/THIRD-PARTY.gz",
    "/usr/share/doc/virtplug/changelog.gz",
    "/usr/share/doc/virtplug/copyright",
    "/usr/share/doc/virtplug/docs/guides/radio-stick.md",
    "/usr/share/fish/vendor_completions.d/virtplug.fish",
    "/usr/share/man/man1/virtplug.1.gz",
    "/usr/share/man/man5/virtplug.toml.5.gz",
    "/usr/share/virtplug/virtplug.schema.json",
    "/usr/share/zsh/vendor-completions/_virtplug",
];

/// The message of the journal that tells of an attach.
const ATTACHED: &str = "e25b3af6f41f496cabf0cecc43d18f4d";

fn install(lab: &Outer) -> Result<()> {
    lab.bring_package()?;
    lab.install_package(PACKAGE)
}

/// Installs the Debian package and attaches a stick.
fn install_and_attach(lab: &Outer) -> Result<Plugged> {
    install(lab)?;
    attach(lab)
}

/// Gives a stick to alpha by a file of the administrator's.
fn attach(lab: &Outer) -> Result<Plugged> {
    lab.write(OWN_FILE, A1)?;
    lab.sh("systemctl reload virtplug")?;
    let stick = lab.plug(Stick::serial("A1").port("1"))?;
    lab.machine("alpha").wait_exactly(&[&stick])?;
    Ok(stick)
}

fn check_runs(lab: &Outer) -> Result<()> {
    lab.sh("systemctl is-active virtplug && systemctl is-enabled virtplug")?;
    let user = lab.sh("stat -c %U \"/proc/$(systemctl show -P MainPID virtplug)\"")?;
    ensure!(user.trim() == "virtplug", "it runs as {user}");
    Ok(())
}

/// Keeps a list of the devices that leave alpha, whoever takes them out.
fn watch_alpha(lab: &Outer) -> Result<()> {
    lab.sh(
        "systemd-run --quiet --unit=watch-alpha --property=StandardOutput=file:/run/left-alpha \
            virsh -q event alpha --event device-removed --loop
        sleep 2; systemctl is-active watch-alpha",
    )
    .map(drop)
}

fn left_alpha(lab: &Outer) -> Result<String> {
    lab.sh("cat /run/left-alpha")
}

fn fresh(lab: &Outer) -> Result<()> {
    install(lab)?;
    check_runs(lab)?;
    lab.sh(&format!("ls {}", BROUGHT.join(" ")))?;
    let groups = lab.sh("id -Gn virtplug")?;
    ensure!(groups.contains("libvirt"), "groups: {groups}");
    let explained = lab.sh(&format!("journalctl --list-catalog {ATTACHED}"))?;
    ensure!(explained.contains("virtplug"), "catalog: {explained}");
    // The configuration that comes with it is right and asks for nothing.
    lab.sh("virtplug check")?;
    let stick = lab.plug(Stick::serial("A1").port("1"))?;
    lab.daemon().wait_quiet()?;
    lab.check_on_host(&stick)?;

    lab.write(OWN_FILE, A1)?;
    lab.sh("systemctl reload virtplug && virtplug status > /dev/null")?;
    lab.machine("alpha").wait_exactly(&[&stick])
}

pub(crate) fn upgrade(lab: &Outer) -> Result<()> {
    let stick = install_and_attach(lab)?;
    lab.sh(&format!(
        "printf '%s\\n' '{OWN_LINES}' >> /etc/virtplug/virtplug.toml
        systemctl reload virtplug"
    ))?;
    let kept = "sha256sum /etc/virtplug/virtplug.toml /etc/virtplug/machines.d/*";
    let (alpha, written) = (lab.machine("alpha"), lab.sh(kept)?);
    let (before, pid) = (alpha.wait_attached(&stick)?, lab.daemon().pid()?);
    watch_alpha(lab)?;

    let newer = lab.newer_package()?;
    lab.install_package(&newer)?;
    let version = lab.sh("dpkg-query -W -f '${Version}' virtplug")?;
    ensure!(version == "99.0-1", "version {version}");
    check_runs(lab)?;
    ensure!(lab.daemon().pid()? != pid, "it was not restarted");
    lab.daemon().wait_quiet()?;
    let after = alpha.wait_attached(&stick)?;
    ensure!(after == before, "touched: {before:?} {after:?}");
    let (gone, left) = (lab.count("detached")?, left_alpha(lab)?);
    ensure!(gone == 0 && left.is_empty(), "{gone} detached, {left}");
    ensure!(lab.sh(kept)? == written, "the configuration was changed");
    lab.sh("grep newer /etc/virtplug/virtplug.toml.dpkg-dist")?;

    // The rules of both files are in force, and the list would have told.
    let other = lab.plug(Stick::serial("B1").port("2"))?;
    lab.machine("beta").wait_exactly(&[&other])?;
    lab.unplug(&stick)?;
    alpha.wait_exactly(&[])?;
    ensure!(left_alpha(lab)?.contains(&before.alias), "not noticed");
    Ok(())
}

fn remove(lab: &Outer) -> Result<()> {
    let stick = install_and_attach(lab)?;
    let alpha = lab.machine("alpha");
    let before = alpha.wait_attached(&stick)?;
    watch_alpha(lab)?;

    lab.sh("dpkg --remove virtplug 2>&1")?;
    lab.sh(&format!(
        "! pgrep -x virtplug && test ! -e /usr/bin/virtplug
        cat /etc/virtplug/virtplug.toml {OWN_FILE}"
    ))?;
    // Who installs it again has what was there.
    lab.install_package(PACKAGE)?;
    check_runs(lab)?;
    lab.daemon().wait_quiet()?;
    let after = alpha.wait_attached(&stick)?;
    ensure!(after == before, "touched: {before:?} {after:?}");

    lab.sh("dpkg --purge virtplug 2>&1")?;
    lab.sh(
        "! pgrep -x virtplug && test ! -e /etc/virtplug && test ! -e /run/virtplug
        test ! -e /usr/share/virtplug && id virtplug && ! systemctl cat virtplug.service",
    )?;
    let (after, left) = (alpha.wait_attached(&stick)?, left_alpha(lab)?);
    ensure!(after == before && left.is_empty(), "{after:?}, {left}");
    Ok(())
}

/// The other package, by rpm itself: Debian has the tool, but none of the packages that
/// this one names.
fn by_rpm(lab: &Outer) -> Result<()> {
    // Debian 12 asks whether that is meant.
    let asked = lab.run("rpm --force-debian --version")?.code == 0;
    let options = if asked { "--force-debian" } else { "" };
    let rpm = |words: &str| lab.sh(&format!("rpm --nodeps {options} {words} 2>&1"));
    lab.forget_program()?;
    rpm(&format!("--install {RPM}"))?;
    lab.sh("! pgrep -x virtplug && systemctl enable --now virtplug 2>&1")?;
    check_runs(lab)?;
    lab.sh("virtplug check && rpm --verify --nodeps virtplug")?;
    let groups = lab.sh("id -Gn virtplug")?;
    ensure!(groups.contains("libvirt"), "groups: {groups}");
    let stick = attach(lab)?;
    let (alpha, pid) = (lab.machine("alpha"), lab.daemon().pid()?);
    let before = alpha.wait_attached(&stick)?;
    watch_alpha(lab)?;

    // Once more the same is an upgrade for its scripts.
    lab.sh(&format!(
        "printf '%s\\n' '{OWN_LINES}' >> /etc/virtplug/virtplug.toml"
    ))?;
    rpm(&format!("--upgrade --force {RPM}"))?;
    check_runs(lab)?;
    ensure!(lab.daemon().pid()? != pid, "it was not restarted");
    let other = lab.plug(Stick::serial("B1").port("2"))?;
    lab.machine("beta").wait_exactly(&[&other])?;
    lab.daemon().wait_quiet()?;

    rpm("--erase virtplug")?;
    lab.sh("! pgrep -x virtplug && ! systemctl cat virtplug.service 2>&1 && id virtplug")?;
    let left = lab.sh(
        "find /etc/virtplug /usr /var/lib/virtplug* -path '*virtplug*' -type f \\
        -o -name 'virtplug*' -type d | grep -v virtplug-lab | sort",
    )?;
    ensure!(
        left == format!("/etc/virtplug\n{OWN_FILE}\n/etc/virtplug/virtplug.toml.rpmsave"),
        "left: {left}"
    );
    let (after, left) = (alpha.wait_attached(&stick)?, left_alpha(lab)?);
    ensure!(after == before && left.is_empty(), "{after:?}, {left}");
    Ok(())
}

/// Units that are off until somebody enables them.
fn extras(lab: &Outer) -> Result<()> {
    let stick = install_and_attach(lab)?;
    lab.sh("systemctl -q enable --now virtplug-hooks virtplug-metrics.socket")?;
    let target = format!(
        "virtplug-attached@$(systemd-escape alpha/{}).target",
        stick.path
    );
    let check_work = || {
        until("the hooks' target is active", || {
            let state = lab.run(&format!("systemctl is-active {target}"))?.out;
            Ok(if state.trim() == "active" {
                Seen::Yes(())
            } else {
                Seen::NotYet(state)
            })
        })?;
        let told = metrics::get(lab, "/metrics")?;
        ensure!(told.contains("\nvirtplug_up 1\n"), "{told}");
        Ok(())
    };
    check_work()?;
    let newer = lab.newer_package()?;
    lab.install_package(&newer)?;
    lab.sh("systemctl is-active virtplug-hooks virtplug-metrics.socket")?;
    check_work()?;

    lab.sh("dpkg --purge virtplug 2>&1")?;
    let left = lab.run(
        "{ systemctl list-units --all --no-legend 'virtplug*.service' 'virtplug*.socket'
            ls /etc/systemd/system/*.wants | grep virtplug; } | grep -v virtplug-lab",
    )?;
    ensure!(left.out.trim().is_empty(), "left: {}", left.out);
    Ok(())
}

#[test]
fn package_units_that_are_off_work_when_they_are_enabled() {
    scenario(extras);
}

#[test]
fn package_installed_runs_and_attaches_what_rules_ask_for() {
    scenario(fresh);
}

#[test]
fn package_upgraded_keeps_configuration_and_devices() {
    scenario(upgrade);
}

#[test]
fn package_removed_and_purged_leaves_devices_where_they_are() {
    scenario(remove);
}

#[test]
fn package_installed_without_libvirt_works_when_it_comes() {
    scenario(|lab| {
        libvirt::stop(lab)?;
        install(lab)?;
        check_runs(lab)?;
        lab.write(OWN_FILE, A1)?;
        lab.sh("systemctl reload virtplug")?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.wait_journal("waiting", 1)?;
        libvirt::start(lab)?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}

/// As in a container or a chroot: neither systemd nor udev run there.
#[test]
fn package_installed_and_purged_without_systemd() {
    scenario(|lab| {
        lab.bring_package()?;
        let alone = "unshare --mount sh -ec 'mount -t tmpfs none /run && exec \"$@\"' sh";
        lab.sh(&format!("{alone} dpkg --install {PACKAGE} 2>&1"))?;
        lab.sh("id virtplug && ! pgrep -x virtplug && virtplug check")?;
        lab.sh(&format!("{alone} dpkg --purge virtplug 2>&1"))?;
        lab.sh("test ! -e /etc/virtplug && test ! -e /usr/bin/virtplug")?;
        // Where systemd runs, the same host has it as any other.
        lab.install_package(PACKAGE)?;
        check_runs(lab)
    });
}

#[test]
fn debian_13_package_installed_and_upgraded() {
    scenario_on(Release::Trixie, upgrade);
}

#[test]
fn debian_13_package_removed_and_purged() {
    scenario_on(Release::Trixie, remove);
}

#[test]
fn rpm_installed_upgraded_and_erased() {
    scenario_with(Release::chosen(), || Ok(vec![Program::rpm()?]), by_rpm);
}
