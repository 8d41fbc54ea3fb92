//! What Prometheus is answered.

use lab::{Outer, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

const UNITS: [(&str, &str); 2] = [
    (
        "virtplug-metrics.socket",
        include_str!("../../../dist/virtplug-metrics.socket"),
    ),
    (
        "virtplug-metrics@.service",
        include_str!("../../../dist/virtplug-metrics@.service"),
    ),
];

/// The answer to a GET of a path, with its head.
pub(crate) fn get(lab: &Outer, path: &str) -> Result<String> {
    lab.sh(&format!(
        "timeout 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9947
            printf \"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n\" >&3
            cat <&3'"
    ))
}

#[test]
fn prometheus_is_answered_by_a_process_without_rights() {
    scenario(|lab| {
        for (name, text) in UNITS {
            lab.write(&format!("/etc/systemd/system/{name}"), text)?;
        }
        lab.sh("systemctl daemon-reload && systemctl start virtplug-metrics.socket")?;
        let told = get(lab, "/metrics")?;
        ensure!(
            told.starts_with("HTTP/1.1 200 OK") && told.ends_with("virtplug_up 0"),
            "without the daemon: {told}"
        );

        lab.install(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.machine("alpha").wait_attached(&stick)?;
        let told = get(lab, "/metrics")?;
        for line in [
            "virtplug_up 1",
            "virtplug_attachments{connection=\"qemu:///system\",machine=\"alpha\"} 1",
        ] {
            ensure!(told.lines().any(|one| one == line), "no {line} in {told}");
        }
        let told = get(lab, "/")?;
        ensure!(told.starts_with("HTTP/1.1 404"), "{told}");

        // Its group may read and change nothing.
        let may = |command: &str| {
            lab.run(&format!(
                "systemd-run --quiet --wait --pipe -p DynamicUser=yes \
                    -p SupplementaryGroups=virtplug-metrics virtplug {command}"
            ))
        };
        ensure!(may("status")?.code == 0, "it may not read");
        let refused = may("pause")?;
        ensure!(refused.code == 4, "it may pause: {refused:?}");

        lab.sh("! systemctl list-units --all --no-legend 'virtplug-metrics@*' | grep .")?;
        Ok(())
    });
}
