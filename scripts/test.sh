#!/usr/bin/env bash
# Runs every check of the project: format, lints, dependencies, tests, fuzzing, and the lab.
#
#   scripts/test.sh [--yes] [--no-lab]
#
# --yes     install missing Debian packages without asking
# --no-lab  leave out the nested machine (while you work; never in CI)
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

yes=
lab=1
for option in "$@"; do
    case $option in
    --yes) yes=--yes ;;
    --no-lab) lab= ;;
    *)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    esac
done
if [[ -z $lab && ${CI:-} == true ]]; then
    echo "--no-lab is refused in CI: the lab is where the truth is" >&2
    exit 2
fi

step() {
    printf '\n== %s (after %d min %02d s)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60))
    shift
    "$@"
}

step "packages" need_packages $yes gcc g++ libc6-dev pkg-config libvirt-dev libudev-dev
step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "dependencies" scripts/deny.sh $yes
step "oldest Rust" scripts/oldest.sh
step "tests" cargo test --locked
step "manual pages" scripts/manual.sh $yes
step "metrics" scripts/metrics.sh
step "simulator" cargo run --quiet --profile sim --locked -p virtplug-sim -- --schedules 20000
step "fuzz" scripts/fuzz.sh $yes
if [[ -n $lab ]]; then
    step "lab" scripts/lab.sh $yes test
    step "figures" scripts/lab.sh $yes figures
fi
step "all done" true
