//! `virtplug snippet controller`.

use std::io;

use virtplug_core::{Device, Fact, Speed};

use super::Snippet;
use super::describe::describe;
use super::xml::document;

/// Ports of the controller: the most that QEMU's xHCI has.
const PORTS: &str = "15";

/// The controller that serves devices of every speed.
pub(super) fn write(device: &Device) -> io::Result<Snippet> {
    let speed = match &device.speed {
        Fact::Known(speed) => format!("runs at {speed} Mbit/s"),
        Fact::Unknown => "runs at a speed that could not be read".to_owned(),
    };
    let slow = match &device.speed {
        Fact::Known(Speed::Low | Speed::Full) => "",
        Fact::Known(_) | Fact::Unknown => ", and USB 1.1 slows it down to 12 Mbit/s",
    };
    let comment = format!(
        "{} {speed}: for the machine's definition, in place of its USB controllers of other models \
         (without any, old machine types get USB 1.1 with two ports{slow}); it counts from the next \
         start, because a running machine takes no new USB controller",
        describe(device)
    );
    let text = document(&comment, |xml| {
        xml.create_element("controller")
            .with_attributes([("type", "usb"), ("model", "qemu-xhci"), ("ports", PORTS)])
            .write_empty()
            .map(drop)
    })?;
    Ok(Snippet {
        text,
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippet::fixture::{device, devices};

    #[test]
    fn the_comment_says_what_is_gained() {
        let mut slow = devices();
        slow[0].speed = Fact::Known(Speed::Full);
        let fast = write(device(&devices(), "3-1")).unwrap();
        insta::assert_snapshot!(format!("{fast}\n{}", write(&slow[0]).unwrap()));
    }

    #[test]
    fn there_is_one_element_whatever_the_device_says() {
        for port in ["3-5", "7-1"] {
            let text = write(device(&devices(), port)).unwrap().text;
            let parsed = roxmltree::Document::parse(&text).unwrap();
            assert!(parsed.root_element().has_tag_name("controller"));
            assert_eq!(parsed.root_element().children().count(), 0);
        }
    }
}
