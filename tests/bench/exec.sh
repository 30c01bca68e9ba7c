#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# exec.sh - what it costs to run a program inside: nsnetctl exec by the owner beside ip netns exec by root
#
#	exec.sh NSNETCTL MAKE_OWNED [RUNS]
#
# Two shells take turns, the owner's and root's; each times its own "true". Medians are printed, and their ratio. It is no test: the
# machine decides. NSNETCTL is to be built for release, without sanitizers.
set -eu

nsnetctl=$1 make_owned=$2 runs=${3-50} owner=12345

if [ "${BENCH_EXEC_INSIDE-}" != "$$" ]; then
	BENCH_EXEC_INSIDE=$$ exec unshare --net --mount --propagation private "$0" "$@"
fi

# None that one of the two may not look into.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs -o mode=0755 tmpfs /run
mount --make-shared /run
# Where it was built only root may look.
cp "$nsnetctl" /run/nsnetctl
chmod 0755 /run/nsnetctl
ip netns add roots
"$make_owned" own $owner $owner

# For each line on stdin, one run of the command; microseconds on stdout.
# shellcheck disable=SC2016
runner='while read -r _; do
	start=$EPOCHREALTIME
	"$@"
	end=$EPOCHREALTIME
	echo $((${end/./} - ${start/./}))
done'

# start NAME COMMAND…: of a shell that takes turns, and its command
start() {
	name=$1
	shift
	mkfifo "/run/$name.in" "/run/$name.out"
	"$@" <"/run/$name.in" >"/run/$name.out" &
}
start owner setpriv --reuid $owner --regid $owner --clear-groups --inh-caps=-all \
	bash -c "$runner" bash /run/nsnetctl exec own true
exec 4>/run/owner.in 3</run/owner.out
start root bash -c "$runner" bash ip netns exec roots true
exec 6>/run/root.in 5</run/root.out

# one IN OUT: a run, its time in $time
one() {
	echo >&"$2"
	read -r time <&"$1"
}

median() {
	sort -n | sed -n "$(((runs + 1) / 2))p"
}

# Both once for the caches.
one 3 4
one 5 6
owners='' roots=''
for ((i = 0; i < runs; i++)); do
	one 3 4
	owners+=$time$'\n'
	one 5 6
	roots+=$time$'\n'
done
owners=$(printf %s "$owners" | median)
roots=$(printf %s "$roots" | median)
echo "nsnetctl exec by the owner: $owners us"
echo "ip netns exec by root:      $roots us"
echo "ratio:                      $((owners / roots)).$(printf %02d $((owners * 100 / roots % 100)))"
