#!/usr/bin/env bash
# Lets those who show manual pages judge them: man and groff with every warning, mandoc's
# lint, and what `apropos` reads.
#
#   scripts/manual.sh [--yes] [PAGE...]
#
# --yes  install missing Debian packages without asking
# PAGE   a file, in place of all in dist/man
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

yes=
pages=()
for argument in "$@"; do
    case $argument in
    --yes) yes=--yes ;;
    -*)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    *) pages+=("$argument") ;;
    esac
done
((${#pages[@]} > 0)) || pages=(dist/man/*)

need_packages $yes man-db groff-base mandoc

# What each of them says of a page; nothing, where it is well.
judge() {
    { MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" > /dev/null; } 2>&1
    groff -man -ww -Kutf8 -Tutf8 -z "$1" 2>&1
    # The pages have no date, so that they only change with their text.
    mandoc -T lint -W warning "$1" | grep -v 'WARNING: missing date, using "": TH'
    lexgrog "$1" > /dev/null || echo "$1: apropos finds no name and description in it"
}

bad=0
for page in "${pages[@]}"; do
    said=$(judge "$page" || true)
    [[ -z $said ]] || {
        printf '%s:\n%s\n' "$page" "$said" >&2
        bad=$((bad + 1))
    }
done
if ((bad > 0)); then
    echo "$bad of ${#pages[@]} manual pages are not clean" >&2
    exit 1
fi
echo "man, groff and mandoc find nothing wrong with ${#pages[@]} manual pages"
