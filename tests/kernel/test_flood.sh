#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_flood - a namespace that comes is not told to all others, and what namespaces say to groups arrives
#
#     test_flood.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
hear=$(dirname "$0")/hear.py

heard() {
	ip -n "$1" -s -j link show eth0 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["rx"]["packets"])'
}

# All that a new namespace says by itself is said within three seconds.
count_while_made() {
	before=$(heard quiet)
	for i in $(seq "$2" "$3"); do
		$1 nsnetctl create "$4$i" >>$work/output 2>&1 || return 1
	done
	sleep 4
	echo $(($(heard quiet) - before))
}

members_start
check "a namespace is made" nsnetctl create quiet
check "and another one" nsnetctl create other
sleep 4

equal "six that are made are not heard by it" 0 "$(count_while_made "" 1 6 made)"
equal "nor are a member's" 0 "$(count_while_made "$alice" 1 6 hers)"

address() {
	ip -n "$1" -j addr show eth0 | python3 -c '
import json, sys
for a in json.load(sys.stdin)[0]["addr_info"]:
    if (a["family"], a["scope"]) == (sys.argv[1], sys.argv[2]):
        print(a["local"])' "$2" "$3"
}

ping_inside() {
	ip netns exec "$1" ping -n -c 1 -W 2 "$2"
}

for family in inet inet6; do
	check "one reaches the next by $family" ping_inside quiet "$(address other $family global)"
	check "a member's reaches it by $family" ping_inside hers1 "$(address other $family global)"
	check "it reaches a member's by $family" ping_inside other "$(address hers2 $family global)"
done
check "one reaches the next by its link-local address" ping_inside quiet "$(address other inet6 link)%eth0"
check "the host reaches one" ping -n -c 1 -W 2 "$(address other inet6 global)"
check "the first packet was heard by its neighbour" test "$(heard quiet)" -gt 0

# An address of the owner's own choice, which nothing of ours knows of.
check "a further address inside" ip -n other addr add fd99::2/64 dev eth0 nodad
check "and inside the other one" ip -n quiet addr add fd99::1/64 dev eth0 nodad
check "reach each other" ping_inside quiet fd99::2

# Groups that programs join: names by multicast DNS, and one of the site's.
for group in ff02::fb ff05::1234; do
	ip netns exec other python3 "$hear" hear $group >$work/heard &
	hearer=$!
	eventually grep -q ready $work/heard
	check "one speaks to $group" ip netns exec quiet python3 "$hear" say $group
	check "and the other one hears it" wait $hearer
done

# A multicast router learns of every group but those that addresses are looked for by.
ip netns exec quiet timeout 20 python3 "$hear" reports ff05::5678 >$work/reports &
router=$!
eventually grep -q ready $work/reports
ip netns exec other python3 "$hear" hear ff05::5678 >$work/heard &
hearer=$!
check "who joins a group is reported to routers" wait $router
kill $hearer

finish
