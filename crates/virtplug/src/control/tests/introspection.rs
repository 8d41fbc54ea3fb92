//! What the service says of itself.

use std::collections::BTreeSet;

use serde_json::Value;
use virtplug_ipc::INTERFACE;

use super::bench::{Bench, message, run, send};
use crate::cli::manual;
use crate::control::access::tests::{access, caller};

/// What the service answers to a stranger.
async fn ask(bench: &Bench, method: &str, parameters: &str) -> Value {
    let mut client = bench.raw_of(caller(1000, &[1000]));
    let call =
        format!("{{\"method\":\"org.varlink.service.{method}\",\"parameters\":{parameters}}}\0");
    send(&mut client, call.as_bytes()).await;
    let answer: Value = serde_json::from_str(&message(&mut client).await).unwrap();
    answer["parameters"].clone()
}

/// Words that begin with a capital letter, without comments.
fn names(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.split('#').next());
    let words = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
    words
        .filter(|word| word.starts_with(char::is_uppercase))
        .map(str::to_owned)
        .collect()
}

#[test]
fn everybody_may_ask_what_there_is() {
    run(async {
        let bench = Bench::new().await;
        bench.access.send_replace(Some(access(&[], &[], true)));
        let info = ask(&bench, "GetInfo", "{}").await;
        assert_eq!(info["product"], "virtplug");
        assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            info["interfaces"],
            serde_json::json!([INTERFACE, "org.varlink.service"])
        );
    });
}

#[test]
fn all_types_are_described() {
    run(async {
        let bench = Bench::new().await;
        let wanted = format!("{{\"interface\":\"{INTERFACE}\"}}");
        let described = ask(&bench, "GetInterfaceDescription", &wanted).await;
        let text = described["description"].as_str().unwrap();
        let defined: BTreeSet<String> = text
            .lines()
            .filter_map(|line| {
                let (keyword, rest) = line.split_once(' ')?;
                let known = ["type", "method", "error"].contains(&keyword);
                known.then(|| rest.split([' ', '(']).next().map(str::to_owned))?
            })
            .collect();
        let mut used = names(text);
        // The name of the interface.
        used.remove("Control");
        assert_eq!(used, defined);
        // systemd's varlinkctl finds no types in an object without a name inside of another.
        assert!(!text.contains(": ?(") && !text.contains(": ("), "{text}");
        insta::assert_snapshot!(text);
        manual::tests::compare("virtplug-control.7", &manual::control(text));
    });
}
