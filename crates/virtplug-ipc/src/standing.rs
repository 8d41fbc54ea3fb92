//! `Status` by a name, for where it is a part of another reply: `varlinkctl validate-idl` of
//! systemd 257 finds no types inside an object that has no name.

use zlink::idl::{self, Comment, CustomObject, Field};
use zlink::introspect::{CustomType, Type};
use zlink::names::TypeName;

use crate::{Happening, Status};

/// The name of what `Status` gives.
#[derive(Debug)]
pub enum Standing {}

const NAME: &str = "Standing";

impl CustomType for Standing {
    const CUSTOM_TYPE: &'static idl::CustomType<'static> =
        &idl::CustomType::Object(CustomObject::new(
            TypeName::from_static_str_unchecked(NAME),
            fields(<Status as Type>::TYPE),
            &[&Comment::new(" How things stand, as `Status` gives it.")],
        ));
}

impl Type for Standing {
    const TYPE: &'static idl::Type<'static> =
        &idl::Type::Custom(TypeName::from_static_str_unchecked(NAME));
}

/// The fields of an object.
const fn fields(of: &'static idl::Type<'static>) -> &'static [&'static Field<'static>] {
    match of.as_object() {
        Some(list) => match list.as_borrowed() {
            Some(fields) => fields,
            None => &[],
        },
        None => &[],
    }
}

/// `Happened`, with the name.
#[derive(zlink::introspect::Type)]
#[expect(dead_code, reason = "only its form counts")]
pub(crate) struct HappenedForm {
    /// The version of this form.
    version: u32,
    /// What happened.
    event: Happening,
    /// How things stood, in the first reply only.
    status: Option<Standing>,
}
