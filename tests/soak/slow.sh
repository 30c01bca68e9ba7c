#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# slow - a user with a thousand slow connections, while the daemon may have no more than 256 descriptors, harms nobody else
#
#     slow.sh NSNETD NSNETCTL CONNECTIONS REQUESTS MILLISECONDS
. "$(dirname "$0")/soak.sh"

connections=$3 requests=$4 allowed=$5
here=$(cd "$(dirname "$0")" && pwd)
members_start
prlimit --pid $daemon --nofile=256:256 || exit 1
for i in $(seq 20); do nsnetctl create ns$i --network none || exit 1; done
$alice nsnetctl create hers || exit 1
$alice nsnetctl list -q >/dev/null
picture_before
equal "so many descriptors it may have" 256 "$(sed -n 's/^Max open files *\([0-9]*\) .*/\1/p' /proc/$daemon/limits)"
check "others are served" python3 $here/slow.py $connections $requests $allowed "$members"
figure "$(grep wanted $work/output)"
picture_is_same "nothing is left of them"
check "delete" nsnetctl delete $(seq -f 'ns%g' 20) hers
finish
