//! The forms of texts as regular expressions, which a schema can hold. Each
//! takes all that its parser takes, and hardly more.

/// Not blank.
pub(super) const FILLED: &str = r"\S";

/// A USB id.
pub(super) const HEX: &str = "^(0[xX])?[0-9A-Fa-f]{1,4}$";

/// A UUID.
pub(super) const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

/// Numbers with units of time. That at most an hour is allowed, an expression
/// cannot tell.
pub(super) const DURATION: &str = r"^\s*([0-9]+\s*(ms|s|min|h)\s*)+$";

/// Class, subclass and protocol, of which at least one is there.
pub(super) const CLASS: &str = "^([0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{0,2}){0,2}\
     |:[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{0,2})?\
     |::[0-9A-Fa-f]{1,2})$";

/// A name that a udev property can have.
pub(super) const PROPERTY_NAME: &str = r"^[^=\n\u0000]+$";

/// A name that libvirt allows.
pub(super) const MACHINE_NAME: &str = r"^[^\u0000-\u0008\u000a-\u000c\u000e-\u001f\ufffe\uffff]+$";

/// The number of a port: 1 to 255.
const PORT_NUMBER: &str = "([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])";

/// Up to so many port numbers from a hub to the next.
fn chain(longest: usize) -> String {
    let further = longest.saturating_sub(1);
    format!(r"{PORT_NUMBER}(\.{PORT_NUMBER}){{0,{further}}}")
}

/// A kernel port path.
pub(super) fn port() -> String {
    format!("^[1-9][0-9]{{0,4}}-{}$", chain(6))
}

/// A port by its controller.
pub(super) fn stable_port() -> String {
    format!("^.+-usb(v[23])?-0:{}$", chain(6))
}

/// A port of a machine.
pub(super) fn guest_port() -> String {
    format!("^(0|[1-9][0-9]{{0,9}}):{}$", chain(4))
}
