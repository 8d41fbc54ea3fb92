//! What the manual pages show can be typed, and does what they say.

mod page;

use std::fs;
use std::path::Path;

use lab::{
    Context as _, Outer, Plugged, Release, Result, Stick, bail, ensure, scenario, scenario_on,
};

use page::{Example, examples};

/// The rules that the examples speak of.
const CONFIG: &str = r#"
[machines.homeassistant]
[[machines.homeassistant.device]]
name = "Zigbee stick"
serial = "A1"

[machines.alpha]
[[machines.alpha.device]]
name = "mouse"
serial = "M1"
group = "desk"

[machines.desktop]
"#;

/// What an example needs that is not a plain command with exit code 0.
struct Special {
    /// The line as the page has it.
    line: &'static str,
    /// A script that runs before it; `PORT` is the port of the stick.
    before: &'static str,
    how: How,
    /// What it may end with.
    codes: &'static [i64],
    /// What stands in its output, or in what it wrote.
    says: &'static str,
}

enum How {
    Plain,
    /// It runs until it is ended. Meanwhile the stick comes and goes by hand.
    Ended,
    /// It needs a terminal, and these keys.
    Typed(&'static str),
    /// What it says goes to this file.
    Into(&'static str),
    /// `varlinkctl` runs it, which Debian 12 has not: a scenario of its own.
    Varlinkctl,
}

const ALONE: &str = "systemctl stop virtplug";
const DONE: &[i64] = &[0];
/// By the signal of a stop.
const KILLED: &[i64] = &[143];

const SPECIAL: &[Special] = &[
    // Without a rule for the stick, or it would propose the one that is there.
    Special {
        line: "virtplug learn homeassistant --device A1 --yes",
        before: "sed -i 's/\"A1\"/\"A2\"/' /etc/virtplug/virtplug.toml; systemctl reload virtplug",
        how: How::Plain,
        codes: DONE,
        says: "A1",
    },
    Special {
        line: "virtplug daemon --config /etc/virtplug/new.toml",
        before: ALONE,
        how: How::Ended,
        codes: DONE,
        says: "homeassistant",
    },
    Special {
        line: "virtplug daemon --record /tmp/virtplug.trace",
        before: ALONE,
        how: How::Ended,
        codes: DONE,
        says: "homeassistant",
    },
    Special {
        line: "virtplug monitor",
        before: "",
        how: How::Ended,
        codes: KILLED,
        says: "homeassistant",
    },
    Special {
        line: "virtplug monitor --json --machine homeassistant --event attached",
        before: "",
        how: How::Ended,
        codes: KILLED,
        says: "\"attached\"",
    },
    Special {
        line: "virtplug watch",
        before: "",
        how: How::Typed("q"),
        codes: DONE,
        says: "homeassistant",
    },
    Special {
        line: "virtplug apply",
        before: "systemctl stop virtplug; virtplug detach A1",
        how: How::Plain,
        codes: DONE,
        says: "homeassistant",
    },
    // As a QEMU that was killed leaves it.
    Special {
        line: "virtplug rebind A1",
        before: "virtplug detach A1; echo PORT:1.0 > /sys/bus/usb/devices/PORT:1.0/driver/unbind",
        how: How::Plain,
        codes: DONE,
        says: "ftdi_sio",
    },
    Special {
        line: "virtplug doctor",
        before: "",
        how: How::Plain,
        // It finds this and that in the outer machine.
        codes: &[0, 1],
        says: "libvirt",
    },
    Special {
        line: "virtplug metrics --textfile /var/lib/prometheus/node-exporter/virtplug.prom",
        before: "mkdir -p /var/lib/prometheus/node-exporter",
        how: How::Into("/var/lib/prometheus/node-exporter/virtplug.prom"),
        codes: DONE,
        says: "virtplug_up 1",
    },
    Special {
        line: "virtplug snippet hostdev A1 > stick.xml",
        before: "",
        how: How::Into("stick.xml"),
        codes: DONE,
        says: "<hostdev",
    },
    Special {
        line: "virtplug import bbvirt /etc/bit-babbler/vm.conf --output new.toml",
        before: "rm -f /root/new.toml",
        how: How::Into("new.toml"),
        codes: DONE,
        says: "[machines",
    },
    Special {
        line: "virtplug import whawty /etc/libvirt-usb-hotplugd/config.yml --output new.toml",
        before: "rm -f /root/new.toml",
        how: How::Into("new.toml"),
        codes: DONE,
        says: "[machines",
    },
    Special {
        line: "virtplug import usb-libvirt-hotplug /etc/udev/rules.d /opt/usb-libvirt-hotplug.sh --output new.toml",
        before: "rm -f /root/new.toml",
        how: How::Into("new.toml"),
        codes: DONE,
        says: "[machines",
    },
    Special {
        line: "varlinkctl introspect /run/virtplug/control.sock org.virtplug.Control",
        before: "",
        how: How::Varlinkctl,
        codes: DONE,
        says: "method Status",
    },
    Special {
        line: "varlinkctl call /run/virtplug/control.sock org.virtplug.Control.Status '{}'",
        before: "",
        how: How::Varlinkctl,
        codes: DONE,
        says: "version",
    },
    // The stream of the same name is what `virtplug monitor` reads.
    Special {
        line: "varlinkctl call --more /run/virtplug/control.sock org.virtplug.Control.Monitor '{}'",
        before: "",
        how: How::Varlinkctl,
        codes: &[0, 124],
        says: "version",
    },
];

/// For all others.
const PLAIN: Special = Special {
    line: "",
    before: "",
    how: How::Plain,
    codes: DONE,
    says: "",
};

fn special(line: &str) -> &'static Special {
    let found = SPECIAL.iter().find(|special| special.line == line);
    found.unwrap_or(&PLAIN)
}

/// Files of the tools that `import` reads, from the tests of that.
fn write_imports(lab: &Outer) -> Result<()> {
    let samples =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/virtplug-config/tests/import");
    for (sample, place) in [
        ("bbvirt/vm.conf", "/etc/bit-babbler/vm.conf"),
        ("whawty/config.yml", "/etc/libvirt-usb-hotplugd/config.yml"),
        (
            "handler/99-hotplug.rules",
            "/etc/udev/rules.d/99-hotplug.rules",
        ),
        ("handler/serials.sh", "/opt/usb-libvirt-hotplug.sh"),
    ] {
        lab.write(place, &fs::read_to_string(samples.join(sample))?)?;
    }
    Ok(())
}

/// Commands after which things are not as they were.
const CHANGING: [&str; 13] = [
    "apply",
    "attach",
    "attach-all",
    "daemon",
    "detach",
    "detach-all",
    "forget",
    "learn",
    "pause",
    "rebind",
    "release",
    "resume",
    "switch",
];

/// The machines and files that the examples speak of, and the stick in its machine.
fn prepare(lab: &Outer) -> Result<Plugged> {
    for name in ["homeassistant", "desktop"] {
        lab.sh(&format!(
            "sed s/NAME/{name}/ /root/small.xml > /root/{name}.xml && \
             virsh -q define /root/{name}.xml && virsh -q start {name}"
        ))?;
    }
    write_imports(lab)?;
    lab.write("/etc/virtplug/new.toml", CONFIG)?;
    lab.write("/root/virtplug.toml", CONFIG)?;
    lab.sh("cd /root && udevadm info --export-db > dump.txt")?;
    lab.install(CONFIG)?;
    let stick = lab.plug(Stick::serial("A1").port("1"))?;
    let mouse = lab.plug(Stick::mouse("M1").port("2"))?;
    lab.machine("homeassistant").wait_exactly(&[&stick])?;
    lab.machine("alpha").wait_exactly(&[&mouse])?;
    Ok(stick)
}

/// As it was before the first example.
fn restore(lab: &Outer) -> Result<()> {
    lab.sh(
        "rm -rf /etc/virtplug/machines.d && cp /root/virtplug.toml /etc/virtplug/virtplug.toml && \
         systemctl start virtplug && systemctl reload virtplug && virtplug resume && virtplug release --all",
    )
    .map(drop)
}

/// Runs an example and says what is wrong with how it went.
fn run(lab: &Outer, example: &Example, stick: &Plugged) -> Result<()> {
    let line = &example.line;
    let special = special(line);
    let before = special.before.replace("PORT", &stick.path);
    if !before.is_empty() {
        lab.sh(&before)?;
    }
    let script = match special.how {
        How::Plain => format!("cd /root && {line} 2>&1"),
        How::Into(file) => format!("cd /root && {line} && cat {file}"),
        How::Typed(keys) => format!(
            "(sleep 8; printf {keys}; sleep 8) | \
             script -qec 'stty rows 24 cols 80; {line}' /root/screen > /dev/null; \
             code=$?; cat /root/screen; exit $code"
        ),
        How::Ended => format!(
            "{line} > /root/said 2>&1 & pid=$!; sleep 4; virtplug detach A1; virtplug release A1; \
             sleep 2; kill $pid; wait $pid; code=$?; cat /root/said; exit $code"
        ),
        How::Varlinkctl => format!("timeout 10 {line} 2>&1"),
    };
    let output = lab.run(&script)?;
    let said = format!("{}{}", output.out, output.err);
    ensure!(
        special.codes.contains(&output.code),
        "ended with {}: {said}",
        output.code
    );
    ensure!(!output.out.trim().is_empty(), "said nothing");
    ensure!(said.contains(special.says), "no {:?}: {said}", special.says);
    Ok(())
}

#[test]
fn every_example_of_the_manual_pages_can_be_typed_and_does_what_it_says() {
    scenario(|lab| {
        let stick = prepare(lab)?;
        let mut wrong = Vec::new();
        for example in examples()? {
            if matches!(special(&example.line).how, How::Varlinkctl) {
                continue;
            }
            let Example { page, line } = &example;
            if let Err(error) = run(lab, &example, &stick) {
                wrong.push(format!("{page}: `{line}` {error:#}"));
            }
            let command = line.split(' ').nth(1).unwrap_or_default();
            if CHANGING.contains(&command) {
                restore(lab)?;
            }
        }
        lab.machine("homeassistant").wait_exactly(&[&stick])?;
        if !wrong.is_empty() {
            bail!("{} examples:\n{}", wrong.len(), wrong.join("\n"));
        }
        Ok(())
    });
}

#[test]
fn debian_13_examples_of_the_control_interface_can_be_typed() {
    scenario_on(Release::Trixie, |lab| {
        lab.install(CONFIG)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.daemon().wait_quiet()?;
        for example in examples()? {
            if matches!(special(&example.line).how, How::Varlinkctl) {
                run(lab, &example, &stick).with_context(|| example.line.clone())?;
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_special_is_an_example_of_a_page() -> Result<()> {
    let examples = examples()?;
    for Special { line, .. } in SPECIAL {
        ensure!(
            examples.iter().any(|example| example.line == *line),
            "no page shows `{line}` any more"
        );
    }
    Ok(())
}
