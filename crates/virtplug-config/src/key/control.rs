//! Keys that say who may speak with the daemon.

use super::{Key, Kind, Needs, Shape, keys};

keys! {
    CONTROL: "control", "0.3", Kind::Table(&CONTROL_TABLE), "a table",
        "[control]", None,
        "Who may ask the daemon and who may change something through it.";
    READ_GROUPS: "read-groups", "0.3", Kind::Texts, "a list of groups in quotes",
        r#"read-groups = ["libvirt", "operators"]"#, Some(r#"["libvirt", "virtplug", "virtplug-hooks", "virtplug-metrics"]"#),
        "The groups whose members may see how things stand; root may always. A group that this host \
         does not have counts for nobody. The last two are those of services that \
         only look, for hooks and for Prometheus; who names others and wants these names theirs, too.";
    WRITE_GROUPS: "write-groups", "0.3", Kind::Texts, "a list of groups in quotes",
        r#"write-groups = ["operators"]"#, Some(r#"["libvirt", "virtplug"]"#),
        "The groups whose members may attach, detach, switch, pause and reload. They may also see \
         how things stand.";
    HIDE_SERIALS: "hide-serials", "0.3", Kind::Boolean, "`true` or `false`",
        "hide-serials = true", Some("false"),
        "Whether those who may only see how things stand see no serial numbers.";
}

/// Who may speak with the daemon.
pub(crate) const CONTROL_TABLE: Shape = Shape {
    name: "`control`",
    id: "control-table",
    keys: &[&READ_GROUPS, &WRITE_GROUPS, &HIDE_SERIALS],
    needs: Needs::Nothing,
};
