//! Plug and unplug.

use lab::{Stick, ensure, scenario};

use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA, ADAPTERS_TO_ALPHA};

#[test]
fn plug_after_the_machine_started() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.machine("alpha").wait_exactly(&[&stick])?;
        lab.machine("beta").check_exactly(&[])
    });
}

#[test]
fn plugged_before_the_machine_started() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        alpha.stop()?;
        lab.install(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&stick)?;

        alpha.start()?;
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn plugged_before_the_daemon_started() {
    scenario(|lab| {
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.install(A1_TO_ALPHA)?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}

#[test]
fn unplug_removes_the_entry() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        let alpha = lab.machine("alpha");
        alpha.wait_attached(&stick)?;

        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])?;
        let left = alpha.usb()?;
        ensure!(
            left.is_empty(),
            "the machine's controller still shows {left:?}"
        );
        Ok(())
    });
}

#[test]
fn replug_with_a_new_device_number() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let first = lab.plug(Stick::serial("A1"))?;
        let before = alpha.wait_attached(&first)?;

        let second = lab.replug(&first, "1")?;
        ensure!(
            second.first.device != first.first.device,
            "no new number: {second:?}"
        );
        alpha.wait_exactly(&[&second])?;
        let after = alpha.wait_attached(&second)?;
        ensure!(
            after.alias != before.alias,
            "a new instance needs a new alias: {after:?}"
        );
        ensure!(
            after.guest_port == before.guest_port,
            "the guest's port was not given back"
        );
        Ok(())
    });
}

#[test]
fn replug_while_all_ports_of_the_machine_are_in_use() {
    scenario(|lab| {
        lab.install(ADAPTERS_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let mut sticks = Vec::new();
        for port in 1..=15 {
            let stick = Stick::serial(&format!("F{port}")).port(&port.to_string());
            sticks.push(lab.plug(stick)?);
        }
        alpha.wait_exactly(&sticks.iter().collect::<Vec<_>>())?;

        // The stale entry holds the port that the new one needs.
        for index in [3, 9, 14] {
            let port = (index + 1).to_string();
            sticks[index] = lab.replug(&sticks[index], &port)?;
        }
        lab.daemon().wait_quiet()?;
        alpha.wait_exactly(&sticks.iter().collect::<Vec<_>>())
    });
}

#[test]
fn replug_into_another_port_is_matched_by_serial() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let first = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&first])?;

        let second = lab.replug(&first, "7")?;
        ensure!(
            second.path != first.path,
            "the port is the same: {second:?}"
        );
        alpha.wait_exactly(&[&second])
    });
}

#[test]
fn three_identical_two_serials_to_two_machines_third_stays_on_the_host() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        let c1 = lab.plug(Stick::serial("C1").port("3"))?;
        let same = |one: &lab::Plugged, other: &lab::Plugged| {
            (&one.first.vendor, &one.first.product) == (&other.first.vendor, &other.first.product)
        };
        ensure!(
            same(&a1, &b1) && same(&b1, &c1),
            "the sticks are not identical"
        );

        lab.machine("alpha").wait_exactly(&[&a1])?;
        lab.machine("beta").wait_exactly(&[&b1])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&c1)
    });
}
