#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_reach - who gets where, and which address the server sees him by: reach by family by way, asked with curl(1)
#
#     test_reach.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"
. "$(dirname "$0")/matrix.sh"

daemon_start
check "an outside" outside_up
check "networks of all kinds" networks_up
check "servers everywhere" serve host client internet third $(namespaces)
[ "$families" = "4 6" ] || show "no IPv6 forwarding here, and Describe says so" forwarding4 nsnetctl call Describe
status "no port without a way in" 2 nsnetctl set alone-a --publish 8004:80
matrix

echo "# after kill -9"
check "kill -9" sh -c "kill -KILL $daemon"
wait $daemon 2>/dev/null
daemon_start
matrix

serve_end
check "all goes" networks_down
check "the outside" outside_down
check "no link, mount, address or file" no_leftovers
finish
