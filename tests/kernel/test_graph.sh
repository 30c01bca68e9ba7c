#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_graph - how all hangs together, as a tree and for Graphviz
#
#     test_graph.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"
export LC_ALL=C.UTF-8

daemon_start
check "an outside" outside_up
same "nothing but the host" "NAME  ADDRESS  INTERFACE  REACH  PUBLISHED
host           up0" sh -c 'nsnetctl graph | sed "s/ *$//"'
check "a lab" sh -c 'nsnetctl network create lan --subnet 10.50.1.0/24 --subnet fd50:1::/64 &&
	nsnetctl network create back --subnet 10.50.2.0/24 --subnet fd50:2::/64 --reach internal --isolated yes &&
	nsnetctl create web --network lan:ip=10.50.1.2,ip=fd50:1::2 --network back:ip=10.50.2.2,ip=fd50:2::2 --publish 8080:80 &&
	nsnetctl create db --network back:ip=10.50.2.3,ip=fd50:2::3 && nsnetctl create lonely --network none'
same "as a tree" "NAME        ADDRESS                    INTERFACE  REACH               PUBLISHED
host                                   up0
├─back      10.50.2.0/24, fd50:2::/64  nsnet1     internal, isolated
│ ├─db      10.50.2.3, fd50:2::3       eth0
│ └─web     10.50.2.2, fd50:2::2       eth1                           8080:80
└─lan       10.50.1.0/24, fd50:1::/64  nsnet0     nat
  └─web     10.50.1.2, fd50:1::2       eth0                           8080:80
no network
└─lonely" sh -c 'nsnetctl graph | sed "s/ *$//"'
show "in letters that every terminal has" "|-back" env LC_ALL=C nsnetctl graph
status "not as JSON" 2 nsnetctl graph -j
says "which is told" '  nsnetctl list --json'

nsnetctl graph --dot >$work/lab.dot
edges() {
	dot -Tplain $work/lab.dot | awk '$1 == "edge"' | sed 's/"\([^"]*\)"/\1/g' |
		sed 's/^edge \(network [a-z]*\|host\) \(network [a-z]*\|namespace [a-z]*\) .*/\1 - \2/' | sort
}
check "Graphviz can read it" dot -Tsvg -o $work/lab.svg $work/lab.dot
same "what it makes of it" "host - network back
host - network lan
network back - namespace db
network back - namespace web
network lan - namespace web" edges
check "all are in it" sh -c "dot -Tplain $work/lab.dot | grep -q 'namespace lonely'"
for text in 'fd50:1::2' '8080:80' 'internal, isolated' up0; do
	show "it is told of $text" "$text" cat $work/lab.svg
done
finish
