#!/usr/bin/env bash
# Checks that the oldest Rust that Cargo.toml states (`rust-version`) builds the program. Clippy
# knows since when functions are there, but not what the language learned later.
#
#   scripts/oldest.sh
#
# rustup fetches the toolchain. Where it cannot, this says so and is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! rustup run "$oldest" rustc --version 2> /dev/null &&
    ! timeout 300 rustup toolchain install --profile minimal --no-self-update "$oldest"; then
    echo "Not checked with Rust $oldest: it is not here, and rustup cannot fetch it"
    exit
fi
CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/rust-$oldest \
    rustup run "$oldest" cargo check --quiet --locked -p virtplug
echo "Rust $oldest builds it"
