//! Reads files of others: only real files, only so much, and never for ever.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::facts::{FileKind, Found};

/// Most bytes of a file.
const MOST_BYTES: u64 = 1 << 20;
/// Most entries of a folder; a host has some hundred rules of udev.
const MOST_ENTRIES: usize = 10_000;

/// Where other tools keep what they leave.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The root of the file system, `/` but for tests.
    root: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self::below(Path::new("/"))
    }
}

impl Places {
    pub(super) fn below(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// All files of other tools that are there.
    pub(super) fn files(&self) -> Vec<Found> {
        let mut found = self.udev_rules();
        found.extend(look(self.at("etc/libvirt/hooks/qemu"), FileKind::Hook));
        found.extend(self.folder("etc/libvirt/hooks/qemu.d", FileKind::Hook, |_| true));
        let vm_conf = self.at("etc/bit-babbler/vm.conf");
        found.extend(look(vm_conf, FileKind::BitBabbler));
        let is_whawty = |name: &str| name.contains("libvirt-usb-hotplug");
        for folder in ["etc/whawty", "etc/systemd/system", "usr/lib/systemd/system"] {
            found.extend(self.folder(folder, FileKind::Whawty, is_whawty));
        }
        let is_script = |name: &str| name.starts_with("usb-libvirt-hotplug");
        for folder in ["opt", "usr/local/bin", "usr/local/sbin"] {
            found.extend(self.folder(folder, FileKind::Handler, is_script));
        }
        found
    }

    /// The rules of udev that count: of files with one name the first.
    fn udev_rules(&self) -> Vec<Found> {
        let mut names = BTreeSet::new();
        let mut found = Vec::new();
        for folder in ["etc", "run", "usr/local/lib", "usr/lib"] {
            let folder = format!("{folder}/udev/rules.d");
            let counts = |name: &str| is_rules(name) && names.insert(name.to_owned());
            found.extend(self.folder(&folder, FileKind::UdevRules, counts));
        }
        found
    }

    /// The files of a folder whose names are wanted.
    fn folder(
        &self,
        folder: &str,
        kind: FileKind,
        mut is_wanted: impl FnMut(&str) -> bool,
    ) -> Vec<Found> {
        let path = self.at(folder);
        let mut paths = match list(&path) {
            Ok(paths) => paths,
            Err(error) if is_absence(&error) => return Vec::new(),
            Err(error) => {
                return vec![Found {
                    path,
                    kind: FileKind::Folder,
                    text: Err(error.to_string()),
                }];
            }
        };
        paths.retain(|path| {
            let name = path.file_name().unwrap_or_default();
            is_wanted(&name.to_string_lossy())
        });
        paths
            .into_iter()
            .filter_map(|path| look(path, kind))
            .collect()
    }

    /// The names of all programs that run.
    pub(super) fn programs(&self) -> BTreeSet<String> {
        let Ok(entries) = fs::read_dir(self.at("proc")) else {
            return BTreeSet::new();
        };
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        entries
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_number))
            .filter_map(|entry| text(&entry.path().join("comm")).ok())
            .map(|comm| comm.trim_end().to_owned())
            .collect()
    }

    /// Whether udev's database can be read.
    pub(super) fn udev_database(&self) -> Result<(), String> {
        let mut entries =
            fs::read_dir(self.at("run/udev/data")).map_err(|error| error.to_string())?;
        match entries.find_map(Result::ok) {
            Some(entry) => File::open(entry.path())
                .map(drop)
                // It may have gone meanwhile.
                .or_else(|error| {
                    if is_absence(&error) {
                        Ok(())
                    } else {
                        Err(error.to_string())
                    }
                }),
            None => Ok(()),
        }
    }

    /// A small file of the system.
    pub(super) fn text(&self, path: &str) -> io::Result<String> {
        text(&self.at(path))
    }
}

/// Names that udev reads.
fn is_rules(name: &str) -> bool {
    Path::new(name).extension() == Some("rules".as_ref())
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.take(MOST_ENTRIES);
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// A file that is there. What is no file, such as a link to `/dev/null`, says
/// nothing.
fn look(path: PathBuf, kind: FileKind) -> Option<Found> {
    let text = match text(&path) {
        Ok(text) => Ok(text),
        Err(error) if is_absence(&error) || error.kind() == io::ErrorKind::InvalidInput => {
            return None;
        }
        Err(error) => Err(error.to_string()),
    };
    Some(Found { path, kind, text })
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn text(path: &Path) -> io::Result<String> {
    // To open a pipe would wait for somebody to write into it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        let kind = io::ErrorKind::FileTooLarge;
        return Err(io::Error::new(kind, "it is larger than 1 MiB"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn names(root: &Path) -> Vec<String> {
        let found = Places::below(root).files();
        let name = |found: Found| {
            let path = found.path.strip_prefix(root).unwrap().display().to_string();
            let text = found.text.unwrap_or_else(|error| format!("! {error}"));
            format!("{path} {:?} {text}", found.kind)
        };
        found.into_iter().map(name).collect()
    }

    #[test]
    fn files_of_other_tools_are_found_and_hidden_rules_are_not() {
        let root = host(&[
            ("etc/udev/rules.d/60-x.rules", "1"),
            ("etc/udev/rules.d/README", "2"),
            ("usr/lib/udev/rules.d/60-x.rules", "3"),
            ("usr/lib/udev/rules.d/61-y.rules", "4"),
            ("usr/lib/udev/rules.d/62-z.rules", "5"),
            ("etc/libvirt/hooks/qemu.d/10-a", "6"),
            ("etc/libvirt/hooks/qemu", "7"),
            ("etc/bit-babbler/vm.conf", "8"),
            (
                "etc/systemd/system/whawty-libvirt-usb-hotplugd.service",
                "9",
            ),
            ("opt/usb-libvirt-hotplug.sh", "10"),
            ("proc/1/comm", "systemd\n"),
            ("proc/22/comm", "ModemManager\n"),
            ("proc/self/comm", "no\n"),
        ]);
        symlink("/dev/null", root.path().join("etc/udev/rules.d/62-z.rules")).unwrap();
        assert_eq!(
            names(root.path()),
            [
                "etc/udev/rules.d/60-x.rules UdevRules 1",
                "usr/lib/udev/rules.d/61-y.rules UdevRules 4",
                "etc/libvirt/hooks/qemu Hook 7",
                "etc/libvirt/hooks/qemu.d/10-a Hook 6",
                "etc/bit-babbler/vm.conf BitBabbler 8",
                "etc/systemd/system/whawty-libvirt-usb-hotplugd.service Whawty 9",
                "opt/usb-libvirt-hotplug.sh Handler 10",
            ]
        );
        let programs = Places::below(root.path()).programs();
        assert_eq!(
            programs.into_iter().collect::<Vec<_>>(),
            ["ModemManager", "systemd"]
        );
    }

    #[test]
    fn nothing_odd_is_opened_and_large_files_are_named() {
        let large = "#".repeat((1 << 20) + 1);
        let root = host(&[("etc/libvirt/hooks/qemu", &large)]);
        let rules = root.path().join("etc/udev/rules.d");
        fs::create_dir_all(rules.join("folder.rules")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(rules.join("s.rules")).unwrap();
        symlink("nothing", rules.join("dangling.rules")).unwrap();
        assert_eq!(
            names(root.path()),
            ["etc/libvirt/hooks/qemu Hook ! it is larger than 1 MiB"]
        );
        assert_eq!(names(&root.path().join("no")), [""; 0]);
        assert!(Places::below(root.path()).udev_database().is_err());
    }
}
