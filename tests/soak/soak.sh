# SPDX-License-Identifier: LGPL-2.1-or-later
# soak - the sandbox of the kernel tests, with a PID namespace besides; to be sourced instead of that
#
# Pictures of what is left (tests/faults/leaks.py) are to show this test's processes alone. figure() prints what ./run soak shows.
if [ "${NSNET_SOAK-}" != "$(readlink /proc/self/ns/pid)" ]; then
	exec unshare --pid --fork --kill-child --mount-proc -- sh -c \
		'NSNET_SOAK=$(readlink /proc/self/ns/pid) exec bash "$@"' - "$0" "$@"
fi
. "$(dirname "$0")/../kernel/sandbox.sh"
faults=$(dirname "$0")/../faults

figure() {
	echo "FIGURE $*"
}

# picture_before, picture_is_same WHAT: what is there, of the daemon too, once each kind of object was made and deleted
picture_before() {
	python3 "$faults/leaks.py" take ${daemon:+$daemon} >$work/before
}
picture_is_same() {
	check "$1" python3 "$faults/leaks.py" wait $work/before ${daemon:+$daemon}
}
