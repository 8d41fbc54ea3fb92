//! `virtplug snippet cgroup-acl`.

use virtplug_core::Device;

use super::Snippet;
use super::describe::describe;

/// What libvirt 9 allows every machine when its `qemu.conf` says nothing. Later
/// ones may allow more, which is why the file is asked first.
const BUILT_IN: [&str; 7] = [
    "/dev/null",
    "/dev/full",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/dev/ptmx",
    "/dev/kvm",
];

/// Paths on one line of the list.
const LINE: usize = 3;

/// The setting for `qemu.conf` that adds the device's link to the paths that
/// are allowed now. `conf`: the present file, where it could be read.
pub(super) fn write(device: &Device, link: &str, conf: Option<&str>) -> Snippet {
    let link = format!("/dev/{link}");
    let mut paths = conf.and_then(allowed).unwrap_or_else(|| {
        let built_in = BUILT_IN.iter().map(|path| (*path).to_owned());
        built_in.collect()
    });
    if !paths.contains(&link) {
        paths.push(link.clone());
    }
    let quoted: Vec<String> = paths.iter().map(|path| format!("\"{path}\"")).collect();
    let lines: Vec<String> = quoted
        .chunks(LINE)
        .map(|line| format!("    {}", line.join(", ")))
        .collect();
    let text = format!(
        "# {}: for /etc/libvirt/qemu.conf; every machine may then use it, from its next start\n\
         cgroup_device_acl = [\n{}\n]\n",
        describe(device),
        lines.join(",\n"),
    );
    let mut notes = vec![format!(
        "note: {link} must exist before the machine starts: see `virtplug snippet udev-rule --symlink \
         {link}`"
    )];
    notes.push(match conf {
        Some(_) => "note: this list replaces the one in /etc/libvirt/qemu.conf; restart libvirtd \
                    (or virtqemud) after the change"
            .to_owned(),
        None => {
            "note: /etc/libvirt/qemu.conf could not be read, so libvirt's own list is taken for \
                 the present one; restart libvirtd (or virtqemud) after the change"
                .to_owned()
        }
    });
    Snippet { text, notes }
}

/// The list in a `qemu.conf`: the one that is set, else the one that stands
/// there as a comment, which is libvirt's own. `None`: there is none.
fn allowed(conf: &str) -> Option<Vec<String>> {
    list(conf, "cgroup_device_acl").or_else(|| list(conf, "#cgroup_device_acl"))
}

fn list(conf: &str, name: &str) -> Option<Vec<String>> {
    let begin = |line: &str| {
        let rest = line.trim_start().strip_prefix(name)?;
        let rest = rest.trim_start().strip_prefix('=')?;
        rest.trim_start().starts_with('[').then_some(())
    };
    let text: Vec<&str> = conf
        .lines()
        .skip_while(|line| begin(line).is_none())
        .collect();
    let text = text.join("\n");
    let (_, rest) = text.split_once('[')?;
    let (inside, _) = rest.split_once(']')?;
    let paths: Vec<String> = inside
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    // What is no list of paths is not passed on.
    let path = |path: &String| {
        let printable = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        path.starts_with('/') && printable
    };
    (!paths.is_empty() && paths.iter().all(path)).then_some(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippet::fixture::{device, devices};

    const SHIPPED: &str = "# text [ with ] brackets\n#cgroup_device_acl = [\n\
        #    \"/dev/null\", \"/dev/full\", \"/dev/zero\",\n\
        #    \"/dev/ptmx\", \"/dev/userfaultfd\"\n#]\n# \"more\"\n";

    fn written(port: &str, conf: Option<&str>) -> Snippet {
        write(device(&devices(), port), "virtplug/A1", conf)
    }

    #[test]
    fn without_a_file_libvirts_own_list_is_the_base() {
        insta::assert_snapshot!(written("3-1", None));
    }

    #[test]
    fn the_list_of_the_file_is_the_base() {
        insta::assert_snapshot!(written("3-1", Some(SHIPPED)));
        let set = format!("{SHIPPED}cgroup_device_acl=[ \"/dev/null\",\n\"/dev/virtplug/B2\" ]\n");
        let text = written("3-1", Some(&set)).text;
        assert!(
            text.ends_with("[\n    \"/dev/null\", \"/dev/virtplug/B2\", \"/dev/virtplug/A1\"\n]\n"),
            "{text}"
        );
    }

    #[test]
    fn an_entry_that_is_there_already_is_not_doubled() {
        let set = "cgroup_device_acl = [ \"/dev/virtplug/A1\" ]";
        let text = written("3-1", Some(set)).text;
        assert_eq!(text.matches("/dev/virtplug/A1").count(), 1, "{text}");
    }

    #[test]
    fn a_broken_file_and_a_hostile_device_change_nothing_else() {
        for conf in [
            "",
            "cgroup_device_acl = [",
            "cgroup_device_acl = [ ]",
            "cgroup_device_acl = 7 [ \"/x\" ]",
            "cgroup_device_acl = [ \"x\" ]",
            "cgroup_device_acl = [ \"/a\nb\" ]",
        ] {
            assert_eq!(allowed(conf), None, "{conf:?}");
        }
        for port in ["3-5", "7-1"] {
            let text = written(port, None).text;
            let outside = text.lines().filter(|line| !line.starts_with('#'));
            let first = outside.clone().next();
            assert_eq!(first, Some("cgroup_device_acl = ["), "{text}");
            assert_eq!(outside.count(), 5, "{text}");
        }
    }
}
