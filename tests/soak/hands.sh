#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hands - others take our objects away and change them while namespaces come and go: mended soon, no packet of others lost
#
#     hands.sh NSNETD NSNETCTL ROUNDS WITHIN
. "$(dirname "$0")/soak.sh"
. "$(dirname "$0")/flows.sh"
trap 'flows_exit; on_exit' EXIT

rounds=$3 within=$4 places=5
here=$(cd "$(dirname "$0")" && pwd)

# Somebody creates, changes and deletes all the while.
load() {
	n=0
	while [ ! -e $work/enough ]; do
		n=$((n + 1))
		nsnetctl create load$((n % 7)) --network busy -p $((20000 + n % 7)):80 &&
			nsnetctl set load$((n % 7)) --rate down=$((n % 90 + 10))mbit 2>/dev/null
		nsnetctl delete load$((n % 7)) || echo "create and delete $n" >>$work/load.failed
	done
	echo $n >$work/load
}

members_start
for i in $(seq 0 $((places - 1))); do
	check "place $i" sh -c "nsnetctl network create net$i --subnet 10.77.$i.0/24 &&
		nsnetctl create one$i --network net$i:ip=10.77.$i.11 -p $((8080 + i)):80 &&
		$alice nsnetctl create two$i --network net$i:ip=10.77.$i.12"
done
check "networks beside them" sh -c 'nsnetctl network create quiet --subnet 10.78.0.0/24 && nsnetctl network create busy --subnet 10.79.0.0/24'
check "two that nobody touches" nsnetctl create quiet1 quiet2 --network quiet
check "a namespace of somebody else's" ip netns add aside
flow between quiet1 ping 0.02 "$(address_of quiet2)"
flow to_host quiet1 ping 0.02 10.78.0.1
flow from_host host ping 0.02 "$(address_of quiet1)" "$(address_of quiet2)"
load >$work/load.log 2>&1 &
load=$!
check "what others do" python3 $here/hands.py $rounds $places $within
cp $work/output $work/hands
while read -r line; do figure "$line"; done < <(grep ' x ' $work/hands)
: >$work/enough
wait $load
figure "$(cat $work/load) namespaces were made, changed and deleted beside it"
check "each of them" test ! -e $work/load.failed
flows_end
check "delete" sh -c "nsnetctl list -q | xargs nsnetctl delete"
check "and the networks" sh -c "nsnetctl network list -q | grep -vx default | xargs nsnetctl network delete"
check "what is somebody else's is there" ip netns delete aside
check "nothing is left" no_leftovers
finish
