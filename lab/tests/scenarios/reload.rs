//! Rules that change while the daemon runs.

use lab::{Stick, ensure, scenario};

use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

#[test]
fn rule_added_changed_and_removed_by_sighup() {
    scenario(|lab| {
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        lab.install(A1_TO_ALPHA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        alpha.wait_exactly(&[&a1])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&b1)?;

        // Added.
        lab.daemon().reload(A1_TO_ALPHA_B1_TO_BETA)?;
        beta.wait_exactly(&[&b1])?;
        alpha.check_exactly(&[&a1])?;

        // Changed: both go to the other machine.
        lab.daemon().reload(
            "[[machines.alpha.device]]\nserial = \"B1\"\n[[machines.beta.device]]\nserial = \"A1\"\n",
        )?;
        alpha.wait_exactly(&[&b1])?;
        beta.wait_exactly(&[&a1])?;

        // Removed.
        lab.daemon()
            .reload("[[machines.alpha.device]]\nserial = \"B1\"\n")?;
        lab.wait_on_host(&a1)?;
        beta.wait_exactly(&[])?;
        alpha.check_exactly(&[&b1])
    });
}

#[test]
fn broken_reload_keeps_the_rules() {
    scenario(|lab| {
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let before = alpha.wait_attached(&a1)?;

        lab.daemon()
            .reload("[[machines.alpha.device]]\nserial = \"C1\"\nvendor = 17\ncolour = 1\n")?;
        lab.wait_journal("reload-failed", 1)?;
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached(&a1)? == before,
            "the broken reload touched the attachment"
        );
        // The old rules do not only stay in place, they go on working.
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        beta.wait_exactly(&[&b1])?;
        let c1 = lab.plug(Stick::serial("C1").port("3"))?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&c1)?;

        lab.daemon()
            .reload("[[machines.alpha.device]]\nserial = \"C1\"\n")?;
        alpha.wait_exactly(&[&c1])?;
        lab.wait_on_host(&a1)
    });
}

#[test]
fn a_drop_in_replaces_the_machine_of_the_main_file() {
    scenario(|lab| {
        lab.write(
            "/etc/virtplug/machines.d/alpha.toml",
            "[[device]]\nserial = \"B1\"\n",
        )?;
        lab.install(A1_TO_ALPHA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        lab.machine("alpha").wait_exactly(&[&b1])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&a1)
    });
}

#[test]
fn a_drop_in_masks_those_of_the_same_name_in_folders_that_come_before() {
    scenario(|lab| {
        let file = |folder: &str, serial: &str| {
            lab.write(
                &format!("{folder}/virtplug/machines.d/alpha.toml"),
                &format!("[[device]]\nserial = \"{serial}\"\n"),
            )
        };
        file("/usr/lib", "V1")?;
        lab.install("")?;
        let alpha = lab.machine("alpha");
        let vendor = lab.plug(Stick::serial("V1").port("1"))?;
        let runtime = lab.plug(Stick::serial("R1").port("2"))?;
        let local = lab.plug(Stick::serial("L1").port("3"))?;
        alpha.wait_exactly(&[&vendor])?;

        file("/etc", "L1")?;
        lab.daemon().reload("")?;
        alpha.wait_exactly(&[&local])?;
        // The administrator's own folder has the last word.
        file("/run", "R1")?;
        lab.daemon().reload("")?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[&local])?;
        lab.sh("rm /etc/virtplug/machines.d/alpha.toml")?;
        lab.daemon().reload("")?;
        alpha.wait_exactly(&[&runtime])
    });
}
