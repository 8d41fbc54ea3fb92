#!/usr/bin/env bash
# The lab: a nested machine with a real kernel, udev, libvirt and QEMU.
#
#   scripts/lab.sh [--yes] build            build image and saved state, if their recipe changed
#   scripts/lab.sh [--yes] test [WORD...]   run the scenarios (those whose names contain a word)
#   scripts/lab.sh [--yes] figures          measure reaction, memory and idleness
#   scripts/lab.sh [--yes] shell [COMMAND]  look around in it, or run a command there
#   scripts/lab.sh [--yes] demo [--auto]    show the main job step by step
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

# Scenarios that run side by side; more than two gain nothing on two cores.
lanes=2

yes=
if [[ ${1:-} == --yes ]]; then
    yes=--yes
    shift
fi
what=${1:-}
[[ $# -gt 0 ]] && shift

need_packages $yes gcc libc6-dev pkg-config libvirt-dev libudev-dev \
    qemu-system-x86 qemu-utils mmdebstrap e2fsprogs busybox-static cpio zstd

case $what in
build)
    cargo run --quiet --package virtplug-lab --bin lab -- build
    ;;
test)
    cargo build --release --package virtplug
    cargo run --quiet --package virtplug-lab --bin lab -- build
    # The filters of several words are alternatives.
    RUST_BACKTRACE=0 cargo test --package virtplug-lab -- --test-threads="$lanes" "$@"
    ;;
figures | shell | demo)
    cargo build --release --package virtplug
    cargo run --quiet --package virtplug-lab --bin lab -- "$what" "$@"
    ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac
