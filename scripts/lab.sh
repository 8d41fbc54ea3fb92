#!/usr/bin/env bash
# The lab: a nested machine with a real kernel, udev, libvirt and QEMU.
#
#   scripts/lab.sh [--yes] build            build image and saved state, if their recipe changed
#   scripts/lab.sh [--yes] test [WORD...]   run the scenarios (those whose names contain a word)
#   scripts/lab.sh [--yes] figures          measure reaction, memory and idleness
#   scripts/lab.sh [--yes] compare          measure virtplug beside a bare client and a udev rule
#   scripts/lab.sh [--yes] host             measure it with 30 devices and 10 machines
#   scripts/lab.sh [--yes] shell [COMMAND]  look around in it, or run a command there
#   scripts/lab.sh [--yes] demo [--auto]    show the main job step by step
#   scripts/lab.sh [--yes] pictures FOLDER  record what scripts/pictures.sh draws
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

yes=
if [[ ${1:-} == --yes ]]; then
    yes=--yes
    shift
fi
what=${1:-}
[[ $# -gt 0 ]] && shift

packages=(gcc libc6-dev pkg-config libvirt-dev libudev-dev qemu-system-x86 mmdebstrap e2fsprogs)
# Without root the image is built in a user namespace.
[[ $(id -u) == 0 ]] || packages+=(fakeroot uidmap)
need_packages $yes "${packages[@]}"

lab() {
    cargo run --quiet --package virtplug-lab --bin lab -- "$@"
}

# Scenarios that run side by side: one for each processor (on two, a third
# gains nothing and a fourth loses), as far as each finds a gigabyte.
lanes() {
    local count room
    count=$(nproc)
    room=$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) / 1048576))
    ((count <= room)) || count=$room
    ((count >= 1)) || count=1
    echo "$count"
}

case $what in
build)
    lab build
    ;;
test)
    cargo build --release --package virtplug
    # Few scenarios install the package, and it takes half a minute.
    if [[ $# == 0 || $* == *package* ]]; then
        scripts/package.sh $yes --if-outdated
    fi
    cargo build --package virtplug-lab --all-targets
    lab build
    # Otherwise the first scenario that needs Debian 13 makes it.
    [[ $# -gt 0 ]] || lab build --release trixie
    RUST_BACKTRACE=0 cargo test --package virtplug-lab -- --test-threads="$(lanes)" "$@"
    ;;
compare)
    cargo build --release --package virtplug --package virtplug-bench
    lab compare "$@"
    ;;
figures | host | shell | demo | pictures)
    cargo build --release --package virtplug
    lab "$what" "$@"
    ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac
