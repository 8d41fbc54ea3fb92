//! Several owners that could have a device.

use lab::{Stick, ensure, scenario};

/// Alpha goes before beta, which has the device while alpha is off.
const ALPHA_YIELDS_TO_BETA: &str = r#"
[[machines.alpha.device]]
serial = "A1"
priority = 10
yield = true

[[machines.beta.device]]
serial = "A1"
"#;

#[test]
fn a_device_is_yielded_while_its_machine_is_off_and_stays_until_it_is_released() {
    scenario(|lab| {
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        alpha.stop()?;
        lab.install(ALPHA_YIELDS_TO_BETA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        beta.wait_exactly(&[&stick])?;
        let before = beta.wait_attached(&stick)?;

        alpha.start()?;
        lab.daemon().wait_quiet()?;
        beta.check_exactly(&[&stick])?;
        alpha.check_exactly(&[])?;
        // Nothing but the live XML tells a new daemon that beta had it first.
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        ensure!(
            beta.wait_attached(&stick)? == before,
            "it was taken from beta"
        );

        beta.stop()?;
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn a_device_is_preempted_at_the_start_of_its_machine_and_yielded_again_at_its_end() {
    scenario(|lab| {
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        alpha.stop()?;
        lab.install(&ALPHA_YIELDS_TO_BETA.replace("yield = true", "yield = true\npreempt = true"))?;
        let stick = lab.plug(Stick::serial("A1"))?;
        beta.wait_exactly(&[&stick])?;

        alpha.start()?;
        alpha.wait_exactly(&[&stick])?;
        beta.wait_exactly(&[])?;

        alpha.stop()?;
        beta.wait_exactly(&[&stick])
    });
}

#[test]
fn a_host_rule_keeps_a_device_from_the_machine_that_gets_its_kind() {
    scenario(|lab| {
        let kind = "[[machines.alpha.device]]\nvendor = \"0403\"\nproduct = \"6001\"\n";
        lab.install(&format!("{kind}[[host.device]]\nserial = \"H1\"\n"))?;
        let alpha = lab.machine("alpha");
        let kept = lab.plug(Stick::serial("H1").port("1"))?;
        let given = lab.plug(Stick::serial("A1").port("2"))?;
        alpha.wait_exactly(&[&given])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&kept)?;

        lab.daemon().reload(kind)?;
        alpha.wait_exactly(&[&kept, &given])
    });
}

#[test]
fn a_conflict_names_both_rules_and_ends_with_a_reload() {
    scenario(|lab| {
        let both = "[[machines.alpha.device]]\nserial = \"A1\"\n[[machines.beta.device]]\nserial = [\"A1\", \"X9\"]\n";
        lab.install(both)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&stick)?;
        let plan = lab.sh("virtplug plan")?;
        for line in ["virtplug.toml:1", "virtplug.toml:3"] {
            ensure!(plan.contains(line), "no {line:?} in the plan:\n{plan}");
        }

        lab.daemon().reload(&format!("{both}priority = 1\n"))?;
        beta.wait_exactly(&[&stick])?;
        alpha.check_exactly(&[])
    });
}

#[test]
fn a_rule_that_is_switched_off_gives_nothing_until_it_is_switched_on() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        let rule = "[[machines.alpha.device]]\nserial = \"A1\"\ngroup = \"desk\"\n";
        lab.install(&format!("{rule}enabled = false\n"))?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&stick)?;

        lab.daemon().reload(rule)?;
        alpha.wait_exactly(&[&stick])?;
        lab.daemon()
            .reload(&format!("[defaults]\nenabled = false\n{rule}"))?;
        lab.wait_on_host(&stick)?;
        alpha.wait_exactly(&[])
    });
}
