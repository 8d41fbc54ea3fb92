//! The commands that only look, with the daemon and without it.

use lab::{Outer, Result, Stick, ensure, scenario};
use serde_json::Value;

use crate::commands::virtplug;
use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

/// What each command says of the world below.
const SAID: [(&str, &[&str]); 9] = [
    ("status", &["1 attached", "2-1", "alpha"]),
    (
        "devices",
        &["2-1", "0403:6001", "A1", "alpha", "2-3", "host"],
    ),
    ("devices --tree", &["2-1", "alpha", "2-3", "host"]),
    ("machines", &["alpha", "beta", "running"]),
    ("rules", &["alpha", "A1", "beta", "B1", "2-1"]),
    ("show A1", &["2-1", "0403", "6001", "ID_VENDOR_ID", "alpha"]),
    ("show alpha", &["alpha", "running", "2-1"]),
    ("explain 2-1", &["serial", "A1", "alpha", "virtplug.toml:3"]),
    ("explain 2-3 alpha", &["serial", "C1", "A1"]),
];

fn check_all(lab: &Outer) -> Result<()> {
    for (command, wanted) in SAID {
        let said = virtplug(lab, command, 0)?;
        for word in wanted {
            ensure!(said.contains(word), "no {word:?} in {command}:\n{said}");
        }
        ensure!(
            said.lines().all(|line| line.chars().count() <= 80),
            "wider than 80 columns: {command}\n{said}"
        );
        if !command.contains("--tree") {
            let json = lab.sh(&format!("virtplug {command} --json 2> /dev/null"))?;
            let json: Value = serde_json::from_str(&json)?;
            let version = json.get("version").and_then(Value::as_u64);
            ensure!(version == Some(2), "{command} --json: {json}");
        }
    }
    Ok(())
}

/// What a shell offers after `virtplug attach`, asked as bash asks.
fn check_completions(lab: &Outer) -> Result<()> {
    let script = lab.sh("virtplug completions bash")?;
    ensure!(script.contains("VIRTPLUG_COMPLETE"), "{script}");
    let offered = lab.sh(
        "VIRTPLUG_COMPLETE=bash _CLAP_COMPLETE_INDEX=2 _CLAP_COMPLETE_COMP_TYPE=9 \
         _CLAP_COMPLETE_SPACE=false _CLAP_IFS=' ' virtplug -- virtplug attach ''",
    )?;
    for word in ["2-1", "2-3", "A1", "C1"] {
        ensure!(offered.contains(word), "{word} is not offered: {offered}");
    }
    Ok(())
}

#[test]
fn every_look_is_answered_with_the_daemon_and_without_it() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        lab.plug(Stick::serial("C1").port("3"))?;
        lab.machine("alpha").wait_exactly(&[&a1])?;
        lab.daemon().wait_quiet()?;

        check_all(lab)?;
        let shown = virtplug(lab, "show A1", 0)?;
        ensure!(shown.contains("attached"), "no history:\n{shown}");
        let status: Value = serde_json::from_str(&virtplug(lab, "status --json", 0)?)?;
        ensure!(status["daemon"].is_string(), "{status}");

        check_completions(lab)?;

        lab.daemon().stop()?;
        check_all(lab)?;
        check_completions(lab)?;
        let status = lab.sh("virtplug status --json 2> /dev/null")?;
        let status: Value = serde_json::from_str(&status)?;
        ensure!(status["daemon"].is_null(), "{status}");
        let said = virtplug(lab, "status", 0)?;
        ensure!(said.contains("daemon is not running"), "{said}");
        for command in [
            "monitor",
            "pause",
            "resume",
            "switch desk beta",
            "release A1",
        ] {
            let said = virtplug(lab, command, 7)?;
            ensure!(
                said.contains("systemctl start virtplug"),
                "{command}: {said}"
            );
        }
        let said = virtplug(lab, "show A7", 1)?;
        ensure!(said.contains("A1"), "nothing like it is named: {said}");
        virtplug(lab, "explain", 2).map(drop)
    });
}

#[test]
fn who_may_ask_and_steer_is_decided_by_group() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        lab.machine("alpha").wait_exactly(&[&a1])?;
        let nobody = |groups: &str, command: &str, code: i64| {
            let groups = match groups {
                "" => "--clear-groups".to_owned(),
                group => format!("--groups $(getent group {group} | cut -d: -f3)"),
            };
            let output = lab.run(&format!(
                "setpriv --reuid 65534 --regid 65534 {groups} virtplug {command} 2>&1"
            ))?;
            ensure!(
                output.code == code,
                "{command} with {groups} ended with {} instead of {code}: {}",
                output.code,
                output.out
            );
            Ok(output.out)
        };
        // The commands that write rules are refused by the file, whoever asks.
        all_end(lab, "", &LOOKS, 4)?;
        all_end(lab, "", &STEERS, 4)?;
        all_end(lab, "", &["monitor", "watch", "switch desk beta"], 4)?;
        all_end(lab, "", &WRITES, 4)?;
        all_end(lab, "libvirt", &LOOKS, 0)?;
        all_end(lab, "libvirt", &STEERS, 0)?;
        all_end(lab, "libvirt", &["switch desk beta"], 1)?;
        all_end(lab, "libvirt", &WRITES, 4)?;
        lab.machine("alpha").wait_exactly(&[&a1])?;
        let said = nobody("", "status", 4)?;
        ensure!(said.contains("libvirt"), "no group is named: {said}");
        nobody("", "detach A1", 4)?;
        nobody("libvirt", "status", 0)?;
        nobody("virtplug", "detach A1", 0)?;
        lab.wait_on_host(&a1)?;
        nobody("libvirt", "release A1", 0)?;
        lab.machine("alpha").wait_exactly(&[&a1])?;

        // Readers who may not steer do not see serial numbers, also on a
        // connection that was there before.
        let control = "[control]\nread-groups = [\"kvm\", \"libvirt\"]\nwrite-groups = [\"libvirt\"]\nhide-serials = true\n";
        lab.daemon()
            .reload(&format!("{control}{A1_TO_ALPHA_B1_TO_BETA}"))?;
        let devices = nobody("kvm", "devices", 0)?;
        ensure!(
            !devices.contains("A1") && devices.contains("2-1"),
            "{devices}"
        );
        let shown = nobody("kvm", "show 2-1", 0)?;
        ensure!(!shown.contains("A1"), "{shown}");
        let explained = nobody("kvm", "explain 2-1", 0)?;
        ensure!(!explained.contains("\"A1\""), "{explained}");
        nobody("kvm", "detach 2-1", 4)?;
        let devices = nobody("libvirt", "devices", 0)?;
        ensure!(devices.contains("A1"), "{devices}");
        nobody("virtplug", "status", 4)?;

        // Without the daemon libvirt decides.
        lab.daemon().stop()?;
        all_end(lab, "", &LOOKS, 0)?;
        all_end(lab, "", &DIRECT, 4)?;
        let said = nobody("", "attach A1", 4)?;
        ensure!(said.contains("group libvirt"), "{said}");
        // polkit asks whether the user is a member, not what groups a process has.
        lab.sh("systemd-sysusers --inline 'u keeper -' 'm keeper libvirt'")?;
        all_end_as(
            lab,
            "--reuid keeper --regid keeper --init-groups",
            &DIRECT,
            0,
        )
    });
}

/// Commands that only look.
const LOOKS: [&str; 8] = [
    "status",
    "devices",
    "devices --tree",
    "machines",
    "rules",
    "show A1",
    "explain A1",
    "explain alpha",
];

/// Commands that steer, in an order in which each can be done, and all is as before.
const STEERS: [&str; 11] = [
    "attach A1",
    "detach A1",
    "release A1",
    "detach-all",
    "attach-all",
    "detach-all alpha",
    "release --all",
    "pause",
    "resume",
    "pause --detach alpha",
    "resume alpha",
];

/// Those that work without the daemon.
const DIRECT: [&str; 4] = ["attach A1", "detach A1", "attach-all", "detach-all"];

/// Commands that write the configuration.
const WRITES: [&str; 2] = [
    "learn beta --device A1 --match product --yes",
    "forget A1 --yes",
];

/// Whether all commands end with a code for somebody who is in one group or none. In one
/// shell, as each call of the agent takes its time.
fn all_end(lab: &Outer, group: &str, commands: &[&str], code: i64) -> Result<()> {
    let groups = match group {
        "" => "--clear-groups".to_owned(),
        group => format!("--groups $(getent group {group} | cut -d: -f3)"),
    };
    let who = format!("--reuid 65534 --regid 65534 {groups}");
    all_end_as(lab, &who, commands, code)
}

/// The same for somebody named by options of `setpriv`.
fn all_end_as(lab: &Outer, who: &str, commands: &[&str], code: i64) -> Result<()> {
    let said = lab.sh(&format!(
        "while read -r command; do \
         setpriv {who} virtplug $command > /root/said 2>&1 < /dev/null; \
         code=$?; \
         [ $code = {code} ] || {{ echo \"$command ended with $code:\"; cat /root/said; }}; \
         done <<'END'\n{}\nEND",
        commands.join("\n")
    ))?;
    ensure!(said.is_empty(), "with {who}, wanted {code}: {said}");
    Ok(())
}

/// Fails unless all these lines are among the metrics.
fn check_metrics(lab: &Outer, lines: &[&str]) -> Result<()> {
    let told = virtplug(lab, "metrics", 0)?;
    for line in lines {
        ensure!(told.lines().any(|one| one == *line), "no {line} in\n{told}");
    }
    Ok(())
}

#[test]
fn metrics_count_what_was_done() {
    const OF_ALPHA: &str = "connection=\"qemu:///system\",machine=\"alpha\"";
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        // Before that, no event of udev leads to an attach.
        lab.wait_journal("connected", 1)?;
        lab.daemon().wait_quiet()?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.machine("alpha").wait_exactly(&[&stick])?;
        lab.daemon().wait_quiet()?;
        let calls = |call: &str| format!("virtplug_calls_total{{call=\"{call}\",{OF_ALPHA}}} 1");
        let attachments = |number| format!("virtplug_attachments{{{OF_ALPHA}}} {number}");
        let was_called = calls("attach");
        check_metrics(
            lab,
            &[
                "virtplug_healthy 1",
                "virtplug_connection_up{connection=\"qemu:///system\"} 1",
                &attachments(1),
                &was_called,
                "virtplug_call_duration_seconds_count{call=\"attach\"} 1",
                "virtplug_reaction_seconds_count 1",
            ],
        )?;
        lab.unplug(&stick)?;
        lab.machine("alpha").wait_exactly(&[])?;
        lab.daemon().wait_quiet()?;
        check_metrics(lab, &[&attachments(0), &was_called])?;

        let file = "/run/virtplug.prom";
        virtplug(lab, &format!("metrics --textfile {file}"), 0)?;
        lab.sh(&format!(
            "[ $(stat -c %a {file}) = 644 ] && grep -qx 'virtplug_up 1' {file}"
        ))?;
        lab.daemon().stop()?;
        virtplug(lab, &format!("metrics --textfile {file}"), 7)?;
        lab.sh(&format!(
            "[ $(grep -vc '^#' {file}) = 1 ] && grep -qx 'virtplug_up 0' {file}"
        ))?;
        Ok(())
    });
}
