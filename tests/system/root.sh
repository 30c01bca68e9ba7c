#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# root.sh - two Debian roots, made once and kept: one to build packages in, and a clean one to install them in and to boot
#
#	root.sh SUITE		prints the directory that has them as build and clean. Nobody may change them: put an overlay on each
#
# It lies in ${XDG_CACHE_HOME:-~/.cache}/nsnetd-tests, under a name that tells the suite, the packages and where they came from:
# when one of these changes, another root is made. Only a whole one ever has that name.
set -eu

suite=$1
# What the checks need, and the libraries that nsnetd's packages name.
clean="systemd systemd-sysv dbus iproute2 iputils-ping nftables procps socat dnsmasq-base bind9-dnsutils
	libinih1 libjson-c5 libnftables1 libnl-3-200 libsmartcols1"
build="gcc libc6-dev cmake ninja-build pkg-config libsystemd-dev libjson-c-dev libnl-3-dev libnl-route-3-dev
	libsmartcols-dev libinih-dev libnftables-dev libcmocka-dev dpkg-dev file"
# One suite with it, one without.
[ "$suite" != trixie ] || clean="$clean systemd-resolved"

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
key=$(echo $suite $mirror $clean / $build | sha256sum | cut -c 1-12)
root=$cache/$suite-$key
mkdir -p "$cache"

# bootstrap DIRECTORY PACKAGES [OPTION]
bootstrap() {
	debootstrap --variant=minbase --keyring="$keyring" --include="$(echo $2 | tr ' ' ,)" ${3-} "$suite" "$1" \
		${mirror:+"$mirror"} 9>&-
}

# In a copy of the other one all goes that is not needed: that is soon done, and takes little from the net.
make_clean() {
	bootstrap "$1/listing" "$clean" --print-debs >"$1/wanted" &&
		cp -a "$1/build" "$1/clean" &&
		chroot "$1/clean" dpkg-query --show --showformat '${Package}\n' >"$1/there" &&
		chroot "$1/clean" dpkg --purge $(tr ' ' '\n' <"$1/wanted" | grep -vxFf - "$1/there") &&
		rm -rf "$1/listing" "$1/wanted" "$1/there"
}

# One at a time; who waited finds the other's.
exec 9>"$cache/$suite.lock"
flock 9
if [ ! -d "$root" ]; then
	# What was interrupted, and roots that have been of no use for two weeks: another version's may be in use.
	rm -rf "$root.making"
	find "$cache" -mindepth 1 -maxdepth 1 -name "$suite-*" -mtime +14 -exec rm -rf {} +
	echo "making a $suite root in $root" >&2
	temporary=$root.making
	mkdir -p "$temporary"
	if ! { bootstrap "$temporary/build" "$clean $build" && make_clean "$temporary"; } >"$cache/$suite.log" 2>&1; then
		tail -n 20 "$cache/$suite.log" "$temporary/build/debootstrap/debootstrap.log" >&2 || true
		exit 1
	fi
	for each in "$temporary/build" "$temporary/clean"; do
		rm -rf "$each"/var/cache/apt/archives/*.deb "$each"/var/lib/apt/lists/* "$each"/usr/share/doc/*
		# Empty, so that each boot is one of a machine of its own that was set up already.
		: >"$each/etc/machine-id"
		# What an installer writes.
		printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$each/etc/hosts"
	done
	mv -T "$temporary" "$root"
fi
touch "$root"
echo "$root"
