//! The schema and the loader agree.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use virtplug_core::{ClassPattern, GuestPort, PortPath, StablePort, Uuid, VendorId};

use super::*;
use crate::key::tests::{all, file, load};

static MAIN_FILES: LazyLock<Validator> = LazyLock::new(|| validator(&schema()));

fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema));
    jsonschema::draft202012::new(schema).unwrap()
}

fn json_of(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap();
    serde_json::to_value(table).unwrap()
}

fn accepts(text: &str) -> bool {
    MAIN_FILES.is_valid(&json_of(text))
}

/// Every schema inside of a schema, itself included.
fn inside(schema: &Value) -> Vec<&Value> {
    let children: Vec<&Value> = match schema {
        Value::Object(keywords) => keywords.values().collect(),
        Value::Array(list) => list.iter().collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(inside);
    std::iter::once(schema).chain(below).collect()
}

#[test]
fn every_example_is_accepted() {
    for (shape, key) in all() {
        let text = file(shape, key);
        let written = json_of(&text);
        if let Some(error) = MAIN_FILES.iter_errors(&written).next() {
            panic!("{} in {}: {error}\n{text}", key.name, shape.name);
        }
    }
}

#[test]
fn every_key_is_described() {
    for schema in [schema(), drop_in_schema()] {
        for part in inside(&schema) {
            let Some(properties) = part.get("properties").and_then(Value::as_object) else {
                continue;
            };
            assert_eq!(part["additionalProperties"], false);
            for (name, property) in properties {
                let reference = property.get("$ref").and_then(Value::as_str);
                let pointer = reference.and_then(|text| text.strip_prefix('#'));
                let property = pointer.map_or(property, |at| schema.pointer(at).unwrap());
                assert!(property["description"].is_string(), "{name}");
            }
        }
    }
}

#[test]
fn every_definition_is_used_and_there() {
    for schema in [schema(), drop_in_schema()] {
        let parts = inside(&schema);
        let used: Vec<&str> = parts
            .iter()
            .filter_map(|part| part.get("$ref")?.as_str()?.strip_prefix("#/$defs/"))
            .collect();
        let definitions = schema["$defs"].as_object().unwrap();
        for name in &used {
            assert!(definitions[*name].is_object(), "{name}");
        }
        for name in definitions.keys() {
            assert!(used.contains(&name.as_str()), "{name}");
        }
    }
}

/// What is of no use in a device table of a machine.
const WRONG_LINES: &[&str] = &[
    "vendr = \"046d\"\nserial = \"A\"",
    "vendor = \"Logitech\"",
    "vendor = \"1046d\"",
    "vendor = \" 046d \"",
    "vendor = \"\"",
    "vendor = 1133",
    "vendor = []",
    "vendor = [\"046d\", 7]",
    "vendor = [[\"046d\"]]",
    "revision = \"1.10\"",
    "serial = 12345",
    "serial = \"\"",
    "serial = \"  \"",
    "serial = 1979-05-27",
    "serial = {}",
    "serial = { glob = \"\" }",
    "serial = { glob = 7 }",
    "serial = { regexp = \"^A\" }",
    "serial = { glob = \"A\", regex = \"A\" }",
    "manufacturer = true",
    "name = 7\nserial = \"A\"",
    "name = \"all of them\"",
    "name = \"x\"\npriority = 1",
    "port = \"1-\"",
    "port = \"1-256\"",
    "port = \"1-1.2.3.4.5.6.7\"",
    "port = \"3-2.4:1.0\"",
    "port = \"usb3\"",
    "port = 3.2",
    "stable-port = \"3-2.4\"",
    "stable-port = \"pci-0000:00:14.0-usb-0:2.4:1.0\"",
    "stable-port = \"pci-0000:00:14.0-usbv4-0:2\"",
    "bus = 3",
    "device = 7",
    "bus = 0\ndevice = 7",
    "bus = 3\ndevice = 1",
    "bus = 3\ndevice = 128",
    "bus = \"3\"\ndevice = 7",
    "bus = 3\ndevice = 7.5",
    "class = 3",
    "class = \"0x08\"",
    "class = \"\"",
    "class = \":\"",
    "interfaces = \"hid\"",
    "interfaces = []",
    "interfaces = {}",
    "interfaces = { al = [\"03\"] }",
    "interfaces = { all = [] }",
    "interfaces = \":030101:\"",
    "speed = \"480M\"",
    "speed = 100",
    "speed = [true]",
    "removable = \"removeable\"",
    "removable = 1",
    "env = \"ID_MODEL=x\"",
    "env = { ID_MODEL = 1 }",
    "env = { ID_MODEL = [] }",
    "env = { \"A=B\" = \"x\" }",
    "env = { \"\" = \"x\" }",
    "tags = \"seat\"",
    "tags = [\"seat\", 7]",
    "tags = [\"\"]",
    "tags = [[]]",
    "current-tags = [{ serial = \"A\" }]",
    "not = {}",
    "not = []",
    "not = \"A\"",
    "not = { name = \"A\" }",
    "not = { serail = \"A\" }",
    "not = { yield = true }\nport = \"3-1\"",
    "any = { serial = \"A\" }",
    "any = []",
    "any = [{ any = [{}] }]",
    "any = [{ bus = 3 }]",
    "any = [{ glob = \"A*\" }]",
    "behind = \"3-\"",
    "behind = 3",
    "behind = [\"3-2\", { name = \"hub\" }]",
    "serial = \"A\"\nyield = \"true\"",
    "serial = \"A\"\nenabled = 0",
    "serial = \"A\"\ncount = 0",
    "serial = \"A\"\ncount = \"2\"",
    "serial = \"A\"\npriority = 9999999",
    "serial = \"A\"\nfollow = 10",
    "serial = \"A\"\nfollow = \"10\"",
    "serial = \"A\"\nfollow = \"2 hours\"",
    "serial = \"A\"\nfollow = \"\"",
    "serial = \"A\"\nguest-port = \"3\"",
    "serial = \"A\"\nguest-port = \"0:0\"",
    "serial = \"A\"\nguest-port = \"0:1.2.3.4.5\"",
    "serial = \"A\"\nguest_port = \"0:3\"",
    "serial = \"A\"\nguest-reset = \"unintialized\"",
    "serial = \"A\"\nguest-reset = false",
    "serial = \"A\"\ngroup = \"\"",
];

/// Main files that are of no use.
const WRONG_FILES: &[&str] = &[
    "priority = 1",
    "connect = \"qemu:///system\"",
    "machines = 3",
    "defaults = 1",
    "host = \"3-2\"",
    "[machine.win10]",
    "[machines.\"\"]",
    "[machines.\"a\\nb\"]",
    "[machines.\"a\\u001bb\"]",
    "[machines]\nwin10 = \"046d:c52b\"",
    "[[machines.win10]]\nserial = \"A\"",
    "[machines.win10]\nuri = \"qemu:///system\"",
    "[machines.win10]\nconnect = \"\"",
    "[machines.win10]\nuuid = \"5c1c\"",
    "[machines.win10]\ndevice = [\"046d:c52b\"]",
    "[machines.win10.device]\nserial = \"A\"",
    "[[machines.win10.device]]",
    "[host]\nserial = \"A\"",
    "[[host]]\nserial = \"A\"",
    "[[host.device]]\nserial = \"A\"\nyield = true",
    "[[host.device]]\nserial = \"A\"\nguest-port = \"0:1\"",
    "[[host.device]]\npriority = 3",
    "[defaults]\nserial = \"A\"",
    "[defaults]\nfollow = 1",
    "[defaults]\nname = \"A\"",
    "control = true",
    "[control]\ngroups = [\"libvirt\"]",
    "[control]\nread-groups = \"libvirt\"",
    "[control]\nread-groups = [\"\"]",
    "[control]\nwrite-groups = [\" \"]",
    "[control]\nwrite-groups = [1000]",
    "[control]\nhide-serials = \"yes\"",
    "[[control]]",
    "read-groups = [\"libvirt\"]",
];

#[test]
fn what_the_loader_refuses_is_refused() {
    let in_table = |line: &&str| format!("[[machines.win10.device]]\n{line}\n");
    let lines = WRONG_LINES.iter().map(in_table);
    for text in lines.chain(WRONG_FILES.iter().map(ToString::to_string)) {
        assert!(load(&text).is_err(), "{text}");
        assert!(!accepts(&text), "{text}");
    }
}

#[test]
fn a_machines_own_file_has_a_schema() {
    let own = validator(&drop_in_schema());
    for text in [
        "",
        "connect = \"qemu:///system\"\n[[device]]\nserial = \"A\"\nyield = true\n",
    ] {
        assert!(own.is_valid(&json_of(text)), "{text}");
    }
    for text in [
        "[machines.a]",
        "[[host.device]]\nserial = \"A\"",
        "[defaults]",
        "[device]\nserial = \"A\"",
        "[[device]]\nname = \"A\"",
    ] {
        assert!(!own.is_valid(&json_of(text)), "{text}");
    }
    // Within the schema of the main file it is the same.
    let definition = &schema()["$defs"]["machine"];
    for keyword in ["type", "properties", "additionalProperties"] {
        assert_eq!(definition[keyword], drop_in_schema()[keyword]);
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    static CACHE: LazyLock<std::sync::Mutex<std::collections::BTreeMap<String, Validator>>> =
        LazyLock::new(Default::default);
    let mut cache = CACHE.lock().unwrap();
    let validator = cache
        .entry(pattern.to_owned())
        .or_insert_with(|| validator(&json!({ "pattern": pattern })));
    validator.is_valid(&json!(text))
}

proptest! {
    #[test]
    fn forms_of_texts_are_those_of_their_parsers(
        text in "[0-9a-fA-FxX]{0,6}|[0-9:-]{0,6}|[0-9a-f]{0,3}(:[0-9a-f]{0,3}){0,3}\
                |[0-9]{1,3}[:-][0-9]{1,3}(\\.[0-9]{1,3}){0,6}\
                |(pci-x)?-usb(v[234])?-0:[0-9]{1,3}(\\.[0-9]{1,3}){0,6}\
                |[0-9a-f]{8}(-[0-9a-f]{4}){2,3}-[0-9a-fg]{12}",
    ) {
        for (pattern, parsed) in [
            (regular::HEX.to_owned(), text.parse::<VendorId>().is_ok()),
            (regular::CLASS.to_owned(), text.parse::<ClassPattern>().is_ok()),
            (regular::UUID.to_owned(), text.parse::<Uuid>().is_ok()),
            (regular::port(), text.parse::<PortPath>().is_ok()),
            (regular::stable_port(), text.parse::<StablePort>().is_ok()),
            (regular::guest_port(), text.parse::<GuestPort>().is_ok()),
        ] {
            prop_assert_eq!(matches(&pattern, &text), parsed, "{} {:?}", pattern, text);
        }
    }

    #[test]
    fn times_have_one_form(text in "( ?[0-9]{0,2} ?(ms|s|min|h|m)? ?){0,3}") {
        let allowed = load(&format!(
            "[[machines.a.device]]\nserial = \"A\"\nfollow = \"{text}\"\n"
        ));
        match allowed {
            Ok(_) => prop_assert!(matches(regular::DURATION, &text), "{text:?}"),
            Err(error) => prop_assert!(
                !matches(regular::DURATION, &text) || error.to_string().contains("out of range"),
                "{text:?} {error}"
            ),
        }
    }
}
