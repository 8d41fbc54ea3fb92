#!/usr/bin/env bash
# Shows what virtplug does, in a nested machine: two virtual machines, three
# identical sticks, plug, unplug, reset, restart.
#
#   scripts/demo.sh [--yes] [--auto]
#
# --yes   install missing Debian packages without asking
# --auto  do not wait for a key between the steps
set -euo pipefail
cd "$(dirname "$0")/.."

yes=
auto=
for option in "$@"; do
    case $option in
    --yes) yes=--yes ;;
    --auto) auto=--auto ;;
    *)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    esac
done
exec scripts/lab.sh $yes demo $auto
