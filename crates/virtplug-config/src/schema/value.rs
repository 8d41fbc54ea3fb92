//! Schemas of values.

use serde_json::{Value, json};
use virtplug_core::{Removable, Speed};

use super::{Definitions, regular};
use crate::choice::speed_texts;
use crate::key::{CONDITIONS, Exact, Key, Kind, PATTERN};

impl Definitions {
    /// What a key takes.
    pub(super) fn value(&mut self, key: &'static Key) -> Value {
        match key.kind {
            Kind::Name => json!({ "type": "string" }),
            Kind::Text => text_like(regular::FILLED),
            Kind::Texts => json!({ "type": "array", "items": text_like(regular::FILLED) }),
            Kind::Uuid => text_like(regular::UUID),
            Kind::GuestPort => text_like(&regular::guest_port()),
            Kind::Duration => text_like(regular::DURATION),
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::Integer { from, to, .. } => {
                json!({ "type": "integer", "minimum": from, "maximum": to })
            }
            Kind::Choice(words) => json!({ "enum": words }),
            Kind::Wanted(exact) => {
                let one = self.wanted(exact);
                one_or_several(one)
            }
            Kind::Properties => {
                let one = self.wanted(Exact::Any);
                json!({
                    "type": "object",
                    "propertyNames": { "pattern": regular::PROPERTY_NAME },
                    "additionalProperties": one_or_several(one),
                })
            }
            Kind::Tags => {
                let one = self.wanted(Exact::Text);
                json!({ "type": "array", "items": one_or_several(one) })
            }
            Kind::Classes => self.classes(),
            Kind::Interfaces => {
                let Value::Object(mut either) = self.classes() else {
                    return Value::Null;
                };
                let table = self.table_of(&crate::key::INTERFACE_TABLE);
                if let Some(Value::Array(forms)) = either.get_mut("anyOf") {
                    forms.push(table);
                }
                Value::Object(either)
            }
            Kind::Speeds => one_or_several(json!({ "enum": speeds() })),
            Kind::Removables => one_or_several(json!({ "enum": removables() })),
            Kind::Behind => {
                let conditions = self.table_of(&CONDITIONS);
                one_or_several(either(&[text_like(&regular::port()), conditions]))
            }
            Kind::Exclusions => one_or_several(self.table_of(&CONDITIONS)),
            Kind::Alternatives => several(&self.table_of(&CONDITIONS)),
            Kind::Table(shape) => self.table(shape),
            Kind::Tables(shape) => json!({ "type": "array", "items": self.table_of(shape) }),
            Kind::Named(shape) => json!({
                "type": "object",
                "propertyNames": { "pattern": regular::MACHINE_NAME },
                "additionalProperties": self.table_of(shape),
            }),
        }
    }

    /// One wanted text: an exact one or a pattern.
    fn wanted(&mut self, exact: Exact) -> Value {
        let (name, text) = match exact {
            Exact::Hex => ("wanted-id", text_like(regular::HEX)),
            Exact::Text => ("wanted-text", text_like(regular::FILLED)),
            Exact::Any => ("wanted-value", json!({ "type": "string" })),
            Exact::Port => ("wanted-port", text_like(&regular::port())),
            Exact::StablePort => ("wanted-stable-port", text_like(&regular::stable_port())),
        };
        self.refer(name, |definitions| {
            either(&[text, definitions.table_of(&PATTERN)])
        })
    }

    fn classes(&mut self) -> Value {
        one_or_several(self.refer("class-code", |_| text_like(regular::CLASS)))
    }
}

/// Text of that form.
fn text_like(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn either(schemas: &[Value; 2]) -> Value {
    json!({ "anyOf": schemas })
}

fn several(one: &Value) -> Value {
    json!({ "type": "array", "items": one, "minItems": 1 })
}

fn one_or_several(one: Value) -> Value {
    let list = several(&one);
    either(&[one, list])
}

/// Speeds as text and, as the kernel writes them, as numbers.
fn speeds() -> Vec<Value> {
    let numbers = Speed::ALL.into_iter().map(Speed::attribute);
    let numbers = numbers.filter_map(|text| serde_json::from_str(text).ok());
    speed_texts().map(Value::from).chain(numbers).collect()
}

fn removables() -> Vec<Value> {
    let words = Removable::ALL.into_iter().map(Removable::attribute);
    let switches = [true, false].map(Value::from);
    words.map(Value::from).chain(switches).collect()
}
