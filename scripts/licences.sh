#!/usr/bin/env bash
# Prints the licences of all libraries in Rust that are built into the program, with their texts.
set -euo pipefail
cd "$(dirname "$0")/.."

cat <<'END'
The program virtplug has the following libraries built in. Each is named with its
version and the licence that its authors chose, and followed by the texts that come
with it; a text that was shown before is only named.
END

declare -A shown
while IFS=$'\t' read -r crate licence folder; do
    printf '\n%s\n%s: %s\n' "$(printf '=%.0s' {1..80})" "$crate" "$licence"
    while IFS= read -r -d '' file; do
        sum=$(md5sum <"$file")
        printf '\n--- %s of %s\n' "${file##*/}" "$crate"
        if [[ -n ${shown[$sum]:-} ]]; then
            printf '(as %s)\n' "${shown[$sum]}"
        else
            shown[$sum]="${file##*/} of $crate"
            printf '\n'
            tr -d '\r' <"$file"
        fi
    done < <(find "$folder" -maxdepth 1 -type f \
        \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'copyright*' -o -iname 'notice*' -o -iname 'unlicense*' \) \
        -print0 | sort -z)
done < <(
    join -t $'\t' \
        <(cargo tree --locked -p virtplug -e normal,no-proc-macro --prefix none --format '{p}' |
            sed -n '/ (\/.*)$/d;s/^\(\S*\) v\(\S*\).*/\1 \2/p' | LC_ALL=C sort -u) \
        <(cargo metadata --locked --format-version 1 |
            jq -r '.packages[] | "\(.name) \(.version)\t\(.license // "see below")\t\(.manifest_path | rtrimstr("/Cargo.toml"))"' |
            LC_ALL=C sort -u)
)
