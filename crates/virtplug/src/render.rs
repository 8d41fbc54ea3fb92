//! stub
#![allow(missing_docs)]
use virtplug_ipc::*;
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout;
impl Layout {
    pub(crate) fn of_terminal() -> Self {
        Self
    }
}
pub(crate) fn status(_: &Status, _: Layout) -> String {
    String::new()
}
pub(crate) fn devices(_: &DeviceList, _: Layout) -> String {
    String::new()
}
pub(crate) fn tree(_: &DeviceList, _: Layout) -> String {
    String::new()
}
pub(crate) fn machines(_: &MachineList, _: Layout) -> String {
    String::new()
}
pub(crate) fn rules(_: &RuleList, _: Layout) -> String {
    String::new()
}
pub(crate) fn shown(_: &Shown, _: Layout) -> String {
    String::new()
}
pub(crate) fn explanation(_: &Explanation, _: Layout) -> String {
    String::new()
}
pub(crate) fn changes(_: &Changes, _: Layout) -> String {
    String::new()
}
pub(crate) fn happening(_: &Happening, _: Layout) -> String {
    String::new()
}
