//! How the daemon takes memory.

use nix::sys::prctl::set_thp_disable;

/// Has the kernel give it small pages only. Many hosts give huge ones wherever one fits, so
/// that a thread which needs some kilobytes gets two megabytes.
pub(crate) fn take_small_pages() {
    // Where the kernel does not, it only costs memory.
    let _ = set_thp_disable(true);
}

#[cfg(test)]
mod tests {
    use nix::sys::prctl::get_thp_disable;

    use super::*;

    #[test]
    fn the_kernel_knows() {
        take_small_pages();
        assert_eq!(get_thp_disable(), Ok(true));
    }
}
