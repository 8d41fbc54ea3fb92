//! Every key is explained, and its example is right.

use super::*;

/// Every key with the table that it stands in.
pub(crate) fn all() -> Vec<(&'static Shape, &'static Key)> {
    let keys = |shape: &'static Shape| shape.keys.iter().map(move |key| (shape, *key));
    SHAPES.into_iter().flat_map(keys).collect()
}

/// A main file with the example of a key in such a table.
pub(crate) fn file(shape: &Shape, key: &Key) -> String {
    let example = key.example;
    let mut lines = vec![example];
    if key.is(&BUS) {
        lines.push(DEVICE_NUMBER.example);
    } else if key.is(&DEVICE_NUMBER) {
        lines.push(BUS.example);
    }
    let inline = lines.join(", ");
    match shape.id {
        _ if example.starts_with("[[") => format!("{example}\nserial = \"A\"\n"),
        "main" => format!("{example}\n"),
        "machine" => format!("[machines.NAME]\n{example}\n"),
        "defaults-table" => format!("[defaults]\n{example}\n"),
        "control-table" => format!("[control]\n{example}\n"),
        "conditions" => format!("[[machines.NAME.device]]\nnot = {{ {inline} }}\n"),
        "pattern" => format!("[[machines.NAME.device]]\nserial = {{ {example} }}\n"),
        "interface-table" => {
            format!("[[machines.NAME.device]]\ninterfaces = {{ {example} }}\n")
        }
        "device-table" | "host-device-table" => {
            let header = match shape.id {
                "device-table" => DEVICE.example,
                _ => HOST_DEVICE.example,
            };
            if !key.is_condition() {
                lines.push(SERIAL.example);
            }
            format!("{header}\n{}\n", lines.join("\n"))
        }
        other => panic!("no example of {other}"),
    }
}

/// Loads a main file.
pub(crate) fn load(text: &str) -> Result<crate::Loaded, crate::LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("f.toml");
    std::fs::write(&main, text).unwrap();
    crate::load(&main, &crate::Options::default())
}

#[test]
fn every_example_is_valid() {
    for (shape, key) in all() {
        let text = file(shape, key);
        if let Err(error) = load(&text) {
            panic!("{} in {}: {error}\n{text}", key.name, shape.name);
        }
    }
}

#[test]
fn every_key_is_explained() {
    for (shape, key) in all() {
        let told = (shape.name, key.name);
        assert!(key.help.ends_with('.'), "{told:?}");
        assert!(
            matches!(key.since, "0.1" | "0.2" | "0.3" | "0.4"),
            "{told:?}"
        );
        for value in [key.default, key.example_value()].into_iter().flatten() {
            let line = format!("{} = {value}", key.name);
            assert!(line.parse::<toml::Table>().is_ok(), "{told:?}");
        }
        let header = key.example.starts_with('[');
        assert_eq!(key.example_value().is_none(), header, "{told:?}");
    }
}

#[test]
fn defaults_are_those_that_hold() {
    let written: String = all()
        .into_iter()
        .filter(|(shape, key)| shape.id == "device-table" && key.is_option())
        .filter_map(|(_, key)| Some(format!("{} = {}\n", key.name, key.default?)))
        .collect();
    let table = |options: &str| format!("[[machines.NAME.device]]\nserial = \"A\"\n{options}");
    let [with, without] = [table(&written), table("")].map(|text| load(&text).unwrap());
    assert_eq!(written.lines().count(), 6);
    assert_eq!(
        with.policy.rules()[0].options,
        without.policy.rules()[0].options
    );

    let keys = CONTROL_TABLE.keys.iter();
    let written = keys.map(|key| format!("{} = {}", key.name, key.default.unwrap()));
    let written: Vec<String> = written.collect();
    assert_eq!(written.len(), 3);
    let written = written.join("\n");
    let with = load(&format!("[control]\n{written}\n")).unwrap();
    assert_eq!(with.control, load("").unwrap().control);

    let connect = CONNECT.default.unwrap();
    let with = load(&format!("[machines.NAME]\nconnect = {connect}\n")).unwrap();
    let without = load("[machines.NAME]\n").unwrap();
    assert_eq!(with.policy.machines(), without.policy.machines());
}
