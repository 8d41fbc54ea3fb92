//! Where a device sits.

use lab::{Stick, ensure, scenario};

/// The stable name of a port of the lab's controller, without the half.
fn stable(port: &str) -> String {
    format!("pci-{}-usb-0:{port}", lab::qemu::XHCI_ADDRESS)
}

#[test]
fn a_stable_port_stays_the_same_when_another_controller_shifts_the_buses() {
    scenario(|lab| {
        lab.install(&format!(
            "[[machines.alpha.device]]\nstable-port = \"{}\"\n",
            stable("5")
        ))?;
        let alpha = lab.machine("alpha");
        let there = lab.plug(Stick::serial("P1").port("5"))?;
        let elsewhere = lab.plug(Stick::serial("P2").port("6"))?;
        alpha.wait_exactly(&[&there])?;

        let shifted = lab.renumber_buses(&[&there, &elsewhere])?;
        let [there, elsewhere] = shifted.as_slice() else {
            lab::bail!("{shifted:?}");
        };
        alpha.wait_exactly(&[there])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(elsewhere)
    });
}

#[test]
fn a_usb_2_and_a_usb_3_plug_in_one_socket_are_at_one_port() {
    scenario(|lab| {
        let slow = lab.plug(Stick::serial("P0").port("5"))?;
        let (port, bus) = (slow.path.clone(), slow.first.bus);
        lab.unplug(&slow)?;
        let fast_half = stable("6").replace("-usb-", "-usbv3-");
        lab.install(&format!(
            "[[machines.alpha.device]]\nport = \"{port}\"\n\
             [[machines.beta.device]]\nstable-port = \"{fast_half}\"\n"
        ))?;

        let fast = lab.plug(Stick::storage("F1").port("5"))?;
        ensure!(
            fast.first.bus != bus,
            "a fast device on the slow bus: {fast}"
        );
        lab.machine("alpha").wait_exactly(&[&fast])?;

        // The name of either half means the socket.
        let beta = lab.machine("beta");
        let slow = lab.plug(Stick::serial("P1").port("6"))?;
        beta.wait_exactly(&[&slow])?;
        lab.unplug(&slow)?;
        beta.wait_exactly(&[])?;
        let fast = lab.plug(Stick::storage("F2").port("6"))?;
        beta.wait_exactly(&[&fast])
    });
}

#[test]
fn what_hangs_behind_a_hub_belongs_to_its_machine_and_the_hub_to_the_host() {
    scenario(|lab| {
        let hub = lab.plug(Stick::hub().port("3"))?;
        let (vendor, product) = (&hub.first.vendor, &hub.first.product);
        lab.install(&format!(
            "[[machines.alpha.device]]\nbehind = {{ vendor = \"{vendor}\", product = \"{product}\" }}\n"
        ))?;
        let alpha = lab.machine("alpha");
        let behind = lab.plug(Stick::serial("B1").port("3.2"))?;
        let beside = lab.plug(Stick::serial("B2").port("4"))?;
        alpha.wait_exactly(&[&behind])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&beside)?;
        lab.check_on_host(&hub)?;

        // By the port of the hub, whatever hub is there.
        lab.daemon().reload(&format!(
            "[[machines.beta.device]]\nbehind = \"{}\"\n",
            hub.path
        ))?;
        lab.machine("beta").wait_exactly(&[&behind])?;
        alpha.wait_exactly(&[])?;
        lab.check_on_host(&beside)
    });
}

#[test]
fn guest_port_and_guest_reset_are_kept_over_a_replug() {
    scenario(|lab| {
        lab.install(
            "[[machines.alpha.device]]\nserial = \"A1\"\nguest-port = \"0:3\"\nguest-reset = \"off\"\n\
             [[machines.alpha.device]]\nserial = \"A2\"\n",
        )?;
        let alpha = lab.machine("alpha");
        let other = lab.plug(Stick::serial("A2").port("2"))?;
        alpha.wait_attached(&other)?;
        let check = |stick| {
            let found = alpha.wait_attached(stick)?;
            ensure!(found.guest_port == "3", "not at port 3: {found:?}");
            let domain = alpha.domain()?;
            let entry = domain.own().find(|entry| entry.alias == found.alias);
            ensure!(
                entry.is_some_and(|entry| entry.xml.contains("guestReset='off'")),
                "the guest may reset it: {entry:?}"
            );
            Ok(())
        };
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        check(&stick)?;
        let stick = lab.replug(&stick, "1")?;
        check(&stick)?;
        let stick = lab.replug(&stick, "7")?;
        check(&stick)?;
        alpha.wait_exactly(&[&stick, &other])
    });
}
