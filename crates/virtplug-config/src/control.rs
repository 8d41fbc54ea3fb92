//! Who may speak with the daemon.

use toml::de::DeValue;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{CONTROL, CONTROL_TABLE, HIDE_SERIALS, Key, READ_GROUPS, WRITE_GROUPS};
use crate::list;
use crate::mismatch::{self, in_quotes};
use crate::table::{Value, check_keys, get};
use crate::value::{boolean, quoted_string};

/// Who may speak with the daemon, beside root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The groups whose members may see how things stand.
    pub read_groups: Vec<String>,
    /// The groups whose members may also change something.
    pub write_groups: Vec<String>,
    /// Whether those who may only read see no serial numbers.
    pub hide_serials: bool,
}

impl Default for Control {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Self {
            // The last two are those of services of virtplug that only look.
            read_groups: names(&["libvirt", "virtplug", "virtplug-hooks", "virtplug-metrics"]),
            write_groups: names(&["libvirt", "virtplug"]),
            hide_serials: false,
        }
    }
}

/// Reads the table `control`.
pub(crate) fn read(value: &Value<'_>, findings: &mut Findings) -> Option<Control> {
    let DeValue::Table(table) = value.get_ref() else {
        mismatch::add(value, &CONTROL, None, findings);
        return None;
    };
    check_keys(table, &CONTROL_TABLE, findings, |_, _| None);
    let usual = Control::default();
    let groups = |key: &Key, usual: Vec<String>, findings: &mut Findings| {
        get(table, key).map_or(usual, |value| read_groups(value, key, findings))
    };
    Some(Control {
        read_groups: groups(&READ_GROUPS, usual.read_groups, findings),
        write_groups: groups(&WRITE_GROUPS, usual.write_groups, findings),
        hide_serials: get(table, &HIDE_SERIALS)
            .and_then(|value| boolean(value, &HIDE_SERIALS, findings))
            .map_or(usual.hide_serials, toml::Spanned::into_inner),
    })
}

/// The names in a list; it may be empty.
fn read_groups(value: &Value<'_>, key: &Key, findings: &mut Findings) -> Vec<String> {
    let Some(array) = list::of_texts(value, key, findings) else {
        return Vec::new();
    };
    let read = array.iter().filter_map(|value| {
        let Some(name) = quoted_string(value, findings) else {
            // The number of a group is not its name.
            let named = !matches!(value.get_ref(), DeValue::Integer(_));
            let help = named.then(|| in_quotes(value, findings)).flatten();
            let help = help.map(|text| format!("write `{text}`"));
            let help = help.unwrap_or_else(|| format!("for example `{}`", key.example));
            let what = format!("each of `{}`", key.name);
            mismatch::add_for(
                value,
                &what,
                "the name of a group in quotes",
                help,
                findings,
            );
            return None;
        };
        let name = name.into_inner();
        if name.trim().is_empty() {
            let message = format!("`{}` has a group without a name", key.name);
            let place = findings.place(value.span());
            findings.add(Diagnostic::error(place, message).with_help(format!(
                "for example `{}`; for nobody but root write `{} = []`",
                key.example, key.name
            )));
            return None;
        }
        Some(name)
    });
    read.collect()
}
