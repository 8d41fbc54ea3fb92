#!/usr/bin/env bash
# Fuzzes everything that reads foreign text, guided by coverage, with any
# Rust toolchain.
#
#   scripts/fuzz.sh [--yes] [--seconds N] [TARGET...]
#
# --yes        install missing Debian packages without asking
# --seconds N  how long each target runs (60); three on two processors at a time
#
# Without a TARGET all of them run. Each starts from fuzz/seeds/TARGET; what it
# finds on the way goes to target/fuzz/TARGET and is not kept. An input that
# fails is left there as crash-… or timeout-…; add it to the seeds with the mend.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

yes=
seconds=60
targets=()
while (($#)); do
    case $1 in
    --yes) yes=--yes ;;
    --seconds)
        seconds=${2:?--seconds needs a number}
        shift
        ;;
    -*)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    *) targets+=("$1") ;;
    esac
    shift
done
if ((${#targets[@]} == 0)); then
    mapfile -t targets < <(ls fuzz/seeds)
fi

# libFuzzer is C++.
need_packages $yes g++ pkg-config libudev-dev libvirt-dev

# What cargo-fuzz passes, less the address sanitizer, which only nightly
# toolchains have. With --target the flags stay away from build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
flags='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4'
flags+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table'
flags+=' -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=on -Coverflow-checks=on'
out=${CARGO_TARGET_DIR:-target}/fuzz
# Optimising across crates would be done anew for each target.
CARGO_PROFILE_RELEASE_LTO=off RUSTFLAGS=$flags cargo build --locked --release -p virtplug-fuzz --bins --target "$host" --target-dir "$out"

# Runs one target; tells in one line how it went.
run() {
    local target=$1 work=$out/$1
    mkdir -p "$work/corpus"
    if "$out/$host/release/$target" "$work/corpus" "fuzz/seeds/$target" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=8192 \
        -print_final_stats=1 -artifact_prefix="$work/" >"$work/log" 2>&1; then
        printf '%-11s %s inputs, no failure\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")"
    else
        printf '%-11s FAILED\n' "$target"
        grep -E 'panicked|ERROR|SUMMARY|Test unit written' "$work/log" || tail -n 20 "$work/log"
        return 1
    fi
}

# Small readers find nothing new soon, so half of a processor will do for each third.
at_a_time=$((($(nproc) * 3 + 1) / 2))
failed=
pending=()
for target in "${targets[@]}"; do
    run "$target" &
    pending+=($!)
    if ((${#pending[@]} >= at_a_time)); then
        wait "${pending[0]}" || failed=1
        pending=("${pending[@]:1}")
    fi
done
for process in "${pending[@]}"; do
    wait "$process" || failed=1
done
[[ -z $failed ]]
