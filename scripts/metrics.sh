#!/usr/bin/env bash
# Lets Prometheus' own tool judge the metrics and the rules for alerts.
#
#   scripts/metrics.sh
#
# promtool is in the Debian package prometheus. Where it is not installed, the package is
# unpacked below target/: installing it would start a server.
set -euo pipefail
cd "$(dirname "$0")/.."

promtool=$(command -v promtool || true)
if [[ -z $promtool ]]; then
    folder=target/promtool
    promtool=$folder/usr/bin/promtool
    if [[ ! -x $promtool ]]; then
        mkdir -p "$folder"
        # A fresh machine has no lists yet; only root may fetch them.
        apt-cache show prometheus > /dev/null 2>&1 || apt-get -qq update || true
        if ! (cd "$folder" && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb .); then
            echo "No promtool here, and apt-get cannot download the package prometheus." >&2
            echo "Run apt-get update, or put promtool into the PATH." >&2
            exit 1
        fi
    fi
fi

"$promtool" check rules dist/prometheus/virtplug.rules.yml
"$promtool" test rules crates/virtplug/tests/prometheus/virtplug.rules.test.yml

# What a test holds `virtplug metrics` against, without the head of the snapshot.
snapshot=crates/virtplug/src/metrics/snapshots/virtplug__metrics__tests__all_metrics_in_the_format_of_prometheus.snap
mkdir -p target
awk 'heads == 2; /^---$/ { heads++ }' "$snapshot" > target/metrics.prom
grep -q '^virtplug_up 1$' target/metrics.prom
"$promtool" check metrics < target/metrics.prom
echo "promtool finds nothing wrong with $(grep -c '^# TYPE' target/metrics.prom) metrics"
