#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# allocations.sh - every allocation fails in turn, in a sandbox (see allocations.py)
#
#	allocations.sh NSNETD PRELOAD [EVERY]
here=$(dirname "$(readlink -f "$0")")
# Processes of its own too: whoever else holds a namespace is none of its business.
if [ $$ != 1 ]; then
	exec unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc -- bash "$0" "$@"
fi
set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mount --make-rshared /run
mount -t tmpfs -o mode=0755 tmpfs /var/lib
ip link set lo up
mkdir -m 0755 /run/work /run/nsnetd
# Processes that abort by the thousand leave no images of themselves.
ulimit -c 0
export WORK=/run/work NSNETD_SOCKET=/run/nsnetd/alt.nsnet PYTHONPATH=$here:$here/../kernel PYTHONDONTWRITEBYTECODE=1
exec python3 -u "$here/allocations.py" "$(readlink -f "$1")" "$(readlink -f "$2")" ${3-}
