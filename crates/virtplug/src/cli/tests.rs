//! The definition is sound, and what documents show can be typed.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

/// The commands of a document: lines of its shell blocks, and `virtplug …` in its text.
fn commands(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fence = None;
    for line in document.lines() {
        // In a list, blocks are indented.
        let line = line.trim_start();
        if let Some(language) = line.strip_prefix("```") {
            fence = fence.is_none().then(|| language.to_owned());
            continue;
        }
        match fence.as_deref() {
            Some("sh" | "console") => {
                let line = line.split('#').next().unwrap_or_default().trim();
                let line = line.trim_start_matches("$ ").trim_start_matches("sudo ");
                if line.starts_with("virtplug ") {
                    found.push(line.to_owned());
                }
            }
            Some(_) => {}
            None => found.extend(
                line.split('`')
                    .skip(1)
                    .step_by(2)
                    .filter(|code| code.starts_with("virtplug "))
                    .map(str::to_owned),
            ),
        }
    }
    found
}

/// Whether a command can be typed like this; names in capitals stand for themselves.
pub(crate) fn check(command: &str) {
    let until_pipe = command.split(['|', '>', '<']).next().unwrap_or_default();
    let mut words = Vec::new();
    for (number, part) in until_pipe.split('"').enumerate() {
        // Every second part stands in quotes.
        if number % 2 == 1 {
            words.push(part);
        } else {
            words.extend(
                part.split_whitespace()
                    .filter(|word| !word.starts_with('…')),
            );
        }
    }
    if let Err(error) = Cli::try_parse_from(words) {
        use clap::error::ErrorKind;
        let shown = matches!(
            error.kind(),
            ErrorKind::DisplayHelp
                | ErrorKind::DisplayVersion
                | ErrorKind::MissingRequiredArgument
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        );
        assert!(shown, "`{command}` cannot be typed: {error}");
    }
}

#[test]
fn the_commands_of_the_documents_can_be_typed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["", "docs", "docs/guides", "docs/migration"];
    let documents = folders
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let documents = documents.map(|entry| entry.unwrap().path());
    let mut checked = 0;
    for path in documents.filter(|path| path.extension().is_some_and(|of| of == "md")) {
        let document = fs::read_to_string(path).unwrap();
        for command in commands(&document) {
            check(&command);
            checked += 1;
        }
    }
    assert!(checked > 80, "only {checked} commands were found");
}

#[test]
fn the_commands_of_the_help_can_be_typed() {
    let mut root = Cli::command();
    root.build();
    let mut texts = vec![root.render_long_help().to_string()];
    for command in root.get_subcommands_mut() {
        texts.push(command.render_long_help().to_string());
    }
    for text in texts {
        for command in commands(&text.replace('\n', " ")) {
            check(&command.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

#[test]
fn the_overview_fits_eighty_columns_and_teaches() {
    let help = Cli::command().term_width(80).render_help().to_string();
    assert!(
        help.lines().all(|line| line.chars().count() <= 80),
        "{help}"
    );
    insta::assert_snapshot!(help);
}

#[test]
fn a_bare_name_is_a_file_in_the_usual_folder() {
    let config = |arguments: &[&str]| {
        let words = ["virtplug", "attach", "A1"].iter().chain(arguments);
        match Cli::try_parse_from(words).unwrap().command {
            Command::Attach { steer, .. } => steer.sources.config,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(config(&[]), Path::new("/etc/virtplug/virtplug.toml"));
    assert_eq!(config(&["-C", "lab"]), Path::new("/etc/virtplug/lab.toml"));
    assert_eq!(config(&["-C", "./lab"]), Path::new("./lab"));
    assert_eq!(config(&["-C", "lab.toml"]), Path::new("lab.toml"));
}

#[test]
fn bbvirts_options_are_understood() {
    for line in [
        "attach -b 3 -d 12 -D alpha -c qemu:///system -n -v -v",
        "attach A1 --domain alpha --connect qemu:///system --dry-run --verbose",
        "detach 3-2.4 --busnum 3 --devnum 12",
        "attach-all alpha -C vm",
        "detach-all",
    ] {
        let words = ["virtplug"].into_iter().chain(line.split(' '));
        Cli::try_parse_from(words).unwrap();
    }
    assert!(Cli::try_parse_from(["virtplug", "attach"]).is_err());
    assert!(Cli::try_parse_from(["virtplug", "attach", "-b", "3"]).is_err());
}
