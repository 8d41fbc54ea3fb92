#!/usr/bin/env bash
# Measures virtplug. docs/PERFORMANCE.md has the figures.
#
#   scripts/bench.sh [--yes] [--engine | --lab | --count]
#
# --engine  only the engine: what an event costs, what it holds in memory
# --lab     only the whole program, in the nested machine: reaction and idleness, beside a bare
#           client and a udev rule, with 30 devices and 10 machines (half an hour)
# --count   only the engine, in instructions, with valgrind: the same on a busy machine
# --yes     install missing Debian packages without asking
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

yes=
if [[ ${1:-} == --yes ]]; then
    yes=--yes
    shift
fi

bench() {
    cargo bench --quiet --locked -p virtplug-core --bench "$@"
}

engine() {
    need_packages $yes gcc libc6-dev
    bench events
    bench memory
    bench matching
}

lab() {
    for what in figures compare host; do
        scripts/lab.sh $yes $what
    done
}

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured*' \
        "$program" --once "$@" 2>&1 | sed -n 's/.*Collected : //p'
}

case ${1:-} in
'')
    engine
    lab
    ;;
--engine) engine ;;
--lab) lab ;;
--count)
    need_packages $yes gcc libc6-dev valgrind
    program=$(cargo bench --locked -p virtplug-core --bench events --no-run --message-format=json |
        sed -n 's/.*"executable":"\([^"]*\/events-[^"]*\)".*/\1/p')
    printf '%-14s %13s %13s %13s\n' 'instructions' '10 x 10' '1000 x 100' '10000 x 1000'
    for step in unplug detached plug attached reset 'machine event' 'machine stop' 'machine start' \
        'first scan' 'same scan' 'all gone' reload; do
        printf '%-14s %13s %13s %13s\n' "$step" \
            "$(count "$step" 10 10)" "$(count "$step" 1000 100)" "$(count "$step" 10000 1000)"
    done
    ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac
