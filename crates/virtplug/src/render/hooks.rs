//! `virtplug hooks`.

use super::page::Page;
use super::{Layout, Tone};
use crate::hooks::Hook;
use crate::table::Grid;

/// The instances, then what they are for. An instance is never broken, so that it can be copied.
pub(crate) fn hooks(hooks: &[Hook], layout: Layout) -> String {
    let mut page = Page::new(layout);
    if hooks.is_empty() {
        page.say(
            Tone::Plain,
            0,
            "no rule has a name and no device belongs to a machine; give rules names (`name = \"zigbee\"`)",
        );
        return page.done();
    }
    let mut grid = Grid::new(&["INSTANCE", "MACHINE", "DEVICE", "NOW"]);
    for hook in hooks {
        let tone = match hook.now {
            "attached" => Tone::Good,
            "conflict" => Tone::Bad,
            _ => Tone::Plain,
        };
        grid.row([
            (Tone::Plain, hook.instance.clone()),
            (Tone::Plain, hook.machine.clone()),
            (Tone::Plain, hook.device.clone()),
            (tone, hook.now.to_owned()),
        ]);
    }
    let mut text = grid.render(u16::MAX);
    page.say(
        Tone::Plain,
        0,
        "Units of yours hang on virtplug-attached@INSTANCE.target, virtplug-detached@INSTANCE.target and \
         virtplug-conflict@INSTANCE.target; `systemctl enable --now virtplug-hooks` has them started.",
    );
    text.push('\n');
    text + &page.done()
}
