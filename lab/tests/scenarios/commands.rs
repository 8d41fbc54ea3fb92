//! The commands that need no daemon.

use lab::{Context as _, Outer, Result, Stick, ensure, scenario};
use serde_json::Value;

use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

/// Runs virtplug and checks its exit code; gives both outputs.
pub(crate) fn virtplug(lab: &Outer, arguments: &str, code: i64) -> Result<String> {
    let output = lab.run(&format!("virtplug {arguments} 2>&1"))?;
    ensure!(
        output.code == code,
        "virtplug {arguments} ended with {} instead of {code}: {}",
        output.code,
        output.out
    );
    Ok(output.out)
}

#[test]
fn plan_changes_nothing_and_apply_does_what_it_said() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        let _c1 = lab.plug(Stick::serial("C1").port("3"))?;

        let plan = virtplug(lab, "plan", 0)?;
        for wanted in ["attach 2-1 ", "to alpha", "attach 2-2 ", "to beta"] {
            ensure!(plan.contains(wanted), "no {wanted:?} in the plan:\n{plan}");
        }
        ensure!(
            !plan.contains("2-3"),
            "the third stick is in the plan:\n{plan}"
        );
        alpha.check_exactly(&[])?;
        beta.check_exactly(&[])?;

        virtplug(lab, "apply", 0)?;
        alpha.wait_exactly(&[&a1])?;
        beta.wait_exactly(&[&b1])?;
        let plan = virtplug(lab, "plan", 0)?;
        ensure!(plan.starts_with("nothing to attach or detach"), "{plan}");

        lab.unplug(&a1)?;
        virtplug(lab, "apply", 0)?;
        alpha.check_exactly(&[])?;
        beta.check_exactly(&[&b1])
    });
}

#[test]
fn devices_tells_where_each_device_belongs_and_is() {
    scenario(|lab| {
        let without_config = virtplug(lab, "devices", 0)?;
        ensure!(
            without_config.contains("no configuration"),
            "{without_config}"
        );

        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        lab.plug(Stick::serial("C1").port("3"))?;
        lab.machine("alpha").wait_exactly(&[&a1])?;

        let said = virtplug(lab, "devices --json", 0)?;
        let json: Value = serde_json::from_str(&said).context(said)?;
        let device = |port: &str| {
            let devices = json["devices"].as_array().cloned().unwrap_or_default();
            devices
                .into_iter()
                .find(|state| state["device"]["port"] == port)
        };
        let first = device("2-1").unwrap_or_default();
        ensure!(first["device"]["serial"] == "A1", "{json}");
        ensure!(first["belongs"]["machine"]["machine"] == "alpha", "{json}");
        ensure!(
            first["holders"][0]["machine"]["machine"] == "alpha",
            "{json}"
        );
        ensure!(first["holders"][0]["own"] == true, "{json}");
        let third = device("2-3").unwrap_or_default();
        ensure!(third["belongs"]["kind"] == "host", "{json}");
        ensure!(
            third["holders"].as_array().is_some_and(Vec::is_empty),
            "{json}"
        );

        let table = virtplug(lab, "devices", 0)?;
        ensure!(
            table.lines().all(|line| line.chars().count() <= 80),
            "wider than 80 columns:\n{table}"
        );
        Ok(())
    });
}

#[test]
fn apply_names_what_failed_and_ends_with_1() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.sh(&format!(
            "echo 0 > /sys/bus/usb/devices/{}/authorized",
            stick.path
        ))?;
        let said = virtplug(lab, "apply", 1)?;
        ensure!(
            said.contains(&stick.path) && said.contains("not authorised"),
            "{said}"
        );
        lab.machine("alpha").check_exactly(&[])
    });
}

#[test]
fn check_shows_every_mistake_and_ends_with_78() {
    scenario(|lab| {
        lab.install_stopped(
            "[machines.alpha]\n[[machines.alpha.device]]\nserail = 7\nport = \"1-\"\n",
        )?;
        let said = virtplug(lab, "check", 78)?;
        for wanted in [
            "virtplug.toml:3:1",
            "`serial`",
            "virtplug.toml:4:8",
            "2 errors",
        ] {
            ensure!(said.contains(wanted), "no {wanted:?} in:\n{said}");
        }
        lab.write(lab::daemon::CONFIG, A1_TO_ALPHA)?;
        virtplug(lab, "check", 0).map(drop)
    });
}
