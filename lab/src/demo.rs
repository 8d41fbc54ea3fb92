//! The main job, shown step by step.

use std::io::{IsTerminal as _, Write as _, stdin, stdout};

use anyhow::Result;

use crate::outer::Outer;
use crate::plug::{Plugged, Stick};
use crate::progress::step;
use crate::recipe::Release;

const CONFIG: &str = r#"[machines.alpha]
[[machines.alpha.device]]
name = "stick for alpha"
serial = "A1"

[machines.beta]
[[machines.beta.device]]
name = "stick for beta"
serial = "B1"
"#;

/// The demo; with `auto` it does not wait for keys.
#[derive(Debug)]
pub struct Demo {
    outer: Outer,
    auto: bool,
}

impl Demo {
    /// Shows everything.
    pub fn show(auto: bool) -> Result<()> {
        println!("virtplug: USB devices stay with the machine they belong to.\n");
        println!("A real kernel, libvirt and QEMU run in an emulated machine. Nothing outside");
        println!("it is touched; the first time takes some minutes to build it.\n");
        let outer = step("start the emulated host", || {
            Outer::ready(Release::default(), "demo")
        })?;
        let demo = Self {
            outer,
            auto: auto || !stdin().is_terminal(),
        };
        demo.run()
    }

    fn run(&self) -> Result<()> {
        let outer = &self.outer;
        let (alpha, beta) = (outer.machine("alpha"), outer.machine("beta"));

        self.caption("Two machines run: alpha and beta. This is the configuration.");
        println!("{CONFIG}");
        step("start virtplug", || outer.install(CONFIG))?;
        self.status()?;

        self.caption("Plug three identical sticks. Only their serials differ: A1, B1, C1.");
        let a1 = self.plug("A1", "1")?;
        let b1 = self.plug("B1", "2")?;
        let c1 = self.plug("C1", "3")?;
        step("each goes where it belongs", || {
            alpha.wait_attached(&a1)?;
            beta.wait_attached(&b1)?;
            outer.wait_on_host(&c1)
        })?;
        self.status()?;

        self.caption("Unplug A1, and plug it into another port.");
        let a1 = step("unplug, plug", || outer.replug(&a1, "5"))?;
        step("alpha has it again", || alpha.wait_attached(&a1))?;
        self.status()?;

        self.caption("Reset the whole bus. Devices may come back under the same number.");
        step("reset", || outer.reset_bus(&[&a1, &b1, &c1]))?;
        step("both machines have theirs again", || {
            alpha.wait_attached(&a1)?;
            beta.wait_attached(&b1)
        })?;
        self.status()?;

        self.caption("Stop alpha, start it again.");
        step("stop", || alpha.stop())?;
        step("start", || alpha.start())?;
        step("alpha has its stick again", || alpha.wait_attached(&a1))?;
        self.status()?;

        self.caption("Kill virtplug, unplug B1 while it is away, start it again.");
        step("kill", || outer.daemon().kill())?;
        step("unplug", || outer.unplug(&b1))?;
        step("start", || outer.daemon().start())?;
        step("beta's entry is cleaned up, alpha's untouched", || {
            beta.wait_exactly(&[])?;
            alpha.wait_exactly(&[&a1])
        })?;
        self.status()?;

        self.caption("That was it. The third stick stayed on the host all the time.");
        outer.wait_on_host(&c1)
    }

    fn plug(&self, serial: &str, port: &str) -> Result<Plugged> {
        step(&format!("plug stick {serial}"), || {
            self.outer.plug(Stick::storage(serial).port(port))
        })
    }

    /// A short text before a step; waits for a key when somebody watches.
    fn caption(&self, text: &str) {
        println!("\n── {text}");
        if !self.auto {
            print!("   (Enter) ");
            let _ = stdout().flush();
            let _ = stdin().read_line(&mut String::new());
        }
    }

    /// What virtplug says, and what the machines' controllers say.
    fn status(&self) -> Result<()> {
        println!("\n$ virtplug devices");
        println!("{}", self.outer.sh("virtplug devices")?);
        for name in ["alpha", "beta"] {
            println!("\n$ virsh qemu-monitor-command {name} --hmp 'info usb'");
            let devices = self.outer.machine(name).usb()?;
            if devices.is_empty() {
                println!("  (no devices)");
            }
            for device in devices {
                println!("  port {}: {}, {}", device.port, device.product, device.id);
            }
        }
        println!();
        Ok(())
    }
}
