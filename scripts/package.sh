#!/usr/bin/env bash
# Makes packages for Debian (.deb) and Fedora (.rpm) in target/package, and checks them.
#
#   scripts/package.sh [--yes] [--if-outdated]
#
# --yes           install missing Debian packages without asking
# --if-outdated   do nothing when the packages are newer than what is in them
#
# It packages a release build, or the program that VIRTPLUG_BIN names.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

yes=
if_outdated=
for option in "$@"; do
    case $option in
    --yes) yes=--yes ;;
    --if-outdated) if_outdated=1 ;;
    *)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 2
        ;;
    esac
done

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
folder=target/package
# What the packages hold, by how they treat it; and what only one of them holds.
tree=$folder/tree
# What is being made, until it was checked.
made=$folder/made
need_packages $yes gcc libc6-dev pkg-config libvirt-dev libudev-dev binutils dpkg-dev jq lintian rpm rpmlint xz-utils
deb=virtplug_$version-1_$(dpkg --print-architecture).deb
rpm=virtplug-$version-1.$(uname -m).rpm
if [[ -z ${VIRTPLUG_BIN:-} ]]; then
    cargo build --release --locked -p virtplug
fi
program=${VIRTPLUG_BIN:-${CARGO_TARGET_DIR:-target}/release/virtplug}

if [[ -n $if_outdated && -e $folder/$deb && -e $folder/$rpm ]]; then
    newer=$(find "$program" Cargo.toml Cargo.lock CHANGELOG.md README.md LICENSE crates/virtplug/Cargo.toml \
        dist docs scripts/package.sh scripts/licences.sh -type f -newer "$folder/$rpm" -print -quit)
    [[ -n $newer ]] || exit 0
fi

# The same time in each build of a commit: that of the commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
export SOURCE_DATE_EPOCH

# Installs a subcommand of cargo below target/, where it is missing. It runs for a moment only,
# so it is compiled the fast way.
tools=$PWD/target/tools
PATH=$tools/bin:$PATH
need_cargo() {
    [[ -z $(type -P "$1") ]] || return 0
    CARGO_TARGET_DIR=$tools/build CARGO_PROFILE_DEV_DEBUG=false \
        cargo install --quiet --locked --debug --root "$tools" "$@"
}
# Without its own liblzma it runs xz.
need_cargo cargo-deb --no-default-features --version '^3'
need_cargo cargo-generate-rpm --version '^0.21'

# Puts a file, or all that is in a folder, into the tree where it belongs.
put() { # SOURCE PLACE [TREE]
    local from=$1 to=$2 in=${3:-} file
    if [[ -z $in ]]; then
        case $to in
        etc/*) in=config ;;
        usr/share/doc/* | usr/share/man/*) in=documents ;;
        *) in=data ;;
        esac
    fi
    [[ $to != */ ]] || to+=${from##*/}
    while IFS= read -r -d '' file; do
        install -D -m 644 "$file" "$tree/$in/$to${file#"$from"}"
    done < <(find "$from" -type f -print0)
}

# Makes a file of what comes in.
make() { # PLACE [TREE]
    cat >"$made/file"
    put "$made/file" "$@"
}

rm -rf "$tree" "$made"
mkdir -p "$made"
shopt -s nullglob
while read -ra words; do
    [[ ${words[0]:-#} != '#'* ]] || continue
    place=${words[-1]}
    unset 'words[-1]'
    # shellcheck disable=SC2068 # Patterns.
    for source in ${words[@]}; do
        name=${source##*/}
        put "$source" "${place//\*/${name%.*}}"
    done
done <dist/install
shopt -u nullglob

if [[ $("$program" --version) != "virtplug $version" ]]; then
    echo "package.sh: $program says that it is $("$program" --version), not $version" >&2
    exit 1
fi
mkdir -p "$tree/program/usr/bin"
strip --strip-unneeded --remove-section=.comment --remove-section=.note \
    -o "$tree/program/usr/bin/virtplug" "$program"
"$program" completions bash | make usr/share/bash-completion/completions/virtplug
"$program" completions fish | make usr/share/fish/vendor_completions.d/virtplug.fish
zsh=$(
    "$program" completions zsh
    # zsh loads it at the first use, which has to complete already.
    # shellcheck disable=SC2016 # For zsh.
    echo '[[ $funcstack[1] != _virtplug ]] || _clap_dynamic_completer_virtplug "$@"'
)
make usr/share/zsh/vendor-completions/_virtplug deb <<<"$zsh"
make usr/share/zsh/site-functions/_virtplug rpm <<<"$zsh"

papers=usr/share/doc/virtplug
put CHANGELOG.md $papers/changelog
scripts/licences.sh | make $papers/THIRD-PARTY
put LICENSE usr/share/licenses/virtplug/ rpm
put dist/debian/lintian-overrides usr/share/lintian/overrides/virtplug deb
maintainer=$(sed -n 's/^maintainer = "\(.*\)"/\1/p' crates/virtplug/Cargo.toml)
make $papers/changelog.Debian deb <<END
virtplug ($version-1) unstable; urgency=medium

  * Version $version; what changed is in changelog.gz.

 -- $maintainer  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
find "$tree" \( -path '*/share/man/*' -o -path "*/$papers/changelog*" -o -name THIRD-PARTY \) \
    -type f -exec gzip -n -9 {} +
find "$tree" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

cargo deb --quiet --locked --no-build --no-strip -p virtplug --output "$made/"
cargo generate-rpm -p crates/virtplug --output "$made/"

# Both hold what was put together, and nothing else.
expect() { # TREE_OF_ITS_OWN
    mkdir "$made/expected-$1"
    for kind in program data documents config "$1"; do
        cp -r "$tree/$kind/." "$made/expected-$1/"
    done
}
expect deb
cp dist/debian/copyright "$made/expected-deb/$papers/" # cargo-deb sees to it.
dpkg-deb --extract "$made/$deb" "$made/deb"
diff -r "$made/expected-deb" "$made/deb"
expect rpm
mkdir "$made/rpm"
rpm2archive - <"$made/$rpm" | tar -xz -C "$made/rpm"
diff -r "$made/expected-rpm" "$made/rpm"
lintian --fail-on error,warning "$made/$deb"
rpmlint --config dist/rpm/rpmlint.toml "$made/$rpm"
rm -f "$folder"/*.deb "$folder"/*.rpm
mv "$made/$deb" "$made/$rpm" "$folder/"
rm -r "$made"
ls -l "$folder/$deb" "$folder/$rpm"
