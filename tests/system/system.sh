#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# system.sh - nsnetd on a Debian of its own, under that Debian's systemd
#
#	system.sh SUITE SOURCE WORK
#
# In one root of root.sh, under an overlay, as a chroot with no network, the packages are built (build.sh). The other one, under
# another overlay, is booted by systemd-nspawn: twice for checks.sh, which installs the packages and runs as a unit and writes to
# WORK/SUITE/checks, and some times more for tests/soak/reboot.sh. With $CHECKS that command runs instead of both.
# All of it happens in mount and PID namespaces of its own: when this script ends, however it ends, nothing is left but WORK.
set -eu

suite=$1 source=$2 work=$3/$1

# Systemd in the container wants a part of the cgroup tree that nobody else uses; the two suites may run at once.
cgroups() {
	while IFS=: read -r id controllers path; do
		case $id:$controllers in
		0:) for mount in /sys/fs/cgroup/unified /sys/fs/cgroup; do
				[ ! -e "$mount/cgroup.procs" ] || break
			done ;;
		*:name=systemd) mount=/sys/fs/cgroup/systemd ;;
		*) continue ;;
		esac
		[ ! -w "$mount$path/cgroup.procs" ] || echo "$mount${path%/}"
	done </proc/self/cgroup
}

outside() {
	root=$("$source/tests/system/root.sh" "$suite")
	name=nsnetd-test-$suite-$$
	groups=$(cgroups)
	inner=
	trap leave EXIT
	# With it goes everything in there.
	trap '[ -z "$inner" ] || kill -KILL "$inner"; exit 1' INT TERM HUP
	for group in $groups; do
		mkdir "$group/$name"
		echo $$ >"$group/$name/cgroup.procs"
	done
	mkdir -p "$work"
	unshare --mount --pid --fork --kill-child --mount-proc sh "$0" "$suite" "$source" "$3" "$root" &
	inner=$!
	wait "$inner"
}

leave() {
	[ -z "$inner" ] || wait "$inner" || true
	for group in $groups; do
		echo $$ >"$group/cgroup.procs"
		# What was killed takes a moment to be gone.
		for _ in $(seq 50); do
			find "$group/$name" -depth -type d -exec rmdir {} + 2>/dev/null && break
			sleep 0.1
		done
	done
}

# As PID 1 of the namespace.
inside() {
	# What nspawn itself leaves below /run goes with this.
	mount -t tmpfs tmpfs /run
	mkdir -p "$work/scratch" "$work/build-${root##*-}"
	mount -t tmpfs tmpfs "$work/scratch"
	cd "$work/scratch"
	mkdir results
	overlay build
	if ! container --console=pipe --chdir=/src sh tests/system/build.sh >"$work/build.log" 2>&1; then
		echo "FAILED  builds, its unit tests pass, and there are packages"
		tail -n 60 "$work/build.log"
		exit 1
	fi
	echo "ok      builds without a warning, its unit tests pass, and there are packages"
	if ! lintian --allow-root --fail-on error,warning "$work/build-${root##*-}"/*.deb >"$work/lintian.log" 2>&1; then
		echo "FAILED  lintian says nothing of the packages"
		cat "$work/lintian.log"
		exit 1
	fi
	echo "ok      lintian says nothing of the packages"

	overlay clean
	if [ -n "${CHECKS-}" ]; then
		container --console=pipe sh -c 'dpkg --install /build/*.deb' >>"$work/build.log" 2>&1
		boot 1 "$CHECKS"
	else
		# Twice: what is persistent comes back with the second.
		boot 2 "/bin/sh /src/tests/system/checks.sh"
		boot 1 "/bin/bash /src/tests/soak/reboot.sh 2 20"
	fi
}

# overlay NAME: on that one of the roots
overlay() {
	mkdir "upper-$1" "work-$1" "$1"
	mount -t overlay overlay -o "lowerdir=$root/$1,upperdir=upper-$1,workdir=work-$1" "$1"
	merged=$1
}

# boot TIMES COMMAND: until it has said "done" so often, each time on a machine that has just come up
boot() {
	enable_checks "$2"
	: >results/checks
	: >"$work/console.log"
	for boots in $(seq "$1"); do
		# 133: it was rebooted, and whoever keeps the unit is to start it again.
		status=133
		while [ $status = 133 ]; do
			status=0
			container --boot >>"$work/console.log" 2>&1 || status=$?
		done
		cp -r results/* "$work/" || true
		if [ "$(grep -cx done results/checks)" != $boots ]; then
			cat results/checks || true
			echo "FAILED  the system came up and went down again (boot $boots, status $status)"
			tail -n 60 "$work/console.log"
			exit 1
		fi
	done
	cat results/checks
	! grep -q '^FAILED' results/checks || exit 1
}

container() {
	timeout --kill-after=10 500 systemd-nspawn --quiet --directory="$merged" --register=no --keep-unit \
		--private-network --capability=all --resolv-conf=off --timezone=off --link-journal=no \
		--bind-ro="$source:/src" --bind="$work/build-${root##*-}:/build" --bind="$work/scratch/results:/results" \
		"$@" </dev/null
}

enable_checks() {
	cat >"$merged"/etc/systemd/system/checks.service <<-END
		[Unit]
		Description=Checks
		After=multi-user.target
		SuccessAction=exit-force
		FailureAction=exit-force
		[Service]
		Type=oneshot
		ExecStart=$1
		StandardOutput=append:/results/checks
		StandardError=append:/results/trace
		TimeoutStartSec=450
	END
	mkdir -p "$merged"/etc/systemd/system/multi-user.target.wants
	ln -sf ../checks.service "$merged"/etc/systemd/system/multi-user.target.wants/checks.service
}

if [ $# = 3 ]; then
	outside "$@"
else
	root=$4
	inside
fi
