//! `virtplug schema`.

use clap::{Args, ValueEnum};
use schemars::{Schema, schema_for};
use virtplug_ipc::{
    Changes, DeviceList, Explanation, Happened, MachineList, Metrics, RuleList, Shown, Status,
};

use crate::doctor;
use crate::exit::Exit;
use crate::learn::json::{Forgotten, Learned};
use crate::output::print_json;

/// Which schema to print.
#[derive(Debug, Clone, Args)]
pub(crate) struct SchemaArgs {
    /// Print the schema of a machine's own file in machines.d
    #[arg(long, conflicts_with = "reply")]
    drop_in: bool,
    /// Print the schema of what a command prints with --json
    #[arg(long, value_name = "COMMAND")]
    reply: Option<Reply>,
}

/// What commands print with --json.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reply {
    Status,
    Devices,
    Machines,
    Rules,
    Metrics,
    Show,
    Explain,
    /// Also that of detach, attach-all, detach-all, release, switch, pause and resume
    Attach,
    /// Each line of it
    Monitor,
    Doctor,
    Learn,
    Forget,
}

/// Prints the schema of the main file, of a machine's own file, or of a reply.
pub(crate) fn run(args: &SchemaArgs) -> Exit {
    match args.reply {
        Some(reply) => print_json(&reply.schema()),
        None if args.drop_in => print_json(&virtplug_config::drop_in_schema()),
        None => print_json(&virtplug_config::schema()),
    }
    Exit::Ok
}

impl Reply {
    fn schema(self) -> Schema {
        match self {
            Self::Status => schema_for!(Status),
            Self::Devices => schema_for!(DeviceList),
            Self::Machines => schema_for!(MachineList),
            Self::Rules => schema_for!(RuleList),
            Self::Metrics => schema_for!(Metrics),
            Self::Show => schema_for!(Shown),
            Self::Explain => schema_for!(Explanation),
            Self::Attach => schema_for!(Changes),
            Self::Monitor => schema_for!(Happened),
            Self::Doctor => schema_for!(doctor::Report),
            Self::Learn => schema_for!(Learned),
            Self::Forget => schema_for!(Forgotten),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_reply_has_a_version_and_its_fields_are_explained() {
        for reply in Reply::value_variants() {
            let schema = serde_json::to_value(reply.schema()).unwrap();
            let properties = schema["properties"].as_object().unwrap();
            assert!(properties.contains_key("version"), "{reply:?}");
            let explained = |field: &Value| field["description"].is_string();
            let definitions = schema["$defs"].as_object().into_iter().flatten();
            let objects = definitions.filter_map(|(_, one)| one["properties"].as_object());
            for fields in objects.chain([properties]) {
                for (name, field) in fields {
                    assert!(explained(field), "{reply:?}: {name}");
                }
            }
        }
    }
}
