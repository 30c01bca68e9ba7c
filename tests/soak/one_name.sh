#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# one_name - clients that create and delete one name at once: by themselves, and beside "ip netns" with the same name
#
#     one_name.sh NSNETD NSNETCTL ONE_NAME CLIENTS REQUESTS [SEED]
. "$(dirname "$0")/soak.sh"

program=$3 clients=$4 requests=$5 seed=${6-$((RANDOM + 1))}

# Somebody else's namespace of that name stays the one that he made for as long as he likes.
others() { # [taken]: takes away what is not his, too
	n=0 wrong=0
	while [ ! -e $work/enough ]; do
		if ip netns add one 2>/dev/null; then
			mine=$(stat --dereference --format %i /run/netns/one)
			n=$((n + 1))
			for _ in 1 2 3; do
				[ "$(stat --dereference --format %i /run/netns/one 2>&1)" = "$mine" ] || wrong=$((wrong + 1))
			done
			[ -z "$(nsnetctl list -q)" ] || wrong=$((wrong + 1))
			[ "$(stat --dereference --format %i /run/netns/one 2>&1)" = "$mine" ] || wrong=$((wrong + 1))
			ip netns delete one || wrong=$((wrong + 1))
		elif [ -n "${1-}" ]; then
			ip netns delete one 2>/dev/null
		fi
	done
	echo "$n $wrong"
}
# beside HOW REQUESTS
beside() {
	rm -f $work/enough
	others ${1#beside} >$work/others &
	other=$!
	check "$1 \"ip netns\"" $program $socket one $clients $2 $seed $1
	figure "$(grep 'clients x' $work/output)"
	: >$work/enough
	wait $other
	read -r n wrong <$work/others
	figure "$n namespaces of that name by \"ip netns add\" meanwhile, $wrong of them touched by nsnetd"
	check "others had their turn" [ "$n" -gt 0 ]
	equal "what they made stayed as it was" 0 "$wrong"
	nsnetctl delete one >/dev/null 2>&1
}

daemon_start
check "once before" sh -c 'nsnetctl create one --network none && nsnetctl delete one'
picture_before
check "alone" $program $socket one $clients $requests $seed alone
figure "$(grep 'clients x' $work/output)"
nsnetctl delete one >/dev/null 2>&1
beside beside $requests
picture_is_same "nothing is left"
beside taken $((requests / 5))
picture_is_same "nothing is left then"
finish
