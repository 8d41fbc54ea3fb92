//! The JSON schema of the configuration, for editors and other tools. It is
//! made of the keys that also reading and messages are made of, and uses only
//! what drafts 7 and 2020-12 have in common, as far as that goes: editors often
//! know no later one.

mod regular;
#[cfg(test)]
mod tests;
mod value;

use serde_json::{Map, Value, json};

use crate::key::{BUS, DEVICE_NUMBER, Key, MACHINE, MAIN, Needs, SHAPES, Shape};

const MAIN_HELP: &str =
    "The main file of virtplug: which USB devices belong to which libvirt machine.";
const MACHINE_HELP: &str =
    "A machine's own file in machines.d, named as the machine: which USB devices belong to it.";

/// The JSON Schema (2020-12) of the main file. That of a machine's own file is
/// in it as `#/$defs/machine`.
pub fn schema() -> Value {
    document(&MAIN, "virtplug.toml", MAIN_HELP)
}

/// The JSON Schema (2020-12) of a machine's own file in `machines.d`.
pub fn drop_in_schema() -> Value {
    document(&MACHINE, "machines.d/NAME.toml", MACHINE_HELP)
}

fn document(shape: &'static Shape, title: &str, help: &str) -> Value {
    let mut definitions = Definitions::default();
    let table = definitions.table(shape);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": help,
    });
    let tail = json!({ "$defs": definitions.all });
    join([head, table, tail])
}

/// One schema with the keywords of several.
fn join<const N: usize>(schemas: [Value; N]) -> Value {
    let keywords = schemas.into_iter().filter_map(|schema| match schema {
        Value::Object(keywords) => Some(keywords),
        _ => None,
    });
    Value::Object(keywords.flatten().collect())
}

/// Schemas that others refer to, in the order in which they are needed.
#[derive(Default)]
struct Definitions {
    all: Map<String, Value>,
}

impl Definitions {
    /// A reference to a definition, which is made where it is needed first.
    fn refer(&mut self, name: &str, define: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.all.contains_key(name) {
            // Conditions lead back to conditions, so it must seem to be there.
            self.all.insert(name.to_owned(), Value::Null);
            let schema = define(self);
            self.all.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    /// A reference to a kind of table.
    fn table_of(&mut self, shape: &'static Shape) -> Value {
        self.refer(shape.id, |definitions| definitions.table(shape))
    }

    /// A kind of table.
    fn table(&mut self, shape: &'static Shape) -> Value {
        let properties: Map<String, Value> = shape
            .keys
            .iter()
            .map(|key| (key.name.to_owned(), self.key(key)))
            .collect();
        let table = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        join([table, needed(shape)])
    }

    /// The value of a key: a reference, where several tables have that key.
    fn key(&mut self, key: &'static Key) -> Value {
        let in_tables = SHAPES.iter().flat_map(|shape| shape.keys);
        if in_tables.filter(|one| one.is(key)).count() > 1 {
            self.refer(key.name, |definitions| definitions.described(key))
        } else {
            self.described(key)
        }
    }

    fn described(&mut self, key: &'static Key) -> Value {
        let mut head = Map::new();
        let description = format!("{} Since version {}.", key.help, key.since);
        head.insert("description".to_owned(), description.into());
        if let Some(default) = key.default.and_then(read) {
            head.insert("default".to_owned(), default);
        }
        if let Some(example) = key.example_value().and_then(read) {
            head.insert("examples".to_owned(), Value::Array(vec![example]));
        }
        join([Value::Object(head), self.value(key)])
    }
}

/// What a table must have.
fn needed(shape: &Shape) -> Value {
    let one_at_least = match shape.needs {
        Needs::Nothing => json!({}),
        Needs::One => json!({ "minProperties": 1, "maxProperties": 1 }),
        Needs::Any => json!({ "minProperties": 1 }),
        Needs::Condition if shape.keys.iter().all(|key| key.is_condition()) => {
            json!({ "minProperties": 1 })
        }
        Needs::Condition => {
            let conditions = shape.keys.iter().filter(|key| key.is_condition());
            let each = conditions.map(|key| json!({ "required": [key.name] }));
            json!({ "anyOf": each.collect::<Vec<Value>>() })
        }
    };
    let address = if shape.keys.iter().any(|key| key.is(&BUS)) {
        json!({ "dependentRequired": {
            BUS.name: [DEVICE_NUMBER.name],
            DEVICE_NUMBER.name: [BUS.name],
        } })
    } else {
        json!({})
    };
    join([one_at_least, address])
}

/// A value as TOML writes it.
fn read(text: &str) -> Option<Value> {
    let table: toml::Table = format!("value = {text}").parse().ok()?;
    serde_json::to_value(table.get("value")?).ok()
}
