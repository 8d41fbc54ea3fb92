//! What is shown and kept when a scenario fails.

use std::fmt::Write as _;
use std::fs;

use crate::outer::Outer;

const SECTIONS: [(&str, &str); 6] = [
    (
        "journal of virtplug",
        "journalctl --sync; journalctl -u virtplug --no-pager -o short-monotonic",
    ),
    (
        "virtplug.service",
        "systemctl status --no-pager --lines=0 virtplug; tail -n +1 /etc/virtplug/*.toml /usr/lib/virtplug/*/*.toml /run/virtplug/*/*.toml /etc/virtplug/*/*.toml 2>/dev/null",
    ),
    (
        "USB devices and machines",
        "/usr/lib/virtplug-lab/world machines",
    ),
    (
        "what the machines' controllers see",
        "for name in $(virsh -q list --name); do echo \"$name:\"; virsh -q qemu-monitor-command $name --hmp 'info usb'; done",
    ),
    (
        "journal of libvirtd",
        "journalctl -u libvirtd --no-pager -o short-monotonic -n 40",
    ),
    ("kernel", "dmesg | tail -n 60"),
];

/// Looks at everything that may explain a failure. Never fails itself.
pub fn collect(outer: &Outer, failure: &str) -> String {
    let mut text = format!("{failure}\n");
    // A look of the scenario may still be under way.
    let agent = outer.agent();
    for (title, script) in SECTIONS {
        let script = format!(
            "timeout 20 sh -c \"$(cat <<'END-OF-SCRIPT'\n{script}\nEND-OF-SCRIPT\n)\" 2>&1"
        );
        let found = match agent.as_ref().map(|agent| agent.run(&script)) {
            Ok(Ok(output)) => output.out,
            Ok(Err(error)) => format!("{error:#}\n"),
            Err(error) => format!("{error:#}\n"),
        };
        let _ = write!(text, "\n── {title} ──\n{found}");
    }
    let path = outer.logs().join("report.txt");
    let _ = fs::write(&path, &text);
    let _ = write!(text, "\nkept in {}\n", outer.logs().display());
    text
}
