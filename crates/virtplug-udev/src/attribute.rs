//! Attributes: the small files of a device's sysfs directory.

use std::io;

use thiserror::Error;
use virtplug_core::RawText;

use crate::directory::Directory;

/// Why an attribute that every device has could not be used.
#[derive(Debug, Error)]
pub(crate) enum AttributeError {
    #[error("cannot read the attribute {name}")]
    Read {
        name: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the attribute {name} is \"{value}\", expected {expected}")]
    Value {
        name: &'static str,
        value: RawText,
        expected: &'static str,
    },
}

/// The bytes of an attribute without the newline that the kernel adds.
fn raw(directory: &Directory, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = directory.read(name)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}

/// A string of the device. `None`: it has none, or only blanks.
pub(crate) fn text(directory: &Directory, name: &str) -> io::Result<Option<RawText>> {
    match raw(directory, name) {
        Ok(bytes) if bytes.trim_ascii().is_empty() => Ok(None),
        Ok(bytes) => Ok(Some(RawText::new(bytes))),
        // The kernel leaves the file out where the device has no such string.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An attribute that `parse` understands; `expected` tells what that is.
pub(crate) fn value<T>(
    directory: &Directory,
    name: &'static str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, AttributeError> {
    let bytes = raw(directory, name).map_err(|source| AttributeError::Read { name, source })?;
    str::from_utf8(&bytes)
        .ok()
        .and_then(parse)
        .ok_or_else(|| AttributeError::Value {
            name,
            value: RawText::new(bytes),
            expected,
        })
}

/// A number above 0 in decimal; leading zeros do not make it octal.
pub(crate) fn decimal<T: TryFrom<u64>>(text: &str) -> Option<T> {
    let number: u64 = digits(text, 10)?;
    (number > 0).then(|| T::try_from(number).ok()).flatten()
}

/// A number in hexadecimal without `0x`.
pub(crate) fn hexadecimal<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(digits(text, 16)?).ok()
}

fn digits(text: &str, radix: u32) -> Option<u64> {
    // `from_str_radix` alone would take a sign.
    text.chars()
        .all(|c| c.is_digit(radix))
        .then(|| u64::from_str_radix(text, radix).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn directory_with(content: &[u8]) -> (TempDir, Directory) {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("device")).unwrap();
        fs::write(at("device/serial"), content).unwrap();
        symlink("device", at("link")).unwrap();
        let directory = Directory::open(&at("link")).unwrap();
        (root, directory)
    }

    fn text_of(content: &[u8]) -> Option<RawText> {
        let (_root, directory) = directory_with(content);
        text(&directory, "serial").unwrap()
    }

    #[test]
    fn only_the_newline_of_sysfs_is_cut_off() {
        for raw in [
            &b" A1 "[..],
            b"A1\n",
            b"A1\n\n",
            b"\x1b[31m\x01\x07\t",
            b"x\nE:ID_EVIL=1\nG:tag",
            b"\xff\xfe\xed\xa0\x80",
            b"'/><evil a=\"<&",
            "\u{202e}\u{ffff}".as_bytes(),
            &[b'x'; 378],
        ] {
            let content = [raw, b"\n"].concat();
            assert_eq!(text_of(&content), Some(RawText::new(raw)));
        }
    }

    #[test]
    fn empty_and_blank_strings_are_none() {
        for content in [&b""[..], b"\n", b"   \n", b"\t \n\n"] {
            assert_eq!(text_of(content), None, "{content:?}");
        }
    }

    #[test]
    fn an_absent_string_is_none_and_a_failed_read_is_an_error() {
        let (root, directory) = directory_with(b"");
        fs::remove_file(root.path().join("device/serial")).unwrap();
        assert_eq!(text(&directory, "serial").unwrap(), None);
        fs::create_dir(root.path().join("device/serial")).unwrap();
        assert!(text(&directory, "serial").is_err());
    }

    #[test]
    fn numbers_are_read_as_the_kernel_writes_them() {
        assert_eq!(decimal::<u8>("100"), Some(100));
        assert_eq!(decimal::<u8>("022"), Some(22));
        assert_eq!(decimal::<u16>("10"), Some(10));
        assert_eq!(hexadecimal::<u8>("09"), Some(9));
        assert_eq!(hexadecimal::<u8>("ff"), Some(255));
        assert_eq!(hexadecimal::<u16>("0000"), Some(0));
        for bad in ["", "0", "256", "-1", "+1", " 1", "0x1", "1\n", "x"] {
            assert_eq!(decimal::<u8>(bad), None, "{bad:?}");
        }
        for bad in ["", "100", "-1", "+1", "0x1", "g"] {
            assert_eq!(hexadecimal::<u8>(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_bad_value_is_shown_escaped() {
        let (_root, directory) = directory_with(b"\x1b[1m7\n");
        let error = value(&directory, "serial", "a number", decimal::<u8>).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"the attribute serial is "\x1b[1m7", expected a number"#
        );
    }
}
