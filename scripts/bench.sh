#!/usr/bin/env bash
# Measures the engine: what an event costs, what it holds in memory. docs/PERFORMANCE.md has
# the figures.
#
#   scripts/bench.sh [--count]
#
# --count   count instructions instead, with valgrind: the same on a busy machine
set -euo pipefail
cd "$(dirname "$0")/.."

bench() {
    cargo bench --quiet --locked -p virtplug-core --bench "$@"
}

case ${1:-} in
'')
    bench events
    bench memory
    bench matching
    exit
    ;;
--count) ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac

program=$(cargo bench --locked -p virtplug-core --bench events --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\/events-[^"]*\)".*/\1/p')
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured*' \
        "$program" --once "$@" 2>&1 | sed -n 's/.*Collected : //p'
}
printf '%-14s %13s %13s %13s\n' 'instructions' '10 x 10' '1000 x 100' '10000 x 1000'
for step in unplug detached plug attached reset 'machine event' 'machine stop' 'machine start' \
    'first scan' 'same scan' 'all gone' reload; do
    printf '%-14s %13s %13s %13s\n' "$step" \
        "$(count "$step" 10 10)" "$(count "$step" 1000 100)" "$(count "$step" 10000 1000)"
done
