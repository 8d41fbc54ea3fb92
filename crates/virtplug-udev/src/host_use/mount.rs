//! Mount: the kernel's lists of mounts and swap areas.

use std::io;

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Major and minor number of its block device, as in `8:17`. File systems
    /// such as btrfs have a number of their own instead, with major number 0.
    pub(super) device: String,
    /// Where.
    pub(super) at: String,
    /// What was mounted, as the file system tells it.
    pub(super) source: String,
}

/// Reads a `mountinfo`. An error: it is not understood.
pub(super) fn mounts(content: &[u8]) -> io::Result<Vec<Mount>> {
    let lines = content.split(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.is_empty())
        .map(|line| mount(line).ok_or(io::ErrorKind::InvalidData.into()))
        .collect()
}

/// Reads `36 35 98:0 /in /mnt rw,noatime master:1 - ext3 /dev/sda rw`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = unescaped(fields.nth(2)?);
    let at = unescaped(fields.nth(1)?);
    // Optional fields end with a dash. The source may be empty.
    fields.find(|field| *field == b"-")?;
    let source = unescaped(fields.nth(1)?);
    Some(Mount { device, at, source })
}

/// Reads `/proc/swaps`: the paths.
pub(super) fn swaps(content: &[u8]) -> Vec<String> {
    let lines = content.split(|byte| *byte == b'\n').skip(1);
    lines
        .filter_map(|line| line.split(|byte| matches!(byte, b' ' | b'\t')).next())
        .filter(|path| !path.is_empty())
        .map(unescaped)
        .collect()
}

/// Resolves the kernel's escapes: `\040` stands for a blank.
fn unescaped(field: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let (byte, after) = octal(rest).unwrap_or((*first, tail));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An escape at the start of a text: its byte, and what comes after.
fn octal(text: &[u8]) -> Option<(u8, &[u8])> {
    let (escape, after) = text.split_first_chunk()?;
    match escape {
        [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] => {
            Some(((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), after))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mount_is_read_with_its_escapes() {
        let content = b"24 1 254:0 / / rw,relatime - ext4 /dev/root rw\n\
            36 35 8:17 / /media/my\\040disk\\012 rw shared:2 master:1 - vfat /dev/sdb1 rw,x=-\n\
            40 24 0:45 / /data rw shared:9 - btrfs /dev/sdc rw\n\
            41 24 0:46 / /none rw -  - rw\n";
        let found = mounts(content).unwrap();
        let texts: Vec<_> = found
            .iter()
            .map(|mount| [&*mount.device, &*mount.at, &*mount.source])
            .collect();
        assert_eq!(
            texts[..3],
            [
                ["254:0", "/", "/dev/root"],
                ["8:17", "/media/my disk\n", "/dev/sdb1"],
                ["0:45", "/data", "/dev/sdc"],
            ]
        );
        assert!(mounts(b"").unwrap().is_empty());
    }

    #[test]
    fn a_list_that_is_not_understood_is_an_error() {
        for bad in [
            &b"x"[..],
            b"1 2 3 4 5 6\n",
            b"24 1 8:1 / / rw - ext4\n",
            b"\0",
        ] {
            assert!(mounts(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn swap_areas_are_read_with_their_escapes() {
        let content = b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
            /dev/sdb2                               partition\t1048572\t\t0\t\t-2\n\
            /my\\040swap\\040(deleted) file\t4\t0\t-3\n";
        assert_eq!(swaps(content), ["/dev/sdb2", "/my swap (deleted)"]);
        assert!(swaps(b"").is_empty());
    }

    #[test]
    fn only_the_kernels_escapes_are_resolved() {
        for (escaped, text) in [
            (&b"a\\134b"[..], "a\\b"),
            (b"\\", "\\"),
            (b"\\04", "\\04"),
            (b"\\999", "\\999"),
            (b"\\777", "\\777"),
            (b"\\303\\244", "ä"),
        ] {
            assert_eq!(unescaped(escaped), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = mounts(&content);
            let _ = swaps(&content);
        }
    }
}
