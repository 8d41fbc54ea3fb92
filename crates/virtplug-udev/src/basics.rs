//! Basics: what the kernel knows of a device without asking the device. None
//! of these reads waits for the device's lock.

use virtplug_core::{
    BusNumber, ClassCode, DeviceNumber, Fact, Half, HostAddress, PortPath, ProductId, Removable,
    Revision, Speed, VendorId,
};

use crate::attribute::{self, AttributeError};
use crate::directory::{Directory, is_absence};
use crate::failure::{Failure, is_exhaustion};
use crate::topology;

/// The same fields as in [`virtplug_core::Device`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Basics {
    pub(crate) address: HostAddress,
    pub(crate) vendor: VendorId,
    pub(crate) product: ProductId,
    pub(crate) revision: Fact<Revision>,
    pub(crate) class: ClassCode,
    pub(crate) speed: Fact<Speed>,
    pub(crate) removable: Fact<Removable>,
    pub(crate) peer: Fact<Option<PortPath>>,
    pub(crate) half: Fact<Half>,
    pub(crate) authorized: Fact<bool>,
}

impl Basics {
    /// Reads them. A device without numbers or class is unreadable; the rest
    /// may be unknown.
    pub(crate) fn read(directory: &Directory, port: &PortPath) -> Result<Self, Failure> {
        let address = HostAddress {
            bus: BusNumber(attribute::value(
                directory,
                "busnum",
                "a number from 1 to 65535",
                attribute::decimal,
            )?),
            device: DeviceNumber(attribute::value(
                directory,
                "devnum",
                "a number from 1 to 255",
                attribute::decimal,
            )?),
        };
        let four = "a number of four hexadecimal digits";
        let two = "a number of two hexadecimal digits";
        let id = |name| attribute::value(directory, name, four, attribute::hexadecimal);
        let code = |name| attribute::value(directory, name, two, attribute::hexadecimal);
        Ok(Self {
            address,
            vendor: VendorId(id("idVendor")?),
            product: ProductId(id("idProduct")?),
            revision: fact(id("bcdDevice"))?.map(Revision),
            class: ClassCode::new(
                code("bDeviceClass")?,
                code("bDeviceSubClass")?,
                code("bDeviceProtocol")?,
            ),
            speed: fact(attribute::value(
                directory,
                "speed",
                "a speed of USB",
                Speed::of_attribute,
            ))?,
            removable: removable(directory)?,
            peer: topology::peer(directory, port)?,
            half: topology::half(directory)?,
            authorized: fact(attribute::value(directory, "authorized", "0 or 1", flag))?,
        })
    }
}

/// Whether the port is visible to the user. The kernel leaves the file out
/// where nobody says.
fn removable(directory: &Directory) -> Result<Fact<Removable>, Failure> {
    let expected = "removable, fixed or unknown";
    match attribute::value(directory, "removable", expected, Removable::of_attribute) {
        Err(AttributeError::Read { source, .. }) if is_absence(&source) => {
            Ok(Fact::Known(Removable::Unknown))
        }
        result => fact(result),
    }
}

/// An attribute that may be unknown. An error: this process lacks a resource.
fn fact<T>(result: Result<T, AttributeError>) -> Result<Fact<T>, Failure> {
    match result {
        Err(AttributeError::Read { source, .. }) if is_exhaustion(&source) => {
            Err(Failure::Exhausted(source))
        }
        result => Ok(result.into()),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}
