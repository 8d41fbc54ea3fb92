#!/bin/sh
# Makes sure that Debian packages are installed.
#
#   scripts/packages.sh [--yes] PACKAGE...
#
# Asks first on a terminal, unless it runs as root or is given --yes. Other
# scripts may source it and call `need_packages [--yes] PACKAGE...`.

# A subshell, so that the caller's variables stay as they are.
need_packages() (
	yes=
	missing=
	for package in "$@"; do
		if [ "$package" = --yes ]; then
			yes=1
		elif ! dpkg-query -W -f '${db:Status-Status}\n' "$package" 2> /dev/null |
			grep -qx installed; then
			missing="$missing $package"
		fi
	done
	[ -n "$missing" ] || exit 0

	if ! command -v apt-get > /dev/null; then
		echo "There is no apt here. Install what these Debian packages hold:$missing" >&2
		exit 1
	fi
	sudo=
	if [ "$(id -u)" != 0 ]; then
		if ! command -v sudo > /dev/null; then
			echo "Install these packages as root:$missing" >&2
			exit 1
		fi
		sudo=sudo
		if [ -z "$yes" ]; then
			if [ ! -t 0 ]; then
				echo "Packages are missing:$missing" >&2
				echo "Install them, or run this with --yes." >&2
				exit 1
			fi
			printf 'Install these packages with sudo?%s [Y/n] ' "$missing"
			read -r answer
			case $answer in
			'' | [yY]*) ;;
			*)
				echo "Not installed. Nothing was changed." >&2
				exit 1
				;;
			esac
		fi
	fi
	echo "Installing:$missing"
	# A fresh machine has no lists yet. An update that fails (one dead source of
	# many) must not stop an install that the other sources can serve.
	$sudo apt-get -qq update || true
	# shellcheck disable=SC2086 # One word for each package.
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install --yes --no-install-recommends $missing
)

case ${0##*/} in
packages.sh) need_packages "$@" ;;
esac
