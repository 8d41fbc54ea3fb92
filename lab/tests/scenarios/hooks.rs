//! Units of users that start as devices come and go.

use lab::wait::{Seen, until};
use lab::{Outer, Result, Stick, ensure, scenario};

use crate::commands::virtplug;

/// The files that packages bring for it, and where they belong.
const FILES: [(&str, &str); 6] = [
    (
        "/usr/lib/systemd/system/virtplug-hooks.service",
        include_str!("../../../dist/virtplug-hooks.service"),
    ),
    (
        "/usr/lib/systemd/system/virtplug-attached@.target",
        include_str!("../../../dist/virtplug-attached@.target"),
    ),
    (
        "/usr/lib/systemd/system/virtplug-detached@.target",
        include_str!("../../../dist/virtplug-detached@.target"),
    ),
    (
        "/usr/lib/systemd/system/virtplug-conflict@.target",
        include_str!("../../../dist/virtplug-conflict@.target"),
    ),
    (
        "/usr/lib/sysusers.d/virtplug-hooks.conf",
        include_str!("../../../dist/virtplug-hooks.sysusers"),
    ),
    (
        "/usr/share/polkit-1/rules.d/60-virtplug-hooks.rules",
        include_str!("../../../dist/polkit/60-virtplug-hooks.rules"),
    ),
];

/// A unit of a user for each kind. Each hangs on the targets of all devices.
const KINDS: [&str; 3] = ["attached", "detached", "conflict"];

/// `A1` belongs to alpha, by a rule with this name.
fn named(name: &str) -> String {
    format!("[machines.alpha]\n[[machines.alpha.device]]\nname = '{name}'\nserial = \"A1\"\n")
}

/// Installs the hooks, and units that write down what they are started for.
fn install(lab: &Outer, config: &str) -> Result<()> {
    lab.install_stopped(config)?;
    for (path, text) in FILES {
        lab.write(path, text)?;
    }
    for kind in KINDS {
        lab.write(
            &format!("/etc/systemd/system/tell-{kind}@.service"),
            &format!(
                "[Service]\nType=oneshot\n\
                 ExecStart=/bin/sh -c 'echo \"$0 $1\" >> /run/told' {kind} %I\n\
                 [Install]\nWantedBy=virtplug-{kind}@.target\n"
            ),
        )?;
    }
    lab.sh("systemd-sysusers
        systemctl restart polkit
        systemctl -q enable tell-attached@.service tell-detached@.service tell-conflict@.service
        systemctl -q enable virtplug-hooks
        touch /run/told
        systemctl daemon-reload")?;
    lab.daemon().start()
}

/// What the units wrote, sorted: those of one moment run side by side.
fn told(lab: &Outer) -> Result<Vec<String>> {
    let text = lab.sh("sort /run/told")?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Waits until the units wrote just this.
fn wait_told(lab: &Outer, expected: &[(&str, usize)]) -> Result<()> {
    let mut lines: Vec<String> = Vec::new();
    for (line, times) in expected {
        lines.extend(std::iter::repeat_n((*line).to_owned(), *times));
    }
    lines.sort();
    until(&format!("the units wrote {lines:?}"), || {
        let told = told(lab)?;
        Ok(if told == lines {
            Seen::Yes(())
        } else {
            Seen::NotYet(format!("{told:?}"))
        })
    })
}

/// Which of the targets are active.
fn active(lab: &Outer) -> Result<Vec<String>> {
    let text = lab.sh(
        "systemctl list-units --plain --no-legend --state=active 'virtplug-*@*.target' \
            | cut -d' ' -f1 | sort",
    )?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn check_active(lab: &Outer, expected: &[&str]) -> Result<()> {
    let active = active(lab)?;
    ensure!(active == expected, "active: {active:?}, not {expected:?}");
    Ok(())
}

#[test]
fn units_of_users_start_for_attach_detach_and_conflict_once_each() {
    scenario(|lab| {
        install(lab, &named("stick"))?;
        let listed = virtplug(lab, "hooks", 0)?;
        ensure!(listed.contains("alpha-stick"), "{listed}");

        let stick = lab.plug(Stick::serial("A1"))?;
        wait_told(lab, &[("attached alpha/stick", 1)])?;
        check_active(lab, &["virtplug-attached@alpha-stick.target"])?;

        lab.reset_bus(&[&stick])?;
        wait_told(
            lab,
            &[("attached alpha/stick", 2), ("detached alpha/stick", 1)],
        )?;
        check_active(lab, &["virtplug-attached@alpha-stick.target"])?;
        // A reload changes nothing for what is attached.
        lab.daemon().reload(&named("stick"))?;
        lab.daemon().wait_quiet()?;

        lab.unplug(&stick)?;
        wait_told(
            lab,
            &[("attached alpha/stick", 2), ("detached alpha/stick", 2)],
        )?;
        check_active(lab, &["virtplug-detached@alpha-stick.target"])?;

        let beta = "[machines.beta]\n[[machines.beta.device]]\nserial = [\"A1\", \"X9\"]\n";
        lab.daemon().reload(&(named("stick") + beta))?;
        let stick = lab.plug(Stick::serial("A1").port("2"))?;
        let port = stick.path.replace('-', r"\x2d");
        let of_beta = format!("conflict beta/{}", stick.path);
        let mut all = vec![
            ("attached alpha/stick", 2),
            ("detached alpha/stick", 2),
            ("conflict alpha/stick", 1),
            (of_beta.as_str(), 1),
        ];
        wait_told(lab, &all)?;
        check_active(
            lab,
            &[
                "virtplug-conflict@alpha-stick.target",
                &format!("virtplug-conflict@beta-{port}.target"),
                "virtplug-detached@alpha-stick.target",
            ],
        )?;
        lab.daemon().reload(&named("stick"))?;
        all[0].1 = 3;
        wait_told(lab, &all)?;
        check_active(lab, &["virtplug-attached@alpha-stick.target"])?;
        lab.daemon().wait_quiet()?;
        wait_told(lab, &all)
    });
}

#[test]
fn what_changed_while_nobody_looked_is_made_up_and_nothing_is_told_twice() {
    scenario(|lab| {
        // A machine or rule may have any name; a unit gets it as one word.
        let name = "../$(touch /run/out); \"x\" 100%n";
        install(lab, &named(name))?;
        let once = format!("attached alpha/{name}");
        let end = format!("detached alpha/{name}");
        let stick = lab.plug(Stick::serial("A1"))?;
        wait_told(lab, &[(&once, 1)])?;
        let instance = lab.sh(&format!(
            "systemd-escape 'alpha/{name}'; virtplug hooks --color never | cat"
        ))?;
        let (escaped, listed) = instance.split_once('\n').unwrap_or_default();
        ensure!(listed.contains(escaped), "{instance}");

        let hooks_run = || {
            until("the hooks are back", || {
                let state = lab.run("systemctl is-active virtplug virtplug-hooks")?.out;
                Ok(
                    if state == "active\nactive\n" || state == "active\nactive" {
                        Seen::Yes(())
                    } else {
                        Seen::NotYet(state)
                    },
                )
            })
        };
        lab.daemon().restart()?;
        hooks_run()?;
        lab.daemon().kill()?;
        lab.wait_journal("started", 3)?;
        hooks_run()?;
        lab.sh("systemctl kill --signal=KILL virtplug-hooks")?;
        lab.daemon().wait_quiet()?;
        hooks_run()?;
        wait_told(lab, &[(&once, 1)])?;

        lab.daemon().stop()?;
        lab.reset_bus(&[&stick])?;
        lab.daemon().start()?;
        wait_told(lab, &[(&once, 2), (&end, 1)])?;
        lab.sh("systemctl stop virtplug-hooks")?;
        lab.unplug(&stick)?;
        lab.machine("alpha").wait_exactly(&[])?;
        lab.sh("systemctl start virtplug-hooks")?;
        wait_told(lab, &[(&once, 2), (&end, 2)])?;
        check_active(lab, &[&format!("virtplug-detached@{escaped}.target")])?;
        lab.sh("! test -e /run/out")?;
        Ok(())
    });
}

#[test]
fn the_unit_of_the_hooks_may_start_its_targets_and_nothing_else() {
    scenario(|lab| {
        install(lab, &named("stick"))?;
        lab.sh(
            "systemd-analyze security --offline=true --threshold=15 --no-pager \
                /usr/lib/systemd/system/virtplug-hooks.service > /dev/null",
        )?;
        let pid = lab.sh("systemctl show -P MainPID virtplug-hooks")?;
        let status = lab.sh(&format!("cat /proc/{}/status", pid.trim()))?;
        for none in ["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
            ensure!(status.contains(none), "{status}");
        }
        let attempt = |user: &str, command: &str| {
            lab.run(&format!(
                "HOME=/tmp setpriv --reuid={user} --regid={user} --clear-groups {command}"
            ))
        };
        let target = "virtplug-attached@a-b.target";
        for allowed in [
            format!("systemctl --no-ask-password start {target}"),
            format!("systemctl --no-ask-password restart {target}"),
            format!("systemctl --no-ask-password stop {target}"),
            "virtplug status".to_owned(),
        ] {
            let tried = attempt("virtplug-hooks", &allowed)?;
            ensure!(tried.code == 0, "{allowed}: {tried:?}");
        }
        for forbidden in [
            "systemctl --no-ask-password stop virtplug.service",
            "systemctl --no-ask-password start tell-attached@x.service",
            "systemctl --no-ask-password start virtplug-attached@x.service",
            "systemctl --no-ask-password start rescue.target",
            "systemctl --no-ask-password isolate virtplug-attached@a-b.target",
            "systemctl --no-ask-password kill virtplug-attached@a-b.target",
            "systemctl --no-ask-password set-property virtplug.service CPUWeight=1",
            "systemctl --no-ask-password mask virtplug.service",
            "systemctl --no-ask-password daemon-reload",
            "systemd-run --no-ask-password true",
            "systemd-run --no-ask-password --unit=virtplug-attached@z.service true",
            "virtplug detach-all",
            "virtplug switch desk alpha",
            "virsh -q -c qemu:///system list",
        ] {
            let tried = attempt("virtplug-hooks", forbidden)?;
            ensure!(tried.code != 0, "{forbidden}: {tried:?}");
        }
        // The daemon itself has no right to systemd.
        let command = format!("systemctl --no-ask-password start {target}");
        let tried = attempt("virtplug", &command)?;
        ensure!(tried.code != 0, "{command}: {tried:?}");
        let still = lab.sh("systemctl is-active virtplug virtplug-hooks")?;
        ensure!(!still.contains("inactive"), "{still}");
        Ok(())
    });
}
