//! `virtplug forget`: takes a rule out of the configuration.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::ArgValueCandidates;
use virtplug_config::Loaded;
use virtplug_config::edit::{self, Change, EditError};
use virtplug_core::{Device, Escaped, PortPath, Rule, select};
use virtplug_udev::{Host, HostPaths};

use crate::exit::Exit;
use crate::learn::console::{Console, Terminal, Voice, confirm};
use crate::learn::json::Forgotten;
use crate::learn::{Failure, check_consent, text, write};
use crate::naming::rule_text;
use crate::output::print_json;
use crate::scope::Scope;
use crate::{cli, completion};

/// What `virtplug forget` is asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct ForgetArgs {
    /// The rule: its name, its place (file and line), or the device that it gives away
    #[arg(value_name = "RULE", add = ArgValueCandidates::new(completion::rules))]
    pub(crate) rule: String,
    /// Remove it without asking
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Show what would go; change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Print JSON: the rule and what goes; --yes removes it, too
    #[arg(long)]
    pub(crate) json: bool,
    /// The main configuration file; machines.d beside it counts, too
    #[arg(long, short = 'C', value_name = "FILE", default_value = virtplug_config::MAIN_FILE, value_parser = cli::config)]
    pub(crate) config: PathBuf,
}

/// Removes a rule after a yes.
pub(crate) async fn run(args: &ForgetArgs) -> Exit {
    let voice = Voice::of(args.json);
    let mut terminal = Terminal::open(voice);
    let devices = || {
        let host = Host::open(HostPaths::default()).ok()?;
        Some(host.scan().ok()?.devices)
    };
    match forget(&mut terminal, args, devices) {
        Ok(Agreed { change, report }) => {
            let (written, exit) = match &change {
                Some(change) => write(change, voice).await,
                None => (false, Exit::Ok),
            };
            if let Some(mut report) = report {
                report.written = written;
                print_json(&report);
            }
            exit
        }
        Err(failure) => failure.tell(),
    }
}

/// What the dialogue came to.
#[derive(Debug, Default)]
struct Agreed {
    /// What is to be written.
    change: Option<Change>,
    /// What is printed with `--json`.
    report: Option<Forgotten>,
}

/// The change that is to be written, if one is. `devices` looks at the host;
/// it is asked only where the text names no rule.
fn forget(
    console: &mut impl Console,
    args: &ForgetArgs,
    devices: impl FnOnce() -> Option<Vec<Device>>,
) -> Result<Agreed, Failure> {
    // JSON without a yes only shows.
    let shows = args.dry_run || args.json;
    check_consent(console.is_interactive(), args.yes, shows)?;
    let options = Scope::of_caller().options();
    let loaded = virtplug_config::load(&args.config, &options)
        .map_err(|error| Failure::from(EditError::Wrong(error)))?;
    let number = find(&loaded, &args.rule, devices).map_err(Failure::Other)?;
    let change = edit::remove(&args.config, &options, &loaded, number)?;
    let rules = loaded.policy.rules();
    let rule = rules.get(number);
    if args.json {
        return Ok(Agreed {
            report: rule.map(|rule| Forgotten::new(rule, &change)),
            change: (args.yes && !args.dry_run).then_some(change),
        });
    }
    if let Some(rule) = rule {
        let owner = match rule.machine() {
            Some(machine) => machine.to_string(),
            None => "the host".to_owned(),
        };
        console.say(&format!("the {}, for {owner}:\n", rule_text(rule)));
    }
    console.say(&text::entry(&change));
    console.say(&text::copied(&change));
    if args.dry_run {
        return Ok(Agreed::default());
    }
    if args.yes || confirm(console, "\nRemove it?") {
        return Ok(Agreed {
            change: Some(change),
            report: None,
        });
    }
    console.say("nothing was changed\n");
    Ok(Agreed::default())
}

/// The number of the rule that a text means.
fn find(
    loaded: &Loaded,
    text: &str,
    devices: impl FnOnce() -> Option<Vec<Device>>,
) -> Result<usize, String> {
    let rules = loaded.policy.rules();
    let those = |fits: &dyn Fn(&Rule) -> bool| -> Vec<usize> {
        let all = rules.iter().enumerate();
        all.filter(|(_, rule)| fits(rule)).map(|(n, _)| n).collect()
    };
    let named = those(&|rule| rule.name.as_deref() == Some(text));
    let found = if named.is_empty() {
        those(&|rule| is_at(&rule.origin, text))
    } else {
        named
    };
    match found.as_slice() {
        [one] => return Ok(*one),
        [] => {}
        several => {
            let places = several.iter().filter_map(|number| rules.get(*number));
            let places: Vec<String> = places
                .map(|rule| format!("\n  {}  for {}", Escaped(&rule.origin), rule.owner))
                .collect();
            return Err(format!(
                "\"{}\" means {} rules; name one by its place:{}",
                Escaped(text),
                several.len(),
                places.concat()
            ));
        }
    }
    let Some(devices) = devices() else {
        return Err(nothing(text, ""));
    };
    given_away(loaded, text, devices)
}

/// The rule that gives away the device that a text names.
fn given_away(loaded: &Loaded, text: &str, devices: Vec<Device>) -> Result<usize, String> {
    let around: std::collections::BTreeMap<PortPath, Device> = devices
        .into_iter()
        .map(|device| (device.port.clone(), device))
        .collect();
    let device = select(text, around.values(), |_| None)
        .map_err(|error| nothing(text, &format!(": {error}")))?;
    let claims = loaded.policy.claims(device, &around);
    let Some(first) = claims.first() else {
        let port = &device.port;
        return Err(nothing(
            text,
            &format!(": no rule means the device at {port}"),
        ));
    };
    let equal = claims.iter().take_while(|claim| claim.rank == first.rank);
    let equal: Vec<String> = equal
        .map(|claim| format!("\n  {}", rule_text(&claim.rule)))
        .collect();
    if equal.len() > 1 {
        return Err(format!(
            "{} rules claim the device at {} equally; name one by its place:{}",
            equal.len(),
            device.port,
            equal.concat()
        ));
    }
    Ok(first.number)
}

fn nothing(text: &str, why: &str) -> String {
    format!(
        "no rule is named \"{}\"{why}; `virtplug rules` lists the rules with their places",
        Escaped(text)
    )
}

/// Whether a place is the one that was written: in full, or without folders.
fn is_at(origin: &str, text: &str) -> bool {
    let (Some((file, line)), Some((wanted, wanted_line))) =
        (origin.rsplit_once(':'), text.rsplit_once(':'))
    else {
        return false;
    };
    let wanted = Path::new(wanted);
    line == wanted_line
        && !wanted.as_os_str().is_empty()
        && (Path::new(file).ends_with(wanted)
            || std::path::absolute(wanted).is_ok_and(|path| path == Path::new(file)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::learn::console::script::Script;
    use crate::learn::fixture;

    const MAIN: &str = "# of the stick\n[[machines.alpha.device]]\nname = \"stick\"\nserial = \"4C530001\"\n\n\
        [[machines.alpha.device]]\nname = \"twice\"\nport = \"1-1\"\n\n\
        [[machines.beta.device]]\nname = \"twice\"\nserial = \"B\\u001b\"\n\n\
        [[host.device]]\nport = \"1-1\"\npriority = 5\n\n\
        [[machines.beta.device]]\nvendor = \"10c4\"\nproduct = \"0007\"\n\n\
        [[machines.alpha.device]]\nproduct = \"0007\"\nvendor = \"10c4\"\nname = \"eq\\\\ual\"\nenabled = false\n";

    fn session(rule: &str, lines: &[&str], dry_run: bool) -> String {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("virtplug.toml");
        fs::write(&config, MAIN).unwrap();
        let args = ForgetArgs {
            rule: rule.to_owned(),
            yes: false,
            dry_run,
            json: false,
            config: config.clone(),
        };
        let mut script = Script::lines(lines);
        let result = forget(&mut script, &args, || Some(fixture::devices()));
        let end = match result {
            Ok(Agreed {
                change: Some(change),
                ..
            }) => {
                change.write().unwrap();
                "written".to_owned()
            }
            Ok(_) => "-".to_owned(),
            Err(failure) => format!("{failure:?}"),
        };
        let left = fs::read_to_string(&config).unwrap();
        assert_eq!(left == MAIN, end != "written");
        let text = format!("{}=> {end}", script.said);
        text.replace(folder.path().to_str().unwrap(), "/etc")
    }

    #[test]
    fn rules_are_found_by_name_place_and_device() {
        let all: Vec<String> = [
            session("stick", &["y"], false),
            session("stick", &["n"], false),
            session("stick", &[], false),
            session("virtplug.toml:2", &[], true),
            session("eq\\ual", &[], true),
            session("twice", &[], false),
            // The host's rule is the stronger one.
            session("1-1", &["yes"], false),
            session("Keyboard", &[], true),
            session("1-5.1", &[], false),
            session("nobody\u{1b}", &[], false),
        ]
        .into();
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn without_a_terminal_it_takes_a_yes_beforehand() {
        let args = ForgetArgs {
            rule: "x".to_owned(),
            yes: false,
            dry_run: false,
            json: false,
            config: "/nowhere/virtplug.toml".into(),
        };
        let mut script = Script::lines(&[]);
        script.interactive = false;
        let failure = forget(&mut script, &args, || None).unwrap_err();
        assert!(matches!(failure, Failure::Usage(_)), "{failure:?}");
    }
}
