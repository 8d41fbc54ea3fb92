#!/usr/bin/env bash
# Shows that the simulator finds faults of the engine: each patch in
# crates/virtplug-sim/mutations/ breaks the engine, and schedules must fail then.
#
#   scripts/mutations.sh [--schedules N] [WORD...]
#
# --schedules N  how many schedules are run at most against each (500)
# WORD           only patches whose name contains it, or another of these words
set -euo pipefail
cd "$(dirname "$0")/.."

schedules=500
words=()
while [[ $# -gt 0 ]]; do
    case $1 in
    --schedules)
        schedules=${2:?}
        shift 2
        ;;
    -*)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    *)
        words+=("$1")
        shift
        ;;
    esac
done

# A copy of what is needed, with a target folder of its own that stays: only what
# a patch touches is built again.
target=${CARGO_TARGET_DIR:-$PWD/target}/mutations
copy=$target/copy
rm -rf "$copy"
mkdir -p "$copy/crates"
cp Cargo.lock "$copy"
# Not optimised: nearly all of the time would go into that.
sed -e '/^members =/s/=.*/= ["crates\/*"]/' -e '/^opt-level = 1$/s/1/0/' Cargo.toml >"$copy/Cargo.toml"
cp -R crates/virtplug-core crates/virtplug-sim "$copy/crates"
export CARGO_TARGET_DIR=$target CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1

# Whether a name contains one of the words, if there are any.
is_asked_for() {
    local word
    for word in "${words[@]}"; do
        [[ $1 == *"$word"* ]] && return 0
    done
    [[ ${#words[@]} -eq 0 ]]
}

# Runs the schedules; the first line that says what was broken goes to `verdict`.
simulate() {
    cargo build --quiet --manifest-path "$copy/Cargo.toml" -p virtplug-sim --bin virtplug-sim 2>"$target/build.log" ||
        {
            cat "$target/build.log" >&2
            return 2
        }
    local ended=0
    verdict=$(timeout 1800 "$target/debug/virtplug-sim" --quiet --schedules "$schedules" --seed 1000000 2>&1 >/dev/null) || ended=$?
    [[ $ended -eq 0 ]] && return 0
    if [[ $ended -eq 124 ]]; then
        verdict="I10 it stalls"
        return 1
    fi
    verdict=$(sed -n 's/^broken: //p;/^I10/p' <<<"$verdict" | head -n 1 | cut -d: -f1)
    return 1
}

outcome=0
simulate || outcome=$?
if [[ $outcome -ne 0 ]]; then
    echo "the simulator fails without any patch: ${verdict:-no build}" >&2
    exit 1
fi

caught=0
missed=0
printf '| engine with | found by |\n|---|---|\n'
for patch in crates/virtplug-sim/mutations/*.patch; do
    name=$(basename "$patch" .patch)
    is_asked_for "$name" || continue
    if ! patch --quiet --fuzz=0 --strip=1 --directory="$copy" <"$patch" >&2; then
        echo "$patch does not apply any more" >&2
        exit 1
    fi
    outcome=0
    simulate || outcome=$?
    case $outcome in
    0)
        missed=$((missed + 1))
        verdict="**missed**"
        ;;
    1) caught=$((caught + 1)) ;;
    *)
        echo "$patch does not build any more" >&2
        exit 1
        ;;
    esac
    printf '| %s | %s |\n' "$name" "$verdict"
    patch --quiet --strip=1 --reverse --directory="$copy" <"$patch"
done
printf '\n%d caught, %d missed, in %d s\n' "$caught" "$missed" "$SECONDS"
[[ $missed -eq 0 && $caught -gt 0 ]]
