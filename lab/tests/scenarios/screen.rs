//! Commands that talk with somebody at a terminal, and the stream.

use lab::wait::{Seen, until};
use lab::{Outer, Result, Stick, ensure, scenario};
use serde_json::Value;

use crate::commands::virtplug;
use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

/// What stands in a file, once it holds a word.
fn wait_for(lab: &Outer, path: &str, word: &str) -> Result<String> {
    until(&format!("{word:?} in {path}"), || {
        let text = lab.sh(&format!("cat {path} 2> /dev/null; true"))?;
        Ok(if text.contains(word) {
            Seen::Yes(text)
        } else {
            Seen::NotYet(text)
        })
    })
}

/// Runs a command in a terminal of 24 lines and 80 columns. Keys come through the pipe
/// `/root/keys`; what it shows goes to a file.
fn type_into(lab: &Outer, command: &str, screen: &str) -> Result<()> {
    lab.sh(&format!(
        "mkfifo /root/keys && (sleep 3600 > /root/keys 2> /dev/null &) && \
         (script -qfec 'stty rows 24 cols 80; {command}; echo ended with $?' {screen} \
         < /root/keys > /dev/null 2>&1 &)"
    ))
    .map(drop)
}

#[test]
fn watch_shows_and_steers_with_keys() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        type_into(lab, "virtplug watch", "/root/screen")?;
        wait_for(lab, "/root/screen", "alpha")?;
        lab.sh("printf d > /root/keys; sleep 1; printf y > /root/keys")?;
        lab.wait_on_host(&stick)?;
        lab.sh("printf r > /root/keys")?;
        alpha.wait_exactly(&[&stick])?;
        lab.sh("printf e > /root/keys; sleep 2; printf '\\033' > /root/keys; sleep 1")?;
        lab.sh("printf '\\t' > /root/keys; sleep 1; printf q > /root/keys")?;
        let screen = wait_for(lab, "/root/screen", "ended with 0")?;
        ensure!(
            screen.contains("\u{1b}[?1049h") && screen.contains("\u{1b}[?1049l"),
            "the terminal was not put back"
        );
        Ok(())
    });
}

#[test]
fn monitor_tells_what_happens_as_it_happens() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        lab.sh("(virtplug monitor > /root/all 2>&1 &); \
             (virtplug monitor --json --machine alpha --event attached > /root/some 2>&1 &)")?;
        wait_for(lab, "/root/some", "snapshot")?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        lab.machine("alpha").wait_exactly(&[&a1])?;
        lab.machine("beta").wait_exactly(&[&b1])?;
        let all = wait_for(lab, "/root/all", "beta")?;
        ensure!(all.contains("2-1") && all.contains("alpha"), "{all}");
        let some = wait_for(lab, "/root/some", "\"attached\"")?;
        let lines: Vec<Value> = some
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?;
        ensure!(lines.len() == 2, "{some}");
        ensure!(lines[0]["status"]["version"] == 2, "{some}");
        ensure!(lines[1]["event"]["machine"]["machine"] == "alpha", "{some}");
        // The end of the daemon ends it, with a word.
        lab.daemon().stop()?;
        wait_for(lab, "/root/all", "the daemon ended the stream").map(drop)
    });
}

#[test]
fn learn_waits_for_a_device_and_the_daemon_has_the_rule_at_once() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        type_into(lab, "virtplug learn beta", "/root/learned")?;
        wait_for(lab, "/root/learned", "Plug the device in")?;
        let stick = lab.plug(Stick::serial("C1"))?;
        wait_for(lab, "/root/learned", "Add it? [y/N]")?;
        lab.sh("test ! -e /etc/virtplug/machines.d/beta.toml && echo y > /root/keys")?;
        lab.machine("beta").wait_exactly(&[&stick])?;
        wait_for(lab, "/root/learned", "ended with 0")?;
        let written = lab.sh("cat /etc/virtplug/machines.d/beta.toml")?;
        ensure!(written.contains("\"C1\""), "{written}");
        virtplug(lab, "check", 0)?;
        // Asked again it changes nothing, and forgetting takes it out.
        let said = virtplug(lab, "learn beta --device C1 --yes", 0)?;
        ensure!(said.contains("the same rule"), "{said}");
        virtplug(lab, "forget C1 --yes", 0)?;
        lab.machine("beta").wait_exactly(&[])?;
        // Whoever is not at a terminal has to say yes before.
        let said = virtplug(lab, "learn beta --device C1 < /dev/null", 2)?;
        ensure!(said.contains("--yes"), "{said}");
        Ok(())
    });
}

#[test]
fn doctor_finds_what_stands_in_the_way() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let before: Value = serde_json::from_str(&lab.sh("virtplug doctor --json; true")?)?;
        ensure!(before["version"].is_number(), "{before}");
        lab.sh(
            "echo 'ACTION==\"add\", RUN+=\"/usr/bin/virsh list\"' > /etc/udev/rules.d/99-old.rules && \
             mkdir -p /etc/libvirt/hooks && printf '#!/bin/sh\\n' > /etc/libvirt/hooks/qemu && \
             chmod +x /etc/libvirt/hooks/qemu",
        )?;
        lab.sh(
            "virsh dumpxml --inactive beta | sed \"s#</devices>#<hostdev mode='subsystem' type='usb'><source>\
             <address bus='2' device='9'/></source></hostdev></devices>#\" > /root/static.xml && \
             virsh -q define /root/static.xml",
        )?;
        let said = lab.run("virtplug doctor 2>&1")?.out;
        for word in ["99-old.rules", "hooks/qemu", "beta"] {
            ensure!(said.contains(word), "no {word:?}:\n{said}");
        }
        ensure!(
            said.lines().all(|line| line.chars().count() <= 80),
            "wider than 80 columns:\n{said}"
        );
        Ok(())
    });
}
