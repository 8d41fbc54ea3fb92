#!/usr/bin/env bash
# Makes what a release consists of, in target/release-artifacts: packages for Debian and Fedora, the
# program, a tarball of the source, a list of all that is built in (CycloneDX), and checksums.
#
#   scripts/release.sh [--dry-run] [--no-checks]
#
# --dry-run    also from a tree with changes, and without an entry in the changelog
# --no-checks  leave out the tests and the advisories, to try this script
set -euo pipefail
cd "$(dirname "$0")/.."

dry_run=
checks=1
for option in "$@"; do
    case $option in
    --dry-run) dry_run=1 ;;
    --no-checks) checks= ;;
    *)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    esac
done

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
name=virtplug-$version
folder=target/release-artifacts

# Stops, unless this is only tried.
refuse() {
    echo "release.sh: $1" >&2
    [[ -n $dry_run ]] || exit 1
}

# Installs a subcommand of cargo where it is missing.
need_cargo() {
    [[ -n $(type -P "cargo-$1") ]] || cargo install --locked "cargo-$1"
}

# The advisories come from github.com. A release without them is refused.
check_advisories() {
    scripts/deny.sh advisories || refuse "the dependencies have advisories, or these cannot be read here"
}

changes=$(git status --porcelain)
if [[ -n $changes ]]; then
    refuse "the tree has changes that no commit has; a release is what a commit holds:
$changes"
fi
# The headings of Keep a Changelog: `## 1.2.3 - 2026-01-31`, also with brackets.
if ! grep -qE "^## \[?${version//./\\.}\]?( |\$)" CHANGELOG.md; then
    refuse "CHANGELOG.md has no heading \"## $version\"; rename \"Unreleased\" to it, or set the version in Cargo.toml"
fi
if [[ -n $checks ]]; then
    scripts/test.sh
    check_advisories
    scripts/mutations.sh
fi

need_cargo cyclonedx
rm -rf "$folder"
mkdir -p "$folder"
commit=$(git rev-parse HEAD)
git archive --format=tar --prefix="$name/" "$commit" | gzip -n -9 >"$folder/$name.tar.gz"

env -u VIRTPLUG_BIN scripts/package.sh
cp target/package/*.deb target/package/*.rpm "$folder/"
target=$(rustc -vV | sed -n 's/^host: //p')
install -m 755 target/release/virtplug "$folder/$name-$target"

# It describes each crate of the workspace in its own folder.
cargo cyclonedx --quiet --format json --describe binaries --target "$target"
described=(crates/virtplug/*.cdx.json)
if [[ ${#described[@]} != 1 || ! -s ${described[0]} ]]; then
    echo "release.sh: expected one description of the program, found ${described[*]}" >&2
    exit 1
fi
mv "${described[0]}" "$folder/$name.cdx.json"
git ls-files -z --others --exclude-standard -- '*.cdx.json' | xargs -0 -r rm --

(cd "$folder" && sha256sum -- * >SHA256SUMS && sha256sum --quiet --check SHA256SUMS)
if [[ $("$folder/$name-$target" --version) != "virtplug $version" ]]; then
    echo "release.sh: the program says that it is $("$folder/$name-$target" --version), not $version" >&2
    exit 1
fi
printf '\n%s at %s:\n' "$name" "$commit"
ls -l "$folder"
