#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# root.sh - a Debian root to boot and to build in, made once and kept
#
#	root.sh SUITE		prints the directory, which nobody may change: put an overlay on it
#
# It lies in ${XDG_CACHE_HOME:-~/.cache}/nsnetd-tests, under a name that tells the suite, the packages and where they came from:
# when one of these changes, another root is made. Only a whole one ever has that name.
set -eu

suite=$1
packages="systemd systemd-sysv dbus iproute2 iputils-ping nftables procps socat dnsmasq-base bind9-dnsutils
	gcc libc6-dev cmake ninja-build pkg-config libsystemd-dev libjson-c-dev libnl-3-dev libnl-route-3-dev
	libsmartcols-dev libinih-dev libnftables-dev libcmocka-dev"
# One suite with it, one without.
[ "$suite" != trixie ] || packages="$packages systemd-resolved"

# The mirror and the key that this machine's apt takes Debian from, where apt knows one that debootstrap can use; else
# debootstrap's own.
source=$(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' \
	'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' | grep -m1 -E '^(http|https|file):') || source=
mirror=${source%% *}
keyring=
if [ -n "$source" ]; then
	entry=${source#* }
	keyring=$(sed -nE 's/^Signed-By:[[:space:]]*(\/[^[:space:]]+).*/\1/p; s/^deb .*signed-by=(\/[^], ]+).*/\1/p' "${entry%:*}" |
		head -n 1)
fi
keyring=${keyring:-/usr/share/keyrings/debian-archive-keyring.gpg}
proxy=$(apt-config dump Acquire::http::Proxy | sed -nE 's/.* "(.*)";/\1/p')
[ -z "$proxy" ] || export http_proxy="$proxy" https_proxy="$proxy"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/nsnetd-tests
key=$(echo $suite $mirror $packages | sha256sum | cut -c 1-12)
root=$cache/$suite-$key
mkdir -p "$cache"

# One at a time; who waited finds the other's.
exec 9>"$cache/$suite.lock"
flock 9
if [ ! -d "$root" ]; then
	# What was interrupted, and roots that have been of no use for two weeks: another version's may be in use.
	rm -rf "$root.making"
	find "$cache" -mindepth 1 -maxdepth 1 -name "$suite-*" -mtime +14 -exec rm -rf {} +
	echo "making a $suite root in $root" >&2
	temporary=$root.making
	if ! debootstrap --variant=minbase --keyring="$keyring" --include="$(echo $packages | tr ' ' ,)" \
		"$suite" "$temporary" ${mirror:+"$mirror"} >"$cache/$suite.log" 2>&1 9>&-; then
		tail -n 20 "$cache/$suite.log" "$temporary/debootstrap/debootstrap.log" >&2 || true
		exit 1
	fi
	rm -rf "$temporary"/var/cache/apt/archives/*.deb "$temporary"/var/lib/apt/lists/* "$temporary"/usr/share/doc/*
	# Empty, so that each boot is one of a machine of its own that was set up already.
	: >"$temporary/etc/machine-id"
	# What an installer writes.
	printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$temporary/etc/hosts"
	mv -T "$temporary" "$root"
fi
touch "$root"
echo "$root"
